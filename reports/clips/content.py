"""What is in a file about clips, and whether a person may have it now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.clock import iso, server_now
from accounts.models import User
from accounts.rights import Right, has_over
from reports.clips.papers import (
    JudgeOfPanel,
    Meeting,
    Placed,
    Sheet,
    minutes_paper,
    sheet_paper,
    sheets_paper,
)
from reports.documents import local_text
from reports.exports.table import Coded, Column, Document, Kind, Table
from reports.handin.content import NotYetSignable
from reports.handin.papers.words import clock
from reports.issuing import issuing_body_of
from reports.models import SIGNED_FORMATS, TABLE_FORMATS, ExportFormat, ExportKind
from reports.official.document import OfficialDocument
from reports.problems import ExportNotAllowed
from videos.models import (
    ChairDecision,
    ChairDecisionKind,
    Clip,
    ClipContest,
    PanelChange,
    PanelResult,
    ScoreSheet,
    SheetState,
)
from videos.result.services import latest_result
from videos.result.showing import Judge, ShownResult
from videos.result.words import words_of_rules

SIGNED_KINDS = (ExportKind.CLIP_SHEETS, ExportKind.CLIP_MINUTES)


@dataclass(frozen=True, slots=True)
class ClipWish:
    """What is asked for: of the sheets those of `judge` ("GK1"), or only that for the clip with the number `clip`."""

    kind: str
    clip_contest: ClipContest
    judge: str = ""
    clip: int | None = None


def formats_of(kind: str) -> tuple[ExportFormat, ...]:
    return SIGNED_FORMATS if kind in SIGNED_KINDS else TABLE_FORMATS


def clip_contest_of(pk: int) -> ClipContest | None:
    return ClipContest.objects.select_related("contest__unit", "rubric").filter(pk=pk).first()


def require_clip_file(user: User, wish: ClipWish) -> bool:
    """Make sure that `user` may have this file now; tells whether scores are in it.

    Raises ExportNotAllowed; NotYetSignable while there is nothing to sign.
    """
    unit_id = wish.clip_contest.contest.unit_id
    if not user.is_active or not has_over(user, Right.READ_CLIP_CONTESTS, unit_id):
        raise ExportNotAllowed
    reads_scores = wish.clip_contest.locked_at is not None and has_over(user, Right.READ_SCORE_SHEETS, unit_id)
    if wish.kind not in SIGNED_KINDS:
        return reads_scores
    if not reads_scores or not has_over(user, Right.FREEZE_REPORTS, unit_id):
        raise ExportNotAllowed
    result = latest_result(wish.clip_contest)
    if result is None:
        raise NotYetSignable(_("Chưa tính kết quả chấm video."))
    if wish.kind == ExportKind.CLIP_SHEETS:
        _require_sheets(result, wish)
    elif result.standings.filter(needs_draw=True).exists():
        raise NotYetSignable(_("Còn video đồng hạng chưa được Trưởng ban Giám khảo xếp thứ tự."))
    return True


def _require_sheets(result: PanelResult, wish: ClipWish) -> None:
    numbers = {clip["id"]: clip["number"] for clip in result.input["clips"]}
    own = {numbers[sheet["clip"]] for sheet in result.input["sheets"] if sheet["judge"] == wish.judge}
    if not own or (wish.clip is not None and wish.clip not in own):
        raise ExportNotAllowed


def clip_content_of(wish: ClipWish, *, scores: bool) -> Document | OfficialDocument:
    """The file's content. Call `require_clip_file` first."""
    if wish.kind not in SIGNED_KINDS:
        return clips_document(wish.clip_contest, scores=scores)
    result = latest_result(wish.clip_contest)
    assert result is not None  # required before
    with translation.override("vi"):  # what is signed is Vietnamese in every language
        shown = ShownResult(result)
        if wish.kind == ExportKind.CLIP_MINUTES:
            return minutes_paper(issuing_body_of(wish.clip_contest.contest), _meeting(wish.clip_contest, shown))
        return _sheets(wish, shown)


# --- What is signed ---------------------------------------------------------------------------------


def _sheets(wish: ClipWish, shown: ShownResult) -> OfficialDocument:
    judge = shown.judge(wish.judge)
    user_id = next(one["id"] for one in shown.input["judges"] if one["name"] == wish.judge)
    contest = wish.clip_contest.contest
    stored = ScoreSheet.objects.filter(judge=user_id, state=SheetState.SUBMITTED, clip__clip_contest=wish.clip_contest)
    of_clip = {str(sheet.clip_id): sheet for sheet in stored.select_related("clip__unit")}
    totals = {mark.clip: mark.total for mark in shown.marks if mark.judge == wish.judge}
    sheets = []
    for one in shown.input["sheets"]:
        if one["judge"] == wish.judge:
            sheet = of_clip[one["clip"]]
            clip = sheet.clip
            points = [Decimal(value) for value in one["points"]]
            sheets.append(
                Sheet(
                    clip.number or 0,
                    clip.title,
                    clip.unit.name,
                    points,
                    totals[one["clip"]],
                    sheet.comment,
                    sheet.submitted_at,
                )
            )
    sheets.sort(key=lambda sheet: sheet.number)
    about = (issuing_body_of(contest), contest.title, _criteria(shown), _judge(judge))
    if wish.clip is not None:
        return sheet_paper(*about, next(sheet for sheet in sheets if sheet.number == wish.clip))
    return sheets_paper(*about, sheets)


def _criteria(shown: ShownResult) -> list[tuple[str, Any]]:
    return [(one["title"], one["maximum"]) for one in shown.criteria]


def _judge(judge: Judge) -> JudgeOfPanel:
    return JudgeOfPanel(judge.name, judge.full_name, judge.is_chair, judge.sheets, judge.severity)


def _meeting(clip_contest: ClipContest, shown: ShownResult) -> Meeting:
    words = words_of_rules(shown.rules, shown.titles)
    judging = words["method"]
    changes = list(clip_contest.panel_changes.select_related("left", "joined", "decided_by"))
    return Meeting(
        contest=clip_contest.contest.title,
        judges=_judges(changes, shown),
        rubric=shown.input["rubric"]["title"],
        criteria=_criteria(shown),
        method=judging.formula,
        rules=[words["judges"], *judging.sentences, words["rounding"], words["tie"]],
        scoring_started_at=clip_contest.scoring_started_at,
        locked_at=clip_contest.locked_at,
        clips=[_placed(row.standing) for row in shown.rows],
        without_score=list(_without_score(clip_contest, shown)),
        changes=[_change(one) for one in changes],
        decisions=[_decision(one) for one in _chair_decisions(clip_contest)],
        version=shown.result.version,
        input_hash=shown.result.input_hash,
        result_hash=shown.result.result_hash,
        is_adjusted=shown.is_adjusted,
        parts=shown.parts,
    )


def _judges(changes: Sequence[PanelChange], shown: ShownResult) -> list[JudgeOfPanel]:
    gone = {change.left_id for change in changes}
    left = {one["name"] for one in shown.input["judges"] if one["id"] in gone}
    return [replace(_judge(judge), has_left=judge.name in left) for judge in shown.judges]


def _placed(standing: Any) -> Placed:
    clip = standing.clip
    return Placed(
        rank=standing.rank,
        group=standing.group,
        number=clip.number,
        title=clip.title,
        unit=clip.unit.name,
        score=standing.score,
        raw_mean=standing.raw_mean,
        deviation=standing.deviation,
        is_disputed=standing.is_disputed,
        prize=standing.prize,
    )


def _without_score(clip_contest: ClipContest, shown: ShownResult) -> list[tuple[str, int, str, str]]:
    sheets = ScoreSheet.objects.filter(clip__in=clip_contest.clips.accepted()).exclude(state=SheetState.SUBMITTED)
    rows = sheets.select_related("judge", "clip", "chair_decision").order_by("clip__number", "judge_id")
    return [
        (
            sheet.judge.full_name,
            sheet.clip.number or 0,
            str(SheetState(sheet.state).label),
            sheet.reason or (sheet.chair_decision.reason if hasattr(sheet, "chair_decision") else ""),
        )
        for sheet in rows
    ]


def _chair_decisions(clip_contest: ClipContest) -> list[ChairDecision]:
    decisions = ChairDecision.objects.filter(clip_contest=clip_contest).order_by("decided_at", "pk")
    return list(decisions.select_related("decided_by", "sheet__clip", "sheet__judge"))


def _change(change: PanelChange) -> str:
    at, numbers = clock(change.decided_at), ", ".join(map(str, change.clips))
    if change.left is None:
        what = f"cử thêm giám khảo {change.joined.full_name}, chấm video số {numbers}"
    else:
        what = (
            f"giám khảo {change.left.full_name} thôi chấm, phiếu đã nộp vẫn được tính; giám khảo"
            f" {change.joined.full_name} vào thay, chấm video số {numbers}"
        )
    return f"- {at}: {what}. Lý do: {change.reason.rstrip('. ')} (người ghi: {change.decided_by.full_name})."


def _decision(decision: ChairDecision) -> str:
    at = clock(decision.decided_at)
    if decision.kind == ChairDecisionKind.CLOSE_SHEET and decision.sheet is not None:
        sheet = decision.sheet
        what = f"khép phiếu chấm của giám khảo {sheet.judge.full_name} cho video số {sheet.clip.number}"
    else:
        numbers = dict(Clip.objects.filter(pk__in=decision.order).values_list("pk", "number"))
        order = ", ".join(str(number) for pk in decision.order for key, number in numbers.items() if str(key) == pk)
        what = f"xếp thứ tự các video bằng điểm, video tốt hơn trước: số {order}"
    return f"- {at}: {what}. Lý do: {decision.reason.rstrip('. ')} (người ghi: {decision.decided_by.full_name})."


# --- The list ---------------------------------------------------------------------------------------


def clips_document(clip_contest: ClipContest, *, scores: bool) -> Document:
    """Every clip that has been handed in at some time, by number; `scores`: with what the panel made of it."""
    result = latest_result(clip_contest) if scores else None
    standings = {one.clip_id: one for one in result.standings.all()} if result else {}
    clips = clip_contest.clips.filter(number__isnull=False).select_related("unit__kind", "genre", "current")
    rows = [_row(clip, standings.get(clip.pk), with_result=result is not None) for clip in clips.order_by("number")]
    at = _("Số liệu đến %(moment)s (giờ Việt Nam)") % {"moment": local_text(server_now(), seconds=True)}
    return Document(
        title=_("DANH SÁCH VIDEO DỰ THI"),
        lines=[
            clip_contest.contest.title,
            *([_("Kết quả bản số %(version)s, mã băm %(hash)s") % _named(result)] if result else []),
            at,
        ],
        tables=[Table("clips", _("Video"), _columns(with_result=result is not None), rows)],
        row_count=len(rows),
        head={
            "clip_contest": clip_contest.pk,
            "as_of": iso(server_now()),
            "version": result.version if result else None,
            "result_hash": result.result_hash if result else None,
        },
        notes=_notes(result) if result else [],
    )


def _named(result: PanelResult) -> dict[str, Any]:
    return {"version": result.version, "hash": result.result_hash}


def _notes(result: PanelResult) -> list[str]:
    shown = ShownResult(result)
    words = words_of_rules(shown.rules, shown.titles)
    return [words["method"].formula, *words["method"].sentences, words["rounding"], words["tie"]]


def _columns(*, with_result: bool) -> list[Column]:
    columns = [
        Column("number", _("Video số"), Kind.INTEGER, width=9),
        Column("title", _("Tên video"), width=40),
        Column("genre", _("Thể loại"), width=26),
        Column("unit_code", _("Mã đơn vị"), width=12),
        Column("unit_name", _("Tên đơn vị"), width=36),
        Column("kind", _("Loại đơn vị"), width=20),
        Column("authors", _("Tác giả, nhóm tác giả"), width=30),
        Column("state", _("Trạng thái"), Kind.CODED, width=20),
        Column("seconds", _("Thời lượng (giây)"), Kind.DECIMAL, width=12, places=3),
        Column("submitted_at", _("Gửi lúc"), Kind.TIME, width=26),
        Column("outside_link", _("Liên kết ngoài"), width=30),
    ]
    if not with_result:
        return columns
    return [
        *columns,
        Column("group", _("Nhóm xếp hạng"), width=18),
        Column("rank", _("Hạng"), Kind.INTEGER, width=8),
        Column("score", _("Điểm"), Kind.DECIMAL, width=10, places=2),
        Column("raw_mean", _("Trung bình cộng"), Kind.DECIMAL, width=10, places=2),
        Column("deviation", _("Độ lệch chuẩn"), Kind.DECIMAL, width=10, places=2),
        Column("sheets", _("Số phiếu"), Kind.INTEGER, width=9),
        Column("is_disputed", _("Cần lưu ý"), Kind.FLAG, width=12, flag_text=_("chênh lệch lớn")),
        Column("prize", _("Giải"), width=20),
    ]


def _row(clip: Clip, standing: Any, *, with_result: bool) -> tuple[Any, ...]:
    row = (
        clip.number,
        clip.title,
        clip.genre.name,
        clip.unit.code,
        clip.unit.name,
        clip.unit.kind.name,
        clip.authors,
        Coded(clip.state, clip.get_state_display()),
        clip.current.seconds if clip.current else None,
        clip.submitted_at,
        clip.outside_link,
    )
    if not with_result:
        return row
    if standing is None:
        return (*row, "", None, None, None, None, None, False, "")
    return (
        *row,
        standing.group,
        standing.rank,
        standing.score,
        standing.raw_mean,
        standing.deviation,
        standing.sheets,
        standing.is_disputed,
        standing.prize,
    )
