"""Lines of `relay tail`: which of them are shown, and what is joined to them."""

from typing import Any

import pytest

from relay.stacks.activity import LogFilter, reached_words, references_in

WEBHOOK: dict[str, Any] = {"message": "webhook", "source": "shopify", "status": 200}
DELIVERY: dict[str, Any] = {"message": "delivery", "source": "shopify", "rule": "order"}
MADE = {"deliveries": [{"rule": "order", "id": "d1", "reference": "#7"}]}


@pytest.mark.parametrize(
    "wanted, entry, is_shown",
    [
        (LogFilter(), WEBHOOK, True),
        (LogFilter(), {}, True),
        (LogFilter("shopify"), WEBHOOK, True),
        (LogFilter("stripe"), WEBHOOK, False),
        (LogFilter("stripe"), {}, True),
        (LogFilter(rule="shopify/order"), DELIVERY, True),
        (LogFilter(rule="shopify/order"), WEBHOOK | MADE, True),
        (LogFilter(rule="shopify/order"), WEBHOOK | {"unmatched": [{"rule": "order"}]}, True),
        (LogFilter(rule="shopify/other"), WEBHOOK | MADE, False),
        (LogFilter(rule="stripe/order"), DELIVERY, False),
        (LogFilter(ids=frozenset({"d1", "e1"})), DELIVERY | {"id": "d1"}, True),
        (LogFilter(ids=frozenset({"d1", "e1"})), DELIVERY | {"id": "d2"}, False),
        (LogFilter(ids=frozenset({"d1", "e1"})), WEBHOOK | {"seen": [{"event": "e1"}]}, True),
        (LogFilter(ids=frozenset({"d1", "e1"})), {}, False),
        (LogFilter(failed=True), WEBHOOK, False),
        (LogFilter(failed=True), WEBHOOK | {"status": 401}, True),
        (LogFilter(failed=True), WEBHOOK | {"parked": [{"rule": "order"}]}, True),
        (LogFilter(failed=True), DELIVERY | {"outcome": "accepted"}, False),
        (LogFilter(failed=True), DELIVERY | {"outcome": "waiting"}, False),
        (LogFilter(failed=True), DELIVERY | {"outcome": "rejected"}, True),
        (LogFilter(failed=True), DELIVERY | {"outcome": "not_sent"}, True),
    ],
)
def test_a_line_is_shown_by_its_source_its_rule_and_its_end(
    wanted: LogFilter, entry: dict[str, Any], *, is_shown: bool
) -> None:
    assert wanted.takes(entry) == is_shown


def test_a_delivery_gets_the_name_that_its_webhook_gave_it() -> None:
    shadow = {"shadow": [{"rule": "other", "id": "d2"}]}
    assert references_in(WEBHOOK | MADE | shadow) == {"d1": "#7", "d2": ""}


@pytest.mark.parametrize(
    "sends, words",
    [
        ([], ""),
        ([(True, None)], "reached its user"),
        ([(True, None)] * 3, "reached its user, as all 3 of its request"),
        ([(False, "unknown alias")], "reached nobody: unknown alias"),
        ([(True, None), (False, "unsubscribed")], "reached 1 of 2: unsubscribed"),
    ],
)
def test_what_braze_did_is_said_of_a_request(
    sends: list[tuple[bool, str | None]], words: str
) -> None:
    made = [{"reached": reached, "because": because} for reached, because in sends]
    assert reached_words(made) == words
