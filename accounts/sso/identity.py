"""Who a provider says somebody is, and whose account on the roster that identity opens.

An identity is an issuer and a subject at that issuer. Nothing else opens an account: an e-mail address or a name
may be given to somebody else tomorrow.
"""

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.audit import record_audit
from accounts.clock import ClockTimestamp
from accounts.models import User
from accounts.problems import Refused
from accounts.sessions import end_sessions_of

SESSION_KEY = "sso_identity"


@dataclass(frozen=True)
class Identity:
    """What a verified id token said. Only `provider`, `issuer` and `subject` are sure to be there.

    `full_name` and `email` are for people to read and to fill in a form, never to find an account by.
    """

    provider: str
    issuer: str
    subject: str
    full_name: str = ""
    employee_id: str = ""
    email: str = ""

    @property
    def uid(self) -> str:
        """64 hex digits that stand for issuer and subject: the same subject at another issuer is somebody else."""
        return hashlib.sha256(f"{self.issuer}\n{self.subject}".encode()).hexdigest()


def remember(request: HttpRequest, identity: Identity) -> None:
    """Keep in the session who was signed in by the provider and is not on the roster.

    The session belongs to nobody yet; POST to `account_logout` ends it, here and at the provider.
    """
    request.session[SESSION_KEY] = asdict(identity)


def remembered(request: HttpRequest) -> Identity | None:
    """The identity of a stranger who has just come from a provider, or None."""
    try:
        return Identity(**request.session[SESSION_KEY])
    except (KeyError, TypeError):  # none, or kept by another version of the portal
        return None


def forget(request: HttpRequest) -> None:
    request.session.pop(SESSION_KEY, None)


def has_identity(user: User) -> bool:
    """Whether some provider's identity opens the account of `user`."""
    return SocialAccount.objects.filter(user_id=user.pk).exists()


def link_identity(*, user: User, identity: Identity, actor: User) -> SocialAccount:
    """From now on `identity` opens the account of `user`. Raises Refused when that would take over an account.

    A person has one identity at an issuer. A second one with the same employee id may be somebody else to whom
    the id was given anew: that takes an organiser, who ends the old link first. Nor does an account with a link
    get a second one by itself at another provider that is in use: the weaker of two must not open what the stronger
    guards. An issuer that is no longer configured stands in nobody's way: that is how a body changes its provider.
    """
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)  # one link at a time for a person
        reasons = _why_not(user, identity, by_itself=actor.pk == user.pk)
        if reasons:
            raise Refused(*reasons)
        # Two people at once: the second runs into the unique constraint and has to sign in again.
        link = SocialAccount.objects.create(
            user=user, provider=identity.provider, uid=identity.uid, extra_data={"issuer": identity.issuer}
        )
        User.objects.filter(pk=user.pk, linked_at=None).update(linked_at=ClockTimestamp())
        record_audit(actor=actor, verb="sso.link", object=user, after=_as_json(link))
    return link


def _why_not(user: User, identity: Identity, *, by_itself: bool) -> list[str]:
    reasons = []
    if not user.is_active:
        reasons.append(_("Tài khoản này đã ngừng hoạt động."))
    if SocialAccount.objects.filter(uid=identity.uid).exists():
        reasons.append(_("Danh tính đăng nhập này đã được liên kết với một tài khoản."))
    links = SocialAccount.objects.filter(user=user)
    if links.filter(extra_data__issuer=identity.issuer).exists():
        reasons.append(_("Tài khoản này đã được liên kết với một danh tính đăng nhập khác của cùng hệ thống."))
    elif by_itself and links.filter(extra_data__issuer__in=_issuers_in_use()).exists():
        reasons.append(_("Tài khoản này đã được liên kết với một hệ thống đăng nhập khác."))
    return reasons


def _issuers_in_use() -> list[str]:
    return [app["settings"]["issuer"] for app in settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]]


def unlink_identity(*, user: User, actor: User, reason: str) -> int:
    """No identity opens the account of `user` any more; returns how many did. Raises Refused without a reason.

    For mistakes, and for an identity that was replaced at the provider. As it may have been somebody else's, every
    session of the account ends.
    """
    if not reason.strip():
        raise Refused(_("Cần ghi lý do."))
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        links = list(SocialAccount.objects.filter(user=user).order_by("pk"))
        for link in links:
            record_audit(
                actor=actor, verb="sso.unlink", object=user, before=_as_json(link), after={"reason": reason.strip()}
            )
            link.delete()
        end_sessions_of(user)
    return len(links)


def _as_json(link: SocialAccount) -> dict[str, Any]:
    return {"provider": link.provider, "issuer": link.extra_data.get("issuer", ""), "subject_hash": link.uid}
