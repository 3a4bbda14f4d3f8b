import json
from typing import Any

import pytest

from handler.core.models import Event, Verified, Webhook
from handler.core.planning.parse import UNREADABLE_TIME, digest, parse, split
from handler.core.planning.plan import plan
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
        ("Thu, 20 Nov 2025 21:00:00 GMT", NOW),
        ("Thu Nov 20 2025 16:00:00 GMT-0500 (Eastern Standard Time)", NOW),
        ("2025-11-20t21:00:00z", NOW),
        (" 2025-11-20T21:00:00Z\n", NOW),
        ("2025-11-20 21:00:00 UTC", NOW),
        (f"{NOW}.25", NOW),
        ("20251120T210000Z", NOW),
        ("0001-01-01T00:00:00Z", None),
        ("20 Nov 2025 9:00 PM GMT", None),
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


@pytest.mark.parametrize(
    "at, is_said",
    [
        ("2025-11-20T21:00:00Z", False),
        (None, False),
        (" ", False),
        ("2025-11-20T21:00:00", True),
        ("20 Nov 2025 9:00 PM GMT", True),
        (NOW * 1000_000, True),
        (-1, True),
        ({"a": 1}, True),
    ],
)
def test_a_time_that_is_there_and_unreadable_is_said(at: Any, *, is_said: bool) -> None:
    made = plan(verified(json.dumps({"type": "t", "id": 1, "at": at}).encode()), SOURCE)
    assert made.warnings == ((UNREADABLE_TIME,) if is_said else ())
    assert len(made.deliveries) == 1


def test_a_time_whose_expression_fails_is_said_too() -> None:
    source = load(
        "shop", HAND.replace("body.at", "\"time_add(body.at, '1h')\""), "shop.yaml", "dev"
    )
    made = plan(verified(b'{"type": "t", "id": 1, "at": true}'), source)
    assert made.warnings == (UNREADABLE_TIME,)


@pytest.mark.parametrize(
    "one, later",
    [
        (NOW, NOW + 1),
        ("2025-11-20T21:00:00", "2025-11-20T21:00:00.5"),
        ("Thu, 20 Nov 2025 21:00:00 GMT", "Thu, 20 Nov 2025 21:00:01 GMT"),
        ("2025-11-20t21:00:00z", "2025-11-20t21:00:01z"),
    ],
)
def test_versions_are_read_as_times_are(one: Any, later: Any) -> None:
    text = HAND.replace("occurred_at: body.at", "version: body.at")
    source = load("shop", text, "shop.yaml", "dev")
    found: list[float] = []
    for at in (one, later):
        whole = verified(json.dumps({"type": "t", "id": 1, "at": at}).encode())
        (part,), _ = split(whole, source)
        version = parse(part, whole, source).version
        assert version is not None
        found.append(version)
    assert found == sorted(found)
    assert found[0] == NOW
