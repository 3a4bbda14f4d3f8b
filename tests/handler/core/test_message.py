"""Queue messages are ASCII JSON, come back as they went, and nothing else is read."""

import json
import random
import re
import zlib
from base64 import b64encode
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from handler.core.errors import UnknownVersion, UnreadableMessage
from handler.core.message import decode, encode, group_of, pack, pack_with_body, unpack
from handler.core.models import Delivery, Parked
from tests.handler.core.message_models import DeliveryMessage, EventMessage, read

DELIVERY = Delivery(
    id="0" * 64,
    source="shopify",
    rule="order-confirmation",
    rules_version="0123456789ab",
    workspace="default",
    path="/campaigns/trigger/send",
    send={"campaign_id": "c"},
    recipient={"external_user_id": "u", "attributes": {"first_name": "Zo\u00eb\x00\x1f"}},
    event_id="1",
    event=pack({"id": 9_007_199_254_740_993}),
    accepted_at=1_800_000_000,
    expires_at=None,
    on_unknown="retry",
)
PARKED = Parked(
    source="shopify",
    rule=None,
    rules_version="0123456789ab",
    event_id="1",
    event=pack({"raw": "e30="}),
    accepted_at=1_800_000_000,
    reason="malformed",
    detail="a key stands twice",
)
# As the first release wrote it: every later version reads it.
GOLDEN = (
    '{"version":1,"kind":"delivery","id":"a","source":"s","rule":"r","rules_version":"v",'
    '"workspace":"default","path":"/campaigns/trigger/send","send":{"campaign_id":"c"},'
    '"recipient":{"external_user_id":"u"},"event_id":"1","event":"eJyrVkpUsjKsBQAIKgIJ",'
    '"accepted_at":1,"expires_at":2,"on_unknown":"hold"}'
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=10,
)  # fmt: skip


def nested(depth: int, inner: Any) -> Any:
    """Return a value within so many lists."""
    for _ in range(depth):
        inner = [inner]
    return inner


def decoded(body: str) -> dict[str, Any] | None:
    """Return the fields of a message; None where it is unreadable."""
    try:
        return asdict(decode(body))
    except UnreadableMessage:
        return None


def test_a_rules_deliveries_are_one_group_and_no_other_rules_are_in_it() -> None:
    other = replace(DELIVERY, id="1" * 64, event_id="2")
    assert group_of(DELIVERY) == group_of(other)
    assert group_of(replace(DELIVERY, rule="welcome")) != group_of(DELIVERY)
    assert group_of(replace(DELIVERY, source="woocommerce")) != group_of(DELIVERY)


def test_sqs_takes_the_group_of_any_name() -> None:
    group = group_of(replace(DELIVERY, source="s" * 500, rule="r \u00eb"))
    assert re.fullmatch("[0-9a-f]{64}", group)


@pytest.mark.parametrize("letter", [DELIVERY, PARKED, replace(DELIVERY, recipient=None)])
def test_a_letter_comes_back_as_it_went_in_printable_ascii(letter: Delivery | Parked) -> None:
    body = encode(letter)
    assert body.isascii()
    assert body.isprintable()
    assert decode(body) == letter


def test_a_message_of_the_first_release_is_read() -> None:
    letter = decode(GOLDEN)
    assert isinstance(letter, Delivery)
    assert (letter.expires_at, letter.on_unknown, unpack(letter.event)) == (2, "hold", {"a": 1})
    assert encode(letter) == GOLDEN


@given(json_values)
def test_any_json_value_survives_packing(value: object) -> None:
    assert unpack(pack(value)) == value  # type: ignore[arg-type] # hypothesis types no JSON


@given(json_values)
def test_a_body_that_is_json_already_is_packed_as_it_is(value: object) -> None:
    fields: dict[str, JsonValue] = {"type": "order", "headers": {"a": "\xeb"}}
    for text in (json.dumps(value, ensure_ascii=False), json.dumps(value, indent=2)):
        packed = pack_with_body(fields, text.encode())
        assert packed.isascii()
        assert unpack(packed) == {**fields, "body": value}


def test_an_event_that_fills_much_of_a_message_is_packed_as_small_as_before() -> None:
    chance = random.Random(1)  # noqa: S311 - an order, no secret
    items = [{"sku": f"{chance.getrandbits(64):x}", "quantity": 1} for _ in range(10_000)]
    text = json.dumps(items, separators=(",", ":"))
    usual = len(b64encode(zlib.compress(text.encode())))
    assert usual > 65_536
    assert len(pack_with_body({"type": "order"}, text.encode())) < usual * 1.01
    small = json.dumps(items[:3_000], separators=(",", ":")).encode()
    assert len(pack_with_body({"type": "order"}, small)) <= 65_536


def test_a_later_version_is_told_from_what_is_unreadable() -> None:
    with pytest.raises(UnknownVersion):
        decode(json.dumps(json.loads(GOLDEN) | {"version": 6, "new": True}))


@pytest.mark.parametrize(
    "given,version",
    [
        ({}, 1),
        ({"once": "a"}, 2),
        ({"surge": (1, 60)}, 2),
        ({"event_version": 7}, 2),
        ({"event_version": 7, "arrived_ms": 1}, 3),
        ({"again_after": 5}, 3),
        ({"priority": "low"}, 4),
        ({"priority": "low", "guard": "g"}, 5),
        ({"delay": 300}, 5),
        ({"refused_of": "a"}, 5),
    ],
)
def test_a_message_has_the_lowest_version_that_has_what_it_carries(
    given: dict[str, Any], version: int
) -> None:
    """A worker of the former release reads what it can, and lets what it cannot wait."""
    message = replace(DELIVERY, **given)

    assert json.loads(encode(message))["version"] == version
    assert decode(encode(message)) == message


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "1",
        '"version"',
        "{}",
        "[" * 100_000,
        '{"version":true,"kind":"event"}',
        '{"version":1}',
        '{"version":1,"kind":"letter"}',
        GOLDEN.replace('"accepted_at":1', '"accepted_at":"1"'),
        GOLDEN.replace('"accepted_at":1', '"accepted_at":NaN'),
        GOLDEN.replace('"c"', "1e999"),
        GOLDEN.replace('"c"', "[" * 900 + "]" * 900),
        GOLDEN.replace('"hold"', '"perhaps"'),
        GOLDEN.replace('"rule":"r",', ""),
        GOLDEN.replace('"rule":"r"', '"rule":"r","more":1'),
    ],
)
def test_what_no_release_wrote_is_unreadable_and_the_error_shows_none_of_it(body: str) -> None:
    with pytest.raises(UnreadableMessage) as caught:
        decode(body)
    assert "perhaps" not in str(caught.value)


FULL = replace(
    DELIVERY,
    once="a",
    surge=(1, 60),
    event_version=7,
    arrived_ms=1,
    again_after=5,
    expires_at=1,
    guard="g",
    delay=1,
    refused_of="b",
)
NAMES = sorted({*DeliveryMessage.model_fields, *EventMessage.model_fields, "more"} - {"version"})
# What a field may hold by mistake: each type, and what lies at the edge of each.
values = st.one_of(
    json_values,
    st.text(),  # also a surrogate without its other half
    st.sampled_from(["delivery", "event", "hold", "unrenderable", "", "\ud83d", "\ud83d\ude00"]),
    st.sampled_from([0, -1, 10**400, 1.0, 1e308, True, False, None, {}, [], {"a": "\ud800"}]),
    st.sampled_from([[1, 2], [1], [1, 2, 3], [True, 1], [1, 2.0], [1, "2"], {"0": 1}, [[1, 2]]]),
)


@given(
    letter=st.sampled_from([DELIVERY, FULL, PARKED]),
    changed=st.dictionaries(st.sampled_from(NAMES), values, max_size=3),
    absent=st.sets(st.sampled_from(NAMES), max_size=1),
    ascii_only=st.booleans(),
)
def test_exactly_those_messages_are_read_that_the_models_read(
    letter: Delivery | Parked, changed: dict[str, Any], absent: set[str], *, ascii_only: bool
) -> None:
    document = json.loads(encode(letter)) | changed
    kept = {name: it for name, it in document.items() if name not in absent}
    body = json.dumps(kept, ensure_ascii=ascii_only)
    try:
        body.encode()  # SQS takes UTF-8; the models would join two halves of a pair
        wanted: Any = read(body)
    except (ValueError, RecursionError):
        wanted = None

    assert decoded(body) == wanted


@pytest.mark.parametrize("number", ["1e999", "-1e999", "1E400", "NaN", "-Infinity", "-0", "1e2"])
@pytest.mark.parametrize("name", ["accepted_at", "event_version", "send"])
def test_a_number_is_read_as_the_models_read_it(name: str, number: str) -> None:
    field = f'{{"a":[{number}]}}' if name == "send" else number
    body = json.dumps(json.loads(encode(FULL)) | {name: "?"}).replace('"?"', field)
    try:
        wanted: Any = read(body)
    except ValueError:
        wanted = None

    assert decoded(body) == wanted


@pytest.mark.parametrize("inner", [[], {}, 1, "a"])
@pytest.mark.parametrize("depth", range(196, 204))
def test_a_message_is_read_as_deep_as_the_models_read_it(depth: int, inner: Any) -> None:
    body = encode(replace(DELIVERY, send={"a": nested(depth, inner), "b": [[]] * 200}))
    try:
        wanted: Any = read(body)
    except ValueError:
        wanted = None

    assert decoded(body) == wanted


@pytest.mark.parametrize("models,letter", [(DeliveryMessage, FULL), (EventMessage, PARKED)])
def test_the_models_have_the_fields_of_a_message(models: Any, letter: Delivery | Parked) -> None:
    assert set(models.model_fields) == {"version", "kind", *asdict(letter)}


@given(st.text() | json_values.map(json.dumps))
def test_no_body_raises_anything_else(body: str) -> None:
    with pytest.raises((UnreadableMessage, UnknownVersion)):
        decode(body)
