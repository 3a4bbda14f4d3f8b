"""A connection to Braze is used again only where nothing is left on it: no answer is another's."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import ResponseNotReady
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests import Session
from urllib3.connection import HTTPConnection
from urllib3.util.wait import wait_for_read

from handler.braze_client import session as session_module
from handler.core.braze.outcome import classify
from tests.examples import examples
from tests.handler.sockets import (
    ACCEPTED,
    PRELOAD,
    Braze,
    Script,
    braze,
    broken_head,
    headed,
    interim,
    keep,
    read_request,
    say,
    sent,
)

LIE = headed(b'{"message":"a lie"}', "400 Bad")
EARLY = interim(103, PRELOAD)
CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n"
PATIENCE = 5.0  # seconds, on a busy machine


@contextmanager
def numbered(
    before: bytes = b"",
    after: bytes = b"",
    *,
    pause: float = 0,
    done: threading.Semaphore | None = None,
) -> Iterator[Braze]:
    """Answer the nth request with its number, between what comes before and after each answer.

    `done` is released once all of an answer is sent.
    """

    def script(peer: socket.socket) -> None:
        number = f'{{"message":"success","dispatch_id":"{len(told.requests)}"}}'.encode()
        for piece in (
            (before, headed(number), after) if pause else (before + headed(number) + after,)
        ):
            peer.sendall(piece)
            time.sleep(pause)
        if done is not None:
            done.release()

    with braze(script) as told:
        yield told


def ids(
    session: Session, peer: Braze, count: int, done: threading.Semaphore | None = None
) -> list[str | None]:
    """Send so many requests, each after all of the last answer; return the ids in the answers."""
    found = []
    for _ in range(count):
        answer, _ = sent(session, peer.url, PATIENCE)
        found.append(classify(answer, 0).dispatch_id)
        assert done is None or done.acquire(timeout=PATIENCE)
    session.close()
    return found


@pytest.mark.parametrize("pause", [0, 0.03])
@pytest.mark.parametrize(
    "before",
    [
        *(interim(status) for status in (100, 102, 103, 150, 199)),
        interim(100) + EARLY,
        EARLY * 3 + interim(102),
    ],
    ids=lambda before: before.decode().replace("\r\n", " "),
)
def test_interim_answers_are_passed_over_on_a_new_connection_and_on_a_used_one(
    session: Session, before: bytes, pause: float
) -> None:
    with numbered(before, pause=pause) as peer:
        found = ids(session, peer, 4)

    assert found == ["1", "2", "3", "4"]
    assert peer.connections == 1  # nothing is left on it


@pytest.mark.parametrize("pause", [0, 0.03])
@pytest.mark.parametrize(
    "after",
    [EARLY, EARLY[:20], interim(102) * 3, LIE, LIE[:12], b"\r\n", b"0", headed(b"", "408 Slow")],
)
def test_what_comes_behind_an_answer_is_not_taken_for_the_next_one(
    session: Session, after: bytes, pause: float
) -> None:
    done = threading.Semaphore(0)
    with numbered(after=after, pause=pause, done=done) as peer:
        found = ids(session, peer, 4, done)

    assert found == ["1", "2", "3", "4"]
    assert peer.connections == 4


@pytest.mark.parametrize(
    "answer",
    [
        interim(101, "Upgrade: h2c"),
        headed(b"", "204 Empty"),
        headed(ACCEPTED, "204 Body"),
        headed(ACCEPTED, "304 Body"),
        b"HTTP/1.1 204 Empty\r\n\r\n",
        b"HTTP/1.0 201 Created\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        broken_head("201 Created"),
        EARLY + broken_head("200 OK"),
        b"HTTP/1.1 201 C\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        CHUNKED + b"Content-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n{}",
        CHUNKED + b"Content-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",  # two ends: RFC 9112, 6.3
    ],
    ids=lambda answer: answer.decode()[:40],
)
def test_after_an_answer_whose_end_is_not_certain_a_connection_is_not_used_again(
    session: Session, answer: bytes
) -> None:
    with braze(say(answer, then=keep)) as peer:
        sent(session, peer.url)
        sent(session, peer.url)
        session.close()

    assert peer.connections == 2


def test_what_comes_before_the_request_was_sent_is_no_answer_to_it(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let Braze's side give up an idle connection just when it is used again."""
    bodies: list[bytes] = []
    first, slow = headed(ACCEPTED), headed(b"", "408 Request Timeout")

    def serve(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            bodies.append(read_request(peer))
            peer.sendall(first)
            bodies.append(peer.recv(65_536))
            peer.sendall(slow)
            with suppress(ConnectionResetError):  # it hangs up with our answer unread
                bodies.append(peer.recv(65_536))

    def patiently(self: Any, *args: Any, **kwargs: Any) -> None:
        real(self, *args, **kwargs)
        if bodies:
            wait_for_read(self.sock, PATIENCE)

    real = HTTPConnection.endheaders
    monkeypatch.setattr(HTTPConnection, "endheaders", patiently)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        accepted, _ = sent(session, url, PATIENCE)
        answer, _ = sent(session, url, PATIENCE)
        thread.join(PATIENCE)

    assert accepted.status == 201
    assert (answer.reached, classify(answer, 0).kind) == ("not_connected", "not_sent")
    assert bodies[1].endswith(b"\r\n\r\n")
    assert b"".join(bodies[2:]) == b""


def test_an_answer_to_a_request_that_was_not_sent_whole_ends_its_connection(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(self: Any, data: bytes) -> None:
        real(self, data)
        if data.startswith(b"{"):  # it has gone out all the same, so that an answer comes
            raise BrokenPipeError

    real = HTTPConnection.send
    with braze(say(headed(ACCEPTED), then=keep)) as peer:
        with monkeypatch.context() as patched:
            patched.setattr(HTTPConnection, "send", cut)
            sent(session, peer.url)
        sent(session, peer.url)
        session.close()

    assert peer.connections == 2


def test_a_failure_before_an_answer_begins_is_not_taken_for_the_answer_before_it(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: Any) -> None:
        raise ResponseNotReady

    with braze(say(headed(ACCEPTED), then=keep)) as peer:
        accepted, _ = sent(session, peer.url)
        monkeypatch.setattr(HTTPConnection, "getresponse", fail)
        answer, _ = sent(session, peer.url)
        session.close()

    assert (accepted.status, peer.connections) == (201, 1)
    assert (answer.reached, answer.status) == ("interrupted", None)


noise = st.lists(
    st.builds(
        interim,
        st.integers(100, 199).filter(lambda status: status != 101),
        st.from_regex(r"[A-Z][a-z]{0,9}: [ -~]{0,40}", fullmatch=True),
    ),
    max_size=5,
).map(b"".join)


@settings(deadline=None, max_examples=examples(25))
@given(before=noise, after=noise)
def test_whatever_interim_answers_come_each_request_gets_its_own_answer(
    before: bytes, after: bytes
) -> None:
    with session_module.open_session() as session, numbered(before, after) as peer:
        assert ids(session, peer, 3) == ["1", "2", "3"]


@pytest.mark.parametrize("idle,connections", [(5, 1), (session_module.MAX_IDLE + 1, 2)])
def test_a_connection_is_used_again_unless_it_was_idle_for_long(
    session: Session, monkeypatch: pytest.MonkeyPatch, idle: float, connections: int
) -> None:
    with braze(say(headed(ACCEPTED), then=keep)) as peer:
        # One after the other: the peer takes a new connection once the old one is closed.
        sent(session, peer.url)
        later = time.time() + idle
        monkeypatch.setattr("handler.braze_client.session.time.time", lambda: later)
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
