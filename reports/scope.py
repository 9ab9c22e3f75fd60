"""Whose figures a person may see: the units of their roles, and whether scores are among them."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from accounts.models import Unit
from accounts.rights import Right, Visitor, has_over, units_with
from contest.models import Round, RoundUnit
from contest.models.round import RoundState


@dataclass(frozen=True, slots=True)
class Scope:
    """What one reader may see of one round. `unit_ids` None is every unit, as the server's own commands see it."""

    unit_ids: frozenset[int] | None
    scores: bool

    def covers(self, unit_ids: Iterable[int], *, scores: bool) -> bool:
        """Whether figures of `unit_ids`, with or without `scores`, lie inside this scope."""
        if scores and not self.scores:
            return False
        return self.unit_ids is None or self.unit_ids.issuperset(unit_ids)

    @property
    def sql_units(self) -> list[int] | None:
        return None if self.unit_ids is None else sorted(self.unit_ids)


def rounds_for(user: Visitor, right: Right) -> QuerySet[Round]:
    """The rounds in which a unit takes part over which `user` has the right: no drafts or practice; latest first."""
    units = units_with(user, right).values_list("pk", flat=True)
    # Not a join and DISTINCT: that would sort every round's paper, once for each of its units.
    taking_part = RoundUnit.objects.filter(unit__in=list(units)).values("round")
    rounds = Round.objects.counted().exclude(state=RoundState.DRAFT).select_related("contest")
    return rounds.filter(pk__in=taking_part).order_by("-opens_at", "-pk")


def scope_of(user: Visitor, round: Round, right: Right, *, unit_code: str = "") -> Scope | None:
    """What `user`'s right shows of `round`; with `unit_code`, of that unit and those below it.

    None when there is nothing: no such right, an unknown unit, or a unit outside it.
    """
    codes = dict(units_with(user, right).values_list("pk", "code"))
    unit_ids = frozenset(codes)
    if unit_code:
        named = [pk for pk, code in codes.items() if code == unit_code]
        unit_ids &= frozenset(Unit.objects.at_or_below(named).values_list("pk", flat=True))
    if not unit_ids or not round.round_units.filter(unit__in=list(unit_ids)).exists():
        return None
    return Scope(unit_ids, _scores_for(user, round, unit_ids))


def _scores_for(user: Visitor, round: Round, unit_ids: frozenset[int]) -> bool:
    """Other people's scores: after publication; for an auditor of all these units as soon as they exist."""
    if round.is_published or not round.has_result:
        return round.is_published
    audited = units_with(user, Right.READ_EARLY_RESULTS).values_list("pk", flat=True)
    return unit_ids.issubset(audited)


def full_scope(round: Round) -> Scope:
    """The server's own view, for commands: every unit, and scores as soon as the round is ranked."""
    return Scope(None, round.has_result)


def may_see_standings(user: Visitor, round: Round) -> bool:
    """All rows of a published ranking: those whose right reaches the organising unit of the contest."""
    return round.is_published and has_over(user, Right.READ_RESULTS, round.contest.unit_id)
