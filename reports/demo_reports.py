"""The demo's paperwork: who issues its documents, frozen weekly reports, what the units have reported to the secretary.

Everything hangs on the plan and its dice; times are put where they belong in the story. Every unit of the demo is
directly below the province, so a unit's report is about that unit alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.clock import iso
from accounts.models import Membership, Role, RoleGrant, Unit, User
from contest.demo.dice import Dice
from contest.demo.plan import LOGINS, WEEK, Plan
from contest.demo.units import HEALTH
from contest.models import Contest, Round
from contest.models.round import PUBLIC_RESULT_STATES
from reports.freezing import freeze_round_report
from reports.issuing import default_for
from reports.models import ReportState, RoundReport, UnitReport
from reports.participation import UnitFigures, participation_of
from reports.scope import Scope
from reports.unit_reports.deadlines import deadline_of
from reports.unit_reports.figures import REMARKS, dataset_from, digest_of

_HOUR = timedelta(hours=1)
_APPOINTED = timedelta(days=30)  # the coordinators, before the first round
_DEPUTY = 3  # the coordinator's place among the unit's people: no head or deputy does that work
_WITHOUT_COORDINATOR = 0.05
# How far the reports of a round have come, in shares of the units; those before the latest are all decided.
_MISSING, _LATE, _RETURNED, _AGAIN, _WAITING = 0.08, 0.08, 0.04, 0.05, 0.15
_COMMENT = "Đề nghị nêu rõ lý do còn người chưa tham gia và biện pháp khắc phục ở tuần sau, rồi gửi lại."
_DONE = (
    "Đã phổ biến Thể lệ trong giao ban đầu tuần và nhắc từng phòng qua nhóm công vụ hằng ngày.",
    "Lãnh đạo đơn vị trực tiếp phát động; đăng liên kết dự thi trên trang thông tin nội bộ.",
    "Cử đầu mối hỗ trợ đăng nhập cho người chưa dùng tài khoản công vụ; gửi thư nhắc hai lần trong tuần.",
    "Đưa kết quả tham gia vào nội dung xét thi đua tháng; nhắc danh sách người chưa thi trước khi đóng hai ngày.",
)
_DIFFICULTIES = (
    "",
    "",
    "Một số người đi công tác, trực ca hoặc nghỉ chế độ nên chưa tham gia kịp trong tuần.",
    "Vài người quên mật khẩu tài khoản công vụ, phải chờ cấp lại.",
    "Đường truyền ở các điểm xa trung tâm không ổn định vào giờ cao điểm.",
)
_SUGGESTIONS = (
    "",
    "",
    "Đề nghị gửi nhắc chung sớm hơn, ngay từ ngày thứ tư hằng tuần.",
    "Đề nghị Ban Tổ chức công bố tài liệu ôn tập theo chủ đề của tuần sau.",
)


@dataclass(frozen=True, slots=True)
class Sending:
    """One version of a unit's report, as it came in and what was done with it."""

    version: int
    state: str
    sent_at: datetime
    decided_at: datetime | None
    comment: str = ""


def write_paperwork(plan: Plan, contest: Contest) -> int:
    """Write all of it for a contest just loaded; returns how many units' reports there are."""
    secretary = User.objects.get(employee_id="secretary")
    _write_issuing_body(contest, secretary)
    coordinators = _appoint(plan)
    rounds = contest.rounds.counted().filter(state__in=PUBLIC_RESULT_STATES).select_related("contest__unit")
    written = 0
    for round in rounds.order_by("number"):
        _freeze(round, secretary)
        reports = list(_reports_of(plan, round, coordinators, secretary))
        UnitReport.objects.bulk_create(reports, batch_size=500)
        written += len(reports)
    return written


def _write_issuing_body(contest: Contest, secretary: User) -> None:
    body = default_for(contest)
    body.signer_title = "Trưởng ban"
    body.signer_name = User.objects.get(employee_id="organiser").full_name
    body.second_title, body.second_name = "Thư ký", secretary.full_name
    body.legal_bases = "\n".join(
        (
            "Căn cứ Nghị quyết số 76/NQ-CP ngày 15 tháng 7 năm 2021 của Chính phủ ban hành Chương trình tổng thể cải"
            " cách hành chính nhà nước giai đoạn 2021-2030;",
            body.legal_bases,
        )
    )
    body.save()


def _appoint(plan: Plan) -> dict[int, int]:
    """A coordinator for nearly every unit: {unit id: user id}. The login looks after its own."""
    logins = [login for login, _role in LOGINS]
    own = RoleGrant.objects.filter(role=Role.COORDINATOR, user__employee_id__in=logins)
    found = dict(own.values_list("unit", "user"))
    members: dict[int, list[int]] = {}
    people = Membership.objects.exclude(user__employee_id__in=logins).order_by("unit", "user")
    for unit_id, user_id in people.values_list("unit", "user"):
        members.setdefault(unit_id, []).append(user_id)
    dice = plan.dice("coordinators")
    for unit_id, ids in members.items():
        if not dice.chance(_WITHOUT_COORDINATOR):
            found.setdefault(unit_id, ids[min(_DEPUTY, len(ids) - 1)])
    appointed = set(own.values_list("unit", flat=True))
    administrator = User.objects.get(employee_id="administrator")
    RoleGrant.objects.bulk_create(
        RoleGrant(
            user_id=user_id,
            role=Role.COORDINATOR,
            unit_id=unit_id,
            valid_from=plan.starts_at - _APPOINTED,
            granted_by=administrator,
            reason="Công văn cử đầu mối của đơn vị",
        )
        for unit_id, user_id in found.items()
        if unit_id not in appointed
    )
    return found


def _freeze(round: Round, secretary: User) -> None:
    """The round's report as the secretary froze it on the morning after the publication."""
    report = freeze_round_report(round=round, unit=round.contest.unit, actor=secretary)
    assert round.published_at is not None
    at = round.published_at + _HOUR
    report.dataset["as_of"] = iso(at)
    RoundReport.objects.filter(pk=report.pk).update(as_of=at, made_at=at, dataset=report.dataset)


# --- What units reported ----------------------------------------------------------------------------


def _reports_of(plan: Plan, round: Round, coordinators: dict[int, int], secretary: User) -> Iterator[UnitReport]:
    due = deadline_of(round)
    figures = {one.unit_id: one for one in participation_of(round, Scope(None, scores=True)).units}
    units = {unit.pk: unit for unit in Unit.objects.filter(pk__in=coordinators)}
    is_latest = round.closes_at + WEEK > plan.at
    for unit_id, user_id in sorted(coordinators.items()):
        unit = units[unit_id]
        dice = plan.dice("unit report", round.number, unit_id)
        for sending in _sendings(plan, dice, round, unit, due=due, is_latest=is_latest):
            yield _report(round, unit, figures[unit_id], sending, dice, user_id=user_id, secretary=secretary)


def _sendings(plan: Plan, dice: Dice, round: Round, unit: Unit, *, due: datetime, is_latest: bool) -> Iterator[Sending]:
    """The versions that a unit has sent. The health department, the coordinator login's, has a report to improve."""
    assert round.published_at is not None
    draw, start = dice.fraction(), round.published_at + _HOUR
    in_time = start + dice.between(0, 1) * (due - _HOUR - start)
    seen = min(in_time + dice.between(2, 20) * _HOUR, plan.at - 2 * _HOUR)
    if unit.name == HEALTH:
        draw = _MISSING + _LATE if is_latest else 1.0
    bands = [_MISSING, _LATE, _RETURNED, _AGAIN, _WAITING]
    missing, late, returned, again, waiting = (sum(bands[: place + 1]) for place in range(len(bands)))
    if draw < missing:
        return
    if draw < late:
        at = min(due + dice.between(1, 40) * _HOUR, plan.at - 3 * _HOUR)
        yield Sending(1, ReportState.ACCEPTED, at, min(at + 2 * _HOUR, plan.at - _HOUR))
    elif draw < returned and is_latest:
        yield Sending(1, ReportState.RETURNED, in_time, seen, _COMMENT)
    elif draw < again:
        yield Sending(1, ReportState.RETURNED, in_time, seen, _COMMENT)
        yield Sending(2, ReportState.ACCEPTED, seen + _HOUR / 2, seen + _HOUR)
    elif draw < waiting and is_latest:
        yield Sending(1, ReportState.SENT, in_time, None)
    else:
        yield Sending(1, ReportState.ACCEPTED, in_time, seen)


def _report(
    round: Round,
    unit: Unit,
    own: UnitFigures,
    sending: Sending,
    dice: Dice,
    *,
    user_id: int,
    secretary: User,
) -> UnitReport:
    remarks = dict(zip(REMARKS, (dice.pick(_DONE), dice.pick(_DIFFICULTIES), dice.pick(_SUGGESTIONS)), strict=True))
    dataset = dataset_from(round, unit, as_of=sending.sent_at, total=own.figures, units=[own], below=[])
    dataset |= {"remarks": remarks}
    return UnitReport(
        round=round,
        unit=unit,
        version=sending.version,
        state=sending.state,
        **remarks,
        edited_by_id=user_id,
        edited_at=sending.sent_at,
        dataset=dataset,
        digest=digest_of(dataset),
        sent_by_id=user_id,
        sent_at=sending.sent_at,
        comment=sending.comment,
        decided_by=secretary if sending.decided_at else None,
        decided_at=sending.decided_at,
    )
