"""What Braze may do with a request on an open connection, and what each comes to."""

import socket
from typing import Final

from handler.core.outcome import Kind
from tests.adapters import sockets
from tests.adapters.sockets import ACCEPTED, Script, headed, reset, say

HUNDRED_MB: Final = 100_000_000
CHUNK: Final = b" " * 1_000_000
HUNDRED_MB_HEAD: Final = headed(b"", length=HUNDRED_MB)
HEADERS: Final = b"HTTP/1.1 201 Created\r\n" + b"X-A: b\r\n" * 4
TO_ITSELF: Final = (
    b"HTTP/1.1 307 Again\r\nLocation: /campaigns/trigger/send\r\nContent-Length: 0\r\n\r\n"
)


def hundred_mb(peer: socket.socket) -> None:
    peer.sendall(HUNDRED_MB_HEAD)
    for _ in range(HUNDRED_MB // len(CHUNK)):
        peer.sendall(CHUNK)


# What the peer does, how far the request got, and the kind of its outcome.
FAULTS: dict[str, tuple[Script, str, Kind]] = {
    "accepted": (say(headed(ACCEPTED)), "answered", "accepted"),
    "accepted in gzip": (say(sockets.GOOD_GZIP), "answered", "accepted"),
    "EOF": (socket.socket.close, "interrupted", "unknown"),
    "reset after the request": (reset, "interrupted", "unknown"),
    "silence": (sockets.silence, "interrupted", "unknown"),
    "a status line that drips": (sockets.drip(headed(ACCEPTED)), "interrupted", "unknown"),
    "a status, then silence": (say(sockets.STATUS, then=sockets.silence), "interrupted", "unknown"),
    "a second piece just before the end": (say(b"HT", b"TP", pause=0.5), "interrupted", "unknown"),
    "garbage": (say(b"SSH-2.0-OpenSSH_9.7\r\n"), "interrupted", "unknown"),
    "too many headers": (say(sockets.MANY), "interrupted", "unknown"),
    "201 and silence": (say(sockets.NO_BODY, then=sockets.silence), "answered", "accepted"),
    "201 and a drip": (say(sockets.NO_BODY, *[b"x"] * 40, pause=0.05), "answered", "accepted"),
    "201 and a cut body": (say(headed(b'{"mess', length=40)), "answered", "accepted"),
    "201 and a reset": (say(headed(b'{"mess', length=40), then=reset), "answered", "accepted"),
    "201 and a cut chunk": (say(sockets.CHUNKED + b"28\r\n{"), "answered", "accepted"),
    "201 and bad gzip": (say(sockets.BAD_GZIP), "answered", "accepted"),
    "201 and HTML": (say(headed(b"<html></html>")), "answered", "accepted"),
    "201 and 4 MB": (say(headed(b" " * 4_000_000)), "answered", "accepted"),
    "HTML 502": (say(headed(b"<html>Bad Gateway", "502 Bad Gateway")), "answered", "unknown"),
    "JSON 503": (say(headed(b'{"message":"x"}', "503 Gone")), "answered", "not_sent"),
    "JSON 503, cut": (say(headed(b'{"message":', "503 Gone", 30)), "answered", "unknown"),
    "redirect and silence": (
        say(sockets.SLOW_REDIRECT, then=sockets.silence), "answered", "not_sent"
    ),
    "redirect": (say(sockets.REDIRECT), "answered", "not_sent"),
    "headers that drip": (
        say(HEADERS[:22], *(HEADERS[at : at + 1] for at in range(22, 50)), pause=0.1),
        "interrupted", "unknown",
    ),
    "201 and 100 MB": (hundred_mb, "answered", "accepted"),
    "201 and too short a length": (say(headed(ACCEPTED, length=5)), "answered", "accepted"),
    "201 and a length that is none": (
        say(headed(ACCEPTED).replace(b"Length: ", b"Length: x")), "answered", "accepted"
    ),
    "201 and a length below zero": (
        say(headed(ACCEPTED).replace(b"Length: ", b"Length: -")), "answered", "accepted"
    ),
    "503 and a body that drips": (
        say(headed(b'{"', "503 Gone", 40), *[b"x"] * 20, pause=0.05), "answered", "unknown"
    ),
    "307 to itself": (say(TO_ITSELF), "answered", "not_sent"),
}  # fmt: skip
