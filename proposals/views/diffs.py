"""Diffs and notes as templates show them."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.imports import staff, units
from accounts.imports.errors import RowNote
from proposals.diff import KINDS, Diff
from proposals.models import Proposal, ProposalKind

SHOWN_NOTES = 500
TITLES = {
    "created": _("Thêm mới"),
    "moved": _("Chuyển đến"),
    "updated": _("Sửa thông tin"),
    "left": _("Rời đơn vị"),
    "unchanged": _("Giữ nguyên"),
    "left_out": _("Đã bỏ"),
}
BADGES = {"created": "open", "moved": "warn", "updated": "soon", "left": "danger", "unchanged": "plain"}
_LABELS = {column.name: column.label for column in (*units.COLUMNS, *staff.COLUMNS)}


def diff_context(diff: Diff) -> dict[str, Any]:
    """The parts of a diff in their order, what is wrong with it, and its digest."""
    parts = [
        {
            "name": kind,
            "title": TITLES[kind],
            "badge": BADGES[kind],
            "rows": [row for row in diff.rows if row.kind == kind],
        }
        for kind in KINDS
    ]
    return {
        "diff": diff,
        "parts": [part for part in parts if part["rows"]],
        "wrong": [row for row in diff.rows if row.errors],
        "digest": diff.digest(),
        "figures": [(TITLES[kind], number) for kind, number in diff.counts.items()],
    }


def outcome_of(proposal: Proposal) -> list[tuple[Any, int]]:
    """What became of an accepted proposal: (title, rows) in the order of a diff."""
    return [(title, proposal.outcome[kind]) for kind, title in TITLES.items() if proposal.outcome.get(kind)]


def rows_of(proposal: Proposal) -> Any:
    """The rows as they were proposed: what a decided proposal still shows."""
    if proposal.kind == ProposalKind.STAFF:
        return proposal.staff_rows.all()
    return proposal.headcount_rows.select_related("unit")


def notes_of(errors: list[RowNote]) -> list[dict[str, Any]]:
    """Errors with the Vietnamese names of their columns."""
    return [
        {"row": note.row, "column": _LABELS.get(note.column, note.column), "message": note.message}
        for note in errors[:SHOWN_NOTES]
    ]
