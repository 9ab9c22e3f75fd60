"""python -m tests.videos.killed_between_steps FILE STEPS: process a file, and be killed after so many steps."""

import os
import signal
import sys

import django

django.setup()

from videos.processing import services  # noqa: E402


def die(work) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(file_id: str, steps: str) -> None:
    services.STEPS = (*services.STEPS[: int(steps)], die)
    services.process_file(file_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
