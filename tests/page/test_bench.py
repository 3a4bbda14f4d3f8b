"""The bench in a real browser, over a local stack that serves what is saved."""

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from handler.rules_directory import read
from relay.console.interrupt import Ending
from relay.dead_letters.queue_reader import borrowed
from relay.page.bench.events import of_sample
from relay.page.context import PageContext, PageFolders
from relay.rules.webhooks import planned
from tests.e2e.harness import Relay, until

Opened = Callable[..., Page]
ORDER = "/bench?rules=shopify.yaml&sample=shopify-order"


@pytest.fixture
def bench(opened: Opened) -> Page:
    return shown(opened(ORDER))


def shown(page: Page) -> Page:
    """Return a bench once it shows what the rules make of the event, and the check has ended."""
    expect(page.locator("#result [data-said]")).to_be_visible()
    expect(page.locator("#disk")).to_contain_text("served since")
    return page


def typed(page: Page, old: str, new: str) -> None:
    """Replace a text in the rules as one who types does."""
    area = page.locator("#text")
    at = area.input_value().index(old)
    area.evaluate("(area, [from, to]) => area.setSelectionRange(from, to)", [at, at + len(old)])
    area.focus()
    page.keyboard.insert_text(new)


def test_the_request_is_the_plans_and_each_field_is_explained(
    bench: Page, folders: PageFolders
) -> None:
    source = read(folders.rules, "dev")["shopify"]
    (delivery,) = planned(of_sample(folders.events, "shopify-order").given, source).deliveries  # type: ignore[arg-type] # it loads
    expect(bench.locator(".request")).to_contain_text(delivery.id[:12])
    expect(bench.locator("#count")).to_have_text(re.compile("^1 request"))
    field = bench.locator(".field", has_text='"first_name": "Maren"')
    tip = bench.locator(f"[id='{field.get_attribute('aria-describedby')}']")
    expect(tip).to_be_hidden()
    field.focus()
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("takes body.customer.first_name (1 of 2)")
    bench.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    bench.locator("h1").hover()
    field.hover()
    expect(tip).to_be_visible()
    expect(bench.locator(".unwanted")).to_contain_text("type is orders/create, not")


def test_what_is_typed_is_tried_at_once_and_told_beside_what_is_served(bench: Page) -> None:
    typed(bench, "Order ${body.name}", "No. ${body.name}")
    expect(bench.locator(".json")).to_contain_text('"order": "No. #1042"')
    expect(bench.locator(".differences del")).to_have_text('"Order #1042"')
    expect(bench.locator(".differences ins")).to_have_text('"No. #1042"')


def test_a_mistake_is_marked_at_its_line_and_leads_there(bench: Page, folders: PageFolders) -> None:
    typed(bench, "priority: low", "priorty: low")
    text = bench.locator("#text").input_value()
    line = text[: text.index("priorty")].count("\n") + 1
    remark = bench.locator("#remarks li", has_text="did you mean priority?")
    expect(remark).to_have_count(1)
    expect(bench.locator("#count")).to_contain_text("1 mistake")
    expect(bench.locator("#gutter .error")).to_have_count(1)
    assert bench.locator("#gutter span").nth(line - 1).get_attribute("class") == "error"
    expect(bench.locator("#text")).to_have_attribute("aria-invalid", "true")
    remark.get_by_role("link").first.click()
    expect(bench.locator("#text")).to_be_focused()
    at = bench.locator("#text").evaluate("area => area.selectionStart")
    assert text[at:].startswith("priorty: low")
    place = quote(str((folders.rules / "shopify.yaml").resolve()))
    opens = remark.get_by_role("link", name="in your editor")
    expect(opens).to_have_attribute("href", f"vscode://file{place}:{line}:5")
    bench.locator("#editor").select_option("idea")
    opens = bench.locator("#remarks li", has_text="did you mean priority?").locator(".opens")
    expect(opens).to_have_attribute("href", f"idea://open?file={place}&line={line}&column=5")


def test_a_hundred_keystrokes_end_at_the_last_result(bench: Page) -> None:
    area = bench.locator("#text")
    at = area.input_value().index("Order ${body.name}")
    area.evaluate("(area, at) => area.setSelectionRange(at, at)", at)
    area.focus()
    bench.keyboard.type("".join(chr(ord("a") + at % 26) for at in range(99)) + "Z", delay=5)
    expect(bench.locator(".json")).to_contain_text('tuZOrder #1042"')
    expect(bench.locator(".json")).to_contain_text(f'"order": "{"abcdefghijklmnopqrstuvwxyz" * 3}')


def test_what_is_saved_is_served(
    bench: Page, rules_file: Callable[[str], Path], context: PageContext
) -> None:
    place = rules_file("shopify")
    typed(bench, "Order ${body.name}", "Saved ${body.name}")
    expect(bench.locator(".differences ins")).to_have_text('"Saved #1042"')
    expect(bench.get_by_text("typed here, and not saved yet")).to_be_visible()
    expect(bench.get_by_text("served since")).to_be_hidden()
    bench.keyboard.press("Control+s")
    expect(bench.locator("#disk")).to_contain_text("saved, and is checked before it is served")
    expect(bench.get_by_text("served since")).to_be_visible()
    expect(bench.get_by_text("typed here, and not saved yet")).to_be_hidden()
    assert context.live.served.files["shopify.yaml"] == place.read_bytes()
    assert "Saved ${body.name}" in place.read_text(encoding="utf-8")
    expect(bench.locator(".differences")).to_contain_text("no difference to what is served")


def test_what_is_saved_with_a_mistake_is_not_served_and_why_is_said(
    bench: Page, rules_file: Callable[[str], Path]
) -> None:
    rules_file("shopify")
    typed(bench, "priority: low", "priorty: low")
    bench.locator("#save").click()
    expect(bench.locator("#disk")).to_contain_text("not served: fix this and save again")
    expect(bench.locator("#disk .refusal")).to_contain_text("did you mean priority?")
    typed(bench, "priorty: low", "priority: low")
    bench.locator("#save").click()
    expect(bench.locator("#disk")).to_contain_text("served since")


def test_a_save_of_an_editor_is_taken_over_where_nothing_is_typed(
    bench: Page, rules_file: Callable[[str], Path]
) -> None:
    place = rules_file("shopify")
    text = place.read_text(encoding="utf-8").replace("Order ${body.name}", "Editor ${body.name}")
    place.write_text(text, encoding="utf-8")
    expect(bench.locator("#text")).to_have_value(text)
    expect(bench.locator(".json")).to_contain_text('"order": "Editor #1042"')
    expect(bench.locator("#disk")).to_contain_text("served since")


def test_a_save_of_an_editor_is_not_written_over(
    bench: Page, rules_file: Callable[[str], Path]
) -> None:
    place = rules_file("shopify")
    typed(bench, "Order ${body.name}", "Bench ${body.name}")
    text = place.read_text(encoding="utf-8").replace("Order ${body.name}", "Editor ${body.name}")
    place.write_text(text, encoding="utf-8")
    expect(bench.locator("#disk")).to_contain_text("shopify.yaml has changed on disk")
    bench.locator("#save").click()
    expect(bench.locator("#disk [role=alert]")).to_contain_text("nothing is saved")
    assert place.read_text(encoding="utf-8") == text
    expect(bench.locator("#text")).to_have_value(re.compile("Bench"))
    bench.locator("#reload").click()
    expect(bench.locator("#text")).to_have_value(text)
    expect(bench.locator("#disk")).to_contain_text("served since")


def test_markup_in_rules_and_events_stays_text(bench: Page) -> None:
    markup = "<img src=x onerror=alert(1)><script>alert(1)</script>"
    typed(bench, "Order ${body.name}", f"'{markup} ${{body.name}}'")
    expect(bench.locator(".json")).to_contain_text(f"{markup} #1042")
    typed(bench, "priority: low", f"{markup}: low")
    expect(bench.locator("#remarks")).to_contain_text(markup)
    bench.locator("#event").select_option("pasted")
    bench.locator("#headers").fill("x-shopify-topic: orders/create")
    bench.locator("#pasted").fill(
        '{"id": 1, "admin_graphql_api_id": "gid://shopify/Order/1", "email": "a@example.com",'
        ' "name": "</textarea><script>alert(1)</script>", "line_items": []}'
    )
    expect(bench.locator("#result")).to_contain_text("</textarea><script>alert(1)</script>")
    assert bench.locator("#result img, #result script, #remarks img").count() == 0


def test_a_live_webhook_is_opened_with_the_rules_of_its_source(
    opened: Opened, relay: Relay, context: PageContext, folders: PageFolders
) -> None:
    sample = of_sample(folders.events, "accounts-signup").given.sample
    before = context.journal.count
    relay.accounts(sample.body, "msg_bench")
    number = until(lambda: context.journal.count, lambda found: found > before, "the webhook")
    page = shown(opened(f"/bench?webhook={number}"))
    expect(page.locator(".files [aria-current]")).to_have_text("accounts.yaml")
    expect(page.locator("#count")).to_contain_text("1 request")


def test_a_dead_letter_is_opened_with_its_event(opened: Opened, relay: Relay) -> None:
    order = {"id": 71, "admin_graphql_api_id": "gid://shopify/Order/71", "token": "of-a-letter"}
    relay.shopify("orders/create", order)
    stack = relay.local.stack
    with borrowed(stack.client("sqs"), stack.outputs["DeadLetterQueueUrl"], Ending(b"")) as loan:
        letter = until(lambda: next(loan.letters(), None), bool, "dead letter")
    assert letter is not None
    page = shown(opened(f"/bench?letter={letter.id}"))
    expect(page.locator("#given .body")).to_contain_text('"token": "of-a-letter"')
    expect(page.locator("#count")).to_contain_text("1 dead letter")
    expect(page.locator(".rule")).to_contain_text("dead letter, unrenderable: ")
    relay.dead_letter()


def test_a_new_file_is_a_starter_that_is_served(
    opened: Opened, rules_file: Callable[[str], Path], folders: PageFolders
) -> None:
    page = shown(opened(ORDER))
    page.get_by_text("New rules file").click()
    page.locator("input[name=source]").fill("shopify")
    page.locator(".new button").click()
    expect(page.locator("#not-made")).to_contain_text("there is a source shopify already")
    page.locator("input[name=source]").fill("billing")
    page.locator("select[name=preset]").select_option("stripe")
    page.locator(".new button").click()
    expect(page.locator(".files [aria-current]")).to_have_text("billing.yaml")
    expect(page.locator("#count")).to_contain_text("1 request")
    assert rules_file("billing").exists()
    (sample,) = folders.events.glob("billing-*.json")
    sample.unlink()
