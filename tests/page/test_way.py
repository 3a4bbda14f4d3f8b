"""The way of one webhook in a browser, over the real stack: whatever happens, it says why."""

import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect
from standardwebhooks import Webhook as StandardWebhook

from relay.page.context import PageContext
from tests.e2e.harness import ACCOUNTS_SECRET, Relay, sample, until

Opened = Callable[..., Page]
CAMPAIGN = "417220e4-5a2a-b634-7f7d-9ec891532368"
ONBOARDING = "2f9c7b16-6d40-4e8b-a3f5-90c1e7d2b864"


def order(**change: Any) -> dict[str, Any]:
    return {**sample("shopify-order"), "name": f"#{uuid.uuid4().int % 10**9}", **change}


def came(context: PageContext, mark: str) -> int:
    """Return the number of the newest webhook whose body has this text, once it has come."""

    def found() -> int:
        kept = context.journal.newest()
        return next((one.number for one in kept if mark.encode() in one.webhook.body), 0)

    return until(found, bool, f"webhook with {mark}")


def of_order(context: PageContext, body: dict[str, Any]) -> str:
    """Return the path of the page with an order's webhook chosen."""
    return f"/?chosen={came(context, json.dumps(body['name']))}"


def step(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name, exact=True)


def test_an_order_is_followed_from_left_to_right(
    opened: Opened, relay: Relay, context: PageContext
) -> None:
    body = order()
    relay.shopify("orders/create", body)
    page = opened(of_order(context, body))
    expect(
        page.get_by_role("heading", name=f"shopify orders/create {body['name']}")
    ).to_be_visible()
    expect(step(page, "Received")).to_contain_text("POST /webhooks/shopify")
    expect(step(page, "Received")).to_contain_text(f'"name": "{body["name"]}"')
    step(page, "Received").get_by_text("headers").click()
    expect(step(page, "Received")).to_contain_text("x-shopify-hmac-sha256(hidden)")
    expect(step(page, "Verified")).to_contain_text("preset shopify: HMAC-SHA256")
    expect(step(page, "Rules")).to_contain_text("order-confirmation wanted it")
    expect(step(page, "Requests")).to_contain_text("POST /campaigns/trigger/send")
    expect(step(page, "Attempts")).to_contain_text("Braze accepted it")
    expect(step(page, "Braze")).to_contain_text("9204417730123: reached its user")
    expect(step(page, "Braze")).to_contain_text('email new"maren.osthoff@example.com"')
    assert "canary" not in page.content()


def test_a_paid_order_ends_in_what_braze_records_and_counts(
    opened: Opened, relay: Relay, context: PageContext
) -> None:
    body = {**sample("shopify-order-paid"), "name": f"#{uuid.uuid4().int % 10**9}"}
    relay.shopify("orders/paid", body)
    page = opened(of_order(context, body))
    expect(step(page, "Requests")).to_contain_text("POST /users/track")
    expect(step(page, "Attempts")).to_contain_text("Braze accepted it")
    recorded = step(page, "Braze")
    counted = "event ecommerce.order_placed is recorded; Braze counts 1 order, revenue"
    expect(recorded).to_contain_text(counted)
    recorded.get_by_text("Event", exact=True).click()
    expect(recorded).to_contain_text('"total_value": ')


def test_a_field_is_explained_on_focus_and_put_away_by_escape(
    opened: Opened, relay: Relay, context: PageContext
) -> None:
    body = order()
    relay.shopify("orders/create", body)
    page = opened(of_order(context, body))
    field = step(page, "Requests").get_by_role("button", name='"order": ')
    field.focus()
    why = page.get_by_role("tooltip").filter(has_text="Order ${body.name}")
    expect(why).to_be_visible()
    expect(why).to_contain_text(f'body.name = "{body["name"]}"')
    expect(field).to_have_accessible_description(re.compile(re.escape("Order ${body.name}")))
    page.keyboard.press("Escape")
    expect(why).to_be_hidden()
    step(page, "Requests").get_by_role("button", name='"email": ').hover()
    expect(page.get_by_role("tooltip").filter(has_text="${body.email}")).to_be_visible()


def test_a_refused_webhook_says_why_and_what_to_do(
    opened: Opened, relay: Relay, context: PageContext
) -> None:
    body = order()
    relay.shopify("orders/create", body, secret="a-secret-of-nobody")
    page = opened(of_order(context, body))
    verified = step(page, "Verified")
    expect(verified).to_contain_text("fits no secret")
    expect(verified).to_contain_text("up --secrets FILE")
    expect(page.get_by_text("refused 401: wrong signature").last).to_be_visible()
    old = {"webhook-id": "m1", "webhook-timestamp": "1700000000", "webhook-signature": ""}
    old["webhook-signature"] = _signature(old, mark := f"old-{uuid.uuid4().hex}")
    relay.post("accounts", json.dumps({"id": mark}).encode(), old)
    page.goto(_chosen(page, came(context, mark)))
    expect(step(page, "Verified")).to_contain_text("older than the source's tolerance")
    relay.post("accounts", json.dumps({"id": (bare := uuid.uuid4().hex)}).encode(), {})
    page.goto(_chosen(page, came(context, bare)))
    expect(step(page, "Verified")).to_contain_text("The signature's header is missing")


def test_a_source_without_a_secret_says_so(
    opened: Opened,
    relay: Relay,
    context: PageContext,
    rules_file: Callable[[str], Path],
) -> None:
    text = rules_file("shopify").read_text(encoding="utf-8")
    rules_file("second").write_text(text.replace("secret: shopify", "secret: other"), "utf-8")
    until(lambda: "second" in context.live.served.sources, bool, "the new source")
    mark = uuid.uuid4().hex
    body = json.dumps({"id": mark}).encode()
    answered = lambda: relay.post("second", body, {}).status_code  # noqa: E731 - asked again
    until(answered, lambda status: status == 503, "answer 503")
    page = opened(f"/?chosen={came(context, mark)}")
    expect(step(page, "Verified")).to_contain_text("no usable signing secret 'other'")
    expect(step(page, "Verified")).to_contain_text("--secrets")


def test_the_operand_that_kept_a_rule_out_stands_out(
    opened: Opened, relay: Relay, context: PageContext
) -> None:
    body = order(test=True)
    relay.shopify("orders/create", body)
    page = opened(of_order(context, body))
    expect(step(page, "Rules")).to_contain_text("order-confirmation did not want it")
    expect(step(page, "Rules").locator(".decided")).to_have_text("body.test = true kept it out")
    expect(step(page, "Requests")).to_contain_text("None.")


def test_a_braze_that_fails_is_seen_retried_and_recovered(
    opened: Opened, relay: Relay, context: PageContext
) -> None:
    relay.braze("POST", "/faults", [{"kind": "status", "status": 503}])
    body = order()
    relay.shopify("orders/create", body)
    page = opened(of_order(context, body))
    attempts = step(page, "Attempts")
    expect(attempts).to_contain_text("not sent yet: it is tried again (server error)")
    expect(attempts).to_contain_text("503 “simulated fault”")
    expect(attempts.locator("time[data-until]")).to_have_text(re.compile(r"in \d+ s|is due"))
    field = step(page, "Requests").get_by_role("button", name='"order": ')
    field.focus()
    step(page, "Received").get_by_text("headers").click()
    field.focus()
    page.keyboard.press("Escape")
    relay.braze("DELETE", "/faults")
    expect(attempts).to_contain_text("Braze accepted it")
    expect(step(page, "Braze")).to_contain_text("reached its user")
    # What is renewed around a reader leaves focus, open details and what was put away alone.
    expect(field).to_be_focused()
    expect(page.get_by_role("tooltip")).to_have_count(0)
    expect(step(page, "Received")).to_contain_text("x-shopify-topic")
    expect(step(page, "Received").locator("#way-headers")).to_have_attribute("open", "")


def test_a_rejected_delivery_is_a_dead_letter_with_brazes_words(
    opened: Opened, relay: Relay, context: PageContext
) -> None:
    said = {"message": "No <i>such</i> campaign"}
    relay.braze("POST", "/faults", [{"kind": "status", "status": 400, "times": 1, "body": said}])
    body = order()
    relay.shopify("orders/create", body)
    page = opened(of_order(context, body))
    attempts = step(page, "Attempts")
    expect(attempts).to_contain_text("order-confirmation: a dead letter")
    expect(attempts).to_contain_text('Braze said: "No <i>such</i> campaign"')
    expect(attempts).to_contain_text("Mend the rule or the campaign, then “Redrive”")
    expect(attempts.get_by_role("link", name="Braze")).to_have_attribute("href", "/braze")
    expect(page.locator(".problems")).to_contain_text("order-confirmation: a dead letter")
    relay.dead_letter()


def test_a_paused_canvas_and_an_unreachable_user_say_why_nobody_got_anything(
    opened: Opened, relay: Relay, context: PageContext
) -> None:
    relay.braze("PUT", f"/targets/{ONBOARDING}", {"enabled": False})
    signup = sample("accounts-signup")
    signup["data"]["id"] = uuid.uuid4().hex
    relay.accounts(signup, f"msg-{signup['data']['id']}")
    page = opened(f"/?chosen={came(context, signup['data']['id'])}")
    attempts = step(page, "Attempts")
    expect(attempts).to_contain_text("target paused")
    expect(attempts).to_contain_text("The Canvas or campaign is paused, archived or a draft")
    expect(attempts).to_contain_text("Resume the campaign or Canvas in Braze")
    expect(step(page, "Braze")).to_contain_text("reached nobody: the Canvas is paused")
    relay.braze("PUT", f"/targets/{ONBOARDING}", {})
    expect(attempts).to_contain_text("Braze accepted it")
    expect(step(page, "Braze")).to_contain_text("reached its user")
    audience = {
        "custom_attribute": {
            "custom_attribute_name": "plan", "comparison": "equals", "value": "paid",
        }
    }  # fmt: skip
    relay.braze("PUT", f"/targets/{CAMPAIGN}", {"audience": audience})
    body = order()
    relay.shopify("orders/create", body)
    page.goto(_chosen(page, int(of_order(context, body).rpartition("=")[2])))
    braze = step(page, "Braze")
    expect(braze).to_contain_text(
        "accepted, and reached nobody: the user is not in the dashboard's"
    )
    expect(braze).to_contain_text("Its audience takes those who are only just created")
    expect(page.locator(".problems")).to_contain_text("reached nobody")


def test_a_repeat_is_a_duplicate(opened: Opened, relay: Relay, context: PageContext) -> None:
    body = order()
    relay.shopify("orders/create", body)
    first = came(context, mark := json.dumps(body["name"]))
    page = opened(f"/?chosen={first}")
    expect(step(page, "Attempts")).to_contain_text("Braze accepted it")
    relay.shopify("orders/create", body)
    second = until(lambda: came(context, mark), lambda number: number > first, "second webhook")
    page.goto(_chosen(page, second))
    expect(step(page, "Attempts").locator("tbody")).to_contain_text("duplicate")
    expect(step(page, "Attempts")).to_contain_text("Another message with the same delivery id")


def test_markup_in_a_body_stays_text(opened: Opened, relay: Relay, context: PageContext) -> None:
    mark = "<img src=x onerror=alert(1)><script>document.title='x'</script>"
    body = order(note=mark)
    body["line_items"][0]["title"] = mark
    relay.shopify("orders/create", body, x_mark="<b>bold</b>")
    page = opened(of_order(context, body))
    expect(step(page, "Received")).to_contain_text("<img src=x onerror=alert(1)>")
    expect(step(page, "Requests")).to_contain_text("<script>document.title")
    expect(page.locator("#way img, #way script, #way b")).to_have_count(0)


def test_a_webhook_that_is_not_kept_says_so(opened: Opened) -> None:
    page = opened()
    text = page.evaluate("fetch('/webhooks/999999999').then((one) => one.text())")
    assert "not kept any more" in text


def _chosen(page: Page, number: int) -> str:
    return f"{page.url.partition('?')[0]}?chosen={number}"


def _signature(headers: dict[str, str], mark: str) -> str:
    when = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    signer = StandardWebhook(ACCOUNTS_SECRET)
    return signer.sign(headers["webhook-id"], when, json.dumps({"id": mark}))
