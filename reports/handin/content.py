"""What is in a file of a frozen report: the content of each kind, and whether a person may have it now."""

from dataclasses import replace
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.problems import Problem
from contest.models import Draw, Round
from contest.models.round import RoundState
from reports.exports.table import Document
from reports.handin.papers.decision import decision_paper
from reports.handin.papers.minutes import Closing, minutes_paper
from reports.handin.papers.report import report_paper
from reports.handin.papers.words import clock
from reports.handin.readers import Reading, may_freeze, read_report, scores_released
from reports.handin.tables import Report, report_document
from reports.issuing import default_for_unit, issuing_body_of
from reports.models import SIGNED_FORMATS, ExportFormat, ExportKind, IssuingBody, RoundReport
from reports.official.document import OfficialDocument, Paragraph
from reports.official.wording import figure
from reports.outdated import outdated
from reports.problems import ExportNotAllowed

REPORT_KINDS = (ExportKind.WEEKLY_REPORT, ExportKind.FINAL_REPORT)
PAPER_KINDS = (ExportKind.WINNERS_DECISION, ExportKind.CLOSING_MINUTES)
Content = Document | OfficialDocument | dict[str, Any]


class NotYetSignable(Problem):
    """The document states what is not certain yet."""

    def __init__(self, detail: str) -> None:
        super().__init__(409, "not_signable", detail)


def formats_of(kind: str) -> tuple[ExportFormat, ...]:
    return SIGNED_FORMATS if kind in PAPER_KINDS else tuple(ExportFormat)


def require_file(user: User, kind: str, report: RoundReport) -> bool:
    """Make sure that `user` may have this file now; tells whether scores are in it.

    A file is always of the whole report. Raises ExportNotAllowed; NotYetSignable where the result is not final, or
    there are no winners.
    """
    reading = read_report(user, report) if user.is_active else None
    if reading is None or not reading.whole:
        raise ExportNotAllowed
    if kind in REPORT_KINDS:
        if (kind == ExportKind.FINAL_REPORT) != report.is_final:
            raise ExportNotAllowed
        return reading.scores
    if report.is_final or report.unit_id != report.contest.unit_id or not may_freeze(user, report.unit_id):
        raise ExportNotAllowed
    require_signable(kind, report)
    return True


def require_signable(kind: str, report: RoundReport) -> None:
    if not scores_released(report):
        raise NotYetSignable(_("Chỉ lập được văn bản này sau khi công bố kết quả tuần thi."))
    old = outdated(report)
    if old is not None and old.is_reranked:
        raise NotYetSignable(_("Bản số liệu này đã cũ: kết quả tuần thi đã thay đổi. Hãy dùng bản mới nhất."))
    if kind == ExportKind.WINNERS_DECISION:
        if report.dataset["round"]["state"] != RoundState.FINAL:
            raise NotYetSignable(
                _("Chỉ lập được quyết định trao giải từ báo cáo đã chốt sau khi kết quả thành chính thức.")
            )
        if not report.dataset["winners"]:
            raise NotYetSignable(_("Tuần thi này không có người đạt giải."))


def content_of(kind: str, format: str, report: RoundReport, user: User) -> Content:
    """The content for `user`, from the report's frozen dataset. Call `require_file` first."""
    reading = read_report(user, report)
    if reading is None or not reading.whole:
        raise ExportNotAllowed
    content = _content(kind, format, report, reading)
    return _warned(content, report) if isinstance(content, OfficialDocument) else content


def _content(kind: str, format: str, report: RoundReport, reading: Reading) -> Content:
    identity, dataset = Report(report.number, reading.digest), reading.dataset
    body = _body_of(report)
    if kind == ExportKind.WINNERS_DECISION:
        return decision_paper(dataset, identity, body)
    if kind == ExportKind.CLOSING_MINUTES:
        assert report.round is not None
        return minutes_paper(dataset, identity, body, closing_of(report.round))
    if format == ExportFormat.JSON:
        return dataset
    return report_paper(dataset, identity, body) if format in SIGNED_FORMATS else report_document(dataset, identity)


def _warned(paper: OfficialDocument, report: RoundReport) -> OfficialDocument:
    """A document from outdated figures says so before anything else, to who is to sign it. Vietnamese, as all of it."""
    with translation.override("vi"):
        old = outdated(report)
    if old is None:
        return paper
    newer = [f"Đã có bản số {old.newer} mới hơn."] if old.newer else []
    since = " ".join([*old.changes, *newer])
    text = f"số liệu của văn bản này (bản số {report.number}, chốt lúc {clock(report.as_of)}) đã cũ. {since}"
    return replace(paper, blocks=[Paragraph(text, label="LƯU Ý TRƯỚC KHI KÝ:"), *paper.blocks])


def _body_of(report: RoundReport) -> IssuingBody:
    """Who issues: the contest's body; a department issues the report over itself."""
    if report.unit_id == report.contest.unit_id:
        return issuing_body_of(report.contest)
    return default_for_unit(report.contest, report.unit)


def closing_of(round: Round) -> Closing:
    """What the round's rows tell of its close. Vietnamese: it is for the minutes."""
    extensions = round.close_extensions.filter(confirmed_at__isnull=False).order_by("confirmed_at")
    return Closing(
        opens_at=round.opens_at,
        closes_at=round.closes_at,
        grace_seconds=round.grace_seconds,
        closed_at=round.closed_at,
        counts=(
            ("Bài được thu tự động khi hết giờ", round.cut_off),
            ("Lượt dự thi thuộc diện xét giải", round.entries),
            ("Người dự thi thuộc diện xét giải", round.people),
            ("Người đúng tất cả các câu, thuộc diện xét giải", round.perfect_people),
        ),
        prediction_target=_target(round),
        commitment=round.commitment,
        version=round.version,
        result_hash=round.result_hash,
        extensions=[
            f"Gia hạn theo đề nghị của {one.proposed_by.full_name}, do {one.confirmed_by.full_name} xác nhận; lý do:"
            f" {one.reason}"
            for one in extensions.select_related("proposed_by", "confirmed_by")
            if one.confirmed_by is not None
        ],
        draws=[_draw(number, draw) for number, draw in enumerate(round.draws.select_related("recorded_by"), start=1)],
    )


def _draw(number: int, draw: Draw) -> str:
    order, person = ", ".join(draw.entries), draw.recorded_by.full_name
    return f"Lần {number}, {clock(draw.drawn_at)}: kết quả theo thứ tự {order}; người ghi: {person}. {draw.minutes}"


def _target(round: Round) -> str:
    if round.prediction_target is None:
        return ""
    prediction = round.rules["prediction"]
    sign = "%" if prediction["asks"] == "perfect_percent" else ""
    return figure(round.prediction_target, prediction["decimals"]) + sign
