"""What the simulated Braze takes, refuses, remembers and breaks: over real sockets."""

import asyncio
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from relay.braze.__main__ import listen
from relay.braze.app import MAX_BODY, create_app

CAMPAIGN, CANVAS = "/campaigns/trigger/send", "/canvas/trigger/send"
ID = "417220e4-5a2a-b634-7f7d-9ec891532368"
NOON = 1_800_000_000.0  # the start of a clock hour
ALIAS = {"alias_name": "a", "alias_label": "b"}
NEW = {"external_user_id": "u", "send_to_existing_only": False, "attributes": {"city": "Oslo"}}
KNOWN = {"external_user_id": "u"}
BY_EMAIL = {"email": "a@x.io", "prioritization": ["identified"]}
LARGE = {"text": "x" * 51_200}
Started = queue.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]]
NO_ID: dict[str, Any] = {"recipients": [KNOWN]}


class Client:
    """Speaks to one simulated Braze; `now` is its clock."""

    def __init__(self, session: requests.Session) -> None:
        self.session = session
        self.url = ""
        self.now = NOON

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        answer = self.session.request(method, f"{self.url}/_sim{path}", json=body, timeout=5)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: object, **options: Any) -> requests.Response:  # noqa: ANN401 - passed on to requests
        headers = {"Authorization": "Bearer local-braze-key"}
        return self.session.post(
            self.url + path, **{"json": body, "headers": headers, "timeout": 5, **options}
        )

    def trigger(self, *recipients: object, **more: object) -> requests.Response:
        return self.post(CAMPAIGN, {"campaign_id": ID, "recipients": recipients, **more})

    def sends(self) -> list[dict[str, Any]]:
        sends: list[dict[str, Any]] = self.call("GET", "/sends")
        return sends


def _serve(client: Client, started: Started) -> None:
    async def serve() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        runner, port = await listen(create_app(clock=lambda: client.now, limit=100), 0)
        client.url = f"http://127.0.0.1:{port}"
        started.put((loop, stop))
        await stop.wait()
        await runner.cleanup()

    asyncio.run(serve())


@pytest.fixture(scope="module")
def shared() -> Iterator[Client]:
    started: Started = queue.Queue()
    with requests.Session() as session:
        session.trust_env = False
        client = Client(session)
        thread = threading.Thread(target=_serve, args=(client, started))
        thread.start()
        loop, stop = started.get(timeout=5)
        yield client
    loop.call_soon_threadsafe(stop.set)
    thread.join(timeout=5)
    assert not thread.is_alive()


@pytest.fixture
def braze(shared: Client) -> Client:
    shared.now = NOON
    shared.call("DELETE", "")
    return shared


@pytest.mark.parametrize(
    "options, status",
    [
        ({"headers": {"Authorization": "Bearer other"}}, 401),
        ({"headers": {"Authorization": '"Bearer local-braze-key"'}}, 401),
        ({"headers": {}}, 401),
        ({"json": None, "data": "{"}, 415),
        ({"json": None, "data": "{", "headers": {"Content-Type": "application/json"}}, 400),
        ({"json": []}, 400),
        ({"json": {"x": "x" * MAX_BODY}}, 413),
    ],
)
def test_request_that_is_not_braze_s_is_refused_and_recorded(
    braze: Client, options: dict[str, Any], status: int
) -> None:
    answer = braze.post(CAMPAIGN, {"campaign_id": ID, "recipients": [NEW]}, **options)

    assert answer.status_code == status
    (entry,) = braze.call("GET", "/requests")
    assert (entry["status"], entry["outcome"], braze.sends()) == (status, "rejected", [])


def test_bad_json_is_told_under_error_and_an_unknown_path_under_message(braze: Client) -> None:
    assert "Error while parsing" in braze.post(CAMPAIGN, "text").json()["error"]
    assert braze.post("/campaigns/trigger/sent", {}).json() == {"message": "Invalid URL"}
    assert braze.session.get(braze.url + CAMPAIGN, timeout=5).status_code == 404


@pytest.mark.parametrize(
    "path, body, text",
    [
        (CAMPAIGN, NO_ID, "Invalid Campaign ID"),
        (CAMPAIGN, NO_ID | {"campaign_id": "order"}, "Invalid Campaign ID"),
        (CAMPAIGN, NO_ID | {"campaign_id": 7}, "Invalid Campaign ID"),
        (CANVAS, NO_ID | {"campaign_id": ID}, "Invalid Campaign ID"),
        (CAMPAIGN, {"recipients": [KNOWN] * 51}, "The max number of external_ids"),
        (CAMPAIGN, {}, "No Recipients"),
        (CAMPAIGN, {"recipients": []}, "No Recipients"),
        (CAMPAIGN, {"broadcast": True, "recipients": [KNOWN]}, "broadcast excludes"),
        (CAMPAIGN, {"broadcast": True, "attachments": []}, "broadcast excludes"),
        (CAMPAIGN, NO_ID | {"recipient": 1}, "unknown key recipient"),
        (CAMPAIGN, NO_ID | {"context": {}}, "unknown key context"),
        (CANVAS, NO_ID | {"trigger_properties": {}}, "unknown key trigger_properties"),
        (CAMPAIGN, NO_ID | {"trigger_properties": ""}, "wrong type"),
        (CAMPAIGN, NO_ID | {"trigger_properties": LARGE}, "over 50 KB"),
        (CANVAS, {"recipients": [KNOWN | {"context": LARGE}]}, "over 50 KB"),
        (CANVAS, NO_ID | {"context": {}, "canvas_entry_properties": {}}, "two names"),
    ],
)
def test_body_against_the_contract_is_refused_and_sends_nothing(
    braze: Client, path: str, body: dict[str, Any], text: str
) -> None:
    known = (
        {}
        if text.startswith("Invalid")
        else {"campaign_id" if path == CAMPAIGN else "canvas_id": ID}
    )

    answer = braze.post(path, known | body)

    assert (answer.status_code, text in answer.json()["message"]) == (400, True), answer.text
    assert braze.sends() == []


@pytest.mark.parametrize(
    "recipient, text",
    [
        ("u", "must be an object"),
        ({}, "exactly one of"),
        (KNOWN | {"user_alias": ALIAS}, "exactly one of"),
        ({"external_user_id": 7}, "wrong type"),
        ({"external_user_id": " "}, "blank"),
        ({"external_user_id": "é" * 494}, "over 987 bytes"),
        ({"user_alias": {"alias_name": "a"}}, "alias_label"),
        ({"user_alias": ALIAS, "send_to_existing_only": True}, "cannot be used with user_alias"),
        ({"email": "a@x.io"}, "need each other"),
        (KNOWN | {"prioritization": ["identified"]}, "need each other"),
        (BY_EMAIL | {"prioritization": ["identified", "unidentified"]}, "prioritization"),
        (BY_EMAIL | {"prioritization": []}, "prioritization"),
        (KNOWN | {"send_to_existing_only": False}, "needs attributes"),
        (NEW | {"attributes": {}}, "needs attributes"),
        (NEW | {"attributes": {"email": "nobody"}}, "not a valid email"),
        (NEW | {"trigger_properties": None}, "wrong type"),
    ],
)
def test_one_bad_recipient_refuses_the_request(braze: Client, recipient: object, text: str) -> None:
    answer = braze.trigger(NEW, recipient)

    assert (answer.status_code, text in answer.json()["message"]) == (400, True), answer.text
    assert braze.sends() == []
    assert braze.call("GET", "/profiles") == {}


def test_accepted_request_has_a_dispatch_id_and_the_rate_headers(braze: Client) -> None:
    answer = braze.trigger(NEW)

    assert answer.status_code == 201
    body = answer.json()
    assert body == {"dispatch_id": body["dispatch_id"], "message": "success"}
    assert len(bytes.fromhex(body["dispatch_id"])) == 16
    raw = {name: value for name, value in answer.raw.headers.items() if name.startswith("x-")}
    assert raw == {
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": "99",
        "x-ratelimit-reset": str(int(NOON) + 3600),
    }


def test_hour_s_limit_is_429_until_the_clock_hour_ends(braze: Client) -> None:
    statuses = [braze.trigger(KNOWN).status_code for _ in range(101)]
    braze.now += 3600

    assert statuses == [201] * 100 + [429]
    assert braze.trigger(KNOWN).headers["x-ratelimit-remaining"] == "99"


def test_unknown_user_is_made_from_its_attributes_before_the_send(braze: Client) -> None:
    own, top = {"order": {"own": 1}}, {"order": {"all": 1}, "shop": "x"}

    answer = braze.trigger(NEW | {"trigger_properties": own}, trigger_properties=top).json()

    assert braze.sends() == [
        {
            "dispatch_id": answer["dispatch_id"],
            "time": NOON,
            "recipient": KNOWN,
            "external_id": "u",
            "profile_before": None,
            "attributes": {"city": "Oslo"},
            "profile_after": {"city": "Oslo"},
            "reached": True,
            "because": None,
            "message": {"campaign_id": ID, "trigger_properties": top | own},
        }
    ]


def test_known_user_s_attributes_are_overwritten_and_null_removes(braze: Client) -> None:
    braze.call("PUT", "/profiles/u", {"city": "Rome", "age": 7, "email": "a@x.io"})

    braze.trigger(KNOWN | {"attributes": {"city": "Oslo", "age": None}})

    (send,) = braze.sends()
    assert send["profile_before"] == {"city": "Rome", "age": 7, "email": "a@x.io"}
    assert send["profile_after"] == {"city": "Oslo", "email": "a@x.io"}
    assert braze.call("GET", "/profiles") == {"u": send["profile_after"]}


@pytest.mark.parametrize("key", ["context", "canvas_entry_properties"])
def test_canvas_merges_its_properties_under_the_name_used(braze: Client, key: str) -> None:
    braze.post(
        CANVAS, {"canvas_id": ID, key: {"a": 1, "b": 1}, "recipients": [NEW | {key: {"b": 2}}]}
    )

    assert braze.sends()[0]["message"] == {"canvas_id": ID, key: {"a": 1, "b": 2}}


@pytest.mark.parametrize(
    "recipient, because",
    [
        (KNOWN | {"attributes": {"city": "Oslo"}}, "unknown user"),
        ({"user_alias": ALIAS, "attributes": {"city": "Oslo"}}, "unknown alias"),
        (BY_EMAIL | {"send_to_existing_only": False, "attributes": {"a": 1}}, "no user"),
    ],
)
def test_unknown_user_is_accepted_but_neither_reached_nor_made(
    braze: Client, recipient: dict[str, Any], because: str
) -> None:
    assert braze.trigger(recipient).status_code == 201

    (send,) = braze.sends()
    assert (send["reached"], send["message"], because in send["because"]) == (False, None, True)
    assert braze.call("GET", "/profiles") == {}


def test_alias_reaches_the_profile_that_has_it(braze: Client) -> None:
    braze.call("PUT", "/profiles/u%2F1", {"user_aliases": [ALIAS]})

    braze.trigger({"user_alias": ALIAS, "attributes": {"city": "Oslo"}})

    assert braze.call("GET", "/profiles")["u/1"]["city"] == "Oslo"


@pytest.mark.parametrize(
    "prioritization, user",
    [
        (["identified"], None),
        (["unidentified", "most_recently_updated"], None),
        (["most_recently_updated"], "first"),
        (["identified", "least_recently_updated"], "second"),
    ],
)
def test_email_reaches_a_user_only_when_prioritization_leaves_one(
    braze: Client, prioritization: list[str], user: str | None
) -> None:
    for name in ("first", "second", "first"):
        braze.call("PUT", f"/profiles/{name}", {"email": "a@x.io", "name": name})

    braze.trigger(BY_EMAIL | {"prioritization": prioritization})

    (send,) = braze.sends()
    assert send["reached"] is bool(user)
    assert (send["profile_after"] or {}).get("name") == user


def test_user_named_twice_gets_one_message_per_request_but_one_for_each_request(
    braze: Client,
) -> None:
    braze.trigger(NEW, KNOWN)
    braze.trigger(KNOWN)

    assert [send["reached"] for send in braze.sends()] == [True, False, True]


def test_broadcast_is_one_send_to_nobody_by_name(braze: Client) -> None:
    braze.post(CAMPAIGN, {"campaign_id": ID, "broadcast": True, "trigger_properties": {"a": 1}})

    (send,) = braze.sends()
    assert (send["recipient"], send["external_id"], send["reached"]) == (None, None, True)
    assert send["message"]["trigger_properties"] == {"a": 1}


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


def test_notice_sends_nothing_and_errors_send(braze: Client) -> None:
    faults = [{"kind": "notice", "times": 1}, {"kind": "errors", "body": ["minor"], "times": 1}]
    braze.call("POST", "/faults", faults)

    assert "Canvas is paused" in braze.trigger(NEW).json()["notice"]
    assert braze.sends() == []
    assert braze.trigger(NEW).json()["errors"] == ["minor"]
    assert len(braze.sends()) == 1
    assert [r["outcome"] for r in braze.call("GET", "/requests")] == ["notice", "accepted"]


def test_faults_last_until_cleared_and_improbable_ones_do_not_strike(braze: Client) -> None:
    braze.call("POST", "/faults", [{"kind": "reset", "probability": 0}, {"kind": "status"}])
    assert [braze.trigger(NEW).status_code for _ in range(3)] == [503] * 3

    assert braze.call("DELETE", "/faults") == braze.call("GET", "/faults") == []
    assert braze.trigger(NEW).status_code == 201


def test_control_api_says_what_it_cannot_take(braze: Client) -> None:
    answer = braze.post("/_sim/faults", [{"kind": "sing"}])
    assert (answer.status_code, "kind" in answer.json()["error"]) == (400, True)
    assert braze.session.get(braze.url + "/_sim/nothing", timeout=5).status_code == 404
    assert braze.call("GET", "/health") == {"status": "ok"}


@pytest.fixture
def command() -> Iterator[subprocess.Popen[str]]:
    line = [sys.executable, "-m", "relay.braze", "--port", "0", "--key", "k"]
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
    requests.post(f"{url}/_sim/faults", json=[{"kind": "hang"}], timeout=5)
    threading.Timer(0.3, command.send_signal, [number]).start()
    begun = time.monotonic()

    with pytest.raises(requests.ConnectionError):
        requests.post(url + CAMPAIGN, timeout=5)

    out, err = command.communicate(timeout=5)
    assert (ready, out, err, command.returncode) == ("ready", "", "", 0)
    assert time.monotonic() - begun < 2
