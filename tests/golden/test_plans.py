"""The deliveries that the first release made of webhooks: an id that changes is a second mail."""

import json
from pathlib import Path
from typing import Any

import pytest

from handler.core.models import Delivery, Verified, Webhook
from handler.core.plan import plan
from handler.core.rules import load

FIRST = Path(__file__).parent / "1"
RECEIVED_AT = 1_763_672_400  # 2025-11-20T21:00:00Z
KEPT = ("id", "rule", "path", "send", "recipient", "event_id", "expires_at", "on_unknown")
PLANS: dict[str, list[dict[str, Any]]] = json.loads(
    (FIRST / "plans.json").read_text(encoding="utf-8")
)


def deliveries(name: str) -> tuple[Delivery, ...]:
    sent = json.loads((FIRST / "webhooks" / f"{name}.json").read_text(encoding="utf-8"))
    source = sent["source"]
    rules = (FIRST / "rules" / f"{source}.yaml").read_text(encoding="utf-8")
    body = json.dumps(sent["body"]).encode()
    webhook = Webhook(source, "POST", sent["headers"], "", body, RECEIVED_AT)
    return plan(Verified(webhook), load(source, rules, f"{source}.yaml", "dev")).deliveries


def kept(made: Delivery) -> dict[str, Any]:
    return {name: getattr(made, name) for name in KEPT}


@pytest.mark.parametrize("name", PLANS)
def test_a_webhook_becomes_the_deliveries_that_the_first_release_made_of_it(name: str) -> None:
    assert [kept(made) for made in deliveries(name)] == PLANS[name]


def test_every_webhook_has_its_plan() -> None:
    assert {file.stem for file in (FIRST / "webhooks").iterdir()} == set(PLANS)
