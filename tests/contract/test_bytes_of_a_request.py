"""Bytes of a request: compact JSON in UTF-8, of which Braze's limits are counted."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.braze.endpoints import MAX_PROPERTIES_BYTES
from handler.core.braze.outcome import HttpResponse, classify
from handler.core.braze.redact import redact
from handler.core.braze.request import batch_request, encode_request, request
from handler.core.delivery.batching import coalesce
from handler.core.errors import RulesError, Unrenderable
from handler.core.expressions.expression import compile_expression
from handler.core.message import decode, encode
from handler.core.models import Delivery
from relay.simulated_braze.contract.sizes import sizes
from tests.contract.bodies import Body
from tests.contract.way import made, sent
from tests.relay.simulated_braze.simulated import ID, Client

USER = {"external_user_id": "${body.id}"}
SEND: Body = {"campaign_id": ID, "recipients": [{**USER, "trigger_properties": "${body.all}"}]}
TEXT = st.text(st.characters(exclude_categories=[]))  # lone surrogates too
HALF = re.compile("[\ud800-\udfff]")
JSON = st.recursive(
    TEXT | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def one(properties: Any) -> Delivery:
    (delivery,) = made(SEND, {"id": 1, "all": properties})
    return delivery


def on_the_wire(delivery: Delivery) -> bytes:
    """Return the request's bytes, after the way through the queue."""
    back = decode(encode(delivery))
    assert isinstance(back, Delivery)
    return encode_request(request(back))


def properties_on_the_wire(delivery: Delivery) -> int:
    return sizes(on_the_wire(delivery))["recipients", 0, "trigger_properties"]


def test_properties_are_counted_without_blanks(braze: Client) -> None:
    properties = {"n": [12_345] * 3_600 + [123_456] * 3_600}
    assert len(json.dumps(properties)) == 54_007

    delivery = one(properties)

    assert properties_on_the_wire(delivery) == 46_807
    assert sent(braze, delivery).outcome.kind == "accepted"


@pytest.mark.parametrize("character", ["x", "\u00fc", "\u6f22", "\U0001f642"])
def test_51200_bytes_of_any_script_pass_and_one_more_does_not(
    character: str, braze: Client
) -> None:
    width = len(character.encode())
    room = MAX_PROPERTIES_BYTES - len('{"a":""}')
    text = character * (room // width) + "x" * (room % width)

    delivery = one({"a": text})

    assert properties_on_the_wire(delivery) == MAX_PROPERTIES_BYTES
    assert sent(braze, delivery).outcome.kind == "accepted"
    with pytest.raises(Unrenderable, match="trigger_properties: it is larger than 51,200 bytes"):
        one({"a": text + "x"})


def test_the_simulated_braze_counts_what_arrives_and_not_what_it_means(braze: Client) -> None:
    body: Any = {"campaign_id": ID, "recipients": [{"external_user_id": "u"}]}
    body["trigger_properties"] = {"a": "\u00fc" * 25_500}

    def answer(*, ensure_ascii: bool) -> int:
        raw = json.dumps(body, ensure_ascii=ensure_ascii, separators=(",", ":")).encode()
        key = {"Authorization": "Bearer local-braze-key", "Content-Type": "application/json"}
        return braze.post("/campaigns/trigger/send", None, data=raw, headers=key).status_code

    assert answer(ensure_ascii=False) == 201
    assert answer(ensure_ascii=True) == 400  # 153,000 bytes


@pytest.mark.parametrize("place", ["shared", "own", "both", "context", "recipient"])
def test_what_a_rules_file_writes_down_is_counted_when_it_is_loaded(place: str) -> None:
    def body(size: int) -> Body:
        user: Body = {"external_user_id": "${body.id}"}
        text = {"a": "\u00fc" * ((size - 8) // 2) + "x" * (size % 2)}
        half = {"b": "x" * (size - 20_017)}
        bodies: dict[str, Body] = {
            "shared": {"campaign_id": "c", "recipients": [user], "trigger_properties": text},
            "own": {"campaign_id": "c", "recipients": [{**user, "trigger_properties": text}]},
            "both": {
                "campaign_id": "c",
                "recipients": [{**user, "trigger_properties": half}],
                "trigger_properties": {"a": "x" * 20_002},
            },
            "context": {"canvas_id": "c", "recipients": [user], "context": text},
            "recipient": {
                "transactional_campaign_id": "c",
                "recipient": user,
                "trigger_properties": text,
            },
        }
        return bodies[place]

    made(body(51_200), {"id": 1})
    with pytest.raises(RulesError, match=": it is larger than 51,200 bytes"):
        made(body(51_201), {"id": 1})


def test_what_an_event_brings_is_not_counted_when_a_file_is_loaded() -> None:
    properties = {"a": "x" * 51_180, "b": "${body.b}"}
    send = {"campaign_id": "c", "recipients": [USER], "trigger_properties": properties}

    (delivery,) = made(send, {"id": 1})
    assert len(encode_request(delivery.send["trigger_properties"])) == 51_188
    with pytest.raises(Unrenderable, match="larger than 51,200 bytes"):
        made(send, {"id": 1, "b": "123456"})


def test_a_literal_alias_is_counted_when_it_is_loaded() -> None:
    alias = {"alias_name": "${body.id}", "alias_label": "\u00fc" * 118 + "x"}
    with pytest.raises(RulesError, match="it is longer than 236 bytes"):
        made({"campaign_id": "c", "recipients": [{"user_alias": alias}]}, {"id": 1})


@given(JSON)
def test_any_value_is_sent_in_utf8_and_halves_of_characters_are_replaced(value: Any) -> None:
    raw = encode_request(value)

    sent_as = json.loads(raw.decode("utf-8"))
    assert len(raw) <= len(json.dumps(value, separators=(",", ":")))
    assert not HALF.search(json.dumps(sent_as, ensure_ascii=False))
    if not HALF.search(json.dumps(value, ensure_ascii=False)):
        assert sent_as == value


@pytest.mark.parametrize(
    "text, sent_as",
    [
        ("\ud800", "\ufffd"),
        ("a\ud800b", "a\ufffdb"),
        ("\udc00\ud800", "\ufffd\ufffd"),
        ("\ud83d\ude42", "\U0001f642"),
        ("\ud83d\ud83d\ude42", "\ufffd\U0001f642"),
    ],
)
def test_half_a_character_goes_out_as_u_fffd(text: str, sent_as: str) -> None:
    assert json.loads(encode_request({text: text})) == {sent_as: sent_as}


@pytest.mark.parametrize(
    "expression",
    ['`"\\ud800"`', '`["x", {"a": "\\ude00"}]`', '{"\\ud800": body.a}', 'body."\\ud800"'],
)
def test_half_a_character_in_an_expression_is_a_mistake(expression: str) -> None:
    # In the queue no worker could read a message with one.
    with pytest.raises(RulesError, match="half of a surrogate pair is no character"):
        made({**SEND, "trigger_properties": {"a": f"${{{expression}}}"}}, {"id": 1})
    assert compile_expression('`"\\ud83d\\ude42"`').search({}) == "\U0001f642"


def test_a_message_stays_ascii_and_its_request_does_not() -> None:
    delivery = one({"a": "Z\u00fcrich \U0001f642"})

    assert encode(delivery).isascii()
    assert "Z\u00fcrich \U0001f642".encode() in on_the_wire(delivery)


def test_deliveries_of_any_script_fill_a_request_as_its_bytes_allow() -> None:
    large = {"a": "\u00fc" * 25_000}
    batch = [made(SEND, {"id": f"u{at}", "all": large}, f"e-{at}")[0] for at in range(50)]

    (together,) = coalesce(batch)

    assert len(encode_request(batch_request([batch[at] for at in together]))) < 50 * 51_200


def test_brazes_text_is_known_in_every_script_and_spelling() -> None:
    names = {"first_name": 'Z\u00f6e "Zora" M\u00fcller', "city": "\u6f22\u5b57\u5e02"}
    texts = [
        'refused Z\u00f6e "Zora" M\u00fcller',
        "refused M\u00dcLLER of \u6f22\u5b57\u5e02",
        'refused "Z\u00f6e \\"Zora\\" M\u00fcller"',
        f"refused {json.dumps(names['first_name'])}",
        "refused " + json.dumps("M\u00dcLLER \u6f22\u5b57\u5e02"),
    ]
    for text in texts:
        for errors in (text, [text], [{"type": text}]):
            answer = HttpResponse("answered", 201, {}, json.dumps({"errors": errors}).encode())
            detail = redact(classify(answer, 0).detail, {"attributes": {**names}})
            assert "refused" in detail
            assert not re.search(r"z.e\b|ller|zora|u00|u6f|\?", detail, re.IGNORECASE), detail
