"""The operating-system account that servers run under."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FALLBACK_UID = 65534  # "nobody" on every Linux distribution, for systems without a passwd entry of that name


@dataclass(frozen=True)
class Account:
    """A numeric account. No entry in the passwd database is needed, and none is ever created."""

    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether servers run under the account of this very process."""
        return self.uid == os.geteuid()

    @property
    def has_name(self) -> bool:
        """Whether the passwd database knows this uid."""
        try:
            pwd.getpwuid(self.uid)
        except KeyError:
            return False
        return True

    def popen_arguments(self) -> dict[str, Any]:
        """Arguments for subprocess.Popen and run that make the child run under this account."""
        if self.is_ours:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def give(self, path: Path) -> None:
        """Make this account the owner of `path` itself (a link is not followed)."""
        if not self.is_ours:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def ourselves() -> Account:
    """The account of this process."""
    return Account(os.geteuid(), os.getegid())


def server_account() -> Account:
    """The account for servers: our own, or `nobody` when we are root, as PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return ourselves()
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        return Account(FALLBACK_UID, FALLBACK_UID)
    return Account(nobody.pw_uid, nobody.pw_gid)
