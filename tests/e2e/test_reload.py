"""Rules that are saved while the stack serves: served at once, nothing is lost or forgotten."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.local.stack import Local
from tests.e2e.harness import SECRETS, Relay
from tests.e2e.live import Live, live

WORDS = "order: Order ${body.name}"
SAVES = 2
PAUSE = 0.1  # seconds between two orders


@pytest.fixture
def shopify(local: Local, served_rules: Path) -> Iterator[Live]:
    with live(local, served_rules / "shopify.yaml", SECRETS) as found:
        yield found


def orders(relay: Relay) -> list[str]:
    """Return what Braze was asked to tell of each order."""
    told = [one["message"]["trigger_properties"] for one in relay.braze("GET", "/sends")]
    return [one["order"] for one in told]


def test_no_webhook_is_lost_while_rules_are_saved_and_what_was_sent_is_known(
    relay: Relay, shopify: Live, order: dict[str, Any]
) -> None:
    text, ended = shopify.file.read_text(encoding="utf-8"), threading.Event()
    answers: list[int] = []

    def post() -> None:
        while not ended.wait(PAUSE):
            one = order | {"id": order["id"] + len(answers)}
            answers.append(relay.shopify("orders/create", one).status_code)

    sender = threading.Thread(target=post)
    sender.start()
    try:
        for number in range(SAVES):
            said = shopify.save(text.replace(WORDS, WORDS.replace("Order", f"Number {number}")))
            assert "shopify/order-confirmation: changed" in said
            assert "recipients[0].trigger_properties.order: " in said
            assert "served after" in said
    finally:
        ended.set()
        sender.join()

    assert set(answers) <= {200, 503}
    last = order | {"id": order["id"] - 1, "name": "#last"}
    assert relay.shopify("orders/create", last).json() == {"events": 1, "deliveries": 1}
    relay.sends(answers.count(200) + 1)
    assert orders(relay).count(f"Number {SAVES - 1} #last") == 1
    assert len(orders(relay)) == answers.count(200) + 1
    assert relay.shopify("orders/create", last).status_code == 200
    relay.wait_until_idle()
    assert len(orders(relay)) == answers.count(200) + 1, "the ledger is kept"


def test_a_mistake_leaves_the_old_rules_serving(
    relay: Relay, shopify: Live, order: dict[str, Any]
) -> None:
    text = shopify.file.read_text(encoding="utf-8")
    said = shopify.save(text.replace("rules:", "rulez:"))
    assert "shopify.yaml:32:1: unknown key rulez; did you mean rules?" in said
    assert "are still served" in said
    assert relay.shopify("orders/create", order).json() == {"events": 1, "deliveries": 1}
    assert "the rules are again as they are served" in shopify.save(text)


def test_a_file_that_is_gone_answers_404_until_it_is_back(
    relay: Relay, shopify: Live, order: dict[str, Any]
) -> None:
    text = shopify.file.read_text(encoding="utf-8")
    said = shopify.save(None)
    assert "/webhooks/shopify answers 404 now: its rules file is gone" in said
    assert relay.shopify("orders/create", order).status_code == 404
    assert "shopify/order-confirmation: appears" in shopify.save(text)
    assert relay.shopify("orders/create", order).json() == {"events": 1, "deliveries": 1}
