"""The words of messages: the portal's own, with places to be filled in, and how places are filled in.

A place is a name in braces: `{tuan_thi}`. Only the names listed for a message stand for something; a text with
any other is refused when it is saved. Filling in is one plain replacement: what is filled in is never looked at
again, and nothing in a text is ever run.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from notifications.models import Kind

_PLACE = re.compile(r"\{([^{}]*)\}")

PLACES: Mapping[str, object] = {
    "hoi_thi": _("tên hội thi"),
    "tuan_thi": _("tên tuần thi"),
    "mo_luc": _("thời điểm mở"),
    "dong_luc": _("thời điểm đóng"),
    "giai": _("tên giải"),
}
SAMPLES: Mapping[str, str] = {
    "hoi_thi": "Hội thi trực tuyến tìm hiểu công tác cải cách hành chính",
    "tuan_thi": "Tuần 1",
    "mo_luc": "00:00, 05/06/2023",
    "dong_luc": "24:00, 11/06/2023",
    "giai": "Giải Nhất",
}


@dataclass(frozen=True, slots=True)
class StandardText:
    """A message's words as the portal brings them, and the places that may stand in them."""

    name: str
    kind: Kind
    label: object
    places: tuple[str, ...]
    subject: str
    body: str


_ROUND = ("hoi_thi", "tuan_thi", "mo_luc", "dong_luc")
STANDARD: Mapping[str, StandardText] = {
    text.name: text
    for text in (
        StandardText(
            "round_opened",
            Kind.ROUND_OPENED,
            _("Tuần thi bắt đầu mở"),
            _ROUND,
            "{tuan_thi} đã mở, mời bạn dự thi",
            "{tuan_thi} của {hoi_thi} đã mở từ {mo_luc} và đóng lúc {dong_luc}.\n\n"
            "Mời bạn vào cổng thông tin để dự thi. Nên làm bài sớm, tránh những giờ cuối có nhiều người truy cập.",
        ),
        StandardText(
            "closing_24h",
            Kind.CLOSING_24H,
            _("Còn 24 giờ mà chưa dự thi"),
            _ROUND,
            "Bạn chưa dự thi {tuan_thi}: đóng lúc {dong_luc}",
            "{tuan_thi} của {hoi_thi} sẽ đóng lúc {dong_luc}. Đến nay cổng thông tin chưa ghi nhận bài dự thi của bạn."
            "\n\nMời bạn sắp xếp thời gian dự thi trước thời điểm trên.",
        ),
        StandardText(
            "closing_2h",
            Kind.CLOSING_2H,
            _("Còn 2 giờ mà chưa dự thi"),
            _ROUND,
            "Sắp hết giờ: {tuan_thi} đóng lúc {dong_luc}",
            "{tuan_thi} của {hoi_thi} sắp kết thúc, đóng lúc {dong_luc}. "
            "Đến nay cổng thông tin chưa ghi nhận bài dự thi của bạn.\n\n"
            "Nếu muốn dự thi, bạn cần bắt đầu ngay: bài chưa nộp khi tuần thi đóng sẽ được thu tự động.",
        ),
        StandardText(
            "result",
            Kind.RESULT,
            _("Kết quả tuần thi"),
            _ROUND,
            "Đã công bố kết quả {tuan_thi}",
            "Ban Tổ chức {hoi_thi} đã công bố kết quả {tuan_thi}.\n\n"
            "Mời bạn vào cổng thông tin để xem điểm của mình và danh sách đoạt giải. Cảm ơn bạn đã dự thi.",
        ),
        StandardText(
            "result_prize",
            Kind.RESULT,
            _("Kết quả tuần thi, gửi người đoạt giải"),
            (*_ROUND, "giai"),
            "Chúc mừng bạn đoạt {giai} {tuan_thi}",
            "Ban Tổ chức {hoi_thi} chúc mừng bạn đã đoạt {giai} {tuan_thi}.\n\n"
            "Kết quả đã được công bố trên cổng thông tin và là kết quả tạm thời cho đến khi Ban Tổ chức chốt kết quả "
            "chính thức.",
        ),
    )
}


def unknown_places(text: str, allowed: Iterable[str]) -> list[str]:
    """What stands in braces and means nothing, and braces that do not pair, in order of appearance."""
    unknown = ["{" + name + "}" for name in _PLACE.findall(text) if name not in set(allowed)]
    unknown += re.findall(r"[{}]", _PLACE.sub("", text))
    return list(dict.fromkeys(unknown))


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """`text` with each place replaced by its value, once. Raises KeyError for a place without a value."""
    return _PLACE.sub(lambda place: values[place[1]], text)
