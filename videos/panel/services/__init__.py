from videos.panel.services.appointing import appoint_judge, dismiss_judge, make_chair
from videos.panel.services.closing import close_sheet, faults_before_locking, lock_panel, remind_judges
from videos.panel.services.replacing import add_judge, replace_judge
from videos.panel.services.scoring import (
    Saved,
    abstain,
    declare_conflict,
    save_comment,
    save_points,
    submit_sheet,
)
from videos.panel.services.starting import assign_sheets, faults_before_scoring, start_scoring

__all__ = [
    "Saved",
    "abstain",
    "add_judge",
    "appoint_judge",
    "assign_sheets",
    "close_sheet",
    "declare_conflict",
    "dismiss_judge",
    "faults_before_locking",
    "faults_before_scoring",
    "lock_panel",
    "make_chair",
    "remind_judges",
    "replace_judge",
    "save_comment",
    "save_points",
    "start_scoring",
    "submit_sheet",
]
