"""What a preset makes of its sender's webhooks: samples/<preset>.json, a list of cases."""

import json
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from handler.core.message import unpack
from handler.core.models import Plan
from handler.core.planning.plan import plan
from handler.core.verification.verify import verify
from tests.senders.posting import Letter, judged, source
from tests.senders.vendors import VENDORS

SAMPLES: list[tuple[str, dict[str, Any]]] = [
    (file.stem, case)
    for file in sorted((Path(__file__).parent / "samples").glob("*.json"))
    for case in json.loads(file.read_text(encoding="utf-8"))
]
CREATIONS = {
    "shopify": ("X-Shopify-Topic", "orders/create"),
    "woocommerce": ("X-WC-Webhook-Topic", "order.created"),
}
ORDER = {
    "id": 5,
    "order_key": "wc_order_7Qx",
    "created_at": "2026-03-01T14:30:00Z",
    "date_created_gmt": "2026-03-01T14:30:00",
}
LATER = [
    ORDER | {"updated_at": "2026-03-01T14:30:05Z", "date_modified_gmt": "2026-03-01T14:30:05"},
    ORDER | {"updated_at": "2026-04-01T14:30:05Z", "date_modified_gmt": "2026-04-01T14:30:05"},
    {"id": 5, "order_key": "wc_order_7Qx"},
]
DIGESTS = [
    (preset, header, topic)
    for preset, header in (("github", "X-GitHub-Event"), ("recharge", "X-Recharge-Topic"))
    for topic in ("issues", "order/created", "ORDER/CREATED", "x.deleted")
]


def planned(preset: str, body: str, headers: dict[str, str]) -> Plan:
    post = Letter(VENDORS[preset], body).post()
    taken = source(preset)
    webhook = replace(post, headers={**post.headers, **headers}).webhook()
    return plan(verify(webhook, taken.scheme, [VENDORS[preset].secret]), taken)


def told(made: Plan) -> list[dict[str, Any]]:
    """Return type, id and time of the events as the worker will read them."""
    events = [unpack(delivery.event) for delivery in made.deliveries]
    assert [event["id"] for event in events] == [it.event_id for it in made.deliveries]
    return [{key: event[key] for key in ("type", "id", "occurred_at")} for event in events]


def expected(event: dict[str, Any], body: str) -> dict[str, Any]:
    at = event["occurred_at"]
    return {
        "type": event["type"],
        "id": event["id"].replace("digest", sha256(body.encode()).hexdigest()),
        "occurred_at": int(datetime.fromisoformat(at).timestamp()) if at else None,
    }


def test_every_preset_has_a_sample_that_makes_an_event() -> None:
    assert {preset for preset, case in SAMPLES if case["events"]} == set(VENDORS)


@pytest.mark.parametrize(
    "preset, case", SAMPLES, ids=[f"{preset}: {case['claim']}" for preset, case in SAMPLES]
)
def test_a_sample_becomes_its_events(preset: str, case: dict[str, Any]) -> None:
    body = json.dumps(case["body"])
    made = planned(preset, body, case.get("headers", {}))
    assert told(made) == [expected(event, body) for event in case["events"]]
    assert [it.reason for it in made.parked] == ["malformed"] * case.get("parked", 0)
    assert made.events == len(case["events"]) + case.get("parked", 0)
    assert len({delivery.id for delivery in made.deliveries}) == len(made.deliveries)


@pytest.mark.parametrize("preset", CREATIONS)
@pytest.mark.parametrize("later", LATER)
def test_a_later_webhook_played_again_as_a_creation_has_the_creations_id(
    preset: str, later: dict[str, Any]
) -> None:
    header, topic = CREATIONS[preset]
    (first,) = planned(preset, json.dumps(ORDER), {header: topic}).deliveries
    (again,) = planned(preset, json.dumps(later), {header: topic}).deliveries
    assert again.id == first.id


@pytest.mark.parametrize("preset, header, topic", DIGESTS)
def test_what_is_known_by_its_digest_keeps_its_id_under_every_topic(
    preset: str, header: str, topic: str
) -> None:
    (first,) = planned(preset, json.dumps(ORDER), {}).deliveries
    (again,) = planned(preset, json.dumps(ORDER), {header: topic}).deliveries
    assert again.id == first.id


def test_a_segment_batch_of_which_the_first_event_is_signed_is_refused() -> None:
    first = '{"type":"track","messageId":"1"}'
    signed = Letter(VENDORS["segment"], first)
    batch = replace(signed.post(), body=f"[{first},{first}]".encode())
    assert judged("segment", batch) == "wrong_signature"
