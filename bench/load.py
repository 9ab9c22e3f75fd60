"""python -m bench.load SPECIFICATION: keep-alive clients in one process, driven by epoll.

The specification is JSON: port, connections, warm_up and seconds, once, and requests as texts. Connection i
sends requests i, i + connections, … in turn, one at a time, over and over or, with `once`, until they are
used up. `@SEQUENCE@` in a request becomes a number of ten digits that always rises. Prints JSON.
"""

import json
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

FIRST_SEQUENCE = 1_000_000_000
PLACE = b"@SEQUENCE@"
PATIENCE = 60.0  # for a first answer on a machine that is very busy


@dataclass(slots=True)
class Client:
    """One connection with its share of the requests."""

    connection: socket.socket
    requests: list[bytes]
    next: int = 0
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def send(self, sequence: int) -> None:
        request = self.requests[self.next % len(self.requests)]
        self.next += 1
        self.received.clear()
        self.sent_at = time.perf_counter()
        self.connection.sendall(request.replace(PLACE, b"%d" % sequence))

    def status(self) -> int | None:
        """The status once the whole response has come, else None. Raises ConnectionError."""
        data = self.connection.recv(262_144)
        if not data:
            raise ConnectionError("the server closed the connection")
        self.received += data
        head, gap, body = bytes(self.received).partition(b"\r\n\r\n")
        if not gap:
            return None
        fields = head.lower()
        place = fields.find(b"content-length:")
        if place >= 0:
            whole = len(body) >= int(fields[place + 15 :].split(b"\r\n", 1)[0])
        else:
            whole = body.endswith(b"0\r\n\r\n") if b"chunked" in fields else True
        return int(head[9:12]) if whole else None


def drive(
    *, port: int, connections: int, warm_up: float, seconds: float, once: bool, requests: list[str]
) -> dict[str, Any]:
    """Send requests and return {requests, seconds, statuses, p50_ms, p95_ms} of the time after the warm-up."""
    encoded = [request.encode("latin-1") for request in requests]
    selector = selectors.EpollSelector()
    sequence, open_clients = FIRST_SEQUENCE, 0
    for number in range(min(connections, len(encoded))):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = Client(connection, encoded[number::connections])
        selector.register(connection, selectors.EVENT_READ, client)
        sequence += 1
        client.send(sequence)
        open_clients += 1
    begin = time.perf_counter() + warm_up
    end = begin + seconds
    _tell("begin", begin)
    statuses: Counter[int] = Counter()
    times: list[float] = []
    now = last = begin
    while open_clients and (now < end or (not times and now < end + PATIENCE)):
        for key, _ in selector.select(1.0):
            client = key.data
            status = client.status()
            now = time.perf_counter()
            if status is None:
                continue
            if now >= begin:
                times.append(now - client.sent_at)
                statuses[status] += 1
                last = now
            if once and client.next >= len(client.requests):
                selector.unregister(client.connection)
                open_clients -= 1
                continue
            sequence += 1
            client.send(sequence)
        now = time.perf_counter()
    times.sort()
    return {
        "requests": len(times),
        "seconds": last - begin,
        "statuses": dict(statuses),
        "p50_ms": times[len(times) // 2] * 1000 if times else None,
        "p95_ms": times[int(len(times) * 0.95)] * 1000 if times else None,
    }


def _tell(event: str, at: float) -> None:
    """Tell the parent, on the clock that all processes share, when the measured time begins."""
    print(json.dumps({event: at}), flush=True)


def run_clients(web: Any, requests: list[str], **options: Any) -> dict[str, Any]:
    """Drive `web` from a process of its own; adds cpu_seconds, the server's, and rates per second and core."""
    specification = {"port": web.port, "connections": 32, "warm_up": 2.0, "seconds": 8.0, "once": False}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(specification | options | {"requests": requests}, file)
        file.flush()
        command = [sys.executable, "-m", "bench.load", file.name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            begin = json.loads(process.stdout.readline())["begin"]
            time.sleep(max(begin - time.perf_counter(), 0))
            used = web.cpu_seconds()
            answer = process.stdout.readline()
            used = web.cpu_seconds() - used
    if not answer:
        raise RuntimeError("the clients failed")
    report = json.loads(answer)
    if not report["requests"] or set(report["statuses"]) - {"200", "201"}:
        raise RuntimeError(f"{requests[0].splitlines()[0]}: unexpected answers {report['statuses']}")
    rates = {"per_second": report["requests"] / report["seconds"], "per_core": report["requests"] / max(used, 1e-9)}
    return report | rates | {"cpu_seconds": used}


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        print(json.dumps(drive(**json.load(file))), flush=True)
