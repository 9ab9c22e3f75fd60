"""Limits on guessing passwords and codes: by account first, by address second.

They rest on the database alone: the cache fails open, so a limit kept there would be gone with Redis. Only
failures count. A whole hospital behind one address signs in as fast as the portal answers.
"""

from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.db.models import Count, Min, Q
from django.utils.crypto import salted_hmac

from accounts.clock import ClockTimestamp, server_now
from accounts.models import SignInFailure
from accounts.text import nfc

PERIOD = timedelta(minutes=5)
PER_ACCOUNT = 10
# Far above what the typing errors of a large body's staff come to in five minutes; each of the accounts tried from
# one address has its own limit besides.
PER_ADDRESS = 1000


class TooManyFailures(Exception):
    """Nothing more is checked for this account, or from this address, for `wait` seconds."""

    def __init__(self, wait: int):
        super().__init__(wait)
        self.wait = wait


def begin_try(*, account: str, address: str) -> SignInFailure:
    """Count a try as failed before it is checked; delete the row if it was right. Raises TooManyFailures.

    `account` is what was typed, so that accounts that exist and those that do not are treated alike. Counting first
    leaves no gap in which many tries at once are all let through.
    """
    mine = SignInFailure.objects.create(account=_digest("account", account), address=_digest("address", address))
    by_account, by_address = Q(account=mine.account), Q(address=mine.address)
    seen: dict[str, Any] = SignInFailure.objects.filter(
        by_account | by_address, at__gt=ClockTimestamp() - PERIOD
    ).aggregate(
        accounts=Count("pk", filter=by_account),
        account_since=Min("at", filter=by_account),
        addresses=Count("pk", filter=by_address),
        address_since=Min("at", filter=by_address),
    )
    if seen["accounts"] > PER_ACCOUNT:
        since = seen["account_since"]
    elif seen["addresses"] > PER_ADDRESS:
        since = seen["address_since"]
    else:
        return mine
    mine.delete()  # a refused try is no guess: waiting helps, even while somebody else keeps trying
    raise TooManyFailures(_seconds_until(since + PERIOD))


def forget_old_failures() -> int:
    """Delete what no limit counts any more; returns how many rows."""
    return SignInFailure.objects.filter(at__lte=ClockTimestamp() - PERIOD).delete()[0]


def _digest(kind: str, value: str) -> str:
    return salted_hmac(f"accounts.sign_in.{kind}", nfc(value).strip().casefold(), algorithm="sha256").hexdigest()


def _seconds_until(moment: datetime) -> int:
    return max(1, ceil((moment - server_now()).total_seconds()))
