"""What a clip's unit has to do next, in a word for the page and a sentence for people."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from videos.models import Clip, ClipState, FileState


@dataclass(frozen=True, slots=True)
class Step:
    """`kind`: do (the unit's turn), wait, late, done. `text`: a sentence."""

    kind: str
    text: str


def next_step(clip: Clip, now: datetime) -> Step:
    """`clip` with its `clip_contest` and `current` at hand; `now`: server time."""
    if clip.state == ClipState.ACCEPTED and clip.clip_contest.published_at:
        return Step("done", _("Kết quả đã được công bố."))
    if clip.state == ClipState.ACCEPTED:
        return Step("done", _("Đã qua rà soát, được đưa vào chấm."))
    if clip.state == ClipState.REJECTED:
        return Step("done", _("Không qua rà soát. Xem lý do trong trang của video."))
    if not clip.is_editable_at(now):
        return _when_fixed(clip, now)
    if clip.current is None:
        return Step("do", _("Tải tệp video lên."))
    if clip.current.state == FileState.REFUSED:
        return Step("do", _("Tệp không đạt yêu cầu: tải lên tệp khác."))
    if clip.current.state == FileState.FAILED:
        return Step("do", _("Hệ thống chưa xử lý được tệp: chọn xử lý lại."))
    if clip.state == ClipState.DRAFT:
        return Step("do", _("Kiểm tra lại rồi gửi Ban Tổ chức."))
    if clip.state == ClipState.SENT_BACK:
        return Step("do", _("Chỉnh sửa theo yêu cầu rồi gửi lại."))
    return Step("wait", _("Chờ Ban Tổ chức rà soát. Còn sửa được đến hết hạn."))


def _when_fixed(clip: Clip, now: datetime) -> Step:
    if now < clip.clip_contest.opens_at:
        return Step("wait", _("Chưa đến ngày nhận video."))
    if clip.state == ClipState.SUBMITTED:
        return Step("wait", _("Chờ Ban Tổ chức rà soát."))
    if clip.state == ClipState.SENT_BACK:
        return Step("late", _("Đã hết hạn chỉnh sửa, video chưa được gửi lại."))
    return Step("late", _("Đã hết hạn nhận, bản nháp này không gửi được nữa."))


def checklist(clip: Clip) -> list[tuple[bool, str]]:
    """What handing in needs of the clip, apart from the declaration: (there, sentence)."""
    file = clip.current
    if file is None:
        return [(True, _("Đã lưu hồ sơ video.")), (False, _("Chưa có tệp video."))]
    if file.state in (FileState.REFUSED, FileState.FAILED):
        return [(True, _("Đã lưu hồ sơ video.")), (False, _("Tệp video chưa dùng được."))]
    received = (True, _("Máy chủ đã nhận đủ tệp video."))
    if file.state == FileState.READY:
        return [(True, _("Đã lưu hồ sơ video.")), received, (True, _("Tệp đạt yêu cầu và xem được."))]
    return [(True, _("Đã lưu hồ sơ video.")), received, (True, _("Tệp đang được kiểm tra; gửi ngay cũng được."))]
