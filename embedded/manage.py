"""One management command against the embedded servers of a DATA_DIR, whether `make run` is running or not.

    python -m embedded.manage COMMAND [ARGUMENT...]

Joins the servers that run already, else starts them for as long as the command takes. The exit code is the
command's; 2 if the servers cannot be had.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from embedded.home import ROOT, Home, InUse, portal_environment, read_environment_file
from embedded.private import HostileDirectory
from embedded.processes import Failed
from embedded.servers import Servers


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    read_environment_file()
    home = Home(Path(os.environ.get("DATA_DIR") or "var"))
    try:
        return run_on(home, arguments)
    except (InUse, Failed, HostileDirectory) as error:
        print(error, file=sys.stderr)
        return 2


def run_on(home: Home, arguments: list[str]) -> int:
    """Run the command on the servers of `home`. Raises InUse, Failed or HostileDirectory without them."""
    try:
        home.lock(patience=0)
    except InUse:
        return manage(arguments, portal_environment(home, home.running_environment()))
    try:
        with Servers(home) as servers:
            home.record(environment=servers.addresses())
            return manage(arguments, portal_environment(home, servers.addresses()))
    finally:
        home.unlock()


def manage(arguments: list[str], environment: Mapping[str, str]) -> int:
    """manage.py with `arguments`, its input and output being ours."""
    process = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), *arguments], env=dict(environment))
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            pass  # the command has got it too, and decides


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
