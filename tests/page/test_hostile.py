"""Webhooks of strangers, as bad as they come: every part of the page shows them, as text."""

import json
import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from relay.local.emulator import HOST
from relay.page.context import PageContext, PageFolders
from tests.e2e.harness import Relay, sample, until

MARKUP = "<img src=x onerror=alert(1)>\"'`{{7*7}}"
HALF = "\ud800"
DEEP = b'{"x":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
TEXT = "verify: {preset: shopify}\nrules: []\n"


@pytest.fixture(autouse=True)
def as_before(folders: PageFolders, relay: Relay) -> Iterator[None]:
    """Take away the samples, cases and dead letters that a test has made."""
    kept = {*folders.events.glob("*"), *folders.cases.glob("*/*")}
    yield
    for one in {*folders.events.glob("*"), *folders.cases.glob("*/*")} - kept:
        one.unlink()
    stack = relay.local.stack
    stack.client("sqs").purge_queue(QueueUrl=stack.outputs["DeadLetterQueueUrl"])


def order(**change: Any) -> bytes:
    return json.dumps({**sample("shopify-order"), **change}).encode()


def arrived(context: PageContext, before: int) -> int:
    return until(lambda: context.journal.count, lambda found: found > before, "the webhook")


def everything(own: requests.Session, base: str, number: int) -> Iterator[tuple[str, Any]]:
    """Yield all answers on a webhook."""
    for path in ("/", "/webhooks", f"/?chosen={number}", f"/webhooks/{number}"):
        yield path, own.get(f"{base}{path}", timeout=60)
    yield "bench", own.get(f"{base}/bench?webhook={number}", timeout=60)
    form = {"page": "p", "rules": "shopify.yaml", "text": TEXT, "event": f"webhook:{number}"}
    for path in ("/bench/event", "/bench/result"):
        yield path, own.post(f"{base}{path}", form, timeout=60)
    for act in ("send", "send-new", "sample", "case"):
        path = f"/webhooks/{number}/{act}"
        yield path, own.post(f"{base}{path}", {"name": "hostile", "as_is": "on"}, timeout=60)


@pytest.mark.parametrize(
    "bad",
    [
        ("orders/create", order(name=f"#{HALF}", email=f"{HALF}@example.com"), {}),
        ("orders/create", order(id=2), {"X-Foo": b"\xff\xfe"}),
        (b"orders/create\xff", order(id=3), {}),
        (MARKUP, order(id=4, name=MARKUP), {"X-Foo": MARKUP}),
        ("t" * 5_000, order(id=5, name="#" + "n" * 100_000), {}),
        ("orders/create", DEEP, {}),
        ("orders/create", b'{"x":' + b"[" * 900 + b"]" * 900 + b"}", {}),
        ("orders/create", b'{"id":' + b"9" * 5_000 + b"}", {}),
        ("orders/create", b'{"id":', {}),
        ("orders/create", b"\xff\xfe\x00", {}),
        ("orders/create", order(id=6, name="a\0b\r\nc"), {}),
    ],
    ids=[
        "half",
        "latin",
        "type",
        "markup",
        "long",
        "deep",
        "deepish",
        "big",
        "broken",
        "raw",
        "nul",
    ],
)
def test_a_webhook_of_any_kind_is_shown_by_every_part_as_text(
    relay: Relay,
    context: PageContext,
    own: requests.Session,
    base: str,
    bad: tuple[Any, bytes, Any],
) -> None:
    topic, body, headers = bad
    before = context.journal.count
    relay.shopify(topic, body, **headers)
    number = arrived(context, before)
    for path, answer in everything(own, base, number):
        assert answer.status_code == 200, path
        assert "onerror=alert(1)>" not in answer.text.replace("&gt;", ""), path
        assert len(answer.content) < 1_000_000, path


def test_a_webhook_that_no_sample_can_hold_leaves_no_file(
    relay: Relay, context: PageContext, own: requests.Session, base: str, folders: PageFolders
) -> None:
    before = context.journal.count
    relay.shopify("orders/create", order(id=7, name=f"#{HALF}"))
    number = arrived(context, before)
    form = {"name": "half", "as_is": "on"}
    answer = own.post(f"{base}/webhooks/{number}/sample", form, timeout=60)
    assert "Not saved: a text of it has half a character" in answer.text
    assert not (folders.events / "half.json").exists()


def test_no_case_is_written_through_a_link_out_of_the_cases(
    relay: Relay, context: PageContext, own: requests.Session, base: str, folders: PageFolders
) -> None:
    before = context.journal.count
    relay.shopify("orders/create", order(id=8))
    number = arrived(context, before)
    place, away = folders.cases / "shopify", folders.project / "elsewhere"
    shutil.move(place, away)
    place.symlink_to(away)
    there = {*away.iterdir()}
    try:
        answer = own.post(f"{base}/webhooks/{number}/case", {"name": "astray"}, timeout=60)
        assert "leads out of the cases" in answer.text
        assert {*away.iterdir()} == there
    finally:
        place.unlink()
        shutil.move(away, place)


def test_what_may_prove_a_sender_that_nobody_knows_is_hidden(
    relay: Relay, context: PageContext, own: requests.Session, base: str
) -> None:
    before = context.journal.count
    names = ("apikey", "api_key", "access_key", "password", "auth", "X-Api-Key", "token")
    query = "&".join(f"{one}=a-secret" for one in names)
    relay.post(f"nobody?{query}&author=ana", b"{}", {f"X-{one}": "a-secret" for one in names})
    number = arrived(context, before)
    shown = own.get(f"{base}/webhooks/{number}", timeout=60).text
    assert "author=ana" in shown
    assert "a-secret" not in shown


@pytest.mark.parametrize("number", ["9" * 5_000, "-1", "0", "x", "١"])  # noqa: RUF001 - a digit
def test_a_number_that_no_webhook_has_is_not_kept(
    own: requests.Session, base: str, number: str
) -> None:
    answer = own.get(f"{base}/bench", params={"webhook": number}, timeout=60)
    assert answer.status_code == 200
    assert "is not kept any more" in answer.text


def test_cookies_of_other_servers_of_this_machine_do_not_shut_the_page(
    own: requests.Session, base: str
) -> None:
    port = urlsplit(base).port
    token = own.cookies[f"relay-page-{port}"]
    cookies = "; ".join(f"other{number}={'x' * 4_000}" for number in range(10))
    headers = {"Cookie": f"{cookies}; relay-page-{port}={token}"}
    assert requests.get(f"http://{HOST}:{port}/", headers=headers, timeout=60).status_code == 200


def test_pasted_json_that_is_nested_too_deep_is_said(own: requests.Session, base: str) -> None:
    form = {"page": "p", "rules": "shopify.yaml", "text": TEXT, "event": "pasted"}
    answer = own.post(f"{base}/bench/result", {**form, "pasted": "[" * 100_000}, timeout=60)
    assert "nested too deep" in answer.text
