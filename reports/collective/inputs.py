"""What the ranking of units rests on: published rounds' participation, reports sent on time, published clips."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from accounts.clock import server_now
from accounts.models import User
from accounts.rights import Right, has_over
from contest.models import Contest, Round
from contest.models.collective import Grouping
from contest.models.round import PUBLIC_RESULT_STATES
from contest.ranking import key_of
from reports.collective.computing import RankedUnit, RoundOfUnit, round_once
from reports.models import CollectiveResult, UnitReport
from reports.participation import Figures, UnitFigures, heirs_on, last_day, participation_of
from reports.scope import Scope
from reports.unit_reports.deadlines import deadlines_of
from videos.models import PanelResult
from videos.result.computing import full_marks_of


@dataclass(frozen=True, slots=True)
class Groups:
    """In which group a kind of unit is ranked: (code, name)."""

    grouping: str
    of_kind: dict[str, tuple[str, str]]

    def of(self, kind: str) -> tuple[str, str]:
        if self.grouping == Grouping.KINDS:
            return kind, kind
        if self.grouping == Grouping.BLOCKS and self.of_kind:
            return self.of_kind.get(kind, ("", _("Không thuộc bảng nào")))
        return "", _("Tất cả đơn vị")


def groups_of(contest: Contest, grouping: str) -> Groups:
    """Two queries for blocks, none else."""
    if grouping != Grouping.BLOCKS:
        return Groups(grouping, {})
    blocks = contest.blocks.prefetch_related("kinds")
    return Groups(grouping, {kind.name: (block.code, block.name) for block in blocks for kind in block.kinds.all()})


def published_rounds(contest: Contest) -> list[Round]:
    """The counted rounds whose result is public, in order."""
    rounds = contest.rounds.counted().filter(state__in=PUBLIC_RESULT_STATES)
    return list(rounds.select_related("contest__unit").order_by("number"))


def may_see_ranking(user: User, contest: Contest) -> bool:
    """Whether the page of the ranking shows anything to somebody who may see figures of the contest."""
    if has_over(user, Right.READ_RESULTS, contest.unit_id):
        return True
    return CollectiveResult.objects.published().filter(contest=contest).exists()


def units_of(contest: Contest, rounds: list[Round], grouping: str) -> list[RankedUnit]:
    """Every unit of `rounds` with its figures. The number of queries depends on the number of rounds only.

    A unit's name, kind and group are those of its last round. A unit that has ended during the contest and left one
    successor, which is in the last round, is not listed: its figures are added to the successor's, week by week, as
    if they had been one unit from the start (a report counts as sent on time when all of them sent on time). One that
    was split or left no successor stays by itself, without a rank.
    """
    groups, on_time = groups_of(contest, grouping), reports_on_time(rounds)
    units_in = {round.pk: participation_of(round, Scope(None, True)).units for round in rounds}
    in_last_round = {unit.unit_id for unit in units_in[rounds[-1].pk]} if rounds else set()
    heirs = _heirs_in(in_last_round, rounds)
    clips = clips_of(contest, heirs)
    figures: dict[int, list[RoundOfUnit]] = defaultdict(list)
    latest: dict[int, UnitFigures] = {}
    predecessors: dict[int, dict[int, str]] = defaultdict(dict)
    for round in rounds:
        marks = key_of(round).full_marks
        together: dict[int, list[_Member]] = defaultdict(list)
        for unit in units_in[round.pk]:
            heir = heirs.get(unit.unit_id)
            if heir is None:
                latest[unit.unit_id] = unit
            else:
                predecessors[heir][unit.unit_id] = unit.unit_name
            sent = on_time.get((round.pk, unit.unit_id), on_time.get((round.pk, None)))
            together[heir or unit.unit_id].append((unit.figures, sent))
        for unit_id, members in together.items():
            figures[unit_id].append(_of_round(round, members, marks))
    return [
        RankedUnit(
            unit_id=pk,
            code=unit.unit_code,
            name=unit.unit_name,
            kind=unit.kind,
            group=groups.of(unit.kind)[0],
            group_name=groups.of(unit.kind)[1],
            rounds=tuple(figures[pk]),
            in_last_round=pk in in_last_round,
            predecessors=tuple(predecessors[pk].values()) if pk in predecessors else (),
            clips=None if clips is None else len(clips.scores.get(pk, ())),
            clip_score=None if clips is None else clips.best_of(pk),
            clip_marks=clips.full_marks if clips is not None else Decimal(100),
        )
        for pk, unit in latest.items()
    ]


def _heirs_in(last: set[int], rounds: list[Round]) -> dict[int, int]:
    """The units that have become part of one of `last` by the last round's end. One query."""
    heirs = heirs_on(last_day(rounds[-1])) if rounds else {}
    return {unit: heir for unit, heir in heirs.items() if unit not in last and heir in last}


@dataclass(frozen=True, slots=True)
class Clips:
    """The published result of the contest's clips: by unit the scores of its accepted ones, None without a sheet."""

    scores: dict[int, list[Decimal | None]]
    full_marks: Decimal

    def best_of(self, unit_id: int) -> Decimal | None:
        return max((score for score in self.scores.get(unit_id, ()) if score is not None), default=None)


def clips_of(contest: Contest, heirs: dict[int, int]) -> Clips | None:
    """None as long as no result of clips is public. Two queries; clips of units that merged count for the heir."""
    result = PanelResult.objects.filter(clip_contest__contest=contest, clip_contest__published_at__isnull=False)
    latest = result.order_by("-version").first()
    if latest is None:
        return None
    scores: dict[int, list[Decimal | None]] = defaultdict(list)
    for unit_id, score in latest.standings.order_by("clip__number").values_list("clip__unit", "score"):
        scores[heirs.get(unit_id, unit_id)].append(score)
    return Clips(scores, full_marks_of(latest.input))


_Member = tuple[Figures, bool | None]


def _of_round(round: Round, members: list[_Member], full_marks: int) -> RoundOfUnit:
    """The round's figures of a unit and of those that became part of it, taken together."""
    due = [sent for _figures, sent in members if sent is not None]

    def summed(name: str) -> int:
        return sum(getattr(figures, name) or 0 for figures, _sent in members)

    counted = summed("counted")
    return RoundOfUnit(
        number=round.number,
        title=round.title,
        headcount=summed("headcount"),
        participants=summed("participants"),
        counted=counted,
        perfect=summed("perfect"),
        zero=summed("zero"),
        mean_score=round_once(Fraction(summed("points"), counted)) if counted else None,
        full_marks=full_marks,
        on_time=all(due) if due else None,
    )


def reports_on_time(rounds: list[Round]) -> dict[tuple[int, int | None], bool | None]:
    """By round and unit, whether its first report came in time; under unit None what holds of all the others.

    A round whose deadline is still ahead counts only for those who have sent. Two queries.
    """
    due, now = deadlines_of(rounds), server_now()
    first: dict[tuple[int, int], datetime] = {}
    sent = UnitReport.objects.handed_in().filter(round__in=rounds).values_list("round", "unit", "sent_at")
    for round_id, unit_id, sent_at in sent:
        assert sent_at is not None  # a constraint holds it
        first[round_id, unit_id] = min(sent_at, first.get((round_id, unit_id), sent_at))
    found: dict[tuple[int, int | None], bool | None] = {
        (round.pk, None): None if now <= due[round.pk] else False for round in rounds
    }
    return found | {place: sent_at <= due[place[0]] for place, sent_at in first.items()}
