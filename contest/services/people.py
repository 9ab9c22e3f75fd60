"""What becomes of attempts and keys when a person may no longer take part."""

from django.db import transaction

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp
from accounts.models import ApiToken, User
from contest.models import Attempt
from contest.models.attempt import AttemptState
from contest.services.attempts import new_nonce


def deactivate_user(*, user: User, actor: User | None, reason: str) -> int:
    """Shut a person out at once: account, tokens, and the keys of attempts in progress.

    Without an actor it comes from the server's command line. What is stored stays and is graded when the
    attempt ends. Returns how many attempt keys were revoked.
    """
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(is_active=False)
        ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=ClockTimestamp())
        running = Attempt.objects.of(user).filter(state=AttemptState.IN_PROGRESS)
        revoked = sum(running.filter(pk=pk).update(nonce=new_nonce()) for pk in running.values_list("pk", flat=True))
        record_audit(actor=actor, verb="user.deactivate", object=user, after={"reason": reason, "keys": revoked})
    return revoked
