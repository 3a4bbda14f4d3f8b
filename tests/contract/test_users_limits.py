"""Each limit of bodies about one user: what is just at it passes both sides, one more neither."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from handler.core.braze.request import encode_request, request
from handler.core.errors import RulesError
from relay.simulated_braze.app import MAX_BODY
from tests.contract.bodies import Body
from tests.contract.test_limits import nested, octets, properties
from tests.contract.user_breaches import EVENT, STATE, WHO, event, group, holding, profile
from tests.contract.user_sides import passed, refused, told
from tests.relay.simulated_braze.recommended import EVENTS, PRODUCT


class Limit(NamedTuple):
    """A body with `n` of something, the most of it, and words of the refusal."""

    body: Callable[[int], Body]
    most: int
    words: str


def alias(**changed: str) -> Body:
    return profile("external_id", user_alias={"alias_name": "n", "alias_label": "l", **changed})


def placed(**changed: Any) -> Body:
    whole = {**EVENTS["order_placed"][0], **changed}
    return event(name="ecommerce.order_placed", properties=whole)


def of_size(n: int) -> Body:
    """Return an order whose properties have `n` bytes."""
    note = n - len(encode_request({**EVENTS["order_placed"][0], "metadata": {"many": []}}))
    texts: list[Any] = ["x" * 200] * (note // 203)
    left = note - len(encode_request(texts)) + 2
    return placed(metadata={"many": [*texts, octets(left - 3)]})


LIMITS = {
    "external_id": Limit(lambda n: profile(external_id=octets(n)), 987, "longer than 987 bytes"),
    "an event's external_id": Limit(lambda n: event(external_id=octets(n)), 987, "than 987 bytes"),
    "alias_name": Limit(lambda n: alias(alias_name=octets(n)), 236, "longer than 236 bytes"),
    "alias_label": Limit(lambda n: alias(alias_label=octets(n)), 236, "longer than 236 bytes"),
    "external_ids": Limit(lambda n: group(external_ids=[octets(n)]), 987, "longer than 987 bytes"),
    "name of an event": Limit(lambda n: event(name="é" * n), 255, "1 to 255 characters"),
    "name of a property": Limit(lambda n: holding(**{"é" * n: 1}), 255, "1 to 255 characters"),
    "text of a property": Limit(lambda n: holding(a="é" * n), 255, "255 characters at most"),
    "text in a property": Limit(lambda n: holding(a={"b": ["x" * n]}), 255, "255 characters at"),
    "text of an order": Limit(lambda n: placed(order_id="é" * n), 255, "1 to 255 characters"),
    "text of a product": Limit(
        lambda n: placed(products=[{**PRODUCT, "product_name": "x" * n}]), 255, "1 to 255"
    ),
    "text in metadata": Limit(
        lambda n: placed(metadata={"a": "x" * n}), 255, "255 characters at most"
    ),
    "bytes of an order": Limit(of_size, 102_400, "larger than 102,400 bytes"),
    "name of an attribute": Limit(lambda n: profile(**{"x" * n: 1}), 255, "1 to 255 characters"),
    "text of an attribute": Limit(lambda n: profile(note="é" * n), 255, "255 characters at most"),
    "items of an attribute": Limit(lambda n: profile(tags=[*range(n)]), 500, "500 items at most"),
    "bytes of an attribute": Limit(lambda n: profile(size=nested(n)), 102_400, "102,400 bytes"),
    "objects": Limit(
        lambda n: {
            "attributes": [{**WHO, f"a{at}": at} for at in range(n // 2)],
            "events": [{**EVENT, "name": f"e{at}"} for at in range(n - n // 2)],
        },
        75,
        "Braze takes 75",
    ),
    "groups": Limit(
        lambda n: {
            "subscription_groups": [
                {
                    **STATE,
                    "subscription_group_id": f"9d1b6f2e-5f0a-4c62-8a7f-{at:012}",
                    "external_ids": ["u"],
                }
                for at in range(n)
            ]
        },
        50,
        "a list of 1 to 50",
    ),
}
# Braze leaves the attribute as it is and says nothing; it counts users, not groups.
OURS_ALONE = ("bytes of an attribute", "groups")


@pytest.mark.parametrize("name", LIMITS)
def test_what_is_at_the_limit_passes_both_sides_and_one_more_neither(name: str) -> None:
    limit = LIMITS[name]
    least, more = limit.body(limit.most), limit.body(limit.most + 1)

    assert (told(least), refused(least)) == ("", None)
    assert limit.words in told(more)
    assert bool(refused(more)) == (name not in OURS_ALONE)


@pytest.mark.parametrize("name", LIMITS)
def test_what_an_event_brings_has_the_same_limit(name: str) -> None:
    limit = LIMITS[name]
    least, more = limit.body(limit.most), limit.body(limit.most + 1)

    delivery, said = passed(least)
    assert said == ""
    assert delivery is not None
    assert request(delivery) == least

    try:
        delivery, said = passed(more)
    except RulesError as error:
        delivery, said = None, str(error)
    assert limit.words in said
    assert delivery is None or refused(request(delivery)) is None


def test_bytes_of_a_custom_event_have_a_limit_too() -> None:
    body = holding(**properties(255), many=["x" * 250] * 410)
    assert "larger than 102,400 bytes" in told(body)
    assert "over 102400 bytes" in str(refused(body))


def test_no_request_of_a_message_that_sqs_takes_is_over_brazes_four_megabytes() -> None:
    tags = {f"n{at}": "\U0001f642" * 127 for at in range(500)}
    delivery, said = passed(profile(**tags))
    assert said == ""
    assert delivery is not None
    assert 250_000 < len(encode_request(request(delivery))) < MAX_BODY
