"""The versions of one unit's report about a round."""

from dataclasses import dataclass
from datetime import datetime

from contest.models import RoundUnit
from reports.models import ReportState, UnitReport


@dataclass(frozen=True, slots=True)
class Versions:
    """A draft, which is its writers' own, and what has been sent, in order."""

    draft: UnitReport | None
    sent: list[UnitReport]

    @property
    def current(self) -> UnitReport | None:
        """What those who receive the report see."""
        return self.sent[-1] if self.sent else None

    @property
    def latest(self) -> UnitReport | None:
        return self.draft or self.current

    @property
    def is_open(self) -> bool:
        """Whether the unit has still to write: nothing was sent, or it came back."""
        return self.current is None or self.current.state == ReportState.RETURNED

    def came_by(self, due: datetime) -> bool | None:
        """Whether the first version was there by `due`; None when nothing has been sent."""
        first = self.sent[0].sent_at if self.sent else None
        return first <= due if first is not None else None


def versions_of(row: RoundUnit) -> Versions:
    """One query."""
    found = UnitReport.objects.filter(round=row.round, unit=row.unit).select_related("sent_by", "decided_by")
    versions = list(found.order_by("version"))
    drafts = [report for report in versions if report.is_draft]
    return Versions(drafts[-1] if drafts else None, [report for report in versions if not report.is_draft])
