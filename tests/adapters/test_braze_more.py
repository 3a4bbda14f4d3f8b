"""The twenty-two ways in which a connection to Braze goes wrong, each with what it comes to."""

import socket
import time

import pytest
from requests import Session

from handler.braze import MAX_ANSWER
from handler.core.outcome import Kind, classify
from tests.adapters import test_braze, test_braze_connect, test_braze_tls
from tests.adapters.sockets import (
    ACCEPTED,
    LATEST,
    Script,
    braze,
    headed,
    say,
    sent,
)

HUNDRED_MB = 100_000_000
CHUNK = b" " * 1_000_000
HEADERS = b"HTTP/1.1 201 Created\r\n" + b"X-A: b\r\n" * 4


def hundred_mb(peer: socket.socket) -> None:
    peer.sendall(f"HTTP/1.1 201 Created\r\nContent-Length: {HUNDRED_MB}\r\n\r\n".encode())
    for _ in range(HUNDRED_MB // len(CHUNK)):
        peer.sendall(CHUNK)


# Beside those of tests/adapters/test_braze.py.
MORE: dict[str, tuple[Script, str, Kind]] = {
    "headers that drip": (
        say(HEADERS[:22], *(HEADERS[at : at + 1] for at in range(22, 50)), pause=0.1),
        "interrupted",
        "unknown",
    ),
    "201 and 100 MB": (hundred_mb, "answered", "accepted"),
    "201 and too short a length": (say(headed(ACCEPTED, length=5)), "answered", "accepted"),
    "201 and a length that is none": (
        say(headed(ACCEPTED).replace(b"Length: ", b"Length: x")),
        "answered",
        "accepted",
    ),
    "201 and a length below zero": (
        say(headed(ACCEPTED).replace(b"Length: ", b"Length: -")),
        "answered",
        "accepted",
    ),
    "503 and a body that drips": (
        say(headed(b'{"', "503 Gone", 40), *[b"x"] * 20, pause=0.05),
        "answered",
        "unknown",
    ),
    "307 to itself": (
        say(
            b"HTTP/1.1 307 Again\r\nLocation: /campaigns/trigger/send\r\nContent-Length: 0\r\n\r\n"
        ),
        "answered",
        "not_sent",
    ),
}
# Each with where it is proven: a row of a table, or a test.
TABLE: dict[str, object] = {
    "refuse": test_braze_connect.test_a_refused_connection_is_not_connected,
    "DNS failure": test_braze_connect.test_a_name_that_does_not_resolve_is_not_connected,
    "connect timeout": test_braze_connect.test_a_full_backlog_is_a_connect_timeout,
    "TLS failure": test_braze_tls.test_a_certificate_that_nobody_vouches_for_gets_no_request,
    "RST before request": test_braze_tls.test_a_reset_before_the_request_is_not_sent,
    "RST after request": "reset after the request",
    "EOF without answer": "EOF",
    "silence": "silence",
    "drip of headers": "headers that drip",
    "drip of body": "201 and a drip",
    "headers then silence": "201 and silence",
    "garbage status line": "garbage",
    "> 100 headers": "too many headers",
    "cut body with 2xx": "201 and a cut body",
    "RST in body with 2xx": "201 and a reset",
    "bad gzip with 2xx": "201 and bad gzip",
    "HTML 502": "HTML 502",
    "HTML 2xx": "201 and HTML",
    "100 MB body": "201 and 100 MB",
    "wrong Content-Length": "201 and too short a length",
    "redirect": "redirect",
    "slow TLS": test_braze_tls.test_tls_that_is_slow_keeps_the_deadline_and_nothing_is_sent,
}


def test_the_twenty_two_ways_are_all_proven() -> None:
    rows = test_braze.FAULTS.keys() | MORE.keys()
    assert len(TABLE) == 22
    assert [
        name for name, where in TABLE.items() if not callable(where) and where not in rows
    ] == []


@pytest.mark.parametrize("name", MORE)
def test_an_answer_says_how_far_the_request_got(session: Session, name: str) -> None:
    script, reached, kind = MORE[name]

    with braze(script) as peer:
        answer, took = sent(session, peer.url)

    assert (answer.reached, classify(answer, time.time()).kind) == (reached, kind)
    assert took < LATEST
    assert len(peer.requests) == 1
    assert len(answer.body) <= MAX_ANSWER


def test_of_a_hundred_megabytes_little_is_ever_read(session: Session) -> None:
    poured = 0

    def pour(peer: socket.socket) -> None:
        nonlocal poured
        peer.sendall(f"HTTP/1.1 201 Created\r\nContent-Length: {HUNDRED_MB}\r\n\r\n".encode())
        while poured < HUNDRED_MB:
            poured += peer.send(CHUNK)

    with braze(pour) as peer:
        answer, took = sent(session, peer.url)
        session.close()

    assert (answer.status, answer.cut, answer.body) == (201, True, b" " * MAX_ANSWER)
    assert took < LATEST
    assert poured < HUNDRED_MB / 4  # what the buffers of the system take


def keep(_peer: socket.socket) -> None:
    """Leave the connection open."""


LIE = headed(b'{"message":"a lie"}', "400 Bad")


@pytest.mark.parametrize(
    "script",
    [
        say(headed(ACCEPTED + LIE, length=len(ACCEPTED)), then=keep),
        say(headed(ACCEPTED), LIE, pause=0.05, then=keep),
    ],
)
def test_what_is_left_of_an_answer_is_never_taken_for_the_next_one(
    session: Session, script: Script
) -> None:
    answers = []
    with braze(script) as peer:
        for _ in range(3):
            answers.append(sent(session, peer.url)[0])
            time.sleep(0.1)  # what follows the answer has arrived
        session.close()

    assert [(it.status, it.body) for it in answers] == [(201, ACCEPTED)] * 3
    assert len(peer.requests) == 3
