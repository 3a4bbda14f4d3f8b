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
