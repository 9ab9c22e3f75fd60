"""Typesetting in a process of its own: a program that reads a job as JSON and writes the PDF.

Typst keeps what it has computed for as long as its process lives: six tables of 2,000 rows left a worker with a
gigabyte. So each document gets a process, which also bounds how long it may take. No import of the portal.
"""

import json
import subprocess
import sys

import typst

LONGEST = 120  # seconds


class TypesettingFailed(Exception):
    """Typst refused the document or took too long; the message is for the log, not for people."""


def typeset(layout: str, *, document: str, fonts: str | None, timestamp: int) -> bytes:
    """`layout` with `document` (JSON) as its data, as PDF; `fonts` is a directory, beside those that typst brings."""
    job = json.dumps({"layout": layout, "document": document, "fonts": fonts, "timestamp": timestamp})
    try:
        done = subprocess.run(
            [sys.executable, "-I", __file__], input=job.encode(), capture_output=True, timeout=LONGEST, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise TypesettingFailed(f"not done after {LONGEST} s") from error
    except subprocess.CalledProcessError as error:
        raise TypesettingFailed(error.stderr.decode(errors="replace")[-2000:]) from error
    return done.stdout


def fonts_of(directory: str | None, *, bundled: bool) -> typst.Fonts:
    """The fonts of the directory and, if `bundled`, those that typst brings; never what the system happens to have."""
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=bundled, font_paths=[directory] if directory else []
    )


def main() -> None:
    job = json.load(sys.stdin.buffer)
    written = typst.compile(
        job["layout"].encode(),
        format="pdf",
        font_paths=fonts_of(job["fonts"], bundled=True),
        sys_inputs={"document": job["document"]},
        timestamp=job["timestamp"],
    )
    sys.stdout.buffer.write(written)


if __name__ == "__main__":
    main()
