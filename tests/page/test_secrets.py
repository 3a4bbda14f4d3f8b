"""No answer of any route holds a signing secret or an API key, whatever has failed."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from relay.local.live_rules import LiveRules
from relay.local.processes import BRAZE_KEY
from relay.local.rules_folder import Folder
from relay.local.stack import Local
from relay.page import away
from relay.page.access import Access
from relay.page.context import PageContext, PageFolders
from relay.page.server import application, served_page
from relay.stacks.local import Stack
from tests.e2e.harness import ACCOUNTS_SECRET, SECOND_SECRET, SECRETS, SHOPIFY_SECRET, Relay, sample
from tests.page.conftest import own_session
from tests.page.test_failures import run

NOBODY = "http://127.0.0.1:9"
HIDDEN = (SHOPIFY_SECRET, SECOND_SECRET, ACCOUNTS_SECRET, BRAZE_KEY)
LETTER = "a" * 64
FORM = {"page": "p", "rules": "shopify.yaml", "text": "rules: []\n", "event": "webhook:{number}"}
SCOPE = {"scope": "source/shopify", "act": "resume"}
# What each route is asked; `{number}` is that of a webhook.
GETS: dict[str, dict[str, str]] = {
    "/": {"chosen": "{number}"},
    "/webhooks": {"text": "orders"},
    "/webhooks/{number}": {},
    "/bench": {"webhook": "{number}"},
    "/bench/disk": {"rules": "shopify.yaml"},
    "/braze": {},
    "/braze/letters": {},
    "/braze/pauses": {},
    "/braze/received": {},
    "/braze/profiles": {},
    "/braze/history": {"id": "nobody"},
    "/braze/faults": {},
    "/braze/targets": {},
    "/charts": {},
    "/away": {},
}
POSTS: dict[str, dict[str, str]] = {
    "/webhooks/{number}/send": {},
    "/webhooks/{number}/send-new": {},
    "/webhooks/{number}/sample": {"name": "secrets", "as_is": "on"},
    "/webhooks/{number}/case": {"name": "secrets", "as_is": "on"},
    "/bench/event": FORM,
    "/bench/result": FORM,
    "/bench/check": FORM,
    "/bench/save": FORM | {"digest": "of another text"},
    "/bench/new": {"source": "shopify", "preset": "shopify"},
    "/braze/letters/ask": {"kind": "dead", "act": "redrive", "id": LETTER},
    "/braze/letters/do": {"kind": "dead", "act": "redrive", "id": LETTER},
    "/braze/pauses/ask": SCOPE,
    "/braze/pauses/do": SCOPE,
    "/braze/faults": {"fault": "errors", "times": "1", "path": "/canvas/trigger/send"},
    "/braze/faults/end": {},
    "/braze/targets": {"id": LETTER, "state": "active"},
}
OTHERS = {"/changes", "/static"}  # names of kinds, and files


def answers(session: requests.Session, base: str, number: int) -> Iterator[tuple[str, Any]]:
    """Yield the answers of all routes about a webhook."""
    for method, routes in (("GET", GETS), ("POST", POSTS)):
        for path, given in routes.items():
            asked = {name: one.replace("{number}", str(number)) for name, one in given.items()}
            url = base + path.replace("{number}", str(number))
            sent = {"params" if method == "GET" else "data": asked}
            yield path, session.request(method, url, timeout=60, **sent)  # type: ignore[arg-type] # either


@pytest.fixture
def numbers(relay: Relay, context: PageContext, folders: PageFolders) -> Iterator[range]:
    """Return the numbers of webhooks: taken, refused, and of no source with secrets in its URL."""
    kept = {*folders.events.glob("*"), *folders.cases.glob("*/*")}
    before = context.journal.count
    relay.shopify("orders/create", sample("shopify-order"))
    relay.shopify("orders/create", sample("shopify-order"), secret="a-secret-of-nobody")
    relay.post(f"nobody?token={SHOPIFY_SECRET}", b"{}", {"Authorization": f"Bearer {BRAZE_KEY}"})
    relay.sends(1)
    yield range(before + 1, before + 4)
    for one in {*folders.events.glob("*"), *folders.cases.glob("*/*")} - kept:
        one.unlink()


def test_every_route_is_asked(context: PageContext) -> None:
    router = application(context, Access(0, "")).router
    known = {(each.canonical, one.method) for each in router.resources() for one in each}
    asked = {(one, "GET") for one in GETS} | {(one, "POST") for one in POSTS}
    assert {one for one in known if one[0] not in OTHERS and one[1] != "HEAD"} == asked


def test_no_answer_holds_a_secret(own: requests.Session, base: str, numbers: range) -> None:
    for number in numbers:
        for path, answer in answers(own, base, number):
            assert answer.status_code < 500, path
            assert not [one for one in HIDDEN if one in answer.text], path


def test_nor_where_nothing_of_the_stack_answers_any_more(
    context: PageContext, numbers: range, capfd: pytest.CaptureFixture[str]
) -> None:
    stack = context.local.stack
    gone = Local(NOBODY, NOBODY, Stack(NOBODY, stack.outputs, stack.resources))
    live = LiveRules(
        gone, Folder(context.folders.rules), "dev", SECRETS, lambda _: None, context.live.served
    )
    own = PageContext(live, context.folders, journal=context.journal)
    with served_page(own) as url, own_session(url) as session:
        for path, answer in answers(session, url.partition("/?")[0], numbers[0]):
            assert answer.status_code in {200, 204, 400, 404, 502}, path
            assert not [one for one in HIDDEN if one in answer.text], path
    assert "Traceback" not in capfd.readouterr().err


def test_what_answers_no_more_is_said_by_its_name(context: PageContext) -> None:
    assert run(away.look(context)) == ""
    gone = Local(NOBODY, NOBODY, Stack(NOBODY, {}, {}))
    live = LiveRules(gone, Folder(context.folders.rules), "dev", None, print, context.live.served)
    said = run(away.look(PageContext(live, context.folders)))
    assert "The AWS emulator does not answer" in said
    assert "The simulated Braze does not answer" in said
    assert "Braze" not in run(away.look(PageContext(live, context.folders, is_simulated=False)))
