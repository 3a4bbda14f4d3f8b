import json
from typing import Any

import pytest

from handler.core.models import Event, Verified, Webhook
from handler.core.planning.parse import digest, parse, split
from handler.core.rules.load import load

NOW = 1_763_672_400  # 2025-11-20T21:00:00Z
HAND = """\
verify: {encoding: hex, signature: {header: x-sign}}
event: {type: body.type, type_signed: true, id: body.id, occurred_at: body.at}
rules:
  - {name: a, type: "*", send: {campaign_id: c, recipients: [{external_user_id: "${id}"}]}}
"""

SOURCE = load("shop", HAND, "shop.yaml", "dev")


def verified(body: bytes) -> Verified:
    return Verified(Webhook("shop", "POST", {"x-sign": "s"}, "", body, NOW))


def only_event(body: bytes) -> Event:
    (part,), _ = split(verified(body), SOURCE)
    return parse(part, verified(body), SOURCE)


@pytest.mark.parametrize(
    "at, seconds",
    [
        ("2025-11-20T21:00:00Z", NOW),
        ("2025-11-20T16:00:00-05:00", NOW),
        ("2025-11-20T21:00:00.999+00:00", NOW),
        (NOW - 5, NOW - 5),
        (str(NOW), NOW),
        (NOW + 0.5, NOW),
        (NOW + 600, NOW + 600),
        (NOW + 601, NOW),
        (NOW * 1000 + 999, NOW),
        (str(NOW * 1000), NOW),
        (NOW * 1000_000, None),
        ("2025-11-20T21:00:00", None),
        ("yesterday", None),
        (None, None),
        (True, None),
        (-1, None),
        ({}, None),
    ],
)
def test_the_time_of_an_event_is_read_or_unknown(at: Any, seconds: int | None) -> None:
    body = json.dumps({"type": "t", "id": 1, "at": at}).encode()
    event = only_event(body)
    assert event.occurred_at == seconds


@pytest.mark.parametrize(
    "own, event_id", [(7, "7"), ("x", "x"), (None, None), (" ", None), ([], None)]
)
def test_an_event_has_its_own_id_or_the_digest_of_its_body(own: Any, event_id: str | None) -> None:
    body = json.dumps({"type": "t", "id": own}).encode()
    event = only_event(body)
    assert event.id == (event_id or digest(body))
