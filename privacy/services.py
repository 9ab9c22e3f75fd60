"""Answering people about their data, and erasing it. Erasure follows the register, column by column."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import cast

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp, server_now
from accounts.models import Membership, RoleGrant, Unit, User
from accounts.problems import Refused
from accounts.sessions import end_sessions_of
from accounts.text import nfc
from contest.models import Attempt
from contest.models.round import RoundState
from notifications.models import Kind
from notifications.services import notify
from privacy.models import DataRequest, RequestKind, RequestState
from privacy.register import ERASURE_WORDS, REGISTER, Column, Erasure
from privacy.working_days import end_of_working_day

# The law's time for an answer.
WORKING_DAYS = 2
ERASED_NAME = "Người dùng đã xóa dữ liệu"


def due_at(received: datetime) -> datetime:
    """When a request received then must be answered."""
    return end_of_working_day(received, WORKING_DAYS, settings.PUBLIC_HOLIDAYS)


def unit_of(user: User) -> Unit | None:
    """The unit the person belongs to, else the one they belonged to last."""
    memberships = user.memberships.select_related("unit")
    last = memberships.order_by(models.F("ends_on").desc(nulls_first=True), "-starts_on").first()
    return last.unit if last else None


def file_request(*, user: User, kind: str, text: str) -> DataRequest:
    """Take a person's request about their own data. Raises Refused."""
    text = nfc(text).strip()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # one request at a time of a person
        reasons = []
        if kind not in RequestKind.values:
            reasons.append(_("Yêu cầu không hợp lệ."))
        if not text:
            reasons.append(_("Cần ghi nội dung yêu cầu."))
        if DataRequest.objects.of(user).open().filter(kind=kind).exists():
            reasons.append(_("Yêu cầu cùng loại của bạn đang chờ trả lời."))
        if reasons:
            raise Refused(*reasons)
        now = server_now()
        return DataRequest.objects.create(
            user=user, unit=unit_of(user), kind=kind, text=text[:2000], received_at=now, due_at=due_at(now)
        )


def answer_request(*, request: DataRequest, state: str, answer: str, actor: User) -> None:
    """Answer a person's request, and tell them. Nobody answers their own. Raises Refused."""
    answer = nfc(answer).strip()
    with transaction.atomic():
        request = DataRequest.objects.select_for_update(of=("self",)).select_related("user", "unit").get(pk=request.pk)
        reasons = []
        if not request.is_open:
            reasons.append(_("Yêu cầu này đã được trả lời."))
        if state not in (RequestState.DONE, RequestState.REFUSED):
            reasons.append(_("Cần chọn đã thực hiện hay không thực hiện."))
        if not answer:
            reasons.append(_("Cần ghi câu trả lời."))
        if request.user_id == actor.pk:
            reasons.append(_("Không thể tự trả lời yêu cầu của chính mình."))
        if reasons:
            raise Refused(*reasons)
        request.state, request.answer = state, answer[:2000]
        request.decided_by, request.decided_at = actor, server_now()
        request.save(update_fields=["state", "answer", "decided_by", "decided_at"])
        record_audit(
            actor=actor,
            verb="privacy.answer",
            object=request,
            before={"state": RequestState.OPEN},
            after={"state": state, "kind": request.kind, "due_at": request.due_at.isoformat()},
        )
        subject = _("Yêu cầu về dữ liệu cá nhân đã được trả lời")
        path = f"/privacy/requests/{request.pk}/"
        notify(user=request.user, kind=Kind.REQUEST_DECIDED, subject=subject, path=path)


# --- Erasure ------------------------------------------------------------------------------------------


def reasons_against_erasure(user: User, *, actor: User | None = None) -> list[str]:
    """Why the person's data cannot be erased now; empty if they can."""
    reasons = []
    if actor is not None and actor.pk == user.pk:
        reasons.append(_("Không thể tự xóa dữ liệu của chính mình."))
    if is_erased(user):
        reasons.append(_("Dữ liệu của người này đã được xóa."))
    if RoleGrant.objects.filter(Q(valid_to=None) | Q(valid_to__gt=ClockTimestamp()), user=user).exists():
        reasons.append(_("Người này đang giữ vai trò. Thu hồi vai trò trước."))
    unfinished = Attempt.objects.of(user).exclude(round__state=RoundState.FINAL).filter(round__is_practice=False)
    if unfinished.exists():
        reasons.append(
            _("Người này có bài thi ở tuần thi chưa có kết quả chính thức. Hãy xóa sau khi chốt kết quả tuần thi đó.")
        )
    return reasons


def effects_of_erasure(user: User) -> list[tuple[str, int, str]]:
    """What an erasure does, by table that has rows of the person: (title, number of rows, what happens, in words)."""
    effects = []
    for label, table in REGISTER.items():
        condition = table.rows_of(user)
        number = apps.get_model(label)._default_manager.filter(condition).count() if condition is not None else 0
        if number:
            done = dict.fromkeys(str(ERASURE_WORDS[column.erasure]) for column in table.personal.values())
            effects.append((str(table.title), number, ", ".join(done)))
    return effects


def is_erased(user: User) -> bool:
    return user.full_name.startswith(ERASED_NAME)


def erase_person(*, user: User, actor: User, reason: str) -> User:
    """Erase what the portal knows of a person, as the register says. Raises Refused.

    Attempts and standings stay, under a name that stands for nobody: records name people by a keyed hash of the
    row's id, which does not change, so every published result can still be verified.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        reasons = reasons_against_erasure(user, actor=actor)
        if not reason.strip():
            reasons.append(_("Cần ghi lý do."))
        if reasons:
            raise Refused(*reasons)
        unit = unit_of(user)
        end_sessions_of(user)
        for label, table in REGISTER.items():
            condition = table.rows_of(user)
            if condition is not None and label != User._meta.label:
                _erase_rows(apps.get_model(label), condition, table.personal)
        Membership.objects.current().filter(user=user).update(ends_on=server_now().date())
        _take_pseudonym(user)
        record_audit(actor=actor, verb="privacy.erase", object=user, after={"reason": reason.strip()}, unit=unit)
    return user


def _erase_rows(model: type[models.Model], condition: Q, personal: Mapping[str, Column]) -> None:
    rows = model._default_manager.filter(condition)
    if any(column.erasure == Erasure.DELETED for column in personal.values()):
        rows.delete()
        return
    blanks = {
        name: _blank_of(cast(models.Field, model._meta.get_field(name)))
        for name, column in personal.items()
        if column.erasure == Erasure.BLANKED
    }
    if blanks:
        rows.update(**blanks)


def _blank_of(field: models.Field) -> str | None:
    """What a column holds when there is nothing to say."""
    return None if field.null else ""


def _take_pseudonym(user: User) -> None:
    alias = secrets.token_hex(6).upper()
    user.employee_id, user.full_name = f"X-{alias}", f"{ERASED_NAME} {alias}"
    user.email = user.position = ""
    user.last_login, user.is_active = None, False
    user.set_unusable_password()
    user.save()
