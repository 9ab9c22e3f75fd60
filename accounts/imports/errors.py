"""Expected failures of an import: of a file, of a cell, of a row."""

from dataclasses import dataclass
from typing import Any


class FileRefused(Exception):
    """The file as a whole cannot be imported. `status` is the HTTP answer: 413, 415 or 422."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status, self.message = status, message


class CellRefused(Exception):
    """A cell holds something its column does not take; the text says what to do."""


@dataclass(frozen=True, slots=True)
class RowNote:
    """What is wrong, or worth knowing, in a row (row 1 is the header). `column` is the English header."""

    row: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.message}"


class ImportRefused(Exception):
    """Nothing was written: `errors` names every row, column and what to do."""

    def __init__(self, errors: list[RowNote], plan: Any = None):
        super().__init__(f"{len(errors)} errors")
        self.errors, self.plan = errors, plan


class PlanChanged(Exception):
    """Nothing was written: what the import would do now differs from what was previewed."""

    def __init__(self, plan: Any):
        super().__init__("the plan has changed")
        self.plan = plan
