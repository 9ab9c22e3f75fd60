"""What the user of `make run` sees: one line per step, with the seconds since the start."""

import os
import time

# The environment variable that hands the moment of the start from program to program.
STARTED = "CCHC_STARTED"


def say(text: str) -> None:
    """Print a line with the elapsed time, at once."""
    started = float(os.environ.setdefault(STARTED, str(time.time())))
    print("[{:5.1f} s] {}".format(time.time() - started, text), flush=True)
