"""The body of a request as it arrives: in small pieces, with a limit to how long the next one may take."""

from collections.abc import Callable, Iterator
from queue import Empty, Full, Queue
from threading import Event, Thread
from time import monotonic

PIECE = 64 * 1024
# How many times the patience for one piece a whole body may take. It holds one of few places all that time, and who
# sends a little now and then would never let go.
PATIENCES = 15


class Body:
    """`length` bytes, to be gone through once. It ends early when the client does, or when it stalls.

    The web server reads without a limit of time. So a thread of its own reads ahead, by two pieces at most, and whoever
    goes through the body waits no longer than `patience` seconds for a piece, and PATIENCES times that for all. Before
    the request is answered `leave` must be called: granian 2.8 serves nobody any more while somebody reads the body of
    a request that is over.
    """

    def __init__(self, read: Callable[[int], bytes], length: int, *, patience: float) -> None:
        self.length = length
        self.has_stalled = False
        self._read, self._patience = read, patience
        self._pieces: Queue[bytes] = Queue(maxsize=2)
        self._is_left = Event()
        self._thread = Thread(target=self._fetch, name="upload-body", daemon=True)

    def __iter__(self) -> Iterator[bytes]:
        if self.length:
            self._thread.start()
        missing, end = self.length, monotonic() + PATIENCES * self._patience
        try:
            while missing:
                left = end - monotonic()
                if left <= 0:
                    raise Empty
                piece = self._pieces.get(timeout=min(self._patience, left))
                if not piece:
                    return
                missing -= len(piece)
                yield piece
        except Empty:
            self.has_stalled = True
        finally:
            self._is_left.set()

    def leave(self) -> None:
        """Come back once nobody reads any more: at once, unless the client is silent in the middle of a piece.

        The proxy ends such a connection after a while (client_body_timeout in deploy/nginx.conf).
        """
        self._is_left.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _fetch(self) -> None:
        missing = self.length
        while missing and not self._is_left.is_set():
            try:
                piece = self._read(min(PIECE, missing))
            except OSError:  # the client is gone; Django's UnreadablePostError is one
                piece = b""
            try:
                self._pieces.put(piece, timeout=self._patience)
            except Full:  # nobody goes through it any more
                return
            if not piece:
                return
            missing -= len(piece)
