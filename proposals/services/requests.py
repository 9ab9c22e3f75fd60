"""What a person asks for, takes back, and what a coordinator says about it."""

from datetime import timedelta
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import server_now
from accounts.models import Membership, Unit, User
from accounts.problems import Refused
from accounts.rights import Right, is_held_over
from accounts.sso.identity import Identity
from accounts.text import nfc
from proposals.models import AccountRequest, RequestState, UnitCorrection
from proposals.models.requests import OPEN_STATES, PersonRequest
from proposals.problems import already_decided

Request = TypeVar("Request", bound=PersonRequest)

# Requests of one person or identity within a day: enough to correct oneself, too few to flood anybody.
MOST_A_DAY = 3


def request_account(
    *, identity: Identity, employee_id: str, full_name: str, unit: Unit | None, unit_text: str, note: str
) -> AccountRequest:
    """Ask, as somebody signed in at the provider and not on the roster, to be put on it. Raises Refused."""
    key = {"issuer": identity.issuer, "subject": identity.subject}
    recent = AccountRequest.objects.of_identity(**key).filter(created_at__gt=server_now() - timedelta(days=1))
    if recent.count() >= MOST_A_DAY:
        raise Refused(_("Bạn đã gửi nhiều đề nghị trong một ngày. Vui lòng thử lại vào ngày mai."))
    try:
        with transaction.atomic():
            asked = AccountRequest.objects.create(
                **key,
                provider=identity.provider,
                told_employee_id=identity.employee_id[:64],
                told_full_name=nfc(identity.full_name)[:255],
                told_email=identity.email[:254],
                employee_id=employee_id,
                full_name=nfc(full_name),
                unit=unit,
                unit_text=nfc(unit_text)[:255],
                note=note,
                state=_first_state([unit] if unit else [], None),
            )
            record_audit(actor=None, verb="account_request.send", object=asked, after={"employee_id": employee_id})
    except IntegrityError:
        raise Refused(_("Bạn đã có một đề nghị đang chờ giải quyết.")) from None
    return asked


def request_unit_correction(*, user: User, unit: Unit, note: str) -> UnitCorrection:
    """Say that one belongs to `unit`. Raises Refused."""
    membership = Membership.objects.current().filter(user=user).select_related("unit").first()
    current = membership.unit if membership else None
    reasons = []
    if not note.strip():
        reasons.append(_("Cần ghi lý do."))
    if current == unit:
        reasons.append(_("Bạn đang thuộc đúng đơn vị này."))
    asked_today = UnitCorrection.objects.filter(user=user, created_at__gt=server_now() - timedelta(days=1))
    if asked_today.count() >= MOST_A_DAY:
        reasons.append(_("Bạn đã gửi nhiều đề nghị trong một ngày. Vui lòng thử lại vào ngày mai."))
    if reasons:
        raise Refused(*reasons)
    places = [place for place in (current, unit) if place]
    try:
        with transaction.atomic():
            return UnitCorrection.objects.create(
                user=user, from_unit=current, to_unit=unit, note=note.strip(), state=_first_state(places, user)
            )
    except IntegrityError:
        raise Refused(_("Bạn đã có một đề nghị đang chờ giải quyết.")) from None


def withdraw_correction(*, correction: UnitCorrection) -> None:
    """Take it back, as the person who asked. Raises Refused once it is decided."""
    moved = UnitCorrection.objects.filter(pk=correction.pk, state__in=OPEN_STATES)
    if not moved.update(state=RequestState.WITHDRAWN):
        raise already_decided()


def recommend(*, request: Request, agrees: bool, comment: str, actor: User) -> Request:
    """Say as a coordinator whether the request is right, and hand it on to the organisers. Raises Refused."""
    if not agrees and not comment.strip():
        raise Refused(_("Khi không đồng ý, cần ghi ý kiến."))
    with transaction.atomic():
        request = lock_open(request)
        if getattr(request, "user_id", None) == actor.pk:
            raise Refused(_("Không thể cho ý kiến về đề nghị của chính mình."))
        request.recommends, request.comment, request.recommended_by = agrees, comment.strip(), actor
        request.recommended_at, request.state = server_now(), RequestState.FORWARDED
        request.save(update_fields=["recommends", "comment", "recommended_by", "recommended_at", "state"])
        record_audit(
            actor=actor,
            verb=f"{verb_of(request)}.recommend",
            object=request,
            after={"agrees": agrees, "comment": request.comment},
            unit=unit_of(request),
        )
    return request


def lock_open(request: Request) -> Request:
    """The request, locked and still open: of two who decide at once the second is refused. Raises Refused."""
    rows = type(request)._default_manager.select_for_update(no_key=True, of=("self",))
    locked = rows.filter(Q(state__in=OPEN_STATES), pk=request.pk).first()
    if locked is None:
        raise already_decided()
    return locked


def verb_of(request: PersonRequest) -> str:
    return "account_request" if isinstance(request, AccountRequest) else "unit_correction"


def unit_of(request: PersonRequest) -> Unit | None:
    """The unit in whose scope the trace of the request is read."""
    return request.to_unit if isinstance(request, UnitCorrection) else getattr(request, "unit", None)


def _first_state(units: list[Unit], asker: User | None) -> RequestState:
    """To the coordinator of one of the units, or straight to the organisers where there is none."""
    if any(is_held_over(unit, Right.PROPOSE, apart_from=asker) for unit in units):
        return RequestState.WAITING
    return RequestState.FORWARDED
