"""Queue messages are ASCII JSON, come back as they went, and nothing else is read."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.errors import UnknownVersion, UnreadableMessage
from handler.core.message import decode, encode, pack, unpack
from handler.core.models import Delivery, Parked

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


def test_a_later_version_is_told_from_what_is_unreadable() -> None:
    with pytest.raises(UnknownVersion):
        decode(json.dumps(json.loads(GOLDEN) | {"version": 4, "new": True}))


@pytest.mark.parametrize(
    "given,version",
    [
        ({}, 1),
        ({"once": "a"}, 2),
        ({"surge": (1, 60)}, 2),
        ({"event_version": 7}, 2),
        ({"event_version": 7, "arrived_ms": 1}, 3),
        ({"again_after": 5}, 3),
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


@given(st.text() | json_values.map(json.dumps))
def test_no_body_raises_anything_else(body: str) -> None:
    with pytest.raises((UnreadableMessage, UnknownVersion)):
        decode(body)
