"""The ranking of units as it stands now, and keeping it: computed, frozen in a version, published."""

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp, server_now
from accounts.models import User
from accounts.problems import Refused
from contest.models import CollectiveRule, Contest, Round
from contest.models.collective import CollectiveInput
from contest.models.round import RoundState
from contest.record_format import canonical
from reports.collective.computing import Standing, rank_units
from reports.collective.inputs import published_rounds, units_of
from reports.collective.ties import decided_in
from reports.models import CollectiveResult, CollectiveStanding
from reports.unit_reports.deadlines import deadlines_of
from videos.models import ClipContest

FORMAT = 1
BATCH = 1000
# Figures without a ranking, for a contest that holds none.
NO_RULE: dict[str, Any] = {
    "version": 0,
    "is_held": False,
    "weights": {each.value: 0 for each in CollectiveInput},
    "grouping": "all",
    "minimum_headcount": 1,
    "tie_chain": [],
    "prizes": [],
    "perfect_rounds": None,
}


Place = tuple[int, dict[str, Any]]  # (unit id, calculation)


class Standings(list[Place]):
    """The places of a ranking in order."""

    def of_units(self, unit_ids: Collection[int]) -> list[Place]:
        return [place for place in self if place[0] in unit_ids]

    @property
    def has_undecided(self) -> bool:
        return any(calculation["is_undecided"] for _unit, calculation in self)

    def calculations(self) -> Iterator[dict[str, Any]]:
        return (calculation for _unit, calculation in self)


class StoredStandings:
    """The same of a frozen ranking, read from the database no further than they are asked for.

    What the committee has decided about ties lies over the calculations; `calculations` gives them as frozen.
    """

    def __init__(self, result: CollectiveResult):
        self._rows = result.standings.order_by("position").values_list("unit", "calculation")
        self._result = result

    @cached_property
    def _decided(self) -> dict[int, dict[str, Any]]:
        return decided_in(self._result)

    def _told(self, place: Place) -> Place:
        unit_id, calculation = place
        return unit_id, calculation | self._decided.get(unit_id, {})

    def count(self) -> int:
        return self._rows.count()

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, places: slice) -> list[Place]:
        return [self._told(place) for place in self._rows[places]]

    def __iter__(self) -> Iterator[Place]:
        return map(self._told, self._rows.iterator(chunk_size=BATCH))

    def of_units(self, unit_ids: Collection[int]) -> list[Place]:
        return [self._told(place) for place in self._rows.filter(unit__in=unit_ids)]

    @property
    def has_undecided(self) -> bool:
        undecided = self._rows.filter(calculation__is_undecided=True)
        return undecided.exclude(unit__in=list(self._decided)).exists()

    def calculations(self) -> Iterator[dict[str, Any]]:
        return (calculation for _unit, calculation in self._rows.iterator(chunk_size=BATCH))


@dataclass(frozen=True, slots=True)
class Ranking:
    """A ranking with all it rests on. `rounds` as in `CollectiveResult`."""

    rule: dict[str, Any]
    rounds: list[dict[str, Any]]
    standings: Standings | StoredStandings

    @property
    def digest(self) -> str:
        calculations = list(self.standings.calculations())
        whole = {"format": FORMAT, "rule": self.rule, "rounds": self.rounds, "standings": calculations}
        return hashlib.sha256(canonical(whole)).hexdigest()


def rule_of(contest: Contest) -> dict[str, Any]:
    """The contest's rule, or NO_RULE when units are not ranked."""
    rule = CollectiveRule.objects.filter(contest=contest, is_held=True).first()
    return rule.as_json() if rule else NO_RULE


def ranking_now(contest: Contest) -> Ranking:
    """The ranking over the rounds published so far; provisional until all are final."""
    rule, rounds = rule_of(contest), published_rounds(contest)
    ranked = rank_units(rule, units_of(contest, rounds, rule["grouping"]))
    standings = Standings((one.unit.unit_id, as_json(one)) for one in ranked)
    return Ranking(rule, [_named(round) for round in rounds], standings)


def frozen_ranking(result: CollectiveResult) -> Ranking:
    return Ranking(result.rule, result.rounds, StoredStandings(result))


def _named(round: Round) -> dict[str, Any]:
    return {"number": round.number, "title": round.title, "version": round.version, "result_hash": round.result_hash}


def as_json(standing: Standing) -> dict[str, Any]:
    """Everything a page or file shows of a unit; decimals as strings."""
    unit = standing.unit
    return {
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "group": unit.group,
        "group_name": unit.group_name,
        "rank": standing.rank,
        "is_tied": standing.is_tied,
        "prize": standing.prize,
        "is_undecided": standing.is_undecided,
        "unranked": standing.unranked,
        **({"predecessors": list(unit.predecessors)} if unit.predecessors else {}),
        "total": str(standing.total),
        **standing.sums,
        "lines": [
            {
                "input": line.input,
                "value": None if line.value is None else str(line.value),
                "weight": line.weight,
                "points": str(line.points),
                "parts": [[part.of, part.number, part.base] for part in line.parts],
            }
            for line in standing.lines
        ],
    }


# --- Keeping it -------------------------------------------------------------------------------------


def freeze_collective(*, contest: Contest, actor: User) -> CollectiveResult:
    """Keep the ranking of a contest whose rounds are all final; the latest version when nothing has changed.

    Raises Refused with everything that is still missing.
    """
    with transaction.atomic():
        contest = Contest.objects.select_for_update(of=("self",)).select_related("unit").get(pk=contest.pk)
        reasons = _not_yet(contest)
        if reasons:
            raise Refused(*reasons)
        ranking, latest = ranking_now(contest), contest.collective_results.latest_first().first()
        if latest is not None and latest.digest == ranking.digest:
            return latest
        result = CollectiveResult.objects.create(
            contest=contest,
            version=latest.version + 1 if latest else 1,
            rule=ranking.rule,
            rounds=ranking.rounds,
            digest=ranking.digest,
            made_by=actor,
        )
        CollectiveStanding.objects.bulk_create(
            (
                CollectiveStanding(result=result, position=position, unit_id=unit_id, calculation=calculation)
                for position, (unit_id, calculation) in enumerate(ranking.standings, start=1)
            ),
            batch_size=BATCH,
        )
        after = {"version": result.version, "digest": result.digest, "units": len(ranking.standings)}
        record_audit(actor=actor, verb="collective.freeze", object=contest, after=after)
    return result


def _not_yet(contest: Contest) -> list[str]:
    if rule_of(contest) is NO_RULE:
        return [_("Hội thi này không xếp hạng tập thể.")]
    rounds = list(contest.rounds.counted().order_by("number"))
    waiting = [round.title for round in rounds if round.state != RoundState.FINAL]
    if waiting or not rounds:
        return [_("Mọi tuần thi phải có kết quả chính thức. Còn lại: %(rounds)s.") % {"rounds": ", ".join(waiting)}]
    due = deadlines_of(rounds) if rule_of(contest)["weights"]["report"] else {}
    late = [round.title for round in rounds if round.pk in due and due[round.pk] >= server_now()]
    if late:
        return [_("Còn trong hạn gửi báo cáo của đơn vị: %(rounds)s.") % {"rounds": ", ".join(late)}]
    if _awaits_clips(contest):
        return [_("Điểm tập thể có tính video dự thi, mà kết quả thi video chưa được công bố.")]
    return []


def _awaits_clips(contest: Contest) -> bool:
    """Whether clips move points and their result is still to come. A contest without clips does not wait for any."""
    weights = rule_of(contest)["weights"]
    if not weights["clip_duty"] and not weights["clip_score"]:
        return False
    return ClipContest.objects.filter(contest=contest, published_at=None).exists()


def publish_collective(*, result: CollectiveResult, actor: User) -> None:
    """Let coordinators see the ranking. Raises Refused for any but the latest version."""
    with transaction.atomic():
        contest = Contest.objects.select_for_update(of=("self",)).select_related("unit").get(pk=result.contest_id)
        if contest.collective_results.filter(version__gt=result.version).exists():
            raise Refused(_("Đã có bản mới hơn. Vui lòng xem lại rồi công bố bản mới nhất."))
        own = CollectiveResult.objects.filter(pk=result.pk, published_at=None)
        if own.update(published_at=ClockTimestamp(), published_by=actor):
            after = {"version": result.version, "digest": result.digest}
            record_audit(actor=actor, verb="collective.publish", object=contest, after=after)
