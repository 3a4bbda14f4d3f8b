"""Dead letters and held deliveries on the page: each act says first what it does."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from relay.page.braze.letters import count
from relay.page.context import PageContext
from relay.page.stack import operated
from tests.e2e.harness import Relay, sample, until

MARKUP = "<b>Invalid</b> recipient"
REFUSED = {"kind": "status", "status": 400, "body": {"message": MARKUP}}


@pytest.fixture
def page(opened: Callable[..., Page], relay: Relay) -> Page:
    assert relay.is_idle()
    return opened("/braze")


def refuse(page: Page, relay: Relay, *orders: dict[str, Any]) -> None:
    """Let Braze refuse these orders, until the page shows each of them."""
    relay.braze("POST", "/faults", [REFUSED])
    for one in orders:
        assert relay.shopify("orders/create", one).status_code == 200
    expect(rows(page)).to_have_count(len(orders))
    relay.braze("DELETE", "/faults")


def hold(page: Page, relay: Relay, *people: str) -> None:
    """Let Braze answer these sign-ups with a notice that the relay does not know."""
    relay.braze("POST", "/faults", [{"kind": "notice", "body": "Something has changed."}])
    for person in people:
        body = sample("accounts-signup")
        body["data"]["id"] = person
        assert relay.accounts(body, f"msg-{person}").status_code == 200
    expect(rows(page)).to_have_count(len(people))
    relay.braze("DELETE", "/faults")


def rows(page: Page) -> Locator:
    return page.locator("#letters tbody tr")


def test_a_dead_letter_is_redriven_from_the_page_and_arrives(
    page: Page, opened: Callable[..., Page], relay: Relay, context: PageContext
) -> None:
    refuse(page, relay, sample("shopify-order") | {"name": "#77301"})
    row = rows(page)
    expect(row).to_contain_text("#77301")
    expect(row).to_contain_text("shopify/order-confirmation")
    expect(row).to_contain_text("rejected 400")
    expect(row).to_contain_text(MARKUP)  # as text
    expect(row).to_contain_text("Braze refused the request")
    expect(row).to_contain_text("Mend the rule or the campaign, then “Redrive”")
    expect(row).not_to_contain_text(".venv/bin/relay")  # the button is the advice
    letter = row.get_by_role("link", name="Open in the bench").get_attribute("href") or ""
    expect(opened(letter).locator("main")).to_contain_text("Order #77301")  # in the bench
    row.get_by_role("button", name="Redrive").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 would be redriven, 0 not")
    expect(dialog).to_contain_text("#77301")
    expect(dialog).to_contain_text("is sent again")
    assert relay.braze("GET", "/sends") == []
    assert count(operated(context)) == 1
    dialog.get_by_role("button", name="Redrive 1").click()
    expect(dialog).to_contain_text("1 redriven, 0 not")
    page.keyboard.press("Escape")
    expect(page.locator("#letters")).to_contain_text("None.")
    (send,) = relay.sends(1)
    assert send["message"]["trigger_properties"]["order"] == "Order #77301"
    assert relay.ledger(letter.partition("=")[2])["attempts"]["N"] == "2"


def test_a_letter_that_is_redriven_and_refused_again_is_shown_again(
    page: Page, relay: Relay, context: PageContext
) -> None:
    refuse(page, relay, sample("shopify-order"))
    shown = rows(page).get_by_role("link", name="Open in the bench").get_attribute("href")
    letter = (shown or "").partition("=")[2]
    relay.braze("POST", "/faults", [REFUSED])
    for attempts in ("2", "3", "4"):
        act(page, "Redrive", "1 redriven, 0 not")
        until(lambda: relay.ledger(letter)["attempts"]["N"], attempts.__eq__, "attempt")
        until(lambda: count(operated(context)), bool, "letter")
        expect(rows(page)).to_have_count(1)
    relay.braze("DELETE", "/faults")
    act(page, "Drop", "1 dropped, 0 not")


def act(page: Page, name: str, done: str) -> None:
    """Do something with the first letter of the page."""
    dialog = page.get_by_role("dialog")
    rows(page).first.get_by_role("button", name=name).click()
    dialog.get_by_role("button", name=f"{name} 1").click()
    expect(dialog).to_contain_text(done)
    page.keyboard.press("Escape")


def test_ticked_letters_are_dropped_and_none_without_a_tick(
    page: Page, relay: Relay, context: PageContext
) -> None:
    refuse(page, relay, sample("shopify-order"), sample("shopify-order"))
    dialog = page.get_by_role("dialog")
    page.locator("#dead-form").get_by_role("button", name="Drop").click()
    expect(dialog).to_contain_text("Tick a dead letter first.")
    page.keyboard.press("Escape")
    page.get_by_label("Tick all").check()
    page.locator("#dead-form").get_by_role("button", name="Drop").click()
    expect(dialog).to_contain_text("2 would be dropped, 0 not")
    dialog.get_by_role("button", name="Cancel").click()
    assert count(operated(context)) == 2
    page.locator("#dead-form").get_by_role("button", name="Drop").click()
    dialog.get_by_role("button", name="Drop 2").click()
    expect(dialog).to_contain_text("2 dropped, 0 not")
    assert count(operated(context)) == 0
    assert relay.braze("GET", "/sends") == []


def test_held_deliveries_are_released_or_dropped(
    page: Page, relay: Relay, context: PageContext
) -> None:
    hold(page, relay, "first-held", "second-held")
    expect(page.locator("#letters")).to_contain_text("2 held deliveries")
    expect(rows(page).first).to_contain_text("sent: yes: Braze answered 2xx, with a notice")
    dialog = page.get_by_role("dialog")
    rows(page).first.get_by_role("button", name="Release").click()
    expect(dialog).to_contain_text("gets it twice")
    expect(dialog).to_contain_text("is set free and sent")
    dialog.get_by_role("button", name="Release 1").click()
    expect(dialog).to_contain_text("1 released, 0 not")
    page.keyboard.press("Escape")
    (send,) = relay.sends(1)
    assert send["reached"]
    expect(rows(page)).to_have_count(1)
    rows(page).get_by_role("button", name="Drop").click()
    expect(dialog).to_contain_text("in the ledger it stays held, and it is never sent")
    dialog.get_by_role("button", name="Drop 1").click()
    expect(dialog).to_contain_text("1 dropped, 0 not")
    assert count(operated(context)) == 0
    assert len(relay.sends(1)) == 1


def test_a_mended_rule_makes_the_request_anew_and_the_difference_is_shown_first(
    page: Page, relay: Relay, context: PageContext, rules_file: Callable[[str], Any]
) -> None:
    refuse(page, relay, sample("shopify-order") | {"name": "#77302"})
    before, file = context.live.served, rules_file("shopify")
    file.write_text(
        file.read_text().replace("order: Order ${body.name}", "order: No. ${body.name}")
    )
    until(lambda: context.live.served is not before, bool, "new rules")
    rows(page).get_by_role("button", name="Render anew").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".minus", has_text="Order #77302")).to_have_count(1)
    expect(dialog.locator(".plus", has_text="No. #77302")).to_have_count(1)
    dialog.get_by_role("button", name="Render anew 1").click()
    expect(dialog).to_contain_text("1 rendered anew and redriven, 0 not")
    (send,) = relay.sends(1)
    assert send["message"]["trigger_properties"]["order"] == "No. #77302"
