"""Last year's figures, brought forward along successor links to the units of now.

A unit's figures of last year are its own and those of every unit that has ended and leads to it. A unit that ended
leads to its successor, and on from there while that has ended too. Where it has several successors (a split), none,
or successors in a loop, its figures belong to nobody: they stay in the total, and `lost` names the unit and the cause.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Unit
from contest.models import Contest, Round
from contest.models.round import RoundState
from reports.models import Baseline


@dataclass(frozen=True, slots=True)
class YearFigures:
    """`participants` is None where only entries are known."""

    participants: int | None
    entries: int

    def __add__(self, other: "YearFigures") -> "YearFigures":
        known = self.participants is not None and other.participants is not None
        people = (self.participants or 0) + (other.participants or 0) if known else None
        return YearFigures(people, self.entries + other.entries)


class Loss(StrEnum):
    SPLIT = "split"
    ENDED = "ended"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class LostUnit:
    """A unit of last year whose figures no unit of now can be given."""

    code: str
    name: str
    loss: Loss
    figures: YearFigures


@dataclass(frozen=True, slots=True)
class BaselineFigures:
    """Last year as a contest is compared with it.

    `units` is how many units took part then; `by_unit` has figures by the code of units of now, without those that
    have none. Units without a row did not take part then, or nothing is known: `has_units` is False when no unit
    has figures at all.
    """

    label: str
    source: str
    units: int
    participants: int | None
    entries: int
    by_unit: Mapping[str, YearFigures]
    lost: list[LostUnit]

    @property
    def has_units(self) -> bool:
        return bool(self.by_unit or self.lost)

    @property
    def notes(self) -> list[str]:
        """A sentence for each unit whose figures are in the total alone."""
        return [note_of(unit) for unit in self.lost]


def note_of(unit: LostUnit) -> str:
    """Why the figures of `unit` are attributed to nobody, for people."""
    said = {
        Loss.SPLIT: _("%(unit)s (%(code)s) đã tách thành nhiều đơn vị: số liệu năm trước chỉ tính vào tổng số."),
        Loss.ENDED: _("%(unit)s (%(code)s) đã giải thể, không có đơn vị kế thừa: số liệu năm trước chỉ tính vào tổng."),
        Loss.LOOP: _("%(unit)s (%(code)s) có các đơn vị kế thừa nối thành vòng: cần sửa danh sách đơn vị."),
    }[unit.loss]
    return said % {"unit": unit.name, "code": unit.code}


# --- The core: values in, values out ----------------------------------------------------------------


def heir_of(unit: int, *, ended: Collection[int], successors: Mapping[int, Collection[int]]) -> int | Loss:
    """The unit of now that `unit` leads to: itself while it lasts; or why there is none."""
    met = set()
    while unit in ended:
        if unit in met:
            return Loss.LOOP
        met.add(unit)
        heirs = successors.get(unit, ())
        if len(heirs) != 1:
            return Loss.SPLIT if heirs else Loss.ENDED
        (unit,) = heirs
    return unit


def carried_over(
    figures: Mapping[int, YearFigures], *, ended: Collection[int], successors: Mapping[int, Collection[int]]
) -> tuple[dict[int, YearFigures], dict[int, Loss]]:
    """`figures` by unit of then as figures by unit of now, and the units whose figures went to nobody."""
    now: dict[int, YearFigures] = {}
    lost: dict[int, Loss] = {}
    for unit, own in figures.items():
        heir = heir_of(unit, ended=ended, successors=successors)
        if isinstance(heir, Loss):
            lost[unit] = heir
        else:
            now[heir] = now[heir] + own if heir in now else own
    return now, lost


# --- Reading ----------------------------------------------------------------------------------------


def baseline_of(contest: Contest, *, on: date | None = None) -> BaselineFigures | None:
    """What `contest` is compared with, for the units that exist `on` a day (default: today); None without a baseline.

    At most six queries, whatever the number of units.
    """
    baseline = Baseline.objects.filter(contest=contest).select_related("earlier").first()
    if baseline is None:
        return None
    if baseline.earlier is not None:
        figures, units, total = _held_in_portal(baseline.earlier)
        source = _("Hội thi “%(title)s” trong cổng") % {"title": baseline.earlier.title}
    else:
        rows = baseline.unit_rows.values_list("unit_id", "participants", "entries")
        figures = {unit: YearFigures(people, entries) for unit, people, entries in rows}
        units, total = baseline.units or 0, YearFigures(baseline.participants, baseline.entries or 0)
        source = baseline.source
    by_unit, lost = _for_units_of(on or timezone.localdate(), figures)
    return BaselineFigures(baseline.label, source, units, total.participants, total.entries, by_unit, lost)


# A round whose close is still to come would let last year change while it is compared with.
_OVER = (RoundState.CLOSED, RoundState.RANKED, RoundState.PUBLISHED, RoundState.FINAL)
_HELD = """
SELECT a.unit_id, count(DISTINCT a.user_id), count(*), grouping(a.unit_id)
FROM contest_attempt a
WHERE a.round_id = ANY (%(rounds)s) AND a.state IN ('submitted', 'cut_off')
GROUP BY GROUPING SETS ((a.unit_id), ())
"""


def _held_in_portal(contest: Contest) -> tuple[dict[int, YearFigures], int, YearFigures]:
    """An earlier contest over its rounds, people once, entries all: by unit, how many units, and in all."""
    rounds = Round.objects.counted().filter(contest=contest, state__in=_OVER).values_list("pk", flat=True)
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"rounds": list(rounds)})
        rows = cursor.fetchall()
    figures = {unit: YearFigures(people, entries) for unit, people, entries, is_total in rows if not is_total and unit}
    total = next(YearFigures(people, entries) for _unit, people, entries, is_total in rows if is_total)
    return figures, len(figures), total


def _for_units_of(day: date, figures: Mapping[int, YearFigures]) -> tuple[dict[str, YearFigures], list[LostUnit]]:
    """`figures` by the codes of units that exist on `day`, and what nobody got, by code."""
    ended = set(Unit.objects.filter(valid_to__lte=day).values_list("pk", flat=True))
    successors: dict[int, list[int]] = {}
    for one, heir in Unit.successors.through.objects.values_list("from_unit_id", "to_unit_id"):
        successors.setdefault(one, []).append(heir)
    now, lost = carried_over(figures, ended=ended, successors=successors)
    names = {
        pk: (code, name)
        for pk, code, name in Unit.objects.filter(pk__in=[*now, *lost]).values_list("pk", "code", "name")
    }
    nobodys = [LostUnit(*names[unit], loss, figures[unit]) for unit, loss in lost.items()]
    return {names[unit][0]: one for unit, one in now.items()}, sorted(nobodys, key=lambda unit: unit.code)
