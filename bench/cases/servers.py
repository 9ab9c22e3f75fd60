"""granian and gunicorn beside each other, both serving the hot path with two processes of four threads."""

from bench.cases.save import ATTEMPTS, BARE, measure
from bench.quizzers import bare_save_requests, open_round, save_requests, start_attempts
from bench.results import Result
from bench.web import PORTAL


def run(*, quick: bool) -> list[Result]:
    attempts = start_attempts(open_round(), 100 if quick else ATTEMPTS)
    durations = {"warm_up": 0.3, "seconds": 0.7} if quick else {"warm_up": 2.0, "seconds": 6.0}
    rows = []
    for server in ("granian", "gunicorn"):
        ours = measure(PORTAL, attempts, save_requests(attempts), server=server, **durations)
        floor = measure(BARE, attempts, bare_save_requests(attempts), server=server, **durations)
        note = f"p95 {ours['p95_ms']:.1f} ms; per core of the web processes {ours['per_core']:.0f}"
        rows.append(Result(f"save, {server}", ours["per_second"], "requests/s", floor["per_second"], note=note))
    return rows
