"""Faults of the simulated Braze, which strike on request: over real sockets."""

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests

from relay.simulated_braze.app import DEFAULT_KEY
from tests.relay.simulated_braze.simulated import (
    CAMPAIGN,
    ID,
    NEW,
    NOON,
    Client,
)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(
    "fault, error",
    [
        ({"kind": "hang"}, requests.ReadTimeout),
        ({"kind": "slow"}, requests.ReadTimeout),
        ({"kind": "reset"}, requests.ConnectionError),
        ({"kind": "cut"}, requests.exceptions.ChunkedEncodingError),
        ({"kind": "status"}, None),
    ],
)
def test_fault_strikes_before_or_after_the_send(
    braze: Client, fault: dict[str, Any], error: type[Exception] | None, *, after: bool
) -> None:
    braze.call("POST", "/faults", [fault | {"after": after, "times": 1}])
    body = {"campaign_id": ID, "recipients": [NEW]}

    if error is None:
        assert braze.post(CAMPAIGN, body).json() == {"message": "simulated fault"}
    else:
        with pytest.raises(error) as caught:
            braze.post(CAMPAIGN, body, timeout=0.2)
        assert ("reset by peer" in str(caught.value)) is (fault["kind"] == "reset")

    (entry,) = braze.call("GET", "/requests")
    assert (entry["fault"], entry["body"]) == (fault["kind"], body)
    assert entry["status"] == {"status": 503, "cut": 201}.get(fault["kind"])
    assert entry["outcome"] == ("accepted" if after else None)
    assert len(braze.sends()) == after
    assert braze.trigger(NEW).status_code == 201


def raw_answer(braze: Client) -> bytes:
    """Trigger a send over a socket of its own; return all that is answered within a moment."""
    host = braze.url.removeprefix("http://")
    address, port = host.split(":")
    body = json.dumps({"campaign_id": ID, "recipients": [NEW]})
    head = [
        f"POST {CAMPAIGN} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: Bearer {DEFAULT_KEY}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    found = b""
    with socket.create_connection((address, int(port)), timeout=1) as sock:
        sock.sendall(("\r\n".join([*head, "", ""]) + body).encode())
        with suppress(TimeoutError):
            while piece := sock.recv(65_536):
                found += piece
    return found


@pytest.mark.parametrize("after", [False, True])
def test_interim_answers_come_before_the_answer(braze: Client, *, after: bool) -> None:
    fault = {"kind": "interim", "interim": [102, 103], "seconds": 0, "after": after}
    braze.call("POST", "/faults", [fault])

    found = raw_answer(braze)

    assert re.findall(rb"HTTP/1.1 (\d+)", found) == [b"102", b"103", b"201"]
    assert found.endswith(b'"message": "success"}')
    assert len(braze.sends()) == 1


def test_a_stray_answer_comes_behind_the_answer(braze: Client) -> None:
    braze.call("POST", "/faults", [{"kind": "stray", "status": 400}])

    found = raw_answer(braze)

    assert re.findall(rb"HTTP/1.1 (\d+)", found) == [b"201", b"400"]
    assert len(braze.sends()) == 1


def test_of_a_headless_answer_nothing_but_the_status_line_can_be_read(braze: Client) -> None:
    braze.call("POST", "/faults", [{"kind": "headless", "after": True}])

    assert raw_answer(braze).startswith(b"HTTP/1.1 201 Simulated\r\nX-Fault: xxx")
    assert len(braze.sends()) == 1


def test_an_interim_answer_has_a_status_below_200(braze: Client) -> None:
    answer = braze.session.post(
        f"{braze.url}/_sim/faults", json=[{"kind": "interim", "interim": [201]}]
    )
    assert answer.status_code == 400


def test_slow_answers_in_the_end(braze: Client) -> None:
    braze.call("POST", "/faults", [{"kind": "slow", "seconds": 0.2}])
    begun = time.monotonic()

    assert braze.trigger(NEW).status_code == 201
    assert time.monotonic() - begun >= 0.2


def test_status_gives_the_body_and_headers_it_was_told(braze: Client) -> None:
    page = {"kind": "status", "status": 502, "body": "<h1>Bad", "times": 1}
    limit = {"kind": "status", "status": 429, "times": 1}
    retry = limit | {"body": {"message": "m"}, "headers": {"X-Ratelimit-Retry-After": "9"}}
    braze.call("POST", "/faults", [page, limit, retry])

    first, second, third = braze.trigger(NEW), braze.trigger(NEW), braze.trigger(NEW)

    assert (first.status_code, first.text) == (502, "<h1>Bad")
    assert first.headers["content-type"].startswith("text/html")
    assert second.headers["x-ratelimit-remaining"] == "0"
    assert second.headers["x-ratelimit-reset"] == str(int(NOON) + 3600)
    assert third.json() == {"message": "m"}
    assert third.headers["x-ratelimit-retry-after"] == "9"
    assert "x-ratelimit-reset" not in third.headers


@pytest.mark.parametrize(
    "limit, header, value",
    [
        ("epoch", "x-ratelimit-reset", f"{NOON + 3600:.0f}"),
        ("seconds", "x-ratelimit-reset", "3600"),
        ("retry_after", "x-ratelimit-retry-after", "3600"),
        ("past", "x-ratelimit-reset", f"{NOON - 3600:.0f}"),
        ("far", "x-ratelimit-reset", f"{NOON + 366 * 86_400:.0f}"),
        ("negative", "x-ratelimit-retry-after", "-1"),
        ("huge", "x-ratelimit-retry-after", "9" * 400),
        ("words", "retry-after", "Sat, 01 Jan 2000 00:00:00 GMT"),
        ("none", "retry-after", None),
    ],
)
def test_a_rate_limit_tells_when_to_come_back_in_good_and_bad_ways(
    braze: Client, limit: str, header: str, value: str | None
) -> None:
    braze.call("POST", "/faults", [{"kind": "status", "status": 429, "limit": limit}])

    answer = braze.trigger(NEW)

    assert (answer.status_code, answer.headers.get(header)) == (429, value)
    told = {"x-ratelimit-reset", "x-ratelimit-retry-after", "retry-after"} & answer.headers.keys()
    assert told == ({header} if value else set())


def test_an_answer_may_drip_and_may_be_huge(braze: Client) -> None:
    drip = {"kind": "drip", "seconds": 0.01, "times": 1, "after": True}
    braze.call("POST", "/faults", [drip, {"kind": "huge", "size": 5_000_000, "after": True}])
    begun = time.monotonic()

    dripped = braze.post(CAMPAIGN, {"campaign_id": ID, "recipients": [NEW]}, timeout=0.3)
    took = time.monotonic() - begun
    huge = braze.trigger(NEW)

    assert (dripped.status_code, dripped.json()["message"]) == (201, "success")
    assert took > 0.5  # longer than the timeout of each wait
    assert (huge.json()["message"], len(huge.content)) == ("success", 5_000_000)
    assert len(braze.sends()) == 2


def test_status_can_redirect_and_lie_about_its_encoding(braze: Client) -> None:
    faults = [
        {"kind": "status", "status": 302, "headers": {"location": "/"}, "times": 1},
        {"kind": "status", "status": 201, "body": "no", "headers": {"content-encoding": "gzip"}},
    ]
    braze.call("POST", "/faults", faults)

    body = {"campaign_id": ID, "recipients": [NEW]}
    moved = braze.post(CAMPAIGN, body, allow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (302, "/")
    with pytest.raises(requests.exceptions.ContentDecodingError):
        braze.post(CAMPAIGN, body)


def test_a_fault_of_one_campaign_leaves_the_others(braze: Client) -> None:
    braze.call("POST", "/faults", [{"kind": "status", "status": 500, "target": ID}])
    other = ID.replace("4", "5")

    assert braze.trigger(NEW).status_code == 500
    assert braze.trigger(NEW, campaign_id=other).status_code == 201
    transactional = braze.post(f"/transactional/v1/campaigns/{ID}/send", {})
    assert transactional.status_code == 500


def test_notice_sends_nothing_and_errors_send(braze: Client) -> None:
    faults = [{"kind": "notice", "times": 1}, {"kind": "errors", "body": ["minor"], "times": 1}]
    braze.call("POST", "/faults", faults)

    assert "Canvas is paused" in braze.trigger(NEW).json()["notice"]
    assert braze.sends() == []
    assert braze.trigger(NEW).json()["errors"] == ["minor"]
    assert len(braze.sends()) == 1
    assert [r["outcome"] for r in braze.call("GET", "/requests")] == ["notice", "accepted"]


REFUSED = {"type": "EMAIL_BAD_FORMAT", "input_array": "recipients", "index": 1}


@pytest.mark.parametrize(
    "errors, reached",
    [
        ([REFUSED], [True, False, True]),
        ([{"type": "x", "index": 0}, REFUSED], [False, False, True]),
        ([REFUSED | {"input_array": "events"}, "recipients[1]", {"index": "1"}], [True] * 3),
        ([REFUSED | {"index": 7}, {"index": True}, {}], [True] * 3),
    ],
)
def test_a_recipient_that_an_error_names_is_not_sent_to_and_nothing_of_it_is_written(
    braze: Client, errors: list[Any], reached: list[bool]
) -> None:
    braze.call("POST", "/faults", [{"kind": "errors", "body": errors}])

    answer = braze.trigger(*(NEW | {"external_user_id": user} for user in "abc"))

    assert (answer.status_code, answer.json()["errors"]) == (201, errors)
    sends = braze.sends()
    assert [one["reached"] for one in sends] == reached
    assert [one["recipient"] for one in sends] == [{"external_user_id": user} for user in "abc"]
    lost = {one["because"] for one in sends if not one["reached"]}
    assert lost <= {"the errors of the answer name this recipient"}
    made = [user for user, was in zip("abc", reached, strict=True) if was]
    assert list(braze.call("GET", "/profiles")) == made


def test_faults_last_until_cleared_and_improbable_ones_do_not_strike(braze: Client) -> None:
    braze.call("POST", "/faults", [{"kind": "reset", "probability": 0}, {"kind": "status"}])
    assert [braze.trigger(NEW).status_code for _ in range(3)] == [503] * 3

    assert braze.call("DELETE", "/faults") == braze.call("GET", "/faults") == []
    assert braze.trigger(NEW).status_code == 201


def test_control_api_says_what_it_cannot_take(braze: Client) -> None:
    answer = braze.post("/_sim/faults", [{"kind": "sing"}])
    assert (answer.status_code, "kind" in answer.json()["error"]) == (400, True)
    assert braze.session.get(braze.url + "/_sim/nothing", timeout=60).status_code == 404
    assert braze.call("GET", "/health") == {"status": "ok"}


@pytest.fixture(params=["relay.simulated_braze", "relay"])
def command(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    start = {
        "relay.simulated_braze": [sys.executable, "-m", "relay.simulated_braze"],
        "relay": [sys.executable, "-c", "from relay.cli import main; main()", "braze"],
    }[request.param]
    line = [*start, "--port", "0", "--key", "k"]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdout=pipe, stderr=pipe, text=True) as server:
        yield server
        server.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_command_says_when_it_is_ready_and_ends_at_once_even_with_a_hanging_request(
    command: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert command.stdout is not None
    ready, url = command.stdout.readline().split()
    requests.post(f"{url}/_sim/faults", json=[{"kind": "hang"}], timeout=60)
    threading.Timer(0.3, command.send_signal, [number]).start()

    with pytest.raises(requests.ConnectionError):  # one that is waited for ends as ReadTimeout
        requests.post(url + CAMPAIGN, timeout=60)

    out, err = command.communicate(timeout=60)
    assert (ready, out, err, command.returncode) == ("ready", "", "", 0)
