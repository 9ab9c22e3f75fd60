"""Files made on request, and the frozen datasets that reports are rendered from."""

from reports.models.exports import LIVE_STATES, Export, ExportFormat, ExportKind, ExportState
from reports.models.round_report import RoundReport

__all__ = ["LIVE_STATES", "Export", "ExportFormat", "ExportKind", "ExportState", "RoundReport"]
