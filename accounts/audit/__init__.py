"""Writing the trace: one call, in the caller's transaction. The other modules seal it, check it and tell of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from celery import current_task
from django.db import models

from accounts.middleware import current_request_id
from accounts.models import AuditEntry, Membership, Unit, User

_command: ContextVar[str] = ContextVar("command", default="")
# What leads from an object to the unit whose overseers may read about it, in the order in which it is asked for.
_WAYS_TO_UNIT = ("unit", "contest", "round", "bank", "clip_contest", "clip", "user")


def record_audit(
    *,
    actor: User | None,
    verb: str,
    object: models.Model,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    unit: Unit | None = None,
) -> AuditEntry:
    """Write that `actor` did `verb` to `object`. `before` and `after` must be JSON and hold no secret.

    It is to be called inside the transaction of the act: both stand or fall together. Without an actor the
    entry tells which command or task it was. `unit` is the scope in which the entry may be read, by default
    that of the object: see `unit_id_of`. A new verb needs a sentence in accounts/audit/wording.py.
    """
    return AuditEntry.objects.create(
        actor=actor,
        verb=verb,
        object_type=object._meta.label_lower,
        object_id=str(object.pk),
        object_label=str(object)[:255],
        before=before or {},
        after=after or {},
        request_id=current_request_id(),
        unit_id=unit.pk if unit is not None else unit_id_of(object),
        origin=_origin(),
    )


def unit_id_of(object: models.Model | None) -> int | None:
    """The unit that `object` is about: its own, or that of the contest, round or person it belongs to.

    None is for what belongs to no unit: only those whose scope is everywhere read of it.
    """
    if object is None or isinstance(object, Unit):
        return object.pk if object is not None else None
    if isinstance(object, User):
        return Membership.objects.current().filter(user=object).values_list("unit", flat=True).first()
    fields = {field.name for field in object._meta.concrete_fields}
    for name in _WAYS_TO_UNIT:
        if name in fields:
            return unit_id_of(getattr(object, name))
    return None


@contextmanager
def from_command(name: str) -> Iterator[None]:
    """Entries written inside tell that they come from the server's command line."""
    token = _command.set(name)
    try:
        yield
    finally:
        _command.reset(token)


def _origin() -> str:
    if _command.get():
        return f"command:{_command.get()}"
    return f"task:{current_task.name}" if current_task else ""
