"""Whether a contest's settings fit together. Pure: settings in, faults and cautions out.

The database refuses what a single column can tell; this module knows what one setting means for another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

SCORE, ERROR, OVER, SUBMITTED = "score:desc", "prediction_error:asc", "prediction_over:asc", "submitted_at:asc"

# The fields of `Contest` that rule over its rounds; each round freezes them when it is scheduled.
SETTINGS = (
    "opens_weekday", "opens_time", "window_minutes", "attempts_allowed", "counts", "time_limit_seconds",
    "grace_seconds", "questions_per_round", "max_correct", "shuffle_questions", "shuffle_choices", "prediction_asks",
    "prediction_decimals", "prediction_required", "tie_chain", "prize_if_nobody_perfect", "wins", "score_release",
    "answers_release",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """A setting that cannot stand beside the others, and the sentence that says why."""

    field: str
    message: str


def settings_of(contest: Any) -> dict[str, Any]:
    """The settings of a `Contest`, by name."""
    return {name: getattr(contest, name) for name in SETTINGS}


def faults_of(settings: Mapping[str, Any]) -> list[Fault]:
    """What must be put right before `settings` (by the field names of `Contest`) may be used."""
    return [*_window_faults(settings), *_prediction_faults(settings), *_tie_chain_faults(settings)]


def _window_faults(settings: Mapping[str, Any]) -> list[Fault]:
    limit, window = settings["time_limit_seconds"], settings["window_minutes"]
    if window < 1:
        return [Fault("window_minutes", _("Thời gian mở phải dài ít nhất một phút."))]
    if limit is not None and limit > window * 60:
        return [Fault("time_limit_seconds", _("Thời gian làm bài không được dài hơn thời gian mở của tuần thi."))]
    return []


def _prediction_faults(settings: Mapping[str, Any]) -> list[Fault]:
    faults = []
    if settings["prediction_decimals"] and settings["prediction_asks"] != "perfect_percent":
        faults.append(Fault("prediction_decimals", _("Chỉ dự đoán tỷ lệ phần trăm mới có chữ số thập phân.")))
    if settings["prediction_required"] and ERROR not in settings["tie_chain"]:
        faults.append(Fault("prediction_required", _("Bắt buộc dự đoán nhưng thứ tự xét hạng không dùng đến dự đoán.")))
    return faults


def _tie_chain_faults(settings: Mapping[str, Any]) -> list[Fault]:
    chain: Sequence[str] = settings["tie_chain"]
    messages = []
    if not chain or chain[0] != SCORE:
        messages.append(_("Tiêu chí xét hạng thứ nhất phải là điểm."))
    if len(set(chain)) != len(chain):
        messages.append(_("Mỗi tiêu chí xét hạng chỉ được dùng một lần."))
    if OVER in chain and ERROR not in chain[: chain.index(OVER)]:
        messages.append(_("“Dự đoán không vượt quá” chỉ có nghĩa khi đứng sau “dự đoán gần đúng hơn”."))
    if SUBMITTED in chain[:-1]:
        messages.append(_("“Thời điểm nộp bài” phải là tiêu chí cuối cùng: sau nó hầu như không còn ai bằng nhau."))
    return [Fault("tie_chain", message) for message in messages]


def cautions_of(settings: Mapping[str, Any]) -> list[str]:
    """What is allowed and yet worth a second thought, as sentences."""
    cautions = []
    several = settings["attempts_allowed"] != 1
    if several and settings["score_release"] == "at_once":
        cautions.append(
            _("Cho xem điểm ngay và cho thi nhiều lượt: người thi có thể dò đáp án qua điểm của từng lượt.")
        )
    elif settings["score_release"] == "at_once":
        cautions.append(_("Cho xem điểm ngay: số người đạt điểm tối đa dễ bị dò trước khi tuần thi kết thúc."))
    if settings["time_limit_seconds"] is None and "duration:asc" in settings["tie_chain"]:
        cautions.append(
            _("Không giới hạn thời gian làm bài nhưng lại xét hạng theo thời gian làm bài: người mở bài sớm bị thiệt.")
        )
    return cautions
