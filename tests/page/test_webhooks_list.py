"""The list of webhooks as values: what it finds, in which order, and how failures stand out."""

import json
from dataclasses import replace
from typing import Any

import pytest

from handler.core.models import Delivery
from relay.local.reload import Version
from relay.local.webhook_feed import Answered
from relay.page.journal import Journal
from relay.page.reading import Verdict
from relay.page.rendering import fragment
from relay.page.webhooks.delivery_states import DeliveryState, DeliveryStates
from relay.page.webhooks.listing import PAGE, Listed, WebhookFilter, WebhookRow, listed
from relay.page.webhooks.row_texts import RowTexts
from relay.page.webhooks.summaries import Summaries, Summary
from relay.page.webhooks.unreached import reached
from relay.paths import EVENTS, PROJECT
from relay.stacks.ledger import DeliveryRecord
from relay.webhooks.samples import read_sample, sources_in

SOURCES = sources_in(PROJECT / "tests" / "rules", "dev")
ORDER = "shopify-order"


class Stack:
    """A journal of samples as a stack has answered them, and what is remembered of them."""

    def __init__(self, most: int = 1_000) -> None:
        self.journal = Journal(most)
        self.summaries = Summaries()
        self.states: dict[str, DeliveryState] = {}

    def take(self, name: str, change: dict[str, Any] | None = None, status: int = 200) -> Summary:
        sample = read_sample(EVENTS / f"{name}.json")
        assert isinstance(sample.body, dict)
        body = json.dumps({**sample.body, **(change or {})}).encode()
        headers = {each.lower(): one for each, one in sample.headers.items()}
        line = Answered("POST", f"/webhooks/{sample.source}", headers, body, status, "{}").line()
        return self.summaries.of(self.journal.add(line, Version({}, SOURCES)), None)

    def rows(self, **sought: str) -> list[WebhookRow]:
        made = [self.summaries.of(one, None) for one in self.journal.newest()]
        return [*listed(made, lambda _, name: self.states.get(name), WebhookFilter.of(sought)).rows]

    def numbers(self, **sought: str) -> list[int]:
        return [one.summary.number for one in self.rows(**sought)]


@pytest.fixture
def stack() -> Stack:
    """Return a stack that has taken an order, a guest's order, a customer and a refused order."""
    made = Stack()
    made.take(ORDER)
    made.take("shopify-order-guest")
    made.take("shopify-customer")
    made.take("shopify-order-test", status=401)
    return made


def test_a_delivery_that_braze_took_in_part_is_no_good_one() -> None:
    last = [{"class": "accepted", "reason": "accepted", "refused": "attributes.0"}]
    found = DeliveryState.of(DeliveryRecord.of({"state": "ACCEPTED", "last": last}))
    assert (found.kind, found.words) == ("bad", "accepted but for attributes.0")
    taken = DeliveryRecord.of({"state": "ACCEPTED", "last": [{"class": "accepted"}]})
    found = DeliveryState.of(DeliveryRecord.of({"state": "ACCEPTED", "last": last}), taken)
    assert (found.kind, found.words) == ("good", "accepted")
    last[0]["refused"] = " ".join(f"events.{at}" for at in range(75))
    found = DeliveryState.of(DeliveryRecord.of({"state": "ACCEPTED", "last": last}))
    assert found.words == "accepted but for events.0, events.1, events.2, and 72 more"


def test_the_newest_is_first(stack: Stack) -> None:
    assert stack.numbers() == [4, 3, 2, 1]


@pytest.mark.parametrize(
    "text, found",
    [
        ("#1042", [1]),
        ("1042", [1]),
        ("JONAS.brandt@example.org", [2]),  # an address that is no key of its own
        ("9204417730456", [3]),  # an external id
        ("Inês", [3]),  # JSON writes it as an escape
        ("orders/create", [4, 2, 1]),
        ("#1044", [4]),  # refused, and found all the same
        ("nowhere", []),
    ],
)
def test_a_search_finds_orders_addresses_and_ids(stack: Stack, text: str, found: list[int]) -> None:
    assert stack.numbers(text=text) == found


def test_two_webhooks_of_one_order_differ_in_the_line_of_their_name() -> None:
    stack = Stack()
    for name in ("shopify-order", "shopify-order-paid", "shopify-order-paid"):
        stack.take(name, {"name": "#7"})
    lines = [one.partition('class="source"')[0] for one in RowTexts().of(stack.rows(), 0)]
    assert [(row.name, row.type) for row in stack.rows()] == [
        ("#7", "orders/paid"),
        ("#7", "orders/paid"),
        ("#7", "orders/create"),
    ]
    assert ["no. 3" in lines[0], "no. 2" in lines[1]] == [True, True]


def test_a_refused_webhook_has_the_name_that_it_says_marked_as_unproven(stack: Stack) -> None:
    row = stack.rows()[0]
    assert (row.name, row.type, row.summary.deliveries) == ("#1044", "orders/create", ())
    shown = [str(one) for one in RowTexts().of(stack.rows(), 0)]
    assert ["unproven" in one for one in shown] == [True, False, False, False]


def test_a_search_finds_what_the_rules_make_an_id_of(stack: Stack) -> None:
    (delivery,) = stack.take(
        "shopify-order-guest", {"id": 77, "email": "New@Example.org"}
    ).deliveries
    # A summary keeps nothing of persons but what is searched, and whom Braze is asked about.
    assert set(delivery.recipient or {}) == {"external_user_id"}
    assert stack.numbers(text="new@example.org") == [5]
    assert stack.numbers(text="guest-") == [5, 2]


def test_filters_leave_what_is_of_a_source_and_of_a_kind(stack: Stack) -> None:
    stack.take("accounts-signup")
    assert stack.numbers(source="accounts") == [5]
    assert stack.numbers(kind="bad") == [4]
    assert stack.numbers(source="accounts", kind="bad") == []
    assert stack.numbers(kind="nonsense", before="x", chosen="-1") == [5, 4, 3, 2, 1]


def test_a_page_is_bounded_and_says_how_many_are_newer_and_older() -> None:
    journal, summaries = Journal(), Summaries()
    line = Answered("POST", "/webhooks/shopify", {}, b'{"a": "x"}', 404, "{}").line()
    for _ in range(2 * PAGE + 5):
        summaries.of(journal.add(line, Version({}, SOURCES)), None)
    made = [summaries.of(one, None) for one in journal.newest()]
    first = listed(made, lambda *_: None, WebhookFilter.of({"text": "x"}))
    assert (len(first.rows), first.newer, first.older) == (PAGE, 0, PAGE + 5)
    last = str(first.rows[-1].summary.number)
    second = listed(made, lambda *_: None, WebhookFilter.of({"text": "x", "before": last}))
    assert second.rows[0].summary.number == int(last) - 1
    assert (len(second.rows), second.newer, second.older) == (PAGE, PAGE, 5)
    assert second.fitting == 2 * PAGE + 5


@pytest.mark.parametrize(
    "state, kind, words",
    [
        ({"state": "ACCEPTED"}, "good", "accepted"),
        ({"state": "DEAD", "last": [{"reason": "rejected"}]}, "bad", "dead letter: rejected"),
        ({"state": "HELD"}, "bad", "held"),
        (
            {"state": "FAILED", "last": [{"reason": "rate_limited"}]},
            "wait",
            "waiting: rate limited",
        ),
        ({"state": "SENDING"}, "wait", "being sent"),
        (None, "wait", "on its way"),
    ],
)
def test_the_state_of_a_delivery_makes_its_row_stand_out(
    stack: Stack, state: dict[str, Any] | None, kind: str, words: str
) -> None:
    (delivery,) = stack.take(ORDER, {"id": 5}).deliveries
    stack.states[delivery.id] = DeliveryState.of(DeliveryRecord.of(state) if state else None)
    row = stack.rows()[0]
    assert (row.kind, row.state) == (kind, words)
    assert stack.numbers(kind=kind)[0] == row.summary.number


@pytest.mark.parametrize(
    "sends, missed",
    [
        ([{"dispatch_id": "d", "reached": True, "because": None}], ""),
        ([{"dispatch_id": "d", "reached": False, "because": "unknown user"}], "unknown user"),
        ([{"dispatch_id": "e", "reached": False, "because": "unknown user"}], ""),
        ([{"dispatch_id": "d", "reached": False, "because": "x", "recipient": {}}], ""),
        ([], ""),  # it was reset since
    ],
)
def test_accepted_and_nobody_reached_is_a_failure_in_its_row(
    stack: Stack, sends: list[dict[str, Any]], missed: str
) -> None:
    (delivery,) = stack.take(ORDER, {"id": 5}).deliveries
    record = DeliveryRecord.of({"state": "ACCEPTED", "last": [{"dispatch_id": "d"}]})
    named = [{"recipient": delivery.recipient, **one} for one in sends]
    stack.states[delivery.id] = reached(delivery, DeliveryState.of(record), named)
    row = stack.rows()[0]
    words = f"reached nobody: {missed}" if missed else "accepted"
    assert (row.kind, row.state) == ("bad" if missed else "good", words)


def test_what_an_earlier_webhook_has_sent_is_not_said_to_be_sent_again() -> None:
    stack = Stack()
    (first,) = stack.take(ORDER).deliveries
    again = stack.take(ORDER)
    assert stack.summaries.is_repeat(again.number, first.id)
    assert not stack.summaries.is_repeat(1, first.id)
    accepted = DeliveryState("ACCEPTED")
    assert (accepted.repeated.words, accepted.repeated.kind) == (
        "sent before, so not again",
        "quiet",
    )
    assert DeliveryState("DEAD").repeated == DeliveryState("DEAD")


def test_of_several_deliveries_the_worst_is_first() -> None:
    stack = Stack()
    one = stack.take(ORDER).deliveries[0]
    summary = Summary(
        9, 0, "s", "t", "", Verdict("3 deliveries", "good"), tuple(_named(one, "abc")), ""
    )
    states = {
        "a": DeliveryState("ACCEPTED"),
        "b": DeliveryState("DEAD"),
        "c": DeliveryState("ACCEPTED"),
    }
    (row,) = listed([summary], lambda _, name: states.get(name), WebhookFilter()).rows
    assert (row.kind, row.state) == ("bad", "1 dead letter, 2 accepted")


def _named(delivery: Delivery, names: str) -> list[Delivery]:
    return [replace(delivery, id=name) for name in names]


def test_what_is_remembered_is_bounded() -> None:
    stack = Stack(most=3)
    made = [stack.take(ORDER, {"id": number}) for number in range(5)]
    stack.summaries.forget(stack.journal.left_out)
    assert stack.journal.left_out == 2
    assert stack.numbers() == [5, 4, 3]
    assert not stack.summaries.is_repeat(5, made[0].deliveries[0].id)
    states = DeliveryStates()
    states.learn({str(number): DeliveryState() for number in range(6_000)})
    assert states.get("0") is None
    assert states.get("5999") == DeliveryState()


def test_only_what_is_new_is_told() -> None:
    states = DeliveryStates()
    assert states.learn({"a": DeliveryState()})
    assert not states.learn({"a": DeliveryState()})
    assert states.learn({"a": DeliveryState("ACCEPTED")})
    assert states.learn({"a": DeliveryState.of(DeliveryRecord("FAILED", 1))})
    assert states.learn({"a": DeliveryState.of(DeliveryRecord("FAILED", 2))})


def test_a_list_without_the_oldest_says_how_many_are_left_out() -> None:
    values = {"listed": Listed(()), "rows": [], "sought": WebhookFilter(), "total": 1_000}
    text = fragment(
        "webhooks/list.html",
        {**values, "left_out": 1_120, "gaps": 0, "most": 1_000, "url": "http://x"},
    )
    assert "The oldest 1,120 are left out: the page keeps 1,000 at most." in text
