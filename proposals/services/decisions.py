"""What an organiser decides about people's requests. Each is one transaction, of which one at a time wins."""

from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.imports.plan import ROSTER_LOCK, lock_imports
from accounts.imports.staff import StaffPlan, plan_staff, write_plan
from accounts.imports.tables import Row, Table
from accounts.models import Membership, RoleGrant, Unit, User
from accounts.problems import Refused
from accounts.rights import Right, units_with
from accounts.sso.identity import Identity, link_identity
from notifications.models import Kind
from notifications.services import notify
from proposals.matching import people_within
from proposals.models import AccountRequest, RequestState, UnitCorrection
from proposals.services.requests import Request, lock_open, unit_of, verb_of


def accept_account(*, request: AccountRequest, employee_id: str, full_name: str, unit: Unit, actor: User) -> User:
    """Put a new person on the roster as the organiser has checked the facts, and let the identity open it.

    Raises Refused, also when somebody with this employee id is there already: that person is to be joined.
    """
    with transaction.atomic():
        lock_imports(ROSTER_LOCK)
        request = lock_open(request)
        if not units_with(actor, Right.DECIDE_REQUESTS).filter(pk=unit.pk).exists():
            raise Refused(_("Đơn vị này nằm ngoài phạm vi được giao cho bạn."))
        plan = plan_staff(_one_person(employee_id, full_name, unit))
        if plan.errors:
            raise Refused(*(note.message for note in plan.errors))
        if not plan.created:
            raise Refused(_("Đã có người mang mã nhân viên này. Hãy ghép với người đó nếu đúng là một người."))
        write_plan(plan, today=_today())
        user = User.objects.get(employee_id=employee_id)
        link_identity(user=user, identity=_identity_of(request), actor=actor)
        request.user = user
        after = {"person": "new", "employee_id": employee_id, "unit": unit.code}
        _decide(request, RequestState.ACCEPTED, actor=actor, after=after)
        _tell_newcomer(user)
    return user


def join_account(*, request: AccountRequest, user: User, actor: User) -> User:
    """Let the identity open the account of a person who is on the roster already. Raises Refused.

    Whoever joins hands an account over. Where the account holds a role, or will, that takes the right to grant roles.
    """
    with transaction.atomic():
        request = lock_open(request)
        if not people_within(units_with(actor, Right.DECIDE_REQUESTS)).filter(pk=user.pk).exists():
            raise Refused(_("Người này đang thuộc đơn vị ngoài phạm vi được giao cho bạn."))
        held = RoleGrant.objects.not_over().filter(user=user)
        if held.exclude(unit__in=units_with(actor, Right.GRANT_ROLES)).exists():
            raise Refused(_("Người này đang giữ vai trò trong hệ thống; chỉ quản trị hệ thống được ghép."))
        link_identity(user=user, identity=_identity_of(request), actor=actor)
        request.user = user
        after = {"person": "joined", "employee_id": user.employee_id}
        _decide(request, RequestState.ACCEPTED, actor=actor, after=after)
        _tell_newcomer(user)
    return user


def accept_correction(*, correction: UnitCorrection, actor: User) -> None:
    """Move the person from today, as an import of staff does; attempts keep the unit they were started in.

    Raises Refused, also when the person has been moved since the request was made.
    """
    with transaction.atomic():
        lock_imports(ROSTER_LOCK)
        correction = lock_open(correction)
        user = correction.user
        _refuse_own(correction, actor)
        current = Membership.objects.current().filter(user=user).values_list("unit", flat=True).first()
        if current != correction.from_unit_id:
            raise Refused(
                _("Người này đã được chuyển đơn vị từ lúc gửi đề nghị. Hãy trả lời không chấp nhận, kèm lý do.")
            )
        write_plan(StaffPlan(to_join={user.employee_id: correction.to_unit_id}), today=_today())
        before = {"unit": correction.from_unit.code if correction.from_unit else ""}
        after = {"unit": correction.to_unit.code, "employee_id": user.employee_id}
        _decide(correction, RequestState.ACCEPTED, actor=actor, before=before, after=after)
        _tell_of_correction(
            correction,
            _("Bạn đã được chuyển sang %(unit)s.") % {"unit": correction.to_unit},
            _("Đề nghị sửa đơn vị của bạn đã được chấp nhận. Các bài thi đã bắt đầu trước đó giữ đơn vị cũ."),
        )


def decline(*, request: Request, reason: str, actor: User) -> None:
    """Answer no, with a reason that the person reads. Raises Refused."""
    if not reason.strip():
        raise Refused(_("Cần ghi lý do."))
    with transaction.atomic():
        request = lock_open(request)
        _refuse_own(request, actor)
        request.reason = reason.strip()
        _decide(request, RequestState.DECLINED, actor=actor, after={"reason": request.reason})
        if isinstance(request, UnitCorrection):
            subject = _("Đề nghị sửa đơn vị của bạn không được chấp nhận.")
            _tell_of_correction(request, subject, _("Lý do: %(reason)s") % {"reason": request.reason})


def _decide(request: Request, state: RequestState, *, actor: User, after: dict[str, Any], before: Any = None) -> None:
    """Write the decision and its trace, and erase what was needed only to decide."""
    request.state, request.decided_by, request.decided_at = state, actor, server_now()
    if isinstance(request, AccountRequest):
        request.told_email = request.note = ""
    request.save()
    verb = "accept" if state == RequestState.ACCEPTED else "decline"
    record_audit(
        actor=actor,
        verb=f"{verb_of(request)}.{verb}",
        object=request,
        before=before,
        after=after,
        unit=unit_of(request),
    )


def _refuse_own(request: Request, actor: User) -> None:
    if isinstance(request, UnitCorrection) and request.user_id == actor.pk:
        raise Refused(_("Không thể quyết định đề nghị của chính mình."))


def _identity_of(request: AccountRequest) -> Identity:
    return Identity(
        provider=request.provider,
        issuer=request.issuer,
        subject=request.subject,
        full_name=request.told_full_name,
        employee_id=request.told_employee_id,
        email=request.told_email,
    )


def _one_person(employee_id: str, full_name: str, unit: Unit) -> Table:
    values = {"employee_id": employee_id, "full_name": full_name, "unit_code": unit.code}
    return Table(list(values), [Row(1, values)], [])


def _today() -> Any:
    return timezone.localdate(server_now())


def _tell_newcomer(user: User) -> None:
    notify(
        user=user,
        kind=Kind.REQUEST_DECIDED,
        subject=_("Tài khoản của bạn đã sẵn sàng."),
        body=_("Đề nghị cấp tài khoản của bạn đã được chấp nhận. Bạn có thể dự thi."),
        path=reverse("rounds"),
    )


def _tell_of_correction(correction: UnitCorrection, subject: str, body: str) -> None:
    notify(
        user=correction.user,
        kind=Kind.REQUEST_DECIDED,
        subject=subject,
        body=body,
        path=reverse("unit-correction"),
    )
