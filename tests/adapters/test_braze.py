import socket
import time

import pytest
from requests import Session

from handler import wire
from handler.braze import MAX_ANSWER
from handler.core.outcome import Answer, Kind, classify
from tests.adapters import sockets
from tests.adapters.sockets import (
    ACCEPTED,
    BODY,
    LATEST,
    Script,
    braze,
    headed,
    reset,
    say,
    sent,
)

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
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_an_answer_says_how_far_the_request_got(session: Session, name: str) -> None:
    script, reached, kind = FAULTS[name]

    with braze(script) as peer:
        answer, took = sent(session, peer.url)

    assert (answer.reached, classify(answer, time.time()).kind) == (reached, kind)
    assert took < LATEST
    assert len(peer.requests) == 1
    assert len(answer.body) <= MAX_ANSWER


def test_without_time_nothing_is_sent(session: Session) -> None:
    with braze(say(headed(ACCEPTED))) as peer:
        answer, _ = sent(session, peer.url, 0)

    assert answer == Answer("not_connected", why="no_time")
    assert peer.connections == 0


def test_the_request_is_json_with_the_key_and_nothing_of_the_environment(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("NETRC", "/nowhere")

    with braze(say(headed(ACCEPTED))) as peer:
        answer, _ = sent(session, peer.url)

    head, _, body = peer.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert answer.body == ACCEPTED
    assert body == BODY
    assert lines[0] == "POST /campaigns/trigger/send HTTP/1.1"
    assert sorted(lines[1:]) == [
        "Accept-Encoding: identity",
        "Accept: application/json",
        "Authorization: Bearer key",
        f"Content-Length: {len(BODY)}",
        "Content-Type: application/json",
        f"Host: {peer.url.removeprefix('http://')}",
        "User-Agent: braze-webhook-relay",
    ]


def keep(_peer: socket.socket) -> None:
    """Leave the connection open."""


@pytest.mark.parametrize("idle,connections", [(5, 1), (wire.MAX_IDLE + 1, 2)])
def test_a_connection_is_used_again_unless_it_was_idle_for_long(
    session: Session, monkeypatch: pytest.MonkeyPatch, idle: float, connections: int
) -> None:
    with braze(say(headed(ACCEPTED), then=keep)) as peer:
        # One after the other: the peer takes a new connection once the old one is closed.
        sent(session, peer.url)
        later = time.time() + idle
        monkeypatch.setattr("handler.wire.time.time", lambda: later)
        answer, _ = sent(session, peer.url)
        session.close()

    assert answer.status == 201
    assert peer.connections == connections


def test_a_connection_whose_body_was_not_read_to_its_end_is_not_used_again(
    session: Session,
) -> None:
    with braze(say(headed(b" " * 200_000), then=keep)) as peer:
        sent(session, peer.url)
        sent(session, peer.url)
        session.close()

    assert peer.connections == 2
