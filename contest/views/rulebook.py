"""A contest's settings as the sentences of its public rules page. Pure: settings in, texts out."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contest.models.setup import Weekday
from contest.templatetags.portal import span


@dataclass(frozen=True, slots=True)
class Settings:
    """What the rules page describes: a contest's rules as a round freezes them, and the contest's frame."""

    rules: dict[str, Any]
    grace_seconds: int
    questions: int
    max_correct: int
    opens_weekday: int
    opens_time: time
    window_minutes: int


@dataclass(frozen=True, slots=True)
class Section:
    anchor: str
    title: str
    sentences: list[str]


def rulebook(settings: Settings) -> list[Section]:
    """All rules but ranking, prediction example and prizes, which the page shows as lists and tables."""
    return [
        Section("thoi-gian", _("Thời gian"), _time_sentences(settings)),
        Section("lam-bai", _("Làm bài"), _attempt_sentences(settings)),
        Section("nop-bai", _("Nộp bài và hết giờ"), _ending_sentences(settings)),
    ]


def window_sentence(settings: Settings) -> str:
    """As "Thông thường, tuần thi mở lúc 00:00 thứ Hai và đóng lúc 24:00 Chủ nhật (7 ngày)."."""
    monday = date(2024, 1, 1)
    opens = datetime.combine(monday + timedelta(days=settings.opens_weekday - 1), settings.opens_time)
    closes = opens + timedelta(minutes=settings.window_minutes)
    return _("Thông thường, tuần thi mở lúc %(opens)s và đóng lúc %(closes)s (%(length)s).") % {
        "opens": _weekday_time(opens),
        "closes": _weekday_time(closes, closing=True),
        "length": span(settings.window_minutes * 60),
    }


def _weekday_time(at: datetime, *, closing: bool = False) -> str:
    if closing and at.time() == time(0, 0):
        return f"24:00 {Weekday((at - timedelta(days=1)).isoweekday()).label}"
    return f"{at:%H:%M} {Weekday(at.isoweekday()).label}"


def _time_sentences(settings: Settings) -> list[str]:
    return [
        window_sentence(settings),
        _("Ngày giờ cụ thể của từng tuần thi ghi ở trang chủ; từ đúng thời điểm đóng không bắt đầu được lượt mới."),
        _("Mọi thời điểm do đồng hồ máy chủ quyết định và được ghi tới phần triệu giây."),
    ]


def _attempt_sentences(settings: Settings) -> list[str]:
    rules = settings.rules
    return [
        _("Mỗi tuần thi có %(questions)s câu trắc nghiệm và một câu dự đoán. Mỗi câu trắc nghiệm đúng được 1 điểm.")
        % {"questions": settings.questions},
        _correct_sentence(settings.max_correct),
        *_shuffle_sentences(rules),
        _attempts_sentence(rules["attempts"], rules["counts"]),
        _limit_sentence(rules["time_limit_seconds"]),
    ]


def _correct_sentence(max_correct: int) -> str:
    if max_correct == 1:
        return _("Mỗi câu có đúng một đáp án đúng.")
    return _(
        "Một câu có thể có từ 1 đến %(most)s đáp án đúng; phải chọn đủ và chỉ chọn các đáp án đúng mới được điểm."
    ) % {"most": max_correct}


def _shuffle_sentences(rules: dict[str, Any]) -> list[str]:
    questions, choices = rules["shuffle_questions"], rules["shuffle_choices"]
    if questions and choices:
        return [_("Mọi người làm cùng một bộ câu hỏi; thứ tự câu hỏi và phương án được đảo riêng cho từng lượt thi.")]
    if questions or choices:
        what = _("câu hỏi") if questions else _("phương án")
        return [
            _("Mọi người làm cùng một bộ câu hỏi; thứ tự %(what)s được đảo riêng cho từng lượt thi.") % {"what": what}
        ]
    return [_("Mọi người làm cùng một bộ câu hỏi theo cùng một thứ tự.")]


def _attempts_sentence(attempts: int | None, counts: str) -> str:
    counted = {
        "best": _("lượt có điểm cao nhất; bằng điểm thì lấy lượt nộp sớm hơn"),
        "first": _("lượt đầu tiên"),
        "last": _("lượt cuối cùng"),
    }[counts]
    if attempts == 1:
        return _("Mỗi người được thi 1 lượt trong mỗi tuần.")
    if attempts is None:
        return _("Mỗi người được thi không giới hạn số lượt trong mỗi tuần; lượt được tính là %(counted)s.") % {
            "counted": counted
        }
    return _("Mỗi người được thi tối đa %(attempts)s lượt trong mỗi tuần; lượt được tính là %(counted)s.") % {
        "attempts": attempts,
        "counted": counted,
    }


def _limit_sentence(limit: int | None) -> str:
    if limit is None:
        return _("Không giới hạn thời gian làm bài, miễn là nộp trước khi tuần thi đóng.")
    return _("Mỗi lượt thi có %(limit)s kể từ lúc bắt đầu, nhưng không kéo dài quá thời điểm đóng của tuần thi.") % {
        "limit": span(limit)
    }


def _ending_sentences(settings: Settings) -> list[str]:
    required = settings.rules["prediction"]["required"]
    return [
        _("Muốn nộp bài phải trả lời đủ các câu trắc nghiệm và câu dự đoán.")
        if required
        else _("Muốn nộp bài phải trả lời đủ các câu trắc nghiệm; câu dự đoán không bắt buộc."),
        _("Bài đã nộp không sửa được. Người dự thi nhận ngay mã bài thi và mã biên nhận."),
        _("Hết giờ mà chưa nộp, bài được thu tự động với những câu máy chủ đã lưu; thời điểm nộp là đúng hạn nộp."),
        _("Lượt đã mở mà chưa lưu câu trả lời nào thì không tính là lượt dự thi, nhưng vẫn tính là đã dùng một lượt."),
        ngettext(
            "Để bù độ trễ đường truyền, máy chủ nhận thêm %(grace)s giây sau hạn nộp;"
            " thời điểm nộp được ghi không bao giờ muộn hơn hạn nộp.",
            "Để bù độ trễ đường truyền, máy chủ nhận thêm %(grace)s giây sau hạn nộp;"
            " thời điểm nộp được ghi không bao giờ muộn hơn hạn nộp.",
            settings.grace_seconds,
        )
        % {"grace": settings.grace_seconds},
    ]


# --- Prediction and ranking -------------------------------------------------------------------------


def prediction_sentences(rules: dict[str, Any]) -> list[str]:
    rule = rules["prediction"]
    asked = {
        "perfect_people": _("Câu dự đoán hỏi: có bao nhiêu người trả lời đúng tất cả các câu hỏi của tuần thi."),
        "participants": _("Câu dự đoán hỏi: có bao nhiêu người tham gia dự thi trong tuần."),
        "entries": _("Câu dự đoán hỏi: có bao nhiêu lượt dự thi trong tuần."),
        "perfect_percent": _(
            "Câu dự đoán hỏi: có bao nhiêu phần trăm người dự thi trả lời đúng tất cả các câu hỏi của tuần thi."
        ),
    }[rule["asks"]]
    sentences = [asked]
    if rule["asks"] == "perfect_percent":
        sentences.append(
            _("Tỷ lệ được làm tròn đến %(decimals)s chữ số thập phân, từ 5 trở lên thì làm tròn lên.")
            % {"decimals": rule["decimals"]}
        )
    sentences += [
        _(
            "Con số đúng tính chung cho tất cả các bảng, trên lượt được tính của từng người và không kể những người"
            " không thuộc diện xét giải."
        ),
        _("Câu dự đoán là bắt buộc.")
        if rule["required"]
        else _("Câu dự đoán không bắt buộc; bài không dự đoán xếp sau mọi bài có dự đoán khi xét tiêu chí này."),
        _("Câu dự đoán không cộng điểm, chỉ dùng để phân định thứ hạng."),
    ]
    return sentences


def ranking_steps(rules: dict[str, Any]) -> list[str]:
    """The tie chain, in order, each as a clause."""
    clauses = {
        "score:desc": _("Điểm cao hơn xếp trên."),
        "prediction_error:asc": _(
            "Bằng điểm: dự đoán gần con số đúng hơn xếp trên, không phân biệt cao hơn hay thấp hơn."
        ),
        "prediction_over:asc": _("Lệch bằng nhau: dự đoán không vượt quá con số đúng xếp trên dự đoán vượt quá."),
        "duration:asc": _("Vẫn bằng nhau: thời gian làm bài ngắn hơn xếp trên."),
        "submitted_at:asc": _("Vẫn bằng nhau: nộp bài sớm hơn xếp trên, tính từ lúc tuần thi mở, tới phần triệu giây."),
    }
    return [clauses[key] for key in rules["tie_chain"]]


def prize_sentences(rules: dict[str, Any]) -> list[str]:
    return [
        _("Không ai đúng tất cả các câu thì trao giải cho những người có thứ hạng cao nhất.")
        if rules["prize_if_nobody_perfect"]
        else _("Không ai đúng tất cả các câu thì tuần thi đó không trao giải."),
        _("Một người được nhận giải ở nhiều tuần thi.")
        if rules["wins"] == "many"
        else _("Mỗi người chỉ nhận giải một lần trong cả hội thi; tuần sau giải chuyển cho người xếp kế tiếp."),
        _(
            "Những người bằng nhau ở mọi tiêu chí thì đồng hạng. Khi số giải không đủ cho những người đồng hạng,"
            " Ban Tổ chức bốc thăm và công bố kết quả bốc thăm."
        ),
        _("Thành viên Ban Tổ chức, Tổ Thư ký và tổ ra đề được dự thi nhưng không xếp hạng, không xét giải."),
    ]


def release_sentences(rules: dict[str, Any]) -> list[str]:
    return [
        _("Người dự thi xem được điểm của mình ngay sau khi nộp bài.")
        if rules["score_release"] == "at_once"
        else _("Người dự thi xem được điểm của mình sau khi tuần thi đóng và chấm xong."),
        _("Đáp án, giải thích và căn cứ được mở sau khi tuần thi đóng và chấm xong.")
        if rules["answers_release"] == "after_close"
        else _("Đáp án, giải thích và căn cứ được mở sau khi kết quả được công bố."),
        _("Kết quả được công bố tạm thời trước, sau đó mới chốt thành kết quả chính thức."),
        _(
            "Khi tuần thi được lên lịch, cổng thông tin công bố mã niêm phong của bộ câu hỏi và đáp án; mọi thay đổi về"
            " sau đều làm mã này sai khác."
        ),
        _("Khi công bố kết quả, biên bản điện tử không nêu tên được công bố để bất kỳ ai cũng tính lại được thứ hạng."),
    ]
