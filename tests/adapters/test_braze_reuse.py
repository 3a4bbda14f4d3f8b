"""A connection to Braze is used again only where nothing is left on it."""

import socket
import time

import pytest
from requests import Session

from handler import wire
from tests.adapters.sockets import ACCEPTED, Script, braze, headed, say, sent

LIE = headed(b'{"message":"a lie"}', "400 Bad")


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
