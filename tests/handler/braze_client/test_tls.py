"""TLS that fails, is slow or is nobody's: the request is not sent, and the deadline is kept."""

import io
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest
from requests import Session

from handler.core.braze.outcome import classify
from tests.handler.sockets import (
    ACCEPTED,
    BODY,
    LATEST,
    SECONDS,
    Script,
    braze,
    headed,
    interim,
    keep,
    read_request,
    reset,
    say,
    sent,
    silence,
)


@contextmanager
def listening(act: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[bytes]]]:
    """Do with the first connection what `act` says; yield the URL over TLS, and what came after."""
    heard: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        with peer:
            try:
                act(peer)
                heard.append(peer.recv(65_536))
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", heard
        thread.join(2 * SECONDS + 2)


def reset_at_the_greeting(peer: socket.socket) -> None:
    peer.recv(1_000)
    reset(peer)


def test_a_reset_before_the_request_is_not_sent(session: Session) -> None:
    with listening(reset_at_the_greeting) as (url, _):
        answer, took = sent(session, url)

    assert (answer.reached, classify(answer, 0).kind) == ("not_connected", "not_sent")
    assert took < LATEST


def hold_back(peer: socket.socket) -> None:
    time.sleep(SECONDS + 1.3)
    peer.settimeout(0.1)


def drip_a_handshake(peer: socket.socket) -> None:
    # The head of a TLS record of 16,384 bytes, and some of it: more is always to come.
    for byte in b"\x16\x03\x03\x40\x00" + bytes(40):
        peer.sendall(bytes([byte]))
        time.sleep(0.1)


@pytest.mark.parametrize("act", [hold_back, drip_a_handshake])
def test_tls_that_is_slow_keeps_the_deadline_and_nothing_is_sent(
    session: Session, act: Script
) -> None:
    with listening(act) as (url, heard):
        answer, took = sent(session, url)

    assert (answer.reached, classify(answer, 0).kind) == ("not_connected", "not_sent")
    assert took < LATEST
    assert not any(BODY in it or b"Bearer" in it for it in heard)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1, signed by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "made.pem", folder / "key.pem"
    command = "openssl req -x509 -nodes -newkey rsa:2048 -days 2 -subj /CN=127.0.0.1"
    options = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made)]
    subprocess.run([*command.split(), *options], check=True, capture_output=True)
    return made, key


@contextmanager
def braze_with(certificate: tuple[Path, Path], wait: float) -> Iterator[tuple[str, list[bytes]]]:
    """Serve TLS with this certificate, the handshake only after `wait` seconds."""
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    requests: list[bytes] = []

    def act(peer: socket.socket) -> None:
        time.sleep(wait)
        with context.wrap_socket(peer, server_side=True) as secure:
            requests.append(read_request(secure))
            secure.sendall(headed(ACCEPTED))

    with listening(act) as (url, _):
        yield url, requests


def test_a_certificate_that_nobody_vouches_for_gets_no_request(
    session: Session, certificate: tuple[Path, Path]
) -> None:
    with braze_with(certificate, 0) as (url, requests):
        answer, took = sent(session, url)

    assert (answer.reached, answer.why) == ("not_connected", "tls")
    assert classify(answer, 0).kind == "not_sent"
    assert took < LATEST
    assert requests == []


@pytest.mark.parametrize("wait", [0, 0.3])
def test_tls_that_takes_its_time_and_is_in_time_is_accepted(
    session: Session, certificate: tuple[Path, Path], wait: float
) -> None:
    session.verify = str(certificate[0])

    with braze_with(certificate, wait) as (url, requests):
        answer, took = sent(session, url)

    assert (answer.status, answer.body) == (201, ACCEPTED)
    assert wait < took < LATEST
    assert requests[0].endswith(BODY)


def test_a_body_that_is_silent_over_tls_keeps_the_deadline_and_is_accepted(
    session: Session, certificate: tuple[Path, Path]
) -> None:
    session.verify = str(certificate[0])
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def act(peer: socket.socket) -> None:
        with context.wrap_socket(peer, server_side=True) as secure:
            read_request(secure)
            secure.sendall(headed(b"", length=40))
            silence(peer)

    with listening(act) as (url, _):
        answer, took = sent(session, url)

    assert (answer.status, answer.cut) == (201, True)
    assert classify(answer, 0).kind == "accepted"
    assert took < LATEST


def talking(certificate: tuple[Path, Path], session: Session) -> SSLContext:
    """Return a server's context that the session trusts."""
    session.verify = str(certificate[0])
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def test_interim_answers_over_tls_are_passed_over_and_the_connection_is_used_again(
    session: Session, certificate: tuple[Path, Path]
) -> None:
    script = say(interim(103), interim(102) + headed(ACCEPTED), then=keep)

    with braze(script, talking(certificate, session)) as peer:
        answers = [sent(session, peer.url)[0] for _ in range(4)]
        session.close()

    assert [(it.status, it.body) for it in answers] == [(201, ACCEPTED)] * 4
    assert (peer.connections, len(peer.requests)) == (1, 4)


def test_what_tls_has_decrypted_behind_an_answer_is_not_the_next_one(
    session: Session, certificate: tuple[Path, Path]
) -> None:
    """Send two answers in one record: the first one is just what is read at a time."""
    size = io.DEFAULT_BUFFER_SIZE
    whole = headed(b" " * (size - len(headed(b"")) - 3))
    stray = headed(b'{"message": "a lie"}', "400 Bad")

    with braze(say(whole + stray, then=keep), talking(certificate, session)) as peer:
        answers = [sent(session, peer.url)[0] for _ in range(3)]
        session.close()

    assert len(whole) == size
    assert [it.status for it in answers] == [201] * 3
    assert len(peer.requests) == 3
