"""The deliveries that the first release made of webhooks: an id that changes is a second mail."""

import json
from pathlib import Path
from typing import Any

import pytest

from handler.core.models import Delivery, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from tests.senders.test_samples import SAMPLES, planned

FIRST = Path(__file__).parent / "1"
SECOND = Path(__file__).parent / "2"
RECEIVED_AT = 1_763_672_400  # 2025-11-20T21:00:00Z
KEPT = ("id", "rule", "path", "send", "recipient", "event_id", "expires_at", "on_unknown")


def frozen(file: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


PLANS = frozen(FIRST / "plans.json")
OTHERWISE = frozen(SECOND / "plans.json")
IDS = frozen(FIRST / "ids.json")
NEW_IDS = frozen(SECOND / "ids.json")


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
    assert [kept(made) for made in deliveries(name)] == (PLANS | OTHERWISE)[name]


@pytest.mark.parametrize("name", IDS)
def test_a_senders_sample_has_the_ids_of_the_first_release(name: str) -> None:
    case = next(case for preset, case in SAMPLES if name == f"{preset}: {case['claim']}")
    made = planned(name.partition(":")[0], json.dumps(case["body"]), case.get("headers", {}))

    assert [it.id for it in made.deliveries] == (IDS | NEW_IDS)[name]


def test_only_updates_of_shopify_have_other_ids_than_in_the_first_release() -> None:
    assert set(OTHERWISE) == {"unsigned-updated"}
    assert set(NEW_IDS) == {"shopify: a change is known by id and time, and happened at the change"}


def test_every_webhook_has_its_plan() -> None:
    assert {file.stem for file in (FIRST / "webhooks").iterdir()} == set(PLANS)
