"""Report on the samples: whole, in the order of posting, with the source and rule of each."""

from dataclasses import replace
from typing import Any

import pytest

from handler.core.braze.request import request
from handler.core.models import Delivery
from handler.core.rules.source import Source
from relay.local.received import (
    ExpectedDelivery,
    Record,
    answer_lines,
    begins_late,
    late_lines,
    ordered,
    refused_lines,
    send_lines,
    wanted,
)
from relay.paths import EVENTS, RULES
from relay.webhooks.post import Posted
from relay.webhooks.samples import Sample, load_sources, samples

NOW = 1_780_000_000
LONG = "c" * 120


def asked(delivery: Delivery) -> Any:
    """Return the request of a delivery, as the simulated Braze gets it."""
    return request(delivery)


def as_received(body: Record, before: Record | None = None) -> Record:
    """Return what the simulated Braze shows of a request to one user."""
    (one,) = body["recipients"]
    properties = next((name for name in ("trigger_properties", "context") if name in one), "x")
    message = {key: body[key] for key in ("campaign_id", "canvas_id") if key in body}
    return {
        "recipient": {"external_user_id": one["external_user_id"]},
        "profile_before": before,
        "attributes": one.get("attributes", {}),
        "reached": True,
        "because": None,
        "message": message | {properties: one.get(properties, {})},
    }


def messages(posted: list[Posted], sources: dict[str, Source]) -> list[ExpectedDelivery]:
    """Return the deliveries of the samples that send a message."""
    return [one for one in wanted(posted, sources) if "recipients" in asked(one.delivery)]


@pytest.fixture(scope="module")
def sources() -> dict[str, Source]:
    return load_sources(RULES, "dev")


@pytest.fixture(scope="module")
def posted(sources: dict[str, Source]) -> list[Posted]:
    return [Posted(one, 200, {}, NOW) for one in samples(EVENTS, sources)]


def test_each_message_names_sample_source_and_rule_in_the_order_of_posting(
    posted: list[Posted], sources: dict[str, Source]
) -> None:
    known = messages(posted, sources)
    assert len(known) > 3
    sends = [as_received(asked(one.delivery)) for one in reversed(known)]
    shown = list(send_lines(ordered(sends, known)))
    titles = [line for line in shown if line and not line.startswith(" ")]
    assert titles == [one.title for one in known]
    assert titles[0] == "accounts-signup -> accounts/onboarding"


def test_what_a_rule_delays_is_named_and_not_waited_for(
    posted: list[Posted], sources: dict[str, Source]
) -> None:
    one = wanted(posted, sources)[0].delivery
    soon, late = replace(one, delay=1), replace(one, delay=900)
    assert [begins_late(each) for each in (one, soon, late)] == [False, False, True]
    assert [*late_lines([one, soon, late])] == ["accounts/onboarding begins 15 min later (delay)"]


def test_two_messages_to_one_user_are_told_apart_by_what_is_in_them(
    posted: list[Posted], sources: dict[str, Source]
) -> None:
    first = messages(posted, sources)[1]
    body = asked(first.delivery)
    other = as_received(body | {"canvas_id": "another"})
    mine = as_received(body)
    assert ordered([other, mine], [first]) == [(first, mine), (None, other)]


def test_what_one_copies_is_whole_in_one_line(
    posted: list[Posted], sources: dict[str, Source]
) -> None:
    known = messages(posted, sources)
    sends = [as_received(asked(one.delivery), {"email": f"{LONG}@example.org"}) for one in known]
    shown = list(send_lines(ordered(sends, known)))
    for one in known:
        (recipient,) = asked(one.delivery)["recipients"]
        assert any(recipient["external_user_id"] in line for line in shown)
        assert any(recipient["attributes"]["email"] in line for line in shown)
    assert any(f"before      email: {LONG}@example.org" in line for line in shown)
    refused = list(refused_lines([{"status": 400, "reason": "no", "body": {"campaign_id": LONG}}]))
    assert f"  request     campaign_id: {LONG}" in refused


def test_a_profile_that_is_new_takes_no_room(
    posted: list[Posted], sources: dict[str, Source]
) -> None:
    known = messages(posted, sources)
    shown = "\n".join(send_lines(ordered([as_received(asked(known[0].delivery))], known)))
    assert "before" not in shown


def test_who_was_not_reached_is_said_with_the_reason() -> None:
    send = {
        "recipient": {"email": "a@example.org"},
        "profile_before": None,
        "attributes": {},
        "reached": False,
        "because": "unknown user",
        "message": None,
    }
    assert list(send_lines([(None, send)])) == [
        "of no sample",
        "  user        email: a@example.org",
        "  message     none: unknown user",
        "",
    ]


@pytest.mark.parametrize(
    "answer, words",
    [
        ({"events": 1, "deliveries": 1}, "200 1 event, 1 delivery"),
        ({"events": 2, "deliveries": 0}, "200 2 events, 0 deliveries"),
        ({"events": 1, "deliveries": 0, "parked": 1}, "200 1 event, 0 deliveries, 1 parked"),
    ],
)
def test_one_is_one(answer: dict[str, int], words: str) -> None:
    (line,) = answer_lines([Posted(Sample("order", "shop", {}, {}), 200, answer)])
    assert line == f"order  /webhooks/shop  {words}"


def test_without_a_sample_nothing_is_shown() -> None:
    assert list(answer_lines([])) == list(send_lines([])) == list(refused_lines([])) == []
