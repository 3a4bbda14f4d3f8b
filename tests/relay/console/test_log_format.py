"""A line of a log, as somebody reads it who watches."""

import json
from typing import Any

import pytest

from relay.console.log_format import sentence

DELIVERY: dict[str, Any] = {"message": "delivery", "source": "shopify", "rule": "order"}


@pytest.mark.parametrize(
    "entry, words",
    [
        ({"outcome": "unknown", "reason": "unknown", "attempt": 1}, "unknown  held  attempt 1"),
        ({"outcome": "held", "reason": "notice", "status": 201}, "held  (notice)  status 201"),
        (
            {"outcome": "unknown", "reason": "interrupted", "attempt": 1, "wait": 6},
            "unknown  (interrupted)  attempt 1  wait 6 s",
        ),
        ({"outcome": "waiting", "reason": "paused", "wait": 900}, "waiting  (paused)  wait 900 s"),
        ({"outcome": "accepted", "reason": "accepted", "status": 201}, "accepted  status 201"),
    ],
)
def test_a_delivery_says_what_came_of_it_and_how_long_it_waits(
    entry: dict[str, Any], words: str
) -> None:
    assert sentence(json.dumps(DELIVERY | entry)) == f"delivery  shopify/order  {words}"


def test_a_webhook_that_no_rule_wants_says_of_how_many_more_rules_that_is_so() -> None:
    seen = {"message": "webhook", "source": "shopify", "status": 200, "deliveries": []}
    told = {"parked": [], "warnings": [], "unmatched": [{"rule": "a", "why": "body.test is true"}]}
    words = "webhook   shopify  200  unmatched: a: body.test is true"
    assert sentence(json.dumps(seen | told)) == words
    assert (
        sentence(json.dumps(seen | told | {"more_unmatched": 499}))
        == f"{words}; and 499 more rules"
    )
