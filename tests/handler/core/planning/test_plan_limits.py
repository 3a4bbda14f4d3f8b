"""Nothing leaves a plan that SQS would not take."""

import json
import random

import pytest

from handler.core.message import MAX_BYTES, encode
from handler.core.models import Delivery, Parked, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load

LARGEST_BODY = 716_800  # bytes: the most that the template's MaxBodyBytes takes
RULES = """\
verify: {preset: shopify}
rules:
  - name: copy
    type: "*"
    send:
      campaign_id: c
      recipients:
        - external_user_id: ${body.id}
          attributes: ${body.notes}
"""
SOURCE = load("shop", RULES, "shop.yaml", "dev")


def verified(body: bytes) -> Verified:
    return Verified(Webhook("shop", "POST", {"x-shopify-topic": "a/create"}, "", body, 1))


def noise(lowest: int, highest: int, size: int) -> str:
    """Return text of `size` bytes in UTF-8 that hardly shrinks."""
    chance = random.Random(1)  # noqa: S311 - noise, no secret
    width = len(chr(lowest).encode())
    return "".join(map(chr, chance.choices(range(lowest, highest), k=size // width)))


@pytest.mark.parametrize(
    "lowest, highest, start",
    [
        (0x30, 0x5B, '{"id": 1, "x": "'),
        (0x80, 0x800, '{"id": 1, "x": "'),
        (0x10000, 0x110000, '{"id": 1, "x": "'),
        (0x80, 0x800, '{"id": 1, "id": 2, "x": "'),
    ],
    ids=["ASCII", "two bytes", "four bytes", "malformed"],
)
def test_the_largest_body_that_hardly_shrinks_fits_a_message(
    lowest: int, highest: int, start: str
) -> None:
    body = f'{start}{noise(lowest, highest, 700_000)}"}}'.encode()
    assert len(body) <= LARGEST_BODY
    planned = plan(verified(body), SOURCE)
    letters: list[Delivery | Parked] = [*planned.deliveries, *planned.parked]
    assert len(letters) == 1
    assert len(encode(letters[0])) <= MAX_BYTES


def test_a_delivery_that_sqs_would_not_take_is_parked_and_fits() -> None:
    text = noise(0x80, 0x800, 400_000)
    notes = {f"n{at}": text[at : at + 200] for at in range(0, len(text), 200)}
    body = json.dumps({"id": 1, "notes": notes}, ensure_ascii=False)
    planned = plan(verified(body.encode()), SOURCE)
    assert planned.deliveries == ()
    (parked,) = planned.parked
    assert parked.reason == "unrenderable"
    assert "more than SQS takes" in parked.detail
    assert len(encode(parked)) <= MAX_BYTES
