"""What a rules file says besides its preset: it takes the preset's place, key by key."""

import json
import time
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from handler.core.message import unpack
from tests.handler.core.rules_files import RULES, findings
from tests.senders.posting import NOW, Letter, verdict
from tests.senders.rows import ACCEPTED
from tests.senders.signing import in_base64, in_hex
from tests.senders.taking import answer, enqueued, shop
from tests.senders.vendors import LITERAL, VENDORS

CHECKOUT = json.dumps(
    {
        "id": "evt_1",
        "type": "checkout.session.completed",
        "created": 1772375400,
        "data": {"object": {"id": "cs_1"}},
    }
)
HAND = "event: {type: body.type, type_signed: true}"


def judged(verify: str, letter: Letter) -> str:
    scheme = shop(f"verify: {verify}").scheme
    return verdict(letter.post(), scheme, [letter.vendor.secret])


def event_of(sender: str, **headers: str) -> dict[str, Any]:
    """Return the event that a checkout becomes."""
    preset = "stripe" if "stripe" in sender else "shopify"
    post = Letter(VENDORS[preset], CHECKOUT, int(time.time())).post().plus(**headers)
    status, _, aws = answer(post, shop(sender), VENDORS[preset].secret)
    assert status == 200
    (delivery,) = enqueued(aws)
    found: dict[str, Any] = unpack(delivery["event"])
    return found


@pytest.mark.parametrize(
    "preset, verify",
    [
        ("stripe", "{preset: stripe, timestamp: {tolerance: 7200}}"),
        ("hubspot", "{preset: hubspot, timestamp: {tolerance: 7200}}"),
        ("clerk", "{preset: clerk, tolerance: 7200}"),
        ("bigcommerce", "{preset: bigcommerce, tolerance: 7200}"),
    ],
)
def test_a_tolerance_can_be_another(preset: str, verify: str) -> None:
    vendor = VENDORS[preset]
    assert judged(verify, Letter(vendor, at=NOW - 7200)) == ACCEPTED
    assert judged(verify, Letter(vendor, at=NOW - 7201)) == "stale"
    assert judged(verify, Letter(vendor, at=NOW + 7201)) == "from_the_future"


@pytest.mark.parametrize(
    "preset, verify",
    [
        ("recharge", "{preset: recharge, timestamp: {tolerance: null}}"),
        ("stripe", "{preset: stripe, timestamp: {tolerance: null}}"),
        ("clerk", "{preset: clerk, tolerance: null}"),
        ("svix", "{scheme: standard_webhooks, headers: svix, tolerance: null}\n" + HAND),
    ],
)
@pytest.mark.parametrize("age", [-10_000_000, 10_000_000])
def test_a_tolerance_of_null_accepts_any_age(preset: str, verify: str, age: int) -> None:
    assert judged(verify, Letter(VENDORS[preset], at=NOW + age)) == ACCEPTED
    forged = Letter(VENDORS[preset], at=NOW + age, secret=VENDORS[preset].other)
    assert (
        verdict(forged.post(), shop(f"verify: {verify}").scheme, [VENDORS[preset].secret])
        == "wrong_signature"
    )


def test_a_signature_can_stand_in_another_header() -> None:
    verify = "{preset: shopify, signature: {header: Shopify-Hmac-Sha256}}"
    renamed = replace(VENDORS["shopify"], header="Shopify-Hmac-Sha256")
    assert judged(verify, Letter(renamed)) == ACCEPTED
    assert judged(verify, Letter(VENDORS["shopify"])) == "no_signature"


def test_null_takes_a_key_of_the_preset_away() -> None:
    verify = "{preset: stripe, timestamp: null, signed: null}"
    untimed = replace(VENDORS["stripe"], sign=in_hex())
    assert judged(verify, Letter(untimed, at=1)) == ACCEPTED
    bare = "{preset: typeform, signature: {format: plain, prefix: null}}"
    plain = replace(VENDORS["typeform"], frame=VENDORS["shopify"].frame, sign=in_base64())
    assert judged(bare, Letter(plain)) == ACCEPTED


@pytest.mark.parametrize(
    "event, event_id",
    [
        ("{}", "evt_1"),
        ("{id: body.data.object.id}", "cs_1"),
        ("{id: {checkout.*: body.data.object.id, '*': body.id}}", "cs_1"),
        ("{id: {invoice.*: body.data.object.id, '*': body.id}}", "evt_1"),
        ("{id: null}", sha256(CHECKOUT.encode()).hexdigest()),
    ],
)
def test_an_id_can_be_another(event: str, event_id: str) -> None:
    assert event_of(f"verify: {{preset: stripe}}\nevent: {event}")["id"] == event_id


def test_a_time_can_be_taken_away_and_a_type_be_another() -> None:
    event = event_of(
        "verify: {preset: stripe}\nevent: {occurred_at: null, type: body.data.object.id}"
    )
    assert (event["occurred_at"], event["type"]) == (None, "cs_1")


def test_headers_of_the_file_are_added_to_those_of_the_preset() -> None:
    sender = "verify: {preset: shopify}\nheaders: [X-Extra]"
    event = event_of(sender, x_extra="1", x_other="2")
    assert event["headers"] == {
        "x-shopify-topic": "orders/create",
        "x-shopify-triggered-at": "2026-01-02T10:00:00Z",
        "x-extra": "1",
    }


@pytest.mark.parametrize("preset", ["okta", "woocommerce", "github"])
def test_handshakes_can_be_switched_off(preset: str) -> None:
    assert shop(f"verify: {{preset: {preset}}}").handshakes == (preset,)
    assert shop(f"verify: {{preset: {preset}}}\nhandshakes: []").handshakes == ()


@pytest.mark.parametrize(
    "said, body", [("", {"events": 1, "deliveries": 1}), ("answer: empty", None)]
)
def test_an_answer_can_be_empty(said: str, body: Any) -> None:
    post = Letter(VENDORS["stripe"], CHECKOUT, int(time.time())).post()
    _, answered, _ = answer(post, shop(f"verify: {{preset: stripe}}\n{said}"), LITERAL)
    assert answered == ("" if body is None else json.dumps(body))


def test_a_content_type_of_the_file_is_taken_too() -> None:
    post = Letter(VENDORS["stripe"], CHECKOUT, int(time.time())).post().plus(content_type="text/x")
    sender = "verify: {preset: stripe}"
    assert answer(post, shop(sender), LITERAL)[0] == 415
    assert answer(post, shop(f"{sender}\ncontent_types: [Text/X]"), LITERAL)[0] == 200


@pytest.mark.parametrize(
    "sender, finding",
    [
        (
            "verify: {preset: shopify, signed: '{id}'}",
            "1:1: verify: signed must hold {body}: without it nothing proves the body",
        ),
        (
            "verify: {preset: shopify}\nevent: {id: 'headers.\"x-shopify-webhook-id\"'}",
            "2:9: the sender does not sign x-shopify-webhook-id: id is unproven",
        ),
        (
            "verify: {preset: shopify}\nevent: {bind: {a: 'headers.\"x-shopify-topic\"'}}",
            "2:9: the sender does not sign x-shopify-topic: bind is unproven",
        ),
        (
            "verify: {preset: stripe}\nheaders: [Stripe-Signature]",
            "2:1: an event never carries stripe-signature",
        ),
        (
            "verify: {preset: okta}\nheaders: [authorization]",
            "2:1: an event never carries authorization",
        ),
    ],
)
def test_what_would_prove_less_does_not_load(sender: str, finding: str) -> None:
    assert findings(f"{sender}\n{RULES}") == [finding]
