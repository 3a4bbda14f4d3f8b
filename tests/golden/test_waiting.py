"""Messages that wait while a release is updated are read by it, and are what it would make."""

import json
from pathlib import Path

from handler.core.braze.request import request
from handler.core.message import decode
from handler.core.models import Delivery, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load

WAITING = Path(__file__).parent / "waiting"
RECEIVED_AT = 1_763_672_400  # 2025-11-20T21:00:00Z


def read() -> list[Delivery]:
    bodies = json.loads((WAITING / "messages.json").read_text(encoding="utf-8"))
    return [it for it in map(decode, bodies) if isinstance(it, Delivery)]


def made() -> list[Delivery]:
    deliveries: list[Delivery] = []
    for sent in json.loads((WAITING / "webhooks.json").read_text(encoding="utf-8")):
        name, raw = sent["source"], sent["body"].encode()
        text = (WAITING / "rules" / f"{name}.yaml").read_text(encoding="utf-8")
        webhook = Webhook(name, "POST", sent["headers"], "", raw, RECEIVED_AT)
        deliveries += plan(Verified(webhook), load(name, text, name, "dev")).deliveries
    return deliveries


def test_what_waits_is_read_and_is_what_the_same_webhook_makes_today() -> None:
    assert [(it.id, it.path, request(it)) for it in read()] == [
        (it.id, it.path, request(it)) for it in made()
    ]


def test_both_versions_and_each_field_of_the_second_wait() -> None:
    bodies = json.loads((WAITING / "messages.json").read_text(encoding="utf-8"))
    messages = [json.loads(body) for body in bodies]
    assert {it["version"] for it in messages} == {1, 2}
    assert {"once", "surge", "event_version"} <= {key for it in messages for key in it}
    assert len({it["id"] for it in messages}) == len(messages)
