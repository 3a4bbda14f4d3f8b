"""Bodies of every class of JSON, well signed, through the whole of ingest to Braze's request."""

import json
import re
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from bench.fuzz.arrangement import Arrangement, arranged
from bench.fuzz.requests import event_of
from bench.fuzz.senders import secrets_of, signed
from handler.core.braze.request import encode_request, request
from handler.core.message import decode
from handler.core.models import Delivery, Parked
from handler.core.rules.load import load
from tests.fuzz.json_cases import cases

NOW = 1_763_672_400
IDS = """\
verify: {preset: shopify}
rules:
  - name: ids
    type: "*"
    once: ${body.id}
    send:
      campaign_id: c
      recipients: [{external_user_id: "${body.id}", trigger_properties: {it: "${body.id}"}}]
"""


@pytest.fixture
def arrangement() -> Iterator[Arrangement]:
    with arranged(NOW) as made:
        yield made


def answered(arrangement: Arrangement, body: bytes) -> tuple[Any, list[Delivery | Parked]]:
    shopify = arrangement.sources["shopify"]
    arrangement.aws.messages.clear()
    good = signed(shopify, secrets_of(shopify).current, body, NOW)
    answer = arrangement.ingest.answer(event_of(good))
    assert not arrangement.log.shown
    return answer, [decode(message) for message in arrangement.aws.messages]


def each(what: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("body", [pytest.param(it, id=name) for name, it in cases(what)])


def there(value: Any) -> Any:
    """Return what is left of a value without what is missing: null, and blank text."""
    if isinstance(value, dict):
        return {key: there(it) for key, it in value.items() if not is_missing(it)}
    if isinstance(value, list):
        return [there(it) for it in value if not is_missing(it)]
    return value


def is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def as_braze_reads(delivery: Delivery) -> Any:
    return json.loads(encode_request(request(delivery)))


@each("accepted")
def test_what_is_json_comes_to_braze_as_it_is(arrangement: Arrangement, body: bytes) -> None:
    answer, (delivery,) = answered(arrangement, body)
    assert (answer["statusCode"], answer["body"]) == (200, '{"events": 1, "deliveries": 1}')
    assert isinstance(delivery, Delivery)
    (recipient,) = as_braze_reads(delivery)["recipients"]
    mended = re.sub("[\ud800-\udfff]", "\ufffd", json.dumps(json.loads(body), ensure_ascii=False))
    expected = there({"all": json.loads(mended)})
    assert repr(recipient.get("trigger_properties", {})) == repr(expected)


@each("refused")
def test_what_is_not_json_is_400_and_nothing_comes_of_it(
    arrangement: Arrangement, body: bytes
) -> None:
    answer, letters = answered(arrangement, body)
    assert (answer["statusCode"], answer["body"]) == (400, '{"error": "body is not JSON"}')
    assert letters == []


@each("malformed")
def test_json_that_nobody_can_pass_on_is_parked_and_answered_200(
    arrangement: Arrangement, body: bytes
) -> None:
    answer, (parked,) = answered(arrangement, body)
    told = '{"events": 1, "deliveries": 0, "parked": 1}'
    assert (answer["statusCode"], answer["body"]) == (200, told)
    assert isinstance(parked, Parked)
    assert (parked.reason, parked.rule) == ("malformed", None)


@each("unrenderable")
def test_more_than_one_message_takes_is_parked_and_answered_200(
    arrangement: Arrangement, body: bytes
) -> None:
    answer, (parked,) = answered(arrangement, body)
    assert answer["statusCode"] == 200
    assert isinstance(parked, Parked)
    assert (parked.reason, parked.rule) == ("unrenderable", "any")


@pytest.mark.parametrize(
    "first, last", [(35, 91), (0x80, 0x7FF), (0x800, 0xD7FF), (0x10000, 0x10FFFF)]
)
@pytest.mark.parametrize("before", ['{"id":1,"noise":"', '{"id":1,"id":1,"noise":"'])
def test_a_body_that_no_packing_makes_smaller_still_fits_a_message(
    arrangement: Arrangement, first: int, last: int, before: str
) -> None:
    arrangement.sources["shopify"] = load("shopify", IDS, "shopify.yaml", "dev")
    rng = Random(1)  # noqa: S311 - to be repeated
    count = 524_000 // len(chr(first).encode())  # all of a range are of as many bytes
    noise = "".join(map(chr, rng.choices(range(first, last + 1), k=count)))
    answer, (letter,) = answered(arrangement, f'{before}{noise}"}}'.encode())
    assert answer["statusCode"] == 200
    assert isinstance(letter, Parked) == (before.count("id") == 2)
    assert len(letter.event) > 300_000


def test_one_byte_over_the_limit_is_413_whatever_it_holds(arrangement: Arrangement) -> None:
    answer, letters = answered(arrangement, b" " * 524_287 + b"1")
    assert (answer["statusCode"], len(letters)) == (200, 1)
    answer, letters = answered(arrangement, b" " * 524_288 + b"1")
    assert (answer["statusCode"], letters) == (413, [])


@pytest.mark.parametrize(
    "number", [2**53 - 1, 2**53 + 1, 820982911946154508, 2**63 - 1, -(2**63), -(2**53) - 1]
)
def test_an_id_above_two_to_the_53_survives_to_the_request(
    arrangement: Arrangement, number: int
) -> None:
    arrangement.sources["shopify"] = load("shopify", IDS, "shopify.yaml", "dev")
    _, (delivery,) = answered(arrangement, b'{"id":%d}' % number)
    assert isinstance(delivery, Delivery)
    (recipient,) = as_braze_reads(delivery)["recipients"]
    assert recipient["external_user_id"] == str(number)
    assert recipient["trigger_properties"] == {"it": number}
