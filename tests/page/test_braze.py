"""Braze's side on the page: what it holds, its faults and targets, pause and resume."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import requests
from playwright.sync_api import Page, expect

from relay.local.processes import BRAZE_KEY
from relay.operations.pause import go_on, scopes_in
from relay.page.context import PageContext
from relay.page.server import served_page
from relay.page.stack import operated
from relay.stacks.ledger import Ledger
from tests.e2e.harness import Relay, sample, until

MARKUP = "<img src=x onerror=alert(1)>"
CAMPAIGN = "417220e4-5a2a-b634-7f7d-9ec891532368"
SCOPE = "rule/shopify/order-confirmation"


def order(relay: Relay) -> None:
    assert relay.shopify("orders/create", sample("shopify-order")).status_code == 200


@pytest.fixture
def page(opened: Callable[..., Page], relay: Relay) -> Page:
    assert relay.is_idle()
    return opened("/braze")


@pytest.fixture
def ledger(context: PageContext) -> Iterator[Ledger]:
    found = Ledger.of(operated(context))
    yield found
    for scope in scopes_in(found):
        go_on(found, scope)


def test_a_fault_button_makes_a_delivery_wait_and_then_it_arrives(page: Page, relay: Relay) -> None:
    faults, received = page.locator("#faults"), page.locator("#received")
    page.get_by_role("button", name="503 unavailable").click()
    expect(faults).to_contain_text("503 unavailable, 1 left")
    order(relay)
    expect(received.locator("details", has_text="fault: status")).to_have_count(1)
    expect(received).to_contain_text("reached order-confirmation of shopify")
    expect(faults).to_contain_text("No fault")
    assert [one["status"] for one in relay.posted()] == [503, 201]


def test_events_are_shown_with_what_braze_counts(page: Page, relay: Relay) -> None:
    properties = {"order_id": MARKUP, "total_value": 12.5, "currency": "EUR", "source": "shop"}
    item = {"product_id": "1", "product_name": "Mug", "variant_id": "2", "quantity": 1}
    event = {
        "external_id": "ann",
        "name": "ecommerce.order_placed",
        "time": "2026-11-30T23:00:00Z",
        "properties": properties | {"products": [item | {"price": 12.5}]},
    }
    key = {"Authorization": f"Bearer {BRAZE_KEY}"}
    url = f"{relay.local.braze_url}/users/track"
    answer = requests.post(url, json={"events": [event]}, headers=key, timeout=60)
    assert answer.status_code == 201, answer.text
    received = page.locator("#received")
    expect(received).to_contain_text("1 object; Braze counts 1 order, revenue 12.50 EUR")
    recorded = received.locator("details", has_text="event ecommerce.order_placed")
    recorded.locator("summary").click()
    expect(recorded).to_contain_text(MARKUP)
    expect(page.locator("img[src=x]")).to_have_count(0)


def test_faults_are_ended_by_a_button(page: Page, relay: Relay) -> None:
    page.get_by_label("How many requests").select_option("until switched off")
    page.get_by_role("button", name="No answer").click()
    expect(page.locator("#faults")).to_contain_text("No answer, until switched off")
    assert [one["kind"] for one in relay.braze("GET", "/faults")] == ["hang"]
    page.get_by_role("button", name="End all faults").click()
    expect(page.locator("#faults")).to_contain_text("No fault")
    assert relay.braze("GET", "/faults") == []


def test_a_canvas_is_paused_and_resumed_and_what_waits_is_sent(page: Page, relay: Relay) -> None:
    canvas = page.get_by_role("group", name="rule onboarding of accounts")
    canvas.get_by_role("button", name="paused").click()
    expect(canvas.get_by_role("button", name="paused")).to_have_attribute("aria-pressed", "true")
    body = sample("accounts-signup")
    body["data"]["id"] = "of-a-paused-canvas"
    assert relay.accounts(body, "msg-paused").status_code == 200
    until(relay.posted, lambda found: any(one["outcome"] == "notice" for one in found), "notice")
    canvas.get_by_role("button", name="active").click()
    expect(page.locator("#received")).to_contain_text("of-a-paused-canvas reached onboarding")


def test_a_message_that_reached_nobody_says_why(page: Page, relay: Relay) -> None:
    relay.braze("PUT", f"/targets/{CAMPAIGN}", {"channel": "push"})
    order(relay)
    words = "reached nobody: the profile has no push_tokens"
    one = page.locator("#received details", has_text=words)
    expect(one).to_have_count(1)
    one.locator("summary").click()
    expect(one).to_contain_text("+first_name: Maren")
    # What is open stays open when something else comes.
    order(relay)
    expect(page.locator("#received details", has_text=words)).to_have_count(2)
    expect(one.first.or_(one.last).filter(has_text="+first_name: Maren")).to_be_visible()


def test_profiles_are_found_and_their_markup_stays_text(page: Page, relay: Relay) -> None:
    alias = {"alias_name": "annie", "alias_label": "forum"}
    relay.braze("PUT", "/profiles/ann%2F1", {"first_name": MARKUP, "user_aliases": [alias]})
    relay.braze("PUT", "/profiles/bob", {"email": "bob@shop.example"})
    profiles = page.locator("#profiles")
    expect(profiles).to_contain_text("2 profiles.")
    page.get_by_label("Search profiles").fill("annie")
    expect(profiles).to_contain_text("1 of 2 profiles.")
    profiles.locator("summary").click()
    expect(profiles.locator("pre").first).to_contain_text(f"first_name: {MARKUP}")
    expect(profiles).to_contain_text("PUT /_sim")  # its history
    assert page.locator("img").count() == 0


def test_a_rule_is_paused_once_it_is_said_what_that_does_and_resumed(
    page: Page, relay: Relay, ledger: Ledger
) -> None:
    pause = page.get_by_role("button", name=f"Pause {SCOPE}")
    pause.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Within 10 seconds nothing more of it is sent")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(pause).to_be_focused()
    assert scopes_in(ledger) == {}
    pause.press("Enter")
    dialog.get_by_role("button", name="Pause").press("Enter")
    expect(dialog).to_contain_text(f"{SCOPE} is paused")
    assert list(scopes_in(ledger)) == [SCOPE]
    page.keyboard.press("Escape")
    until(lambda: _waits(relay), bool, "paused delivery")
    page.get_by_role("button", name=f"Resume {SCOPE}").press("Enter")
    dialog.get_by_role("button", name="Resume").press("Enter")
    expect(dialog).to_contain_text(f"{SCOPE} is resumed")
    assert scopes_in(ledger) == {}
    page.keyboard.press("Escape")
    expect(page.locator("#received")).to_contain_text("reached order-confirmation of shopify")


def _waits(relay: Relay) -> bool:
    """Post an order; return whether it is not sent: a worker may know of no pause for a second."""
    order(relay)
    with suppress(AssertionError):
        until(
            relay.logs,
            lambda lines: any('"paused"' in one and '"waiting"' in one for one in lines),
            "paused delivery",
            5,
        )
        return True
    return False


def test_of_a_braze_that_is_not_simulated_the_rest_is_shown(
    context: PageContext, relay: Relay
) -> None:
    assert relay.is_idle()
    with (
        served_page(PageContext(context.live, context.folders, is_simulated=False)) as url,
        requests.Session() as session,
    ):
        session.get(url, timeout=60)
        base = url.partition("/?")[0]
        shown = session.get(f"{base}/braze", timeout=60).text
        assert "Braze is not simulated here" in shown
        assert "/braze/faults" not in shown
        for part, words in (("letters", "None."), ("pauses", SCOPE)):
            answer = session.get(f"{base}/braze/{part}", timeout=60)
            assert answer.status_code == 200
            assert words in answer.text
