"""Actions on a webhook, seen at the far end: Braze, the files, `relay rules test`."""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from typer.testing import CliRunner

from relay.cli import app
from relay.page.context import PageContext, PageFolders
from tests.e2e.harness import Relay, sample

Opened = Callable[..., Page]
PERSON = {"email": "ana.costa@example.com", "first_name": "Ana", "last_name": "Costa"}


@pytest.fixture
def new_files(folders: PageFolders) -> Iterator[Callable[[], set[str]]]:
    """Return what lists the samples and cases that are new; at the end they are gone."""

    def there() -> set[Path]:
        return {*folders.events.glob("*"), *folders.cases.glob("*/*")}

    before = there()
    yield lambda: {str(one.relative_to(folders.project)) for one in there() - before}
    for one in there() - before:
        one.unlink()


def order(**change: Any) -> dict[str, Any]:
    number = uuid.uuid4().int % 10**9
    body = {**sample("shopify-order"), "id": 6_120_000_000_000 + number, "name": f"#{number}"}
    body |= change
    body["customer"] = {**body["customer"], **PERSON}
    return body | {"email": PERSON["email"]}


def taken(relay: Relay, page: Page, body: dict[str, Any]) -> None:
    """Post an order, and open it on the page."""
    relay.shopify("orders/create", body)
    page.locator("#rows a", has_text=body["name"]).first.click()
    expect(page.get_by_role("button", name="Send again")).to_be_visible()


def test_send_again_posts_the_very_bytes_with_a_good_signature(
    opened: Opened, relay: Relay, context: PageContext
) -> None:
    page = opened()
    relay.shopify("orders/create", body := order(), secret="a-secret-of-nobody")
    newest(page, "refused 401")
    page.get_by_role("button", name="Send again").click()
    done = page.get_by_role("status").filter(has_text="Sent")
    expect(done).to_contain_text("Sent: answered 200, 1 delivery")
    expect(done).to_contain_text("signed anew")
    (send,) = relay.sends(1)
    assert send["message"]["trigger_properties"]["order"] == f"Order {body['name']}"
    again, first = context.journal.newest()[:2]
    assert again.webhook.body == first.webhook.body
    assert (first.webhook.status, again.webhook.status) == (401, 200)
    done.get_by_role("link").click()
    expect(page.locator("#chosen")).to_contain_text(body["name"])


def test_send_again_sends_nothing_twice_and_says_so(opened: Opened, relay: Relay) -> None:
    page = opened()
    taken(relay, page, order())
    relay.sends(1)
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("#chosen")).to_contain_text("Send as new gives it new ids")
    expect(page.locator("#rows a").first).to_contain_text("sent before, so not again")
    relay.wait_until_idle()
    assert len(relay.braze("GET", "/sends")) == 1


def test_send_as_new_reaches_braze_as_another_order(
    opened: Opened, relay: Relay, context: PageContext
) -> None:
    page = opened()
    taken(relay, page, body := order())
    page.get_by_role("button", name="Send as new").click()
    expect(page.locator("#chosen")).to_contain_text(f"new body.id: {body['id']} -> ")
    assert len(relay.sends(2)) == 2
    new = json.loads(context.journal.newest()[0].webhook.body)
    assert new["id"] != body["id"]
    assert new["line_items"] == body["line_items"]


def test_a_webhook_of_no_source_cannot_be_made_new(opened: Opened, relay: Relay) -> None:
    relay.post("shopfy", b"{}", {})
    page = opened()
    newest(page, "there is no source shopfy")
    page.get_by_role("button", name="Send as new").click()
    expect(page.locator("#chosen")).to_contain_text("Not sent: ")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("#chosen")).to_contain_text("answered 404")


def newest(page: Page, words: str) -> None:
    """Open the newest webhook once it is the one with these words."""
    expect(page.locator("#rows a").first).to_contain_text(words)
    page.locator("#rows a").first.click()
    expect(page.get_by_role("button", name="Send again")).to_be_visible()


def save(page: Page, what: str, name: str, *, as_is: bool = False) -> None:
    page.locator(".actions summary", has_text=what).click()
    form = page.locator(".actions details[open] form")
    form.get_by_label("Name in").fill(name)
    form.get_by_role("checkbox").set_checked(as_is)
    form.get_by_role("button", name=what).click()


def test_a_sample_is_written_without_its_persons(
    opened: Opened, relay: Relay, folders: PageFolders, new_files: Callable[[], set[str]]
) -> None:
    page = opened()
    taken(relay, page, body := order())
    expect(page.locator(".actions input[name=name]").first).to_have_value("shopify-orders-create")
    save(page, "Save as sample", "ordered")
    expect(page.locator("#chosen")).to_contain_text("Written: events/ordered.json")
    expect(page.locator("#chosen")).to_contain_text("rules explain ordered")
    expect(page.locator("#chosen")).to_contain_text("body.email: e-mail address")
    assert new_files() == {"events/ordered.json"}
    text = (folders.events / "ordered.json").read_text(encoding="utf-8")
    written = json.loads(text)
    assert written["source"] == "shopify"
    assert written["headers"]["x-shopify-topic"] == "orders/create"
    assert written["body"]["id"] == body["id"]
    assert PERSON["email"] not in text
    assert "hmac" not in text.lower()


def test_a_file_that_is_there_is_never_written_over(
    opened: Opened, relay: Relay, folders: PageFolders, new_files: Callable[[], set[str]]
) -> None:
    page = opened()
    taken(relay, page, order())
    before = (folders.events / "shopify-order.json").read_bytes()
    save(page, "Save as sample", "shopify-order")
    expect(page.locator("#chosen")).to_contain_text("is there already: give another name")
    assert (folders.events / "shopify-order.json").read_bytes() == before
    save(page, "Save as case", "confirms-a-customers-order")
    expect(page.locator(".done")).to_contain_text(
        "confirms-a-customers-order.yaml is there already"
    )
    assert new_files() == set()


def test_a_name_is_no_path(
    opened: Opened, relay: Relay, url: str, new_files: Callable[[], set[str]]
) -> None:
    page = opened()
    taken(relay, page, order())
    number = page.locator("#rows a[aria-current]").get_attribute("data-number")
    answer = page.request.post(
        f"{url.partition('/?')[0]}/webhooks/{number}/sample",
        form={"name": "../../made"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert "Not saved: a name has letters, digits and dashes" in answer.text()
    assert new_files() == set()


@pytest.mark.parametrize("as_is", [False, True])
def test_a_case_passes_at_once_and_its_persons_stay_only_if_asked(
    opened: Opened,
    relay: Relay,
    folders: PageFolders,
    new_files: Callable[[], set[str]],
    *,
    as_is: bool,
) -> None:
    page = opened()
    taken(relay, page, order())
    save(page, "Save as case", "from-the-page", as_is=as_is)
    expect(page.locator("#chosen")).to_contain_text(
        "Written: tests/cases/shopify/from-the-page.yaml"
    )
    assert new_files() == {"tests/cases/shopify/from-the-page.yaml"}
    text = (folders.cases / "shopify" / "from-the-page.yaml").read_text(encoding="utf-8")
    assert (PERSON["email"] in text) == as_is
    options = ["--rules", str(folders.rules), "--cases", str(folders.cases), "--json"]
    ran = CliRunner().invoke(app, ["rules", "test", *options])
    assert ran.exit_code == 0, ran.output
    cases = {one["case"]: one for one in json.loads(ran.output)["cases"]}
    made = cases["shopify/from-the-page"]
    assert made["passed"]
    (delivery,) = made["expected"]["deliveries"]
    assert delivery["rule"] == "order-confirmation"


def test_a_case_that_yaml_would_change_is_not_written(
    opened: Opened, relay: Relay, new_files: Callable[[], set[str]]
) -> None:
    page = opened()
    taken(relay, page, order(id=6_120_445_500_218_000_001))
    save(page, "Save as case", "changed")
    expect(page.locator("#chosen")).to_contain_text("Not saved: a case cannot hold it: ")
    assert new_files() == set()


def test_a_parked_webhook_becomes_a_case_that_expects_the_dead_letter(
    opened: Opened, relay: Relay, folders: PageFolders, new_files: Callable[[], set[str]]
) -> None:
    page = opened()
    taken(relay, page, {**order(), "email": None, "customer": None})
    relay.dead_letter()
    save(page, "Save as case", "parked")
    expect(page.locator("#chosen")).to_contain_text("Written: ")
    text = (folders.cases / "shopify" / "parked.yaml").read_text(encoding="utf-8")
    assert "reason: unrenderable" in text
    assert len(new_files()) == 1


def test_a_refused_webhook_becomes_no_sample(
    opened: Opened, relay: Relay, new_files: Callable[[], set[str]]
) -> None:
    page = opened()
    relay.shopify("orders/create", order(), secret="a-secret-of-nobody")
    newest(page, "refused 401")
    save(page, "Save as sample", "refused")
    expect(page.locator("#chosen")).to_contain_text("Not saved: 401")
    assert new_files() == set()


def test_a_link_opens_it_in_the_bench(opened: Opened, relay: Relay, context: PageContext) -> None:
    page = opened()
    taken(relay, page, order())
    link = page.get_by_role("link", name="Open in the bench")
    expect(link).to_have_attribute("href", f"/bench?webhook={context.journal.count}")
