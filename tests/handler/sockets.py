"""A peer on a real socket that misbehaves as it is told."""

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ssl import SSLContext

from requests import Session

from handler.braze_client.client import get, post
from handler.core.braze.outcome import HttpResponse

BODY = b'{"recipients":[{"external_user_id":"u"}]}'
ACCEPTED = b'{"message":"success","dispatch_id":"d1"}'
SECONDS = 0.6  # the deadline of a request here
LATEST = SECONDS + 1.0
Script = Callable[[socket.socket], None]


def headed(body: bytes, status: str = "201 Created", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return f"HTTP/1.1 {status}\r\nContent-Length: {size}\r\n\r\n".encode() + body


def reset(peer: socket.socket) -> None:
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def read_request(peer: socket.socket) -> bytes:
    raw = b""
    while not (raw.endswith(b"\r\n\r\n") if raw.startswith(b"GET ") else raw.endswith(BODY)):
        piece = peer.recv(65_536)
        if not piece:
            break
        raw += piece
    return raw


@dataclass
class Braze:
    """A peer on 127.0.0.1 that does with each connection what its script says."""

    script: Script
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    url: str = ""
    tls: SSLContext | None = None

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            with peer:
                try:
                    self.greet(peer)
                except OSError:
                    continue

    def greet(self, peer: socket.socket) -> None:
        if self.tls is None:
            self.answer(peer)
            return
        with self.tls.wrap_socket(peer, server_side=True) as secure:
            self.answer(secure)

    def answer(self, peer: socket.socket) -> None:
        while request := read_request(peer):
            self.requests.append(request)
            self.script(peer)


@contextmanager
def braze(script: Script, tls: SSLContext | None = None) -> Iterator[Braze]:
    listener = socket.create_server(("127.0.0.1", 0))
    scheme = "http" if tls is None else "https"
    peer = Braze(script, url=f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", tls=tls)
    thread = threading.Thread(target=peer.serve, args=(listener,), daemon=True)
    thread.start()
    try:
        yield peer
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(2 * SECONDS + 2)


def say(*pieces: bytes, pause: float = 0, then: Script = socket.socket.close) -> Script:
    def script(peer: socket.socket) -> None:
        for piece in pieces:
            peer.sendall(piece)
            time.sleep(pause)
        then(peer)

    return script


def keep(_peer: socket.socket) -> None:
    """Leave the connection open."""


def silence(_peer: socket.socket) -> None:
    time.sleep(SECONDS + 1.2)


def drip(raw: bytes) -> Script:
    return say(*(raw[at : at + 1] for at in range(len(raw))), pause=0.1)


def interim(status: int, *headers: str) -> bytes:
    """Return an answer before the final one (RFC 9110, section 15.2)."""
    lines = [f"HTTP/1.1 {status} For Now", *headers, "", ""]
    return "\r\n".join(lines).encode()


def broken_head(status: str) -> bytes:
    """Return an answer of more headers than http.client reads."""
    return f"HTTP/1.1 {status}\r\n".encode() + b"X: 1\r\n" * 120 + b"\r\n"


PRELOAD = "Link: </a.css>; rel=preload"
BAD_GZIP = b"HTTP/1.1 201 Created\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!"
GZIP = gzip.compress(ACCEPTED)
GOOD_GZIP = headed(GZIP).replace(b"\r\n", b"\r\nContent-Encoding: gzip\r\n", 1)
NO_BODY = headed(b"", length=40)
CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"
STATUS = b"HTTP/1.1 201 Created\r\n"
REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
SLOW_REDIRECT = REDIRECT.replace(b"Length: 0", b"Length: 40")


def sent(session: Session, url: str, seconds: float = SECONDS) -> tuple[HttpResponse, float]:
    started = time.monotonic()
    answer = post(session, f"{url}/campaigns/trigger/send", BODY, "key", seconds)
    return answer, time.monotonic() - started


def asked(session: Session, url: str, seconds: float = SECONDS) -> tuple[HttpResponse, float]:
    started = time.monotonic()
    answer = get(session, f"{url}/campaigns/details?campaign_id=c", "key", seconds)
    return answer, time.monotonic() - started
