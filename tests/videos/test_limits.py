"""Children that read hostile files are ended at their limits, with everything that they started."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from embedded.processes import all_pids
from tests.processes import wait_for
from videos.processing import limits
from videos.processing.limits import MEGABYTE, Cause, Ended, Limits, run_limited

pytestmark = pytest.mark.slow

ROOMY = Limits(memory=1024 * MEGABYTE, cpu_seconds=30, file_bytes=MEGABYTE, seconds=30, processes=1)
SLEEP = "import time; time.sleep(600)"


def run(code: str, directory: Path, **limited) -> Ended:
    """Python code as a child; `MARK` in its arguments finds it and its children again."""
    return run_limited([sys.executable, "-I", "-c", code, mark(directory)], replace(ROOMY, **limited), cwd=directory)


def mark(directory: Path) -> str:
    return f"mark-{directory}"


def survivors(directory: Path) -> list[int]:
    """Processes whose command line bears the mark, other than their supervisor."""
    found = []
    for pid in all_pids():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if mark(directory).encode() in words and b"-S" not in words and state not in "ZX":
            found.append(pid)
    return found


def test_a_child_that_behaves_is_heard(tmp_path):
    ended = run("import sys; print('xin chào'); print('lỗi', file=sys.stderr); sys.exit(3)", tmp_path)
    assert (ended.cause, ended.code, ended.output.decode(), ended.errors) == (Cause.EXITED, 3, "xin chào\n", "lỗi\n")
    assert not ended.is_well
    assert run("pass", tmp_path).is_well


def test_a_child_that_allocates_too_much_gets_no_more(tmp_path):
    hungry = "x = bytearray(400 * 1024 * 1024); print(len(x))"
    assert run(hungry, tmp_path).output == b"419430400\n", "the control: there is enough memory"
    ended = run(hungry, tmp_path, memory=300 * MEGABYTE)
    assert (ended.cause, ended.code, ended.output) == (Cause.EXITED, 1, b"")
    assert "MemoryError" in ended.errors


def test_a_child_that_spins_is_ended_by_its_processor_time(tmp_path):
    ended = run("while True: pass", tmp_path, cpu_seconds=1)
    assert (ended.cause, ended.code) == (Cause.CPU, signal.SIGXCPU)


def test_a_child_that_ignores_the_signal_is_killed_a_second_later(tmp_path):
    stubborn = "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass"
    ended = run(stubborn, tmp_path, cpu_seconds=1)
    assert (ended.cause, ended.code) == (Cause.SIGNAL, signal.SIGKILL)


def test_a_child_that_only_waits_is_ended_by_the_clock(tmp_path):
    ended = run(SLEEP, tmp_path, seconds=1)
    assert ended.cause is Cause.TIME
    assert survivors(tmp_path) == []


def test_a_child_that_writes_too_much_gets_no_larger_file(tmp_path):
    writer = "import sys; f = open('f', 'wb', buffering=0)\nfor _ in range(100): f.write(b'x' * 100_000)"
    assert not run(writer, tmp_path).is_well
    assert (tmp_path / "f").stat().st_size == MEGABYTE
    assert run(writer, tmp_path, file_bytes=20 * MEGABYTE).is_well, "the control: there is room"
    assert (tmp_path / "f").stat().st_size == 10_000_000


def test_a_child_that_talks_without_end_is_ended(tmp_path):
    ended = run("while True: print('x' * 1000)", tmp_path, output_bytes=50_000)
    assert (ended.cause, len(ended.output)) == (Cause.OUTPUT, 50_000)
    assert survivors(tmp_path) == []


def test_of_errors_without_end_the_last_are_kept(tmp_path):
    ended = run("import sys; sys.stderr.write('x' * 5_000_000 + 'the end')", tmp_path)
    assert ended.is_well
    assert (len(ended.errors), ended.errors[-7:]) == (limits.CHUNK, "the end")


FORK_BOMB = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"


def test_a_fork_bomb_is_ended_with_all_its_processes(tmp_path):
    # Bounded by the kernel where it binds this user; a machine's own limit must not be what ends it.
    ended = run(FORK_BOMB, tmp_path)
    assert ended.cause is Cause.PROCESSES
    assert survivors(tmp_path) == []


# Leaves its session and its parent, as a daemon does, so that no signal to a group reaches it.
ESCAPE = (
    "import os, subprocess, sys\n"
    "child = [sys.executable, '-I', '-c', 'import time; time.sleep(600)', sys.argv[1]]\n"
    "subprocess.Popen(child, start_new_session=True)\n"
)


def test_what_a_child_leaves_behind_is_ended_with_it(tmp_path):
    ended = run(ESCAPE, tmp_path, processes=5)
    assert ended.is_well
    assert survivors(tmp_path) == []


def test_control_a_signal_to_the_group_leaves_it_running(tmp_path):
    child = subprocess.Popen([sys.executable, "-I", "-c", ESCAPE, mark(tmp_path)], start_new_session=True)
    child.wait()
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    left = survivors(tmp_path)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert len(left) == 1


def test_a_supervisor_that_is_killed_keeps_nobody_waiting(tmp_path):
    """The child dies with it; one that has left its session holds the streams for ten minutes."""
    code = (
        "import os, signal\n"
        + ESCAPE.replace("start_new_session", "stderr=2, start_new_session")
        + ("os.kill(os.getppid(), signal.SIGKILL)\n")
    )
    ended = run(code, tmp_path, processes=5)
    for pid in survivors(tmp_path):
        os.kill(pid, signal.SIGKILL)
    assert (ended.cause, ended.is_well) == (Cause.ABANDONED, False)


def test_a_child_knows_nothing_of_the_portal(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "canary")
    shown = "import os, json, sys; json.dump(sorted(os.environ), sys.stdout)"
    assert run(shown, tmp_path).output == b'["LC_ALL", "MALLOC_ARENA_MAX", "PATH", "TZ"]'
    open_files = "import os; print([os.readlink(f'/proc/self/fd/{n}')[:5] for n in os.listdir('/proc/self/fd')[:3]])"
    assert run(open_files, tmp_path).output == b"['/dev/', 'pipe:', 'pipe:']\n"


def test_a_child_leaves_no_core_and_gains_no_rights(tmp_path):
    shown = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE), *open('/proc/self/status'))"
    output = run(shown, tmp_path).output.decode()
    assert output.startswith("(0, 0) ")
    assert "NoNewPrivs:\t1" in output


def test_a_child_lets_answers_go_first(tmp_path):
    shown = "import os; print(os.nice(0))"
    assert run(shown, tmp_path).output == f"{min(19, os.nice(0) + ROOMY.nice)}\n".encode()


class Enough(Exception):
    pass


def test_what_a_check_raises_ends_the_child(tmp_path):
    def check() -> None:
        raise Enough

    with pytest.raises(Enough):
        run_limited([sys.executable, "-I", "-c", SLEEP, mark(tmp_path)], ROOMY, cwd=tmp_path, check=check)
    assert survivors(tmp_path) == []


def test_lines_are_handed_on_as_they_come(tmp_path):
    told: list[tuple[str, float]] = []
    slow = "import time\nfor n in range(3): print(n, flush=True); time.sleep(0.4)"
    ended = run_limited(
        [sys.executable, "-I", "-c", slow],
        ROOMY,
        cwd=tmp_path,
        on_line=lambda line: told.append((line, time.monotonic())),
    )
    assert [line for line, _ in told] == ["0", "1", "2"]
    assert told[2][1] - told[0][1] > 0.5
    assert ended.output == b""


WORKER = """
import sys
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, {root!r})
from videos.processing.limits import Limits, run_limited
sleep = [sys.executable, "-I", "-c", {code!r}, {mark!r}]
run_limited(sleep, Limits(1 << 31, 30, 1000, 600, processes=5), cwd=Path("."))
"""


@pytest.mark.parametrize("code", [SLEEP, ESCAPE + SLEEP], ids=["one child", "one that has left its session"])
def test_nothing_survives_the_kill_of_the_worker(tmp_path, code):
    root = str(Path(__file__).parents[2])
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER.format(root=root, code=code, mark=mark(tmp_path))], start_new_session=True
    )
    expected = code.count("sleep(600)")
    wait_for(lambda: len(survivors(tmp_path)) == expected, "the children to run")
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    wait_for(lambda: survivors(tmp_path) == [], "the children to end", seconds=10)
