"""The pictures of the docs are of the page as it is: `make pictures` writes them anew."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from relay.page.journal import MOST, MOST_BYTES
from relay.paths import PROJECT
from tests.e2e.harness import Relay, sample

SIZE = {"width": 1440, "height": 900}


def place(folder: Path) -> Path:
    """Return where pictures go: to the docs where that is asked for."""
    return PROJECT / "docs" / "page" if os.environ.get("PICTURES") else folder


def taken(page: Page, file: Path) -> None:
    page.screenshot(path=file)
    assert file.read_bytes().startswith(b"\x89PNG")


def test_the_way_of_an_order_and_the_bench_have_their_pictures(
    relay: Relay, opened: Callable[..., Page], tmp_path: Path
) -> None:
    first: dict[str, Any] = sample("shopify-order")
    second = sample("shopify-order") | {"test": True}
    assert relay.shopify("orders/create", second).status_code == 200
    assert relay.shopify("orders/create", first).status_code == 200
    relay.sends(1)
    page = opened(viewport=SIZE)
    page.locator("#list").get_by_text(first["name"]).first.click()
    for step in ("Received", "Verified", "Rules", "Requests", "Attempts", "Braze"):
        expect(page.locator("#chosen").get_by_role("heading", name=step).first).to_be_visible()
    expect(page.locator("#chosen")).to_contain_text("accepted")
    expect(page.locator("#charts")).to_contain_text("in all")
    taken(page, place(tmp_path) / "way.png")
    page.goto(page.url.partition("/?")[0].rstrip("/") + "/bench?sample=shopify-order")
    expect(page.locator("#result")).to_contain_text("order-confirmation")
    taken(page, place(tmp_path) / "bench.png")


def test_the_docs_name_the_bounds_of_the_list() -> None:
    page = (PROJECT / "docs" / "page.md").read_text(encoding="utf-8")
    assert f"the last {MOST:,} webhooks, at most {MOST_BYTES // 2**20} MiB of them" in page
