"""Files made on request, the frozen datasets that reports are rendered from, and who issues them."""

from reports.models.baseline import Baseline, BaselineUnit
from reports.models.collective_result import (
    CollectiveDecision,
    CollectiveResult,
    CollectiveStanding,
    DecisionMethod,
)
from reports.models.exports import (
    CONTEST_KINDS,
    LIVE_STATES,
    SIGNED_FORMATS,
    TABLE_FORMATS,
    TABLE_KINDS,
    Export,
    ExportFormat,
    ExportKind,
    ExportState,
)
from reports.models.issuing_body import IssuingBody
from reports.models.round_report import RoundReport
from reports.models.unit_report import HANDED_IN, Reminder, ReminderKind, ReportDeadline, ReportState, UnitReport

__all__ = [
    "CONTEST_KINDS",
    "HANDED_IN",
    "LIVE_STATES",
    "SIGNED_FORMATS",
    "TABLE_FORMATS",
    "TABLE_KINDS",
    "Baseline",
    "BaselineUnit",
    "CollectiveDecision",
    "CollectiveResult",
    "CollectiveStanding",
    "DecisionMethod",
    "Export",
    "ExportFormat",
    "ExportKind",
    "ExportState",
    "IssuingBody",
    "Reminder",
    "ReminderKind",
    "ReportDeadline",
    "ReportState",
    "RoundReport",
    "UnitReport",
]
