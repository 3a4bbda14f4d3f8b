"""Real sockets between a worker's port and the Braze in memory, and the client that is deployed.

Braze acts in virtual time, and its answer is then read off a socket. It is written there before it
is asked for, so that nothing depends on how fast the machine is.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from queue import Queue
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from requests import Session

from handler.braze_client.client import post
from handler.braze_client.session import open_session
from handler.core.braze.outcome import HttpResponse

Post = Callable[[str, bytes, str, float], HttpResponse]
_PATIENCE: Final = 60.0  # seconds of the machine; it is never waited for


class Told(NamedTuple):
    """What is written to whoever asks next, and whether the connection then ends."""

    raw: bytes
    ends: bool = False


class _Peer(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.told: Queue[Told] = Queue()
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()


class _Talk(StreamRequestHandler):
    server: _Peer

    def handle(self) -> None:
        while self.rfile.readline():
            length = 0
            while (line := self.rfile.readline().lower()) not in (b"\r\n", b""):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            self.rfile.read(length)
            told = self.server.told.get()
            self.wfile.write(told.raw)
            if told.ends:
                return


@cache
def _peer() -> _Peer:
    return _Peer()


def interim(*statuses: int) -> bytes:
    """Return answers that say that another one is to come."""
    heads = (f"HTTP/1.1 {status} Soon\r\nLink: </a.css>\r\n\r\n" for status in statuses)
    return "".join(heads).encode()


def written(answer: HttpResponse) -> bytes:
    """Return an answer as HTTP has it."""
    lines = [f"HTTP/1.1 {answer.status} Simulated", f"Content-Length: {len(answer.body)}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + answer.body


def read(told: Told) -> HttpResponse:
    """Return what the client makes of it, on a connection of its own."""
    with open_session() as session:
        return _ask(session, told, "/", b"{}")


def _ask(session: Session, told: Told, path: str, body: bytes) -> HttpResponse:
    peer = _peer()
    peer.told.put(told)
    host, port = peer.server_address[:2]
    return post(session, f"http://{host!s}:{port}{path}", body, "key", _PATIENCE)


@dataclass
class Wired:
    """A worker's port: `before` returns what comes before the answer to a request."""

    asked: Post
    before: Callable[[], bytes]
    session: Session = field(default_factory=open_session)

    def post(self, url: str, body: bytes, key: str, seconds: float) -> HttpResponse:
        """Let Braze act; return what its answer is read as."""
        answer = self.asked(url, body, key, seconds)
        if answer.reached != "answered":
            return answer
        told = Told(self.before() + written(answer))
        return _ask(self.session, told, urlsplit(url).path, body)
