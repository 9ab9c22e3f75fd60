"""A contest's settings as labels and values for organisers."""

from typing import Any

from django.utils.formats import time_format
from django.utils.translation import gettext as _

from contest.models import Contest
from contest.models.setup import TieKey
from contest.templatetags.portal import span


def settings_in_words(contest: Contest) -> list[tuple[str, str]]:
    """(label, value) of every setting, in the order of the form."""
    asks, decimals = contest.get_prediction_asks_display(), contest.prediction_decimals
    places = _("%(n)s chữ số thập phân") % {"n": decimals}
    return [
        (_("Thời gian mở mỗi tuần"), window_in_words(contest)),
        (_("Số lượt thi mỗi người mỗi tuần"), _or_unlimited(contest.attempts_allowed)),
        (_("Lượt được tính"), contest.get_counts_display()),
        (_("Thời gian làm bài"), limit_in_words(contest.time_limit_seconds)),
        (_("Thời gian du di đường truyền"), span(contest.grace_seconds)),
        (_("Số câu hỏi mỗi tuần"), str(contest.questions_per_round)),
        (_("Số đáp án đúng tối đa mỗi câu"), str(contest.max_correct)),
        (_("Đảo thứ tự câu hỏi"), _yes(contest.shuffle_questions)),
        (_("Đảo thứ tự phương án"), _yes(contest.shuffle_choices)),
        (_("Câu dự đoán hỏi"), f"{asks} ({places})" if decimals else asks),
        (_("Bắt buộc dự đoán"), _yes(contest.prediction_required)),
        (_("Thứ tự xét hạng"), " → ".join(str(TieKey(key).label) for key in contest.tie_chain)),
        (_("Vẫn trao giải khi không ai đúng tất cả"), _yes(contest.prize_if_nobody_perfect)),
        (_("Nhận giải"), contest.get_wins_display()),
        (_("Cho xem điểm"), contest.get_score_release_display()),
        (_("Cho xem đáp án"), contest.get_answers_release_display()),
    ]


def window_in_words(contest: Contest) -> str:
    """Such as "thứ Hai 10:00, kéo dài 6 ngày 23 giờ 30 phút"."""
    return _("%(weekday)s %(time)s, kéo dài %(length)s") % {
        "weekday": contest.get_opens_weekday_display(),
        "time": time_format(contest.opens_time, "H:i"),
        "length": span(60 * contest.window_minutes),
    }


def limit_in_words(seconds: int | None) -> str:
    return _("không giới hạn") if seconds is None else span(seconds)


def _or_unlimited(number: Any) -> str:
    return _("không giới hạn") if number is None else str(number)


def _yes(value: bool) -> str:
    return _("có") if value else _("không")
