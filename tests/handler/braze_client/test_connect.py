import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from requests import Session

from handler.braze_client import session as session_module
from handler.core.braze.outcome import classify
from tests.handler.sockets import ACCEPTED, BODY, LATEST, SECONDS, braze, headed, reset, say, sent

Found = tuple[Any, ...]


@pytest.fixture
def swallowed() -> Iterator[Found]:
    """An address that answers nothing: the one place in its backlog is taken."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        with socket.create_connection(address):
            yield socket.AF_INET, socket.SOCK_STREAM, 6, "", address


def resolve_to(monkeypatch: pytest.MonkeyPatch, *found: Found) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: list(found))


def test_many_addresses_that_answer_nothing_keep_the_deadline(
    session: Session, swallowed: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(monkeypatch, swallowed, swallowed, swallowed)

    answer, took = sent(session, "http://many.invalid:80")

    assert (answer.reached, answer.why) == ("not_connected", "connect_timeout")
    assert took < LATEST


def test_an_address_that_answers_nothing_leaves_time_for_the_next(
    session: Session, swallowed: Found, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "CONNECT", 0.1)

    with braze(say(headed(ACCEPTED))) as peer:
        good = (*swallowed[:4], ("127.0.0.1", int(peer.url.rsplit(":", 1)[1])))
        resolve_to(monkeypatch, swallowed, good)
        answer, took = sent(session, "http://many.invalid:80")

    assert answer.status == 201
    assert took < LATEST


def test_a_refused_connection_is_not_connected(session: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    answer, took = sent(session, f"http://127.0.0.1:{port}")

    assert (answer.reached, answer.why) == ("not_connected", "refused")
    assert took < LATEST


def test_a_name_that_does_not_resolve_is_not_connected(session: Session) -> None:
    answer, _ = sent(session, "http://nobody.invalid:80", 5)

    assert (answer.reached, answer.why) == ("not_connected", "dns")


def test_a_body_that_was_asked_for_too_late_was_not_sent(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*given: Any, **named: Any) -> Any:
        time.sleep(SECONDS + 0.1)
        return resolve(*given, **named)

    resolve = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", slowly)

    with braze(say(headed(ACCEPTED))) as peer:
        answer, _ = sent(session, peer.url)

    assert answer.reached == "not_connected"
    assert not any(BODY in request for request in peer.requests)


def test_a_full_backlog_is_a_connect_timeout(session: Session) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        with socket.create_connection(address):  # the one place in the backlog
            answer, took = sent(session, f"http://127.0.0.1:{address[1]}")

    assert (answer.reached, answer.why) == ("not_connected", "connect_timeout")
    assert took < LATEST


@pytest.mark.parametrize("words", [b"HTTP/1.1 400 no TLS here\r\n\r\n", b""])
def test_a_failed_tls_handshake_is_not_connected(session: Session, words: bytes) -> None:
    def no_tls(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            peer.recv(1_000)
            peer.sendall(words)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=no_tls, args=(listener,), daemon=True)
        thread.start()
        answer, took = sent(session, f"https://127.0.0.1:{listener.getsockname()[1]}")
        thread.join(2)

    assert answer.reached == "not_connected"
    assert took < LATEST


def test_a_reset_at_the_accept_never_counts_as_answered(session: Session) -> None:
    def at_once(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        reset(peer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=at_once, args=(listener,), daemon=True)
        thread.start()
        answer, _ = sent(session, f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join(2)

    assert classify(answer, time.time()).kind in ("unknown", "not_sent")
