from videos.models.clip import (
    EDITABLE_STATES,
    HANDED_IN_STATES,
    Clip,
    ClipFile,
    ClipState,
    Decision,
    FileState,
    Rendition,
    Screening,
    Upload,
    UploadState,
)
from videos.models.panel import (
    OPEN_STATES,
    ChairDecision,
    ChairDecisionKind,
    CriterionScore,
    PanelMember,
    ScoreSheet,
    SheetState,
)
from videos.models.reminder import ClipReminder, ClipReminderKind
from videos.models.result import ClipStanding, PanelResult
from videos.models.rubric import Criterion, Rubric
from videos.models.setup import Aspect, ClipContest, ClipPrize, Combination, Genre, Stage

__all__ = [
    "EDITABLE_STATES",
    "HANDED_IN_STATES",
    "OPEN_STATES",
    "Aspect",
    "ChairDecision",
    "ChairDecisionKind",
    "Clip",
    "ClipContest",
    "ClipFile",
    "ClipPrize",
    "ClipReminder",
    "ClipReminderKind",
    "ClipStanding",
    "ClipState",
    "Combination",
    "Criterion",
    "CriterionScore",
    "Decision",
    "FileState",
    "Genre",
    "PanelMember",
    "PanelResult",
    "Rendition",
    "Rubric",
    "ScoreSheet",
    "Screening",
    "SheetState",
    "Stage",
    "Upload",
    "UploadState",
]
