"""The panel's result: computing and freezing it, putting tied clips in order, publishing."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.models import User
from accounts.problems import Refused
from accounts.rights import Right, holders_over
from accounts.text import nfc
from contest.record_format import canonical, digest
from notifications.models import Kind
from notifications.services import notify
from videos.models import ChairDecision, ChairDecisionKind, ClipContest, ClipStanding, PanelResult
from videos.result.computing import standings_of, ties_of
from videos.result.gathering import gather_input
from videos.result.ranking import Tie


def latest_result(clip_contest: ClipContest) -> PanelResult | None:
    return clip_contest.results.order_by("-version").first()


def open_ties(result: PanelResult) -> list[Tie]:
    """Ties across the end of a prize that wait for the chair."""
    return ties_of(result.input)


# --- Computing --------------------------------------------------------------------------------------


def compute_result(*, clip_contest: ClipContest, actor: User | None) -> PanelResult:
    """Compute the result and keep it with its input; the latest version when nothing has changed.

    Raises Refused before the panel has locked, and when a published result would come out differently.
    """
    with transaction.atomic():
        clip_contest = _locked(clip_contest)
        if clip_contest.locked_at is None:
            raise Refused(_("Chỉ tính được kết quả sau khi Ban Giám khảo khóa chấm điểm."))
        latest = latest_result(clip_contest)
        result = _compute(clip_contest, actor)
        if result != latest:
            _trace(clip_contest, actor, result, verb="clip_result.compute")
    return result


def _locked(clip_contest: ClipContest) -> ClipContest:
    """The row, under its lock: what is computed, ordered or published together comes one after the other."""
    contests = ClipContest.objects.select_for_update(of=("self",)).select_related("contest__unit", "rubric")
    return contests.get(pk=clip_contest.pk)


def _compute(clip_contest: ClipContest, actor: User | None) -> PanelResult:
    latest = latest_result(clip_contest)
    input = gather_input(clip_contest, groups=groups_of(latest))
    input_hash = digest(canonical(input))
    if latest is not None and latest.input_hash == input_hash:
        return latest
    if clip_contest.published_at is not None:
        raise Refused(_("Kết quả đã công bố, không tính lại được từ số liệu khác."))
    return keep_result(clip_contest, input, version=latest.version + 1 if latest else 1, made_by=actor)


def keep_result(clip_contest: ClipContest, input: dict[str, Any], **fields: Any) -> PanelResult:
    """Compute the standings of an input and store both for good. `fields` are those of the row."""
    standings = standings_of(input)
    result = PanelResult.objects.create(
        clip_contest=clip_contest,
        input=input,
        input_hash=digest(canonical(input)),
        result_hash=digest(canonical(standings)),
        **fields,
    )
    ClipStanding.objects.bulk_create(_standing(result, row) for row in standings)
    return result


def _trace(clip_contest: ClipContest, actor: User | None, result: PanelResult, *, verb: str, **more: Any) -> None:
    after = {"version": result.version, "result_hash": result.result_hash, **more}
    record_audit(actor=actor, verb=verb, object=clip_contest, after=after, unit=clip_contest.contest.unit)


def groups_of(result: PanelResult | None) -> dict[str, str]:
    """In which group each clip of an earlier version was ranked."""
    return {clip["id"]: clip["group"] for clip in result.input["clips"]} if result else {}


def _standing(result: PanelResult, row: dict[str, Any]) -> ClipStanding:
    figures = {name: _decimal(row[name]) for name in ("score", "raw_mean", "deviation")}
    rest = {name: row[name] for name in ("group", "rank", "sheets", "is_disputed", "needs_draw", "prize")}
    return ClipStanding(result=result, clip_id=UUID(row["clip"]), **figures, **rest)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


# --- Ties -------------------------------------------------------------------------------------------


def order_tied(*, clip_contest: ClipContest, clips: Sequence[str], reason: str, actor: User) -> PanelResult:
    """Record the chair's order of the clips of one open tie, the better first, and compute the next version.

    Raises Refused unless `clips` are exactly those of a tie that waits, and a reason is given.
    """
    reason = nfc(reason).strip()
    with transaction.atomic():
        clip_contest = _locked(clip_contest)
        result = latest_result(clip_contest)
        if clip_contest.published_at is not None:
            raise Refused(_("Kết quả đã công bố, không xếp lại thứ tự được."))
        if result is None or sorted(clips) not in [sorted(tie.clips) for tie in open_ties(result)]:
            raise Refused(_("Danh sách phải gồm đúng những video bằng điểm đang chờ Trưởng ban quyết định."))
        if not reason:
            raise Refused(_("Cần ghi lý do, căn cứ của quyết định."))
        ChairDecision.objects.create(
            clip_contest=clip_contest,
            kind=ChairDecisionKind.ORDER_TIED,
            order=list(clips),
            reason=reason[:2000],
            decided_by=actor,
        )
        result = _compute(clip_contest, actor)
        numbers = {clip["id"]: clip["number"] for clip in result.input["clips"]}
        order = [numbers[clip] for clip in clips]
        _trace(clip_contest, actor, result, verb="clip_result.order_tied", order=order, reason=reason[:2000])
    return result


# --- Publishing -------------------------------------------------------------------------------------


def publish_result(*, clip_contest: ClipContest, actor: User, version: int | None = None) -> PanelResult:
    """Make the version that was looked at (by default the latest) public, and tell the units whose clips are in it.

    Raises Refused when there is none, a newer one, an open tie across a prize, or data that say something else by now.
    """
    with transaction.atomic():
        clip_contest = _locked(clip_contest)
        result = _publishable(clip_contest, version)
        clip_contest.published_at = server_now()
        clip_contest.save(update_fields=["published_at"])
        _trace(clip_contest, actor, result, verb="clip_result.publish")
        _tell_units(clip_contest, result)
    return result


def _publishable(clip_contest: ClipContest, version: int | None) -> PanelResult:
    result = latest_result(clip_contest)
    if clip_contest.published_at is not None:
        raise Refused(_("Kết quả đã được công bố."))
    if result is None or clip_contest.locked_at is None:
        raise Refused(_("Chưa có kết quả để công bố."))
    if version not in (None, result.version):
        raise Refused(_("Đã có bản kết quả mới hơn. Vui lòng xem lại rồi công bố bản mới nhất."))
    if digest(canonical(gather_input(clip_contest, groups=groups_of(result)))) != result.input_hash:
        raise Refused(_("Số liệu chấm khác với bản kết quả này. Vui lòng tính lại kết quả."))
    ties = open_ties(result)
    if ties:
        raise Refused(*(need_of_an_order(tie) for tie in ties))
    return result


def need_of_an_order(tie: Tie) -> str:
    return _("%(count)s video đồng hạng %(rank)s cần Trưởng ban Giám khảo xếp thứ tự để phân định giải.") % {
        "count": len(tie.clips),
        "rank": tie.rank,
    }


def _tell_units(clip_contest: ClipContest, result: PanelResult) -> None:
    """A message to everybody who hands in clips for the unit of a clip in the result, one per unit."""
    of_unit: dict[int, list[ClipStanding]] = {}
    for standing in result.standings.select_related("clip"):
        of_unit.setdefault(standing.clip.unit_id, []).append(standing)
    path = reverse("clip-gallery", args=[clip_contest.contest.slug])
    for unit_id, standings in of_unit.items():
        subject = _("Kết quả cuộc thi video: %(contest)s") % {"contest": clip_contest.contest.title}
        body = "\n".join(map(_line_for_unit, standings))
        for user in holders_over(unit_id, Right.HAND_IN_CLIPS):
            notify(user=user, kind=Kind.CLIP, subject=subject, body=body, path=path)


def _line_for_unit(standing: ClipStanding) -> str:
    words = {"title": standing.clip.title, "number": standing.clip.number, "prize": standing.prize}
    if standing.prize:
        return _("Video số %(number)s “%(title)s”: %(prize)s.") % words
    return _("Video số %(number)s “%(title)s” không đạt giải.") % words
