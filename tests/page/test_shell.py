"""Every part of the page in a real browser: its policy refuses nothing of it, all can use it."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from relay.local.stack import Local
from relay.page.context import PageContext
from tests.e2e.harness import Relay, sample, until


def with_a_mistake(page: Page) -> None:
    """Fill the bench: an event, what comes of it, a mistake, and an explanation that is open."""
    page.locator(".field").first.wait_for()
    text = page.locator("#text")
    text.fill(text.input_value() + "  - name: more\n")
    page.locator("#remarks .bad").first.wait_for()
    page.get_by_text("New rules file").click()
    page.locator(".field").first.focus()


def with_a_chosen_webhook(page: Page) -> None:
    """Fill the list: rows of each kind, one of them chosen and sent again, and a form open.

    All of its way is open, and a field is explained.
    """
    page.locator("#rows .kind-bad").first.wait_for()
    page.locator("#rows a", has_text="orders/create").first.click()
    page.get_by_role("button", name="Send again").click()
    page.locator(".done p").first.wait_for()
    page.locator("#way .regions details").evaluate_all(
        "all => all.forEach((one) => { one.open = true; })"
    )
    page.locator("#way-requests .field").first.focus()
    expect(page.get_by_role("tooltip")).to_be_visible()
    page.locator(".actions summary").first.click()


@pytest.fixture(scope="module", autouse=True)
def webhooks(local: Local, context: PageContext, url: str) -> None:
    """Let the stack take webhooks: wanted, unwanted, refused."""
    relay, before = Relay(local), context.journal.count
    relay.shopify("orders/create", sample("shopify-order-test"))
    relay.shopify("orders/create", sample("shopify-order"), secret="a-secret-of-nobody")
    relay.shopify("orders/create", sample("shopify-order"))
    until(lambda: context.journal.count, lambda count: count >= before + 3, f"webhooks of {url}")


# Each part, and what it is filled with before it is looked at.
FILLED: dict[str, Callable[[Page], None]] = {
    "/": with_a_chosen_webhook,
    "/bench": with_a_mistake,
    "/braze": lambda _: None,
}
PARTS = list(FILLED)
# WCAG 2.2 AA and what it builds on, as axe-core names it.
AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page: Page) -> str:
    """Return what axe-core finds; empty for nothing."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": AA}})
    return found.generate_report() if found.violations_count else ""


@pytest.mark.parametrize("path", PARTS)
def test_no_part_breaks_its_own_policy_or_leaves_the_machine(
    opened: Callable[..., Page], url: str, path: str
) -> None:
    page = opened()
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda one: said.append(one.text))
    page.on("pageerror", lambda one: said.append(str(one)))
    page.on("request", lambda one: asked.append(one.url))
    base = url.partition("/?")[0]
    with page.expect_request(f"{base}/changes"):
        page.goto(base + path)
    FILLED[path](page)
    assert said == []
    assert {one for one in asked if not one.startswith(base)} == set()


@pytest.mark.parametrize("path", PARTS)
def test_no_part_violates_aa_in_light_or_dark_or_is_wider_than_a_telephone(
    opened: Callable[..., Page], path: str
) -> None:
    page = opened(path, bypass_csp=True)  # axe is a script of its own
    FILLED[path](page)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == "", scheme
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_braze_s_side_is_usable_by_all_with_everything_open(
    opened: Callable[..., Page], relay: Relay
) -> None:
    page = opened("/braze", bypass_csp=True)
    assert relay.shopify("orders/create", sample("shopify-order")).status_code == 200
    relay.sends(1)
    relay.braze("POST", "/faults", [{"kind": "status", "status": 400, "body": {"message": "No"}}])
    assert relay.shopify("orders/create", sample("shopify-order")).status_code == 200
    row = page.locator("#letters tbody tr")
    expect(row).to_have_count(1)
    expect(page.locator("#profiles details")).to_have_count(1)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    expect(page.locator("#received")).to_contain_text("reached")
    expect(page.locator("#profiles")).to_contain_text("History")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == ""
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    row.get_by_role("button", name="Drop").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("is deleted for good")
    assert violations(page) == ""
    dialog.get_by_role("button", name="Drop 1").click()
    expect(dialog).to_contain_text("1 dropped, 0 not")
