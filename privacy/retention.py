"""The end of the time for which personal data are kept, where a rule can tell it; the rest is listed for people.

Sessions, messages, proposals and files have rules of their own, in their own rooms.
"""

from datetime import timedelta

from django.conf import settings
from django.db.models import Max, Q, QuerySet

from accounts.clock import ClockTimestamp
from accounts.models import ApiToken, Unit, User
from privacy.models import DataRequest
from privacy.services import ERASED_NAME
from reports.models import Export
from reports.models import ExportState as File


def enforce_retention() -> dict[str, int]:
    """Delete or blank what has had its time; returns how many rows, by rule. Running it again changes nothing."""
    access = ClockTimestamp() - timedelta(days=settings.ACCESS_KEPT_DAYS)
    answered = ClockTimestamp() - timedelta(days=settings.REQUESTS_KEPT_DAYS)
    tokens = ApiToken.objects.filter(Q(expires_at__lt=access) | Q(revoked_at__lt=access))
    exports = Export.objects.filter(state__in=(File.EXPIRED, File.FAILED, File.CANCELLED), requested_at__lt=access)
    requests = DataRequest.objects.filter(decided_at__lt=answered).exclude(text="", answer="")
    return {
        "tokens": tokens.delete()[0],
        "exports": exports.delete()[0],
        "requests": requests.update(text="", answer=""),
    }


def people_to_erase(units: QuerySet[Unit]) -> QuerySet[User]:
    """People who left `units` PEOPLE_KEPT_YEARS ago or earlier, and have taken part in nothing since.

    No rule erases them: whether their contest's files may go is for an administrator to say.
    """
    long_ago = ClockTimestamp() - timedelta(days=round(settings.PEOPLE_KEPT_YEARS * 365.25))
    gone = User.objects.filter(memberships__unit__in=units).exclude(memberships__ends_on=None)
    gone = gone.exclude(full_name__startswith=ERASED_NAME).annotate(
        left_on=Max("memberships__ends_on"), last_attempt=Max("attempts__started_at")
    )
    return gone.filter(Q(last_attempt=None) | Q(last_attempt__lt=long_ago), left_on__lt=long_ago).order_by(
        "left_on", "pk"
    )
