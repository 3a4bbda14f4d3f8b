"""One request to Braze: what goes out, and how far it got."""

import socket
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests import Session

from handler.braze_client.client import MAX_ANSWER
from handler.braze_client.session import open_session
from handler.core.braze.outcome import HttpResponse, classify
from tests.examples import examples
from tests.handler.braze_faults import CHUNK, FAULTS, HUNDRED_MB, HUNDRED_MB_HEAD
from tests.handler.sockets import ACCEPTED, BODY, LATEST, braze, headed, say, sent


@pytest.mark.parametrize("name", FAULTS)
def test_an_answer_says_how_far_the_request_got(session: Session, name: str) -> None:
    script, reached, kind = FAULTS[name]

    with braze(script) as peer:
        answer, took = sent(session, peer.url)

    assert (answer.reached, classify(answer, time.time()).kind) == (reached, kind)
    assert took < LATEST
    assert len(peer.requests) == 1
    assert len(answer.body) <= MAX_ANSWER


HEADERS = st.sampled_from(
    [
        *("Content-Length: 5", "Content-Length: -5", "Content-Length: 5, 6", "Content-Length: 9e9"),
        *("Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Connection: close"),
        *("Content-Encoding: gzip", "Content-Encoding: gzip, gzip, gzip, gzip, gzip, gzip, gzip"),
        *("Content-Encoding: deflate", "Content-Encoding: br, zstd", "Location: //["),
        *("Set-Cookie: a=b; expires=never; Max-Age=x", "Set-Cookie: ", "X: " + "x" * 66_000),
        *(
            "no header at all",
            ": nameless",
            " folded",
            "Content-Type: ;;=",
            "\x00",
            "\xff\xfe: \xff",
        ),
    ]
).map(lambda line: f"{line}\r\n".encode("latin-1"))
REST = st.one_of(
    st.binary(max_size=300),
    st.builds(
        lambda headers, body: b"".join(headers) + b"\r\n" + body,
        st.lists(HEADERS, max_size=5) | HEADERS.map(lambda line: [line] * 110),
        st.sampled_from([ACCEPTED, b"5\r\nxxxxx\r\n0\r\n\r\n", b"-5\r\n", b"fffffffffffffffff\r\n"])
        | st.binary(max_size=50),
    ),
)


@settings(deadline=None, max_examples=examples(50))
@given(REST)
def test_a_whole_201_counts_whatever_follows_it(rest: bytes) -> None:
    with open_session() as session, braze(say(b"HTTP/1.1 201 Created\r\n" + rest)) as peer:
        answer, _ = sent(session, peer.url)

    outcome = classify(answer, time.time())
    assert (outcome.kind, outcome.status) == ("accepted", 201) or outcome.reason in (
        "notice", "target_paused"
    )  # fmt: skip


def test_of_a_hundred_megabytes_little_is_ever_read(session: Session) -> None:
    poured = 0

    def pour(peer: socket.socket) -> None:
        nonlocal poured
        peer.sendall(HUNDRED_MB_HEAD)
        while poured < HUNDRED_MB:
            poured += peer.send(CHUNK)

    with braze(pour) as peer:
        answer, took = sent(session, peer.url)
        session.close()

    assert (answer.status, answer.cut, answer.body) == (201, True, b" " * MAX_ANSWER)
    assert took < LATEST
    assert poured < HUNDRED_MB / 4  # what the buffers of the system take


def test_without_time_nothing_is_sent(session: Session) -> None:
    with braze(say(headed(ACCEPTED))) as peer:
        answer, _ = sent(session, peer.url, 0)

    assert answer == HttpResponse("not_connected", why="no_time")
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
