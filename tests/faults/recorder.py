"""A Braze that remembers every request and what became of its answer.

It can be killed and started again on its port, and knows nothing of the relay.
"""

import json
import random
import select
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, Literal

from relay.local.emulator import HOST, free_port

ANSWER: Final = b'{"message": "success", "dispatch_id": "acf471119f74"}'
LONGEST_SILENCE: Final = 10.0  # seconds; less than the 15 for which the relay waits
_ACCEPTED: Final = 5.0  # seconds, on a busy machine

End = Literal["open", "answered", "cut"]


@dataclass(slots=True)
class Request:
    """A request that was taken: its users, from which port, and how its answer ended.

    `forgotten` are those of its users whose worker was killed before it had recorded them.
    """

    users: list[str]
    port: int
    end: End = "open"
    forgotten: set[str] = field(default_factory=set)

    @property
    def lost(self) -> set[str]:
        """The users of whom the relay may not know that they were taken."""
        return self.forgotten if self.end == "answered" else set(self.users)


@dataclass
class Recorder:
    """What was taken, in order; each answer takes up to `seconds`, and `cuts` of them are none."""

    seconds: float = 0.2
    cuts: float = 0.0
    port: int = field(default_factory=free_port)
    taken: list[Request] = field(default_factory=list)
    starts: int = 0
    _dead: set[int] = field(default_factory=set)
    _accepted: set[int] = field(default_factory=set)
    _answering: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None
    _sockets: set[socket.socket] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it listens, or will."""
        return f"http://{HOST}:{self.port}"

    def open_ports(self) -> set[int]:
        """Return the ports from which requests have come that are not answered yet."""
        return {request.port for request in list(self.taken) if request.end == "open"}

    @contextmanager
    def silence(self) -> Iterator[None]:
        """Take requests and answer none of them within the block, or until patience ends."""
        self._answering.clear()
        try:
            yield
        finally:
            self._answering.set()

    def bury(self, ports: set[int]) -> Request | None:
        """Count no answer to these ports from now on; return which came last from one of them.

        Their connections are to be accepted first: on a busy machine one may wait for that with its
        request in it, and be taken for a later one of somebody else.
        """
        end = time.monotonic() + _ACCEPTED
        while not ports <= self._accepted and time.monotonic() < end:
            time.sleep(0.01)
        self._dead |= ports
        came = [request for request in list(self.taken) if request.port in ports]
        return came[-1] if came else None

    def sends(self) -> Counter[str]:
        """Return how often each user was taken."""
        return Counter(user for request in self.taken for user in request.users)

    def lost(self) -> Counter[str]:
        """Return how often each user was taken without the relay's knowing."""
        return Counter(user for request in self.taken for user in request.lost)

    def end_of(self, request: Request) -> End:
        """Return how an answer that was written ended: nobody may have been there to read it."""
        return "cut" if request.port in self._dead else "answered"

    def connected(self, connection: socket.socket, port: int) -> None:
        """Keep a new connection; its port is that of nobody who was killed before."""
        self._sockets.add(connection)
        self._dead.discard(port)
        self._accepted.add(port)

    def gone(self, connection: socket.socket) -> None:
        """Forget a connection that has ended."""
        self._sockets.discard(connection)

    def start(self) -> None:
        """Listen; what was taken before is remembered."""
        server = ThreadingHTTPServer((HOST, self.port), _handler_of(self))
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # its callers are killed
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self._answering.set()
        self._server, self.starts = server, self.starts + 1

    def stop(self) -> None:
        """Vanish as a killed program does: nobody listens, and every connection ends."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def reply(self, request: Request) -> bytes | None:
        """Take a request; return its answer, or None where its connection is to end instead."""
        self.taken.append(request)
        time.sleep(self.seconds * random.random())  # noqa: S311 - no secret
        self._answering.wait(LONGEST_SILENCE)
        return None if random.random() < self.cuts else ANSWER  # noqa: S311 - no secret


def has_hung_up(connection: socket.socket) -> bool:
    """Return whether the peer, of whom no further bytes are due, has closed its connection.

    A worker waits for as long as its invocation leaves it time, which may be a few seconds. What is
    written to it then fails no sooner than the next time.
    """
    readable, _, _ = select.select([connection], [], [], 0)
    return bool(readable) and not connection.recv(1, socket.MSG_PEEK)


@contextmanager
def recorder() -> Iterator[Recorder]:
    """Run one; stop it at the end."""
    made = Recorder()
    made.start()
    try:
        yield made
    finally:
        made.stop()


def _handler_of(peer: Recorder) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # workers keep their connections, by which they are known

        def setup(self) -> None:
            super().setup()
            peer.connected(self.connection, self.client_address[1])

        def finish(self) -> None:
            peer.gone(self.connection)
            super().finish()

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            users = [each["external_user_id"] for each in body["recipients"]]
            request = Request(users, self.client_address[1])
            answer = peer.reply(request)
            try:
                if answer is None or has_hung_up(self.connection):
                    raise ConnectionResetError
                self._answer(answer)
                request.end = peer.end_of(request)
            except OSError:
                request.end = "cut"
                self.close_connection = True

        def _answer(self, answer: bytes) -> None:
            head = f"HTTP/1.1 201 Created\r\nContent-Length: {len(answer)}\r\n\r\n"
            self.connection.sendall(head.encode() + answer)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    return Handler
