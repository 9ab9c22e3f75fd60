"""Directories and files that no other local user can read, replace or prepare for us."""

import hashlib
import os
import secrets
import shutil
import stat
import tempfile
from pathlib import Path

from embedded.account import Account, ourselves

PREFIX = "cchc-"
# A Unix socket's path holds 107 bytes, so sockets cannot live in DATA_DIR, whose path may be of any length.
PLACES = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))  # noqa: S108


class HostileDirectory(Exception):
    """A path that should be our private directory belongs to somebody else or is not a directory."""


def short_path(key: Path) -> Path:
    """The short path that belongs to `key` and to this user: always the same one, about 20 bytes long."""
    identity = f"{os.geteuid()}:{key.resolve()}"
    name = PREFIX + hashlib.sha256(identity.encode()).hexdigest()[:12]
    return next((place for place in PLACES if os.access(place, os.W_OK | os.X_OK)), PLACES[0]) / name


def own_place(key: Path, account: Account) -> Path:
    """Create the directory `short_path(key)`, for us to write in and for `account` to pass through.

    Raises HostileDirectory unless it is new or ours already: in a world-writable place anybody may have made it
    first, to read what we put there or to have us write elsewhere. Not even `account`, which other programs may
    share, can replace anything in it.
    """
    path = private_directory(short_path(key), ourselves())
    if not account.is_ours:
        path.chmod(0o711)
    return path


def private_directory(path: Path, account: Account) -> Path:
    """Create `path` with mode 0700 for `account`, or accept it if it is a directory of that account.

    Raises HostileDirectory for a symbolic link, a file, or a directory of anyone else.
    """
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise HostileDirectory(f"{path} is not a directory: remove it and try again") from None
        if found.st_uid != account.uid:
            raise HostileDirectory(f"{path} belongs to uid {found.st_uid}, not to us: remove it") from None
    path.chmod(0o700)
    account.give(path)
    return path


def temporary_directory(label: str) -> Path:
    """A new directory of ours with a short path and an unpredictable name; the caller removes it."""
    place = next((place for place in PLACES if os.access(place, os.W_OK | os.X_OK)), None)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{label}-", dir=place))


def remove(path: Path) -> None:
    """Remove a directory tree if it is there. A symbolic link is removed itself, never what it points to."""
    if path.is_symlink():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def kept_secret(path: Path, size: int = 24) -> str:
    """The secret in `path` (mode 0600), `size` random bytes as hex, created at first use.

    Written aside and linked into place, so that two processes that start together agree on one secret.
    """
    if not path.exists():
        aside = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(size) + "\n")
        try:
            os.link(aside, path)
        except FileExistsError:
            pass
        finally:
            aside.unlink()
    return path.read_text().strip()
