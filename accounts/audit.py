"""Writing the trace: one call, in the caller's transaction."""

from typing import Any

from django.db import models

from accounts.middleware import current_request_id
from accounts.models import AuditEntry, User


def record_audit(
    *,
    actor: User | None,
    verb: str,
    object: models.Model,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write that `actor` did `verb` to `object`. `before` and `after` must be JSON and hold no secret."""
    return AuditEntry.objects.create(
        actor=actor,
        verb=verb,
        object_type=object._meta.label_lower,
        object_id=str(object.pk),
        object_label=str(object)[:255],
        before=before or {},
        after=after or {},
        request_id=current_request_id(),
    )
