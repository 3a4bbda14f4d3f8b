"""The list of webhooks in a browser: it lives, says why, finds, and can be used by keys alone."""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from relay.page.context import PageContext
from tests.e2e.harness import Relay, sample

Opened = Callable[..., Page]
CAMPAIGN = "417220e4-5a2a-b634-7f7d-9ec891532368"
HALF = 400  # pixels


def order(**change: Any) -> dict[str, Any]:
    return {**sample("shopify-order"), "name": f"#{uuid.uuid4().int % 10**9}", **change}


def row(page: Page, name: str) -> Locator:
    return page.locator("#rows a").filter(has=page.locator(".name", has_text=name))


def test_a_webhook_appears_without_reload_and_what_becomes_of_it(
    opened: Opened, relay: Relay
) -> None:
    page = opened()
    page.evaluate("window.isTheSame = true")
    body = order()
    relay.shopify("orders/create", body)
    found = row(page, body["name"])
    expect(found).to_contain_text(f"{body['name']} orders/create")
    expect(found).to_contain_text("1 delivery · accepted")
    expect(page.locator("#rows a").first).to_contain_text(body["name"])
    assert page.evaluate("window.isTheSame")


def test_a_failure_at_braze_stands_out_with_its_reason(opened: Opened, relay: Relay) -> None:
    page = opened()
    refusal = {"message": "The campaign is gone."}
    relay.braze("POST", "/faults", [{"kind": "status", "status": 400, "times": 1, "body": refusal}])
    body = order()
    relay.shopify("orders/create", body)
    expect(row(page, body["name"])).to_contain_text("dead letter")
    expect(row(page, body["name"])).to_have_class(re.compile("kind-bad"))
    relay.dead_letter()


def test_what_braze_accepted_and_nobody_got_stands_out_with_the_reason(
    opened: Opened, relay: Relay
) -> None:
    page = opened()
    body = order()
    relay.braze("PUT", f"/targets/{CAMPAIGN}", {"channel": "email"})
    user = str(body["customer"]["id"])
    profile = {"email": body["email"], "email_subscribe": "unsubscribed"}
    relay.braze("PUT", f"/profiles/{user}", profile)
    relay.shopify("orders/create", body)
    found = row(page, body["name"])
    expect(found).to_contain_text("1 delivery · reached nobody: the user is unsubscribed")
    expect(found).to_have_class(re.compile("kind-bad"))
    relay.braze("PUT", f"/targets/{CAMPAIGN}", {})
    again = order()
    relay.shopify("orders/create", again)
    expect(row(page, again["name"])).to_contain_text("1 delivery · accepted")
    expect(row(page, body["name"])).to_contain_text("reached nobody")


def test_enter_in_the_search_opens_the_first_that_is_found(opened: Opened, relay: Relay) -> None:
    body = order()
    relay.shopify("orders/create", body)
    relay.shopify("orders/create", order())
    page = opened()
    expect(page.locator("#rows a").nth(1)).to_contain_text(body["name"])
    page.keyboard.press("/")
    page.keyboard.type(body["name"])
    page.keyboard.press("Enter")
    expect(page.locator("#chosen")).to_contain_text(body["name"])
    expect(row(page, body["name"])).to_be_focused()
    expect(page.locator("#rows a")).to_have_count(1)


def test_on_a_small_screen_the_list_comes_before_the_charts_take_it(
    opened: Opened, relay: Relay
) -> None:
    body = order()
    relay.shopify("orders/create", body)
    page = opened(viewport={"width": 400, "height": 800})
    expect(page.locator("#charts figure").first).to_be_visible()
    first = row(page, body["name"])
    expect(first).to_contain_text("accepted")
    place = first.bounding_box()
    assert place is not None
    assert place["y"] + place["height"] < HALF
    name = first.locator(".what").bounding_box()
    assert name is not None
    assert name["width"] > place["width"] / 3  # a long verdict stands below it


def test_a_refused_webhook_says_why(opened: Opened, relay: Relay) -> None:
    page = opened()
    relay.shopify("orders/create", order(), secret="a-secret-of-nobody")
    expect(page.locator("#rows a").first).to_contain_text("refused 401: wrong signature")
    relay.post("shopfy", b"{}", {})
    expect(page.locator("#rows a").first).to_contain_text("refused 404: there is no source shopfy")
    relay.shopify("orders/create", {**order(), "customer": None, "email": None})
    expect(page.locator("#rows a").first).to_contain_text("parked: unrenderable")
    expect(page.locator("#rows a").first).to_contain_text("order-confirmation: external_user_id")
    relay.dead_letter()


def test_search_and_filters_leave_what_is_sought(opened: Opened, relay: Relay) -> None:
    page = opened()
    one, other = order(email="ana.costa@example.org"), order()
    relay.shopify("orders/create", one)
    relay.shopify("orders/create", other)
    relay.shopify("orders/create", order(), secret="a-secret-of-nobody")
    expect(row(page, other["name"])).to_be_visible()
    search = page.get_by_role("searchbox", name="Search")
    for text in (one["name"], "Ana.Costa@example.org", str(one["id"])):
        search.fill(text)
        expect(page.locator("#rows a")).to_have_count(1)
        expect(row(page, one["name"])).to_be_visible()
        expect(page.get_by_role("status").filter(has_text="1 of")).to_be_visible()
    search.fill("")
    page.get_by_label("Show").select_option("failed")
    expect(row(page, one["name"])).to_have_count(0)
    expect(page.locator("#rows a").first).to_contain_text("refused 401")
    page.get_by_label("Source").select_option("accounts")
    expect(page.locator("#rows a").filter(has_text="shopify")).to_have_count(0)


def test_keys_move_open_and_search(opened: Opened, relay: Relay) -> None:
    names: list[str] = []
    for _ in range(3):
        body = order()
        relay.shopify("orders/create", body)
        names.insert(0, body["name"])
    page = opened()
    for _ in range(2):
        page.keyboard.press("j")
    expect(row(page, names[1])).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(row(page, names[2])).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("#chosen")).to_contain_text(names[1])
    expect(row(page, names[1])).to_have_attribute("aria-current", "true")
    relay.shopify("orders/create", order())  # what comes takes neither focus nor choice
    expect(page.locator("#rows a").nth(2)).to_contain_text(names[1])
    expect(row(page, names[1])).to_be_focused()
    expect(row(page, names[1])).to_have_attribute("aria-current", "true")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_keys_are_told_and_can_be_switched_off(opened: Opened, relay: Relay) -> None:
    relay.shopify("orders/create", order())
    page = opened()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    page.keyboard.press("j")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#rows a:focus")).to_have_count(0)
    page.locator("#rows a").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#rows a").nth(1)).to_be_focused()


def test_markup_and_script_of_a_webhook_stay_text(opened: Opened, relay: Relay) -> None:
    page = opened()
    said: list[str] = []
    page.on("dialog", lambda one: said.append(one.message))
    bad = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    mark = uuid.uuid4().hex
    for number, (source, body) in enumerate(
        [
            ("shopify", {**order(), "name": bad, "email": bad, "note": f"{mark} {bad}"}),
            ("<img src=x onerror=alert(3)>", {}),
        ]
    ):
        if number:
            relay.post(source, json.dumps(body).encode(), {})
        else:
            relay.shopify("<svg onload=alert(4)>", body)
    expect(page.locator("#rows a").first).to_contain_text("there is no source <img src=x")
    page.locator("#rows a").nth(1).click()
    expect(page.locator("#chosen h2")).to_be_visible()
    assert page.locator("main script, main img, main svg[onload]").count() == 0
    assert said == []


def test_the_url_of_a_chosen_webhook_opens_it(
    opened: Opened, relay: Relay, context: PageContext
) -> None:
    body = order()
    relay.shopify("orders/create", body)
    page = opened()
    row(page, body["name"]).click()
    expect(page.locator("#chosen")).to_contain_text(body["name"])
    expect(page).to_have_url(re.compile(rf"/\?chosen={context.journal.count}$"))
    page.reload()
    expect(page.locator("#chosen")).to_contain_text(body["name"])


def test_on_a_telephone_the_chosen_one_is_below_the_list(opened: Opened, relay: Relay) -> None:
    body = order()
    relay.shopify("orders/create", body)
    page = opened(viewport={"width": 400, "height": 800})
    row(page, body["name"]).click()
    expect(page.locator("#chosen h2")).to_be_in_viewport()
    boxes = [page.locator(one).bounding_box() for one in ("#list", "#chosen")]
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
