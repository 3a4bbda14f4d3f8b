"""A line of a log, as somebody reads it who watches."""

import json
from typing import Any

import pytest

from relay.console.log_format import line_of, sentence

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
        (
            {"outcome": "withheld", "reason": "withheld", "attempt": 1},
            "withheld  attempt 1  its workspace may not reach the recipient",
        ),
        (
            {"outcome": "stale", "reason": "stale", "attempt": 1},
            "stale  attempt 1  Braze has a newer state",
        ),
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


def test_rules_that_do_not_want_a_webhook_are_listed_behind_one_word() -> None:
    unmatched = [{"rule": "a", "why": "body.test is true"}, {"rule": "b", "why": "type is c"}]
    seen = {"message": "webhook", "source": "shopify", "status": 200, "unmatched": unmatched}
    words = "webhook   shopify  200  unmatched: a: body.test is true; b: type is c"
    assert sentence(json.dumps(seen)) == words


def test_a_webhook_is_named_by_type_and_order() -> None:
    seen = {"message": "webhook", "source": "shopify", "status": 200}
    named = [{"type": "orders/create", "event": "e", "reference": f"#{at}"} for at in range(5)]
    made = {"deliveries": [{"rule": "order", "id": "d"}], "shadow": [{"rule": "later", "id": "e"}]}
    one = line_of(json.dumps(seen | made | {"seen": named[:1]}))
    said = "webhook   shopify  orders/create #0  200  -> order; shadow: later: not sent"
    assert one is not None
    assert one.plain == said
    many = sentence(json.dumps(seen | made | {"seen": named}))
    assert "orders/create #2, and 2 more  200" in str(many)


def test_a_delivery_is_named_by_its_order_with_brazes_words_and_what_became_of_it() -> None:
    refused = {"outcome": "rejected", "reason": "rejected", "status": 400, "attempt": 1}
    line = json.dumps(DELIVERY | refused | {"detail": "No Recipients"})
    one = line_of(line, "#1042", "reached nobody: unknown alias")
    assert one is not None
    assert one.plain == (
        'delivery  shopify/order  #1042  rejected  status 400  attempt 1  "No Recipients"'
        "  reached nobody: unknown alias"
    )


@pytest.mark.parametrize(
    "outcome, style",
    [("accepted", "green"), ("rejected", "bold red"), ("waiting", "yellow"), ("held", "magenta")],
)
def test_an_outcome_has_its_colour(outcome: str, style: str) -> None:
    one = line_of(json.dumps(DELIVERY | {"outcome": outcome}))
    assert one is not None
    assert (outcome, style) in [(one.plain[at.start : at.end], at.style) for at in one.spans]
    assert sentence(json.dumps(DELIVERY | {"outcome": outcome})) == one.plain


@pytest.mark.parametrize("line", ["[ERROR] KeyError", "Task timed out after 10 s", "START", "[1]"])
def test_of_the_runtimes_lines_failures_alone_are_shown(line: str) -> None:
    assert (sentence(line) is not None) == (line[0] in "[T" and line != "[1]")
