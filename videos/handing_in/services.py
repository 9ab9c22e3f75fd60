"""A unit's verbs about its clips. Each locks the clip's row and asks again for right, state and deadline.

Who may not hand in for the unit gets not_found, whatever the state. What cannot be done now is Refused, with sentences.
"""

from dataclasses import dataclass, fields

from django.db import OperationalError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.models import Unit, User
from accounts.problems import Refused, not_found
from accounts.rights import Right, has_over
from contest.templatetags.portal import closing
from videos.handing_in.access import units_handing_in
from videos.handing_in.attachments import (
    Script,
    delete_afterwards,
    discard_all,
    drop_script,
    keep_script,
    put_captions,
)
from videos.models import Clip, ClipContest, ClipFile, ClipState, FileState, Genre
from videos.processing.captions import read_captions
from videos.storage import captions_key

_WRONG_FILES = (FileState.REFUSED, FileState.FAILED)
# Of a unit in one contest. Each may hold a script, which no quota counts.
MOST_CLIPS = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """What a unit says of a clip, cleaned."""

    title: str
    genre: Genre
    authors: str
    summary: str = ""
    outside_link: str = ""


# --- Preparing --------------------------------------------------------------------------------------


def draft_clip(
    *, clip_contest: ClipContest, unit: Unit, entry: Entry, script: Script | None = None, actor: User
) -> Clip:
    """Begin a clip of the unit. Raises not_found for strangers, Refused when none is received or too many are begun."""
    with transaction.atomic():
        contest = ClipContest.objects.select_related("contest").get(pk=clip_contest.pk)
        if not contest.contest.is_public or not units_handing_in(actor, contest).filter(pk=unit.pk).exists():
            raise not_found()
        clip = Clip(clip_contest=contest, unit=unit, created_by=actor)
        _refuse_fixed(clip)
        _refuse_too_many(clip)
        _enter(clip, entry)
        if script:
            keep_script(clip, script)
        clip.save(force_insert=True)
        record_audit(actor=actor, verb="clip.draft", object=clip, after={"title": clip.title, "unit": unit.code})
    return clip


def _refuse_too_many(clip: Clip) -> None:
    Unit.objects.select_for_update(no_key=True).get(pk=clip.unit_id)  # two that begin together see each other
    if Clip.objects.filter(clip_contest=clip.clip_contest, unit=clip.unit_id).count() >= MOST_CLIPS:
        raise Refused(
            _("Đơn vị đã có %(count)s hồ sơ video. Hãy xóa bản nháp không dùng hoặc liên hệ Ban Tổ chức.")
            % {"count": MOST_CLIPS}
        )


def edit_clip(
    *, clip: Clip, entry: Entry, script: Script | None = None, removes_script: bool = False, actor: User
) -> Clip:
    """Change what the unit says of its clip. Raises not_found, Refused once it is fixed."""
    with transaction.atomic():
        stored = _locked(clip, actor)
        _refuse_fixed(stored)
        changed = _enter(stored, entry)
        if script:
            keep_script(stored, script)
        elif removes_script and stored.script:
            drop_script(stored)
        if script or removes_script:
            changed.append("script")
        if changed:
            stored.save()
            record_audit(actor=actor, verb="clip.edit", object=stored, after={"changed": changed})
    return stored


def delete_draft(*, clip: Clip, actor: User) -> None:
    """Delete a clip that was never handed in, with its files. Raises not_found, Refused."""
    with transaction.atomic():
        stored = _locked(clip, actor)
        if stored.state != ClipState.DRAFT:
            raise Refused(_("Chỉ xóa được bản nháp chưa từng gửi."))
        if _is_busy(stored):
            raise Refused(_("Tệp của video đang được tải lên hoặc xử lý. Hãy thử lại sau ít phút."))
        record_audit(actor=actor, verb="clip.delete", object=stored, before={"title": stored.title})
        discard_all(stored)
        stored.delete()


def _is_busy(clip: Clip) -> bool:
    """Whether a piece of a file is arriving or a file is being processed; if not, neither begins in this transaction.

    What is received or made while its rows go would stay in the storage, and nobody would know of it.
    """
    try:
        with transaction.atomic():
            list(clip.uploads.select_for_update(nowait=True).values_list("pk"))
            states = clip.files.order_by().select_for_update(nowait=True).values_list("state", flat=True)
            return FileState.PROCESSING in list(states)
    except OperationalError:
        return True


# --- Captions ---------------------------------------------------------------------------------------


def save_captions(*, clip: Clip, data: bytes, actor: User) -> None:
    """Give the version that counts its captions (WebVTT). Raises Problem of read_captions, not_found, Refused."""
    captions = read_captions(data)
    with transaction.atomic():
        stored = _locked(clip, actor)
        _refuse_fixed(stored)
        file = _file_of(stored)
        _mark_captions(file, True)
        record_audit(actor=actor, verb="clip.save_captions", object=stored, after={"version": file.version})
        put_captions(file, captions)


def remove_captions(*, clip: Clip, actor: User) -> None:
    """Take the captions of the version that counts away. Raises not_found, Refused."""
    with transaction.atomic():
        stored = _locked(clip, actor)
        _refuse_fixed(stored)
        file = _file_of(stored)
        if not file.has_captions:
            return
        _mark_captions(file, False)
        record_audit(actor=actor, verb="clip.remove_captions", object=stored, before={"version": file.version})
        delete_afterwards([captions_key(file.pk)])


def _file_of(clip: Clip) -> ClipFile:
    if clip.current is None:
        raise Refused(_("Hãy tải tệp video lên trước, rồi mới thêm phụ đề."))
    return clip.current


def _mark_captions(file: ClipFile, has_captions: bool) -> None:
    # That column alone: processing writes the others.
    ClipFile.objects.filter(pk=file.pk).update(has_captions=has_captions)


# --- Handing in -------------------------------------------------------------------------------------


def submit_clip(*, clip: Clip, declares_rights: bool, actor: User) -> Clip:
    """Hand the clip in, for the first time or again after it was sent back; handed in already, nothing changes.

    Its number is given once and stays. `submitted_at` is the time of the last submission. Raises not_found, and
    Refused with everything that is missing: a file received whole and not found wrong, the declaration, the deadline.
    """
    with transaction.atomic():
        # Numbers are given one after the other.
        contest = ClipContest.objects.select_for_update().get(pk=clip.clip_contest_id)
        stored = _locked(clip, actor)
        if stored.state == ClipState.SUBMITTED:
            return stored
        stored.clip_contest = contest
        _refuse_incomplete(stored, declares_rights)
        assert stored.current is not None
        before, now = stored.state, server_now()
        stored.state = ClipState.SUBMITTED
        stored.rights_declared_by, stored.rights_declared_at = actor, now
        stored.submitted_by, stored.submitted_at = actor, now
        if stored.number is None:
            stored.number = (contest.clips.aggregate(last=Max("number"))["last"] or 0) + 1
        stored.save()
        record_audit(
            actor=actor, verb="clip.submit", object=stored, before={"state": before},
            after={"state": stored.state, "clip": stored.number, "version": stored.current.version},
        )  # fmt: skip
    return stored


def _refuse_incomplete(clip: Clip, declares_rights: bool) -> None:
    if clip.state not in (ClipState.DRAFT, ClipState.SENT_BACK):
        raise Refused(_("Video đã có kết luận rà soát nên không gửi lại được."))
    faults = []
    if clip.current is None:
        faults.append(_("Chưa có tệp video: hãy tải tệp lên và chờ đến khi máy chủ nhận đủ."))
    elif clip.current.state in _WRONG_FILES:
        faults.append(_("Tệp video chưa dùng được: %(reason)s") % {"reason": clip.current.reason})
    if not declares_rights:
        faults.append(_("Chưa cam đoan về bản quyền và quyền sử dụng video."))
    faults += _faults_of_time(clip)
    if faults:
        raise Refused(*faults)


# --- What all of them ask ---------------------------------------------------------------------------


def _locked(clip: Clip, actor: User) -> Clip:
    """The clip, its row locked. Raises not_found for who does not hand in for its unit."""
    clips = Clip.objects.select_for_update(of=("self",)).select_related("clip_contest", "current", "unit")
    stored = clips.filter(pk=clip.pk).first()
    if stored is None or not has_over(actor, Right.HAND_IN_CLIPS, stored.unit_id):
        raise not_found()
    return stored


def _refuse_fixed(clip: Clip) -> None:
    faults = _faults_of_time(clip)
    if not faults and clip.state in (ClipState.ACCEPTED, ClipState.REJECTED):
        faults = [_("Video đã có kết luận rà soát nên không sửa được nữa.")]
    if faults:
        raise Refused(*faults)


def _faults_of_time(clip: Clip) -> list[str]:
    now, contest = server_now(), clip.clip_contest
    if now < contest.opens_at:
        return [_("Cuộc thi video chưa bắt đầu nhận video.")]
    if now >= clip.deadline_in(contest):
        return [_("Đã hết hạn lúc %(deadline)s.") % {"deadline": closing(clip.deadline_in(contest))}]
    return []


def _enter(clip: Clip, entry: Entry) -> list[str]:
    """Write the entry into the clip, unsaved; the names of what is different. Raises not_found for a foreign genre."""
    if entry.genre.clip_contest_id != clip.clip_contest_id:
        raise not_found()
    changed = []
    for field in fields(entry):
        value = getattr(entry, field.name)
        if field.name == "genre":
            differs = clip.genre_id != value.pk
        else:
            differs = getattr(clip, field.name) != value
        if differs:
            setattr(clip, field.name, value)
            changed.append(field.name)
    return changed
