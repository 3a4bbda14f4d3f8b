"""`relay capture` beside the gateway of a local stack; what the functions answer is given."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from typer.testing import Result

from relay.local.emulator import listening
from relay.local.http_gateway import front_door
from relay.local.webhook_feed import Answered, feed_place, webhooks
from relay.rules.webhooks import Given, planned
from relay.scaffold.command import write
from relay.scaffold.starter import StarterFolders, StarterTarget, scaffold
from relay.stacks.registry import LocalStack, registered
from relay.webhooks.samples import load_sources, read_sample
from tests.relay.rules.desk import run

TAKEN = b'{"events": 1, "deliveries": 1}'


class Functions(BaseHTTPRequestHandler):
    """Answers as the header `x-answer` says, by default that the webhook is taken."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        status = int(self.headers.get("x-answer", "200"))
        answer = TAKEN if status == 200 else b'{"message": "no"}'
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Stack:
    """A local stack's gateway, its files, and its sender."""

    def __init__(self, url: str, folders: StarterFolders, end: Callable[[], None]) -> None:
        self.url, self.folders, self.end = url, folders, end
        (self.rules,) = folders.rules.glob("*.yaml")
        (self.sample,) = folders.events.glob("*.json")

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.sample.read_text(encoding="utf-8"))["body"]
        return body

    def capture(self, posts: list[tuple[str, bytes, dict[str, str]]], *options: str) -> Result:
        """Run the command, and post these once it listens; without any, end the stack then."""
        listens = threading.Event()

        def heard(port: int) -> Iterator[Answered | None]:
            for webhook in webhooks(port):
                if webhook is None:
                    listens.set()
                yield webhook

        def post() -> None:
            if listens.wait(10):
                if not posts:
                    self.end()
                for path, body, headers in posts:
                    requests.post(f"{self.url}{path}", data=body, headers=headers, timeout=60)

        sender = threading.Thread(target=post, daemon=True)
        sender.start()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("relay.capture.command.webhooks", heard)
            return run("capture", "billing", "--rules", str(self.folders.rules), *options)

    def written(self) -> list[str]:
        return sorted(it.name for it in self.folders.events.iterdir() if it != self.sample)


@pytest.fixture(scope="module")
def functions() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Functions) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def stack(functions: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    folders = StarterFolders(tmp_path / "rules", tmp_path / "events", tmp_path / "cases")
    write(scaffold("billing", "stripe", StarterTarget(), folders).files)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("relay.capture.command.EVENTS", folders.events)
    monkeypatch.setattr("relay.stacks.registry.FOLDER", tmp_path / "stacks")
    with ExitStack() as up:
        url = up.enter_context(front_door(listening(0), functions))
        up.enter_context(registered(LocalStack("rules", url, None, "http://127.0.0.1:9", {})))
        yield Stack(url, folders, up.close)


def webhook(body: Any, **headers: str) -> tuple[str, bytes, dict[str, str]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return "/webhooks/billing", json.dumps(body).encode(), named


def test_a_webhook_becomes_a_sample_without_its_person_that_maps_as_it_did(stack: Stack) -> None:
    sent = {"content_type": "application/json", "stripe_signature": "t=1,v1=abc", "cookie": "a=b"}
    result = stack.capture([webhook(stack.body, **sent)])
    assert result.exit_code == 0, result.output
    assert stack.written() == ["billing-checkout-session-completed.json"]
    file = stack.folders.events / stack.written()[0]
    document = json.loads(file.read_text(encoding="utf-8"))
    assert document["source"] == "billing"
    assert document["headers"] == {"content-type": "application/json"}
    assert "tremblay" not in file.read_text(encoding="utf-8").lower()
    assert "body.data.object.customer_details.email: e-mail address" in result.output
    assert "noemie" not in result.output.lower()
    source = load_sources(stack.folders.rules, "dev")["billing"]
    (before,) = planned(Given(read_sample(stack.sample)), source).deliveries
    (after,) = planned(Given(read_sample(file)), source).deliveries
    assert after.id == before.id
    assert after.recipient["trigger_properties"] == before.recipient["trigger_properties"]  # type: ignore[index] # it has one


def test_it_waits_for_one_that_is_taken_and_says_what_came_before(stack: Stack) -> None:
    posts = [
        ("/webhooks/biling", b"{}", {"x-answer": "404"}),
        webhook(stack.body, x_answer="401"),
        webhook({"no": "event"}),
        webhook(stack.body),
    ]
    result = stack.capture(posts)
    assert result.exit_code == 0, result.output
    assert '401 {"message": "no"}: the reason is in the log lines' in result.output
    assert "200, but there is no event in it" in result.output
    assert "404 to another path than /webhooks/billing" in result.output
    assert len(stack.written()) == 1


def test_a_name_may_be_given_and_no_sample_is_overwritten(stack: Stack) -> None:
    first = stack.capture([webhook(stack.body)])
    second = stack.capture([webhook(stack.body)])
    named = stack.capture([webhook(stack.body)], "--name", "billing-guest")
    again = stack.capture([], "--name", "billing-guest")
    outside = stack.capture([], "--name", "../billing")
    assert [it.exit_code for it in (first, second, named, again, outside)] == [0, 0, 0, 2, 2]
    assert stack.written() == [
        "billing-checkout-session-completed-2.json",
        "billing-checkout-session-completed.json",
        "billing-guest.json",
    ]


def test_as_is_keeps_the_person_and_warns(stack: Stack) -> None:
    result = stack.capture([webhook(stack.body)], "--as-is")
    assert "do not commit it" in result.output
    (name,) = stack.written()
    kept = json.loads((stack.folders.events / name).read_text(encoding="utf-8"))
    assert kept["body"] == stack.body


def test_the_feed_is_for_its_user_alone_and_has_no_port(stack: Stack) -> None:
    place = feed_place(int(stack.url.rpartition(":")[2]))
    assert place.is_socket()
    assert place.parent.stat().st_mode & 0o077 == 0
    assert place.parent.stat().st_uid == os.getuid()


def test_the_feed_has_the_query_as_it_was_sent_and_shows_it_to_no_log(stack: Stack) -> None:
    heard = webhooks(int(stack.url.rpartition(":")[2]))
    assert next(heard) is None
    requests.post(f"{stack.url}/webhooks/billing?token=a%2Bb&x=%C3%BC", data=b"{}", timeout=60)
    found = next(heard)
    assert found is not None
    assert (found.path, found.query) == ("/webhooks/billing", "token=a%2Bb&x=%C3%BC")
    assert "token" not in repr(found)


def test_a_stack_that_ends_ends_the_wait(stack: Stack) -> None:
    result = stack.capture([])
    assert result.exit_code == 1
    assert "the local stack has ended" in result.output
    assert not feed_place(int(stack.url.rpartition(":")[2])).exists()


def test_without_a_stack_it_says_what_to_start(stack: Stack) -> None:
    stack.end()
    result = run("capture", "billing", "--rules", str(stack.folders.rules))
    assert result.exit_code == 2
    assert "no local stack is up" in result.output
