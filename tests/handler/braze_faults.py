"""What Braze may do with a request on an open connection, and what each comes to."""

import socket
from typing import Final

from handler.core.braze.outcome import Kind
from tests.handler import sockets
from tests.handler.sockets import (
    ACCEPTED,
    PRELOAD,
    Script,
    broken_head,
    headed,
    interim,
    reset,
    say,
)

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


PAGE: Final = b"<!DOCTYPE html><html><body>We will be back soon</body></html>"
GOOD: Final = headed(ACCEPTED)
# What the peer does, how far the request got, and the kind of its outcome.
Faults = dict[str, tuple[Script, str, Kind]]


def endless(peer: socket.socket) -> None:
    """Send interim answers, and never a final one; it ends when the client hangs up."""
    while True:
        peer.sendall(interim(103, PRELOAD) * 100)


def _interim_answers() -> Faults:
    early = interim(103, PRELOAD)
    refused = headed(b'{"message": "Rate Limited"}', "429 Too Many")
    return {
        **{
            f"{status} and 201": (say(interim(status) + GOOD), "answered", "accepted")
            for status in (100, 102, 103, 104, 199)
        },
        "103, a pause and 201": (say(early, GOOD, pause=0.05), "answered", "accepted"),
        "201 in pieces after 103": (
            say(early[:30], early[30:] + GOOD[:9], GOOD[9:], pause=0.05), "answered", "accepted"
        ),
        "several interim answers": (
            say(interim(100) + early + interim(102) + early + GOOD), "answered", "accepted"
        ),
        "several, with pauses": (say(interim(102), early, early, GOOD, pause=0.03),
                                 "answered", "accepted"),
        "103 and 429": (say(early + refused), "answered", "not_sent"),
        "103 and HTML 502": (say(early + headed(PAGE, "502 Bad")), "answered", "unknown"),
        "103 and a broken 201": (say(early + broken_head("201 C")), "interrupted", "accepted"),
        "103 and nothing": (say(early), "interrupted", "unknown"),
        "103 and silence": (say(early, then=sockets.silence), "interrupted", "unknown"),
        "103 and a reset": (say(early, then=reset), "interrupted", "unknown"),
        "103 without an end": (say(early[:-2]), "interrupted", "unknown"),
        "103 and garbage": (say(early + b"SSH-2.0\r\n"), "interrupted", "unknown"),
        "102 again and again": (say(*[interim(102)] * 40, pause=0.05), "interrupted", "unknown"),
        "interim answers without an end": (endless, "interrupted", "unknown"),
        "an interim answer of 100 kB": (
            say(interim(103, "Link: " + "x" * 100_000) + GOOD), "interrupted", "unknown"
        ),
        "101 and 201": (say(interim(101, "Upgrade: h2c") + GOOD), "answered", "unknown"),
    }  # fmt: skip


def _broken_heads() -> Faults:
    """Return what follows a whole status line and is no head: a 201 counts, the others do not."""
    heads = {
        "too many headers": broken_head("201 C"),
        "a header of 70 kB": b"HTTP/1.1 201 C\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        "two lengths": b"HTTP/1.1 201 C\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}{}{}",
        "a version that is none": b"HTTP/2 201\r\n\r\n",
        "a status, then nothing": sockets.STATUS,
    }
    slow: dict[str, Script] = {
        "a status, then silence": say(sockets.STATUS, then=sockets.silence),
        "a status, then a reset": say(sockets.STATUS, then=reset),
        "headers that drip": say(
            HEADERS[:22], *(HEADERS[at : at + 1] for at in range(22, 50)), pause=0.1
        ),
    }
    others = ("200 OK", "202 Accepted", "204 Empty", "400 Bad", "401 No", "429 Many", "503 Away")
    faults: Faults = {name: (say(head), "interrupted", "accepted") for name, head in heads.items()}
    faults |= {name: (script, "interrupted", "accepted") for name, script in slow.items()}
    return (
        faults
        | {
            f"{status} and too many headers": (say(broken_head(status)), "interrupted", "unknown")
            for status in others
        }
        | _cut_heads(others)
    )


def _cut_heads(others: tuple[str, ...]) -> Faults:
    """Return heads that the end of the stream cuts: it is no empty line, and ends no head."""
    kinds: dict[str, Kind] = {**dict.fromkeys(others, "unknown"), "201 C": "accepted"}
    rests = {"then nothing": b"", "a cut header": b"Content-Le", "no empty line": b"X: 1\r\n"}
    return {
        f"{status} and {name}": (say(f"HTTP/1.1 {status}\r\n".encode() + rest), "interrupted", kind)
        for name, rest in rests.items()
        for status, kind in kinds.items()
    }


FAULTS: Faults = {
    "accepted": (say(headed(ACCEPTED)), "answered", "accepted"),
    "accepted in gzip": (say(sockets.GOOD_GZIP), "answered", "accepted"),
    "EOF": (socket.socket.close, "interrupted", "unknown"),
    "reset after the request": (reset, "interrupted", "unknown"),
    "silence": (sockets.silence, "interrupted", "unknown"),
    "a status line that drips": (sockets.drip(headed(ACCEPTED)), "interrupted", "unknown"),
    "a second piece just before the end": (say(b"HT", b"TP", pause=0.5), "interrupted", "unknown"),
    "garbage": (say(b"SSH-2.0-OpenSSH_9.7\r\n"), "interrupted", "unknown"),
    "201 and silence": (say(sockets.NO_BODY, then=sockets.silence), "answered", "accepted"),
    "201 and a drip": (say(sockets.NO_BODY, *[b"x"] * 40, pause=0.05), "answered", "accepted"),
    "201 and a cut body": (say(headed(b'{"mess', length=40)), "answered", "accepted"),
    "201 and a reset": (say(headed(b'{"mess', length=40), then=reset), "answered", "accepted"),
    "201 and a cut chunk": (say(sockets.CHUNKED + b"28\r\n{"), "answered", "accepted"),
    "201 and bad gzip": (say(sockets.BAD_GZIP), "answered", "accepted"),
    "201 and HTML": (say(headed(PAGE)), "answered", "accepted"),
    "200 and HTML": (say(headed(PAGE, "200 OK")), "answered", "unknown"),
    "202 and HTML": (say(headed(b"\n" + PAGE, "202 Accepted")), "answered", "unknown"),
    "200, HTML without a word": (
        say(headed(b"", "200 OK").replace(b"\r\n", b"\r\nContent-Type: text/html\r\n", 1)),
        "answered", "unknown",
    ),
    "200 and a cut body": (say(headed(b'{"mess', "200 OK", length=40)), "answered", "accepted"),
    "201 and 4 MB": (say(headed(b" " * 4_000_000)), "answered", "accepted"),
    "HTML 502": (say(headed(b"<html>Bad Gateway", "502 Bad Gateway")), "answered", "unknown"),
    "JSON 503": (say(headed(b'{"message":"x"}', "503 Gone")), "answered", "not_sent"),
    "JSON 503, cut": (say(headed(b'{"message":', "503 Gone", 30)), "answered", "unknown"),
    "redirect and silence": (
        say(sockets.SLOW_REDIRECT, then=sockets.silence), "answered", "not_sent"
    ),
    "redirect": (say(sockets.REDIRECT), "answered", "not_sent"),
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
    **_interim_answers(),
    **_broken_heads(),
}  # fmt: skip
