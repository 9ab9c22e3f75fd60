"""The final report of a contest as one dataset, over all its rounds that have a result.

{"format", "definitions", "kind": "final", "contest", "unit", "as_of", "rounds", "total", "kinds", "blocks", "units",
"winners", "last_year", "notes"}. "rounds" are rows of the weekly report's "round" with the figures of its total;
"winners" are the weekly reports' with "round", its number. Rows of "total", "kinds", "blocks" and "units" have:

participants, entries, counted, points, perfect, high, middle, low, zero, mean_score, share, perfect_share, zero_share
    as in a week, over all rounds: people once, entries and counted attempts of every round
people_in_all_rounds        people with an entry in every round
rounds                      [{"number", "headcount", "participants", "entries", "rate"}], every round
mean_rate                   mean of the rounds' rates, half up to 4 places; rounds without headcount do not count
rounds_taken_part           number of rounds with a participant
last_year_participants, last_year_entries, change_last_year, percent_last_year
units, units_taking_part, units_in_all_rounds    (not of blocks) units; with a participant in one round; in every round

Once a result of the contest's clips is public there is "clips" besides: see datasets/clips.py.

A unit that has ended by the last round and left one successor counts for that one, in every round. Kinds are those
that units had in the latest round they were in.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from operator import itemgetter
from typing import Any

from django.utils.translation import gettext as _

from accounts.clock import iso
from accounts.models import Unit
from accounts.problems import Refused
from contest.models import Block, Contest, Round
from reports.datasets.clips import clips_over
from reports.datasets.last_year import add_last_year, last_year_of
from reports.datasets.people import Place, people_over
from reports.datasets.rows import LAST_YEAR, Row, figures_row, plain
from reports.datasets.snapshot import one_snapshot
from reports.datasets.source import rounds_with_result
from reports.datasets.splits import notes_on_splits
from reports.datasets.weekly import FORMAT, contest_row, round_row, unit_row
from reports.datasets.winners import winners_of
from reports.definitions import DEFINITIONS_VERSION
from reports.participation import Figures, Participation, UnitFigures, heirs_on, last_day, mean, participation_of, ratio
from reports.scope import Scope

SUMS = ("entries", "counted", "points", "perfect", "high", "middle", "low", "zero")


def final_dataset(contest: Contest, unit: Unit) -> dict[str, Any]:
    """The report over the contest and `unit` with all below it. Raises Refused when no round has a result.

    The number of queries depends on the number of rounds, not on units or people.
    """
    with one_snapshot():
        contest = Contest.objects.select_related("unit").get(pk=contest.pk)
        rounds = list(rounds_with_result([contest.pk]))
        if not rounds:
            raise Refused(_("Hội thi chưa có tuần thi nào đã xếp hạng."))
        heirs = _heirs(rounds[-1])
        scope = _scope(contest, unit, heirs)
        held = [participation_of(round, scope) for round in rounds]
        over = _Over(held, heirs, people_over(rounds, scope, heirs))
        if not over.units:
            raise Refused(_("Đơn vị này không có đơn vị nào tham gia hội thi."))
        dataset = {
            "format": FORMAT,
            "definitions": DEFINITIONS_VERSION,
            "kind": "final",
            "contest": contest_row(contest),
            "unit": {"code": unit.code, "name": unit.name},
            "as_of": iso(held[-1].as_of),
            "rounds": [
                round_row(round) | figures_row(week.total, of=week.total)
                for round, week in zip(rounds, held, strict=True)
            ],
            "total": over.total(),
            "kinds": [{"kind": kind, **over.kind(kind)} for kind in over.kinds],
            "blocks": _blocks(contest, rounds, over),
            "units": over.unit_rows(),
            "winners": [{"round": round.number, **winner} for round in rounds for winner in winners_of(round, scope)],
            "notes": notes_on_splits(rounds[-1], rounds[:-1], heirs, scope),
        }
        clips = clips_over(contest, over.units, heirs, over.kinds)
        if clips is not None:
            dataset["clips"] = clips
        last_year = last_year_of(contest, rounds[-1])
        add_last_year(dataset, last_year, whole=scope.unit_ids is None)
    return dataset


def _heirs(last: Round) -> dict[int, int]:
    """Who has taken the place of units that are gone from the last round."""
    heirs = heirs_on(last_day(last))
    still = last.round_units.filter(unit__in=heirs).values_list("unit", flat=True)
    return {unit: heir for unit, heir in heirs.items() if unit not in set(still)}


def _scope(contest: Contest, unit: Unit, heirs: dict[int, int]) -> Scope:
    if unit.pk == contest.unit_id:
        return Scope(None, True)
    below = set(Unit.objects.at_or_below([unit.pk]).values_list("pk", flat=True))
    return Scope(frozenset(below - heirs.keys()) | {one for one, heir in heirs.items() if heir in below}, True)


def _blocks(contest: Contest, rounds: list[Round], over: "_Over") -> list[Row]:
    if not any(round.blocks for round in rounds):
        return []
    names = dict(Block.objects.filter(contest=contest).values_list("code", "name"))
    codes = sorted({row.block for week in over.held for row in week.blocks})
    return [{"block": code, "name": names.get(code, ""), **over.block(code)} for code in codes]


class _Over:
    """The figures of several weeks together."""

    def __init__(self, held: list[Participation], heirs: dict[int, int], people: dict[Place, Any]):
        self.held, self._heirs, self._people = held, heirs, people
        self._weeks: dict[int, list[list[Figures]]] = defaultdict(lambda: [[] for _ in held])
        seen: dict[int, list[tuple[bool, int, int, UnitFigures]]] = defaultdict(list)
        for number, week in enumerate(held):
            for unit in week.units:
                heir = heirs.get(unit.unit_id, unit.unit_id)
                self._weeks[heir][number].append(unit.figures)
                seen[heir].append((unit.unit_id == heir, number, -unit.unit_id, unit))
        # As each stood in the latest round it was in itself, or else as the latest of those it follows: see _PEOPLE.
        latest = {heir: max(copies, key=itemgetter(0, 1, 2))[3] for heir, copies in seen.items()}
        named = [one for one, unit in latest.items() if unit.unit_id != one]
        self.units = latest | _as_they_are(named, latest)
        order = {unit.kind: None for week in held for unit in week.kinds}
        self.kinds = [kind for kind in order if any(unit.kind == kind for unit in self.units.values())]

    def unit_rows(self) -> list[Row]:
        rows = sorted(self.units.items(), key=lambda pair: pair[1].unit_code)
        return [unit_row(unit) | self._row([pk], ("unit", pk)) for pk, unit in rows]

    def kind(self, kind: str) -> Row:
        members = [pk for pk, unit in self.units.items() if unit.kind == kind]
        return self._units(members) | self._row(members, ("kind", kind))

    def total(self) -> Row:
        return self._units(list(self.units)) | self._row(list(self.units), ("total", None))

    def block(self, code: str) -> Row:
        weeks = [[row.figures for row in week.blocks if row.block == code] for week in self.held]
        return self._figures(weeks, ("block", code))

    def _units(self, members: list[int]) -> Row:
        """How many units there are, and how many of them took part."""
        weeks = [self._people["unit", pk].rounds_taken_part for pk in members]
        return {
            "units": len(members),
            "units_taking_part": sum(number > 0 for number in weeks),
            "units_in_all_rounds": sum(number == len(self.held) for number in weeks),
        }

    def _row(self, members: Iterable[int], place: Place) -> Row:
        members = list(members)
        weeks = [[row for pk in members for row in self._weeks[pk][number]] for number in range(len(self.held))]
        return self._figures(weeks, place)

    def _figures(self, weeks: list[list[Figures]], place: Place) -> Row:
        sums: Counter[str] = Counter()
        for row in (row for week in weeks for row in week):
            sums.update({name: getattr(row, name) or 0 for name in SUMS})
        people = self._people[place]
        rounds = [self._week(number, rows, people) for number, rows in enumerate(weeks)]
        rates = [Decimal(row["rate"]) for row in rounds if row["rate"] is not None]
        return {
            "participants": people.all,
            "share": plain(ratio(people.all, self._people["total", None].all)),
            "people_in_all_rounds": people.in_all_rounds,
            "rounds_taken_part": people.rounds_taken_part,
            **{name: sums[name] for name in SUMS},
            "mean_score": plain(mean(sums["points"], sums["counted"])),
            "perfect_share": plain(ratio(sums["perfect"], sums["counted"])),
            "zero_share": plain(ratio(sums["zero"], sums["counted"])),
            "mean_rate": plain(_mean_rate(rates)),
            "rounds": rounds,
            **dict.fromkeys(LAST_YEAR),
        }

    def _week(self, number: int, rows: list[Figures], people: Any) -> Row:
        round, headcount = self.held[number].round, sum(row.headcount for row in rows)
        participants = people.by_round.get(round.pk, 0)
        return {
            "number": round.number,
            "headcount": headcount,
            "participants": participants,
            "entries": sum(row.entries for row in rows),
            "rate": plain(ratio(participants, headcount)),
        }


def _mean_rate(rates: list[Decimal]) -> Decimal | None:
    return (sum(rates, Decimal(0)) / len(rates)).quantize(Decimal("0.0001"), ROUND_HALF_UP) if rates else None


def _as_they_are(unit_ids: list[int], latest: dict[int, UnitFigures]) -> dict[int, UnitFigures]:
    """Heirs that were in no round themselves, named as they are now; figures are those of one they follow."""
    found = Unit.objects.filter(pk__in=unit_ids).select_related("kind", "parent")
    return {
        unit.pk: UnitFigures(
            unit_id=unit.pk,
            unit_code=unit.code,
            unit_name=unit.name,
            sort_key=unit.sort_key,
            search_key=unit.search_key,
            kind=latest[unit.pk].kind,
            parent_code=unit.parent.code if unit.parent else None,
            parent_name=unit.parent.name if unit.parent else None,
            figures=latest[unit.pk].figures,
        )
        for unit in found
    }
