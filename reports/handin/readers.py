"""Who may read a frozen report, and how much of it."""

from dataclasses import dataclass
from typing import Any

from accounts.rights import Right, Visitor, has_over, units_with
from contest.models import Contest, Round
from reports.freezing import digest_of
from reports.handin.reading import only_units, without_scores
from reports.models import RoundReport


@dataclass(frozen=True, slots=True)
class Reading:
    """A report as one person may read it: `dataset` is the whole of it, or only the rows of their units."""

    report: RoundReport
    dataset: dict[str, Any]
    whole: bool
    scores: bool

    @property
    def digest(self) -> str:
        """The digest of what is read. The report's own would betray scores that are left out: of a department with a
        handful of people only so many figures are possible, and one can try which of them gives the digest.
        """
        return self.report.digest if self.whole and self.scores else digest_of(self.dataset)


def read_report(user: Visitor, report: RoundReport) -> Reading | None:
    """What `user` may read of `report` now; None when nothing.

    Whoever sees the figures of the report's unit reads all of it; who sees only units below it, their rows. Scores
    are in it once every round it rests on is published, for an auditor of the unit as soon as they exist.
    """
    units = units_with(user, Right.SEE_COUNTS)
    scores = scores_released(report) or has_over(user, Right.READ_EARLY_RESULTS, report.unit_id)
    dataset = report.dataset if scores else without_scores(report.dataset)
    if units.filter(pk=report.unit_id).exists():
        return Reading(report, dataset, True, scores)
    codes = frozenset(units.values_list("code", flat=True))
    if not any(unit["unit_code"] in codes for unit in dataset["units"]):
        return None
    return Reading(report, only_units(dataset, codes), False, scores)


def scores_released(report: RoundReport) -> bool:
    """Whether the results behind the report are public now."""
    if report.round is not None:
        return report.round.is_published
    rounds = Round.objects.filter(pk__in=[row["id"] for row in report.dataset["rounds"]])
    return all(round.is_published for round in rounds.only("state"))


def may_freeze(user: Visitor, unit_id: int) -> bool:
    """Whether `user` may freeze a report over the unit and make what is signed from it."""
    return has_over(user, Right.FREEZE_REPORTS, unit_id)


def report_for(
    user: Visitor, *, contest: Contest, round: Round | None, unit_code: str = "", number: int | None = None
) -> RoundReport | None:
    """The report to show: the newest, or version `number`, of the unit asked for.

    Without a unit it is the contest's own report if there is one, else that of a department which `user` oversees.
    """
    reports = RoundReport.objects.filter(contest=contest, round=round).select_related("contest__unit", "round", "unit")
    if number is not None:
        reports = reports.filter(number=number)
    if unit_code:
        return reports.filter(unit__code=unit_code).latest_first().first()
    seen = units_with(user, Right.SEE_COUNTS).values_list("pk", flat=True)
    own = reports.filter(unit__in=list(seen)).latest_first()
    whole = reports.filter(unit=contest.unit_id).latest_first().first()
    if whole is not None and (whole.unit_id in seen or not own.exists()):
        return whole
    return own.first()
