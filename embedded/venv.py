"""Prepares .venv from the hashed requirements, then runs a module in it.

    python3 -m embedded.venv run|dev [MODULE ARGUMENT...]

`run` installs what the portal needs, `dev` also what tests and linting need; nothing is done when the
requirements have not changed since. Runs under the machine's own Python, of whatever version: standard
library only, and no syntax that an old Python would stumble over before it could be told that it is too old.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
import time
from typing import List, Optional

from embedded.progress import say

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
OLDEST, NEWEST = (3, 11), (3, 13)
REQUIREMENTS = {"run": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}
PATIENCE = 5  # seconds between two signs of life


def main(arguments: List[str]) -> Optional[str]:
    """Prepare the environment named by the first argument, then become the module named by the second."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        found = "{} is {}".format(sys.executable, sys.version.split()[0])
        return "Python 3.11 to 3.13 is needed; {}. Name another: make PYTHON=/path/to/python3.12".format(found)
    prepare(arguments[0])
    if arguments[1:]:
        os.chdir(ROOT)
        os.execv(PYTHON, [PYTHON, "-m"] + arguments[1:])
    return None


def prepare(kind: str) -> None:
    """Create or complete .venv; exits with a message if that fails. Two at a time wait for each other."""
    checkout = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(checkout, fcntl.LOCK_EX)
    try:
        if not is_usable():
            create()
        stamp = os.path.join(VENV, ".installed-" + kind)
        if read(stamp) != fingerprint(kind):
            install(REQUIREMENTS[kind])
            with open(stamp, "w") as file:
                file.write(fingerprint(kind))
    finally:
        os.close(checkout)


def is_usable() -> bool:
    """Whether .venv holds a Python that runs (not after a move or a system upgrade) and has a fit version."""
    check = "import pip, sys; sys.exit(not {} <= sys.version_info[:2] <= {})".format(OLDEST, NEWEST)
    try:
        return subprocess.call([PYTHON, "-c", check], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def create() -> None:
    say("Creating .venv with Python {}".format(sys.version.split()[0]))
    command = [sys.executable, "-m", "venv", "--clear", VENV]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        print(done.stdout.decode(errors="replace"), file=sys.stderr)
        sys.exit("This Python cannot create virtual environments. On Debian: apt-get install python3-venv")


def install(files: List[str]) -> None:
    """Install hashed requirements, with a sign of life every few seconds."""
    paths = [os.path.join(ROOT, file) for file in files]
    count = len({name for path in paths for name in re.findall(r"^([A-Za-z0-9._-]+)==", read(path), re.M)})
    say("Installing {} packages from {}".format(count, " and ".join(files)))
    command = [PYTHON, "-m", "pip", "install", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    for path in paths:
        command += ["-r", path]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines: List[str] = []
    fetched, last_sign = 0, time.time()
    for line in process.stdout or ():
        lines.append(line.decode(errors="replace"))
        fetched += line.startswith(b"Collecting")
        if time.time() - last_sign > PATIENCE:
            last_sign = time.time()
            say("  {} of {} packages fetched".format(fetched, count))
    if process.wait():
        print("".join(lines[-30:]), file=sys.stderr)
        sys.exit("The packages could not be installed; is there a connection to the internet?")
    say("Packages are installed")


def fingerprint(kind: str) -> str:
    """What .venv must have been made from."""
    digest = hashlib.sha256(read(os.path.join(VENV, "pyvenv.cfg")).encode())
    for file in REQUIREMENTS[kind]:
        digest.update(read(os.path.join(ROOT, file)).encode())
    return digest.hexdigest()


def read(path: str) -> str:
    """The content of a file; empty if it cannot be read."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
