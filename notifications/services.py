"""Writing messages: in the caller's transaction, so that what was decided and what is told never differ."""

from accounts.models import User
from notifications.models import Notification


def notify(*, user: User, kind: str, subject: str, body: str = "", path: str = "") -> Notification:
    """Tell `user` something: a row now, in the portal at once, by mail when the queue gets there.

    `path` is the portal's page with the details, starting with "/".
    """
    return Notification.objects.create(user=user, kind=kind, subject=subject[:255], body=body, path=path)
