"""Deliveries share a request where they may, and go alone where they must."""

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import JsonValue

from handler.core.delivery.claim_protocol import MOST_LOST
from handler.core.models import Delivery
from tests.handler.handing import Hands, away, counted, several
from tests.handler.stage import Braze
from tests.handler.worker.answers import recipients, sizes, users
from tests.handler.worker.line import add_workspace, sends


def test_ten_deliveries_of_one_rule_are_one_request_and_ten_marks(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    ten = several(delivery, 10)

    assert set(line.give(*ten).values()) == {None}

    assert sizes(braze) == [10]
    assert line.states(*ten) == ["ACCEPTED"] * 10
    (send,) = sends(line)
    assert send["state"] == {"S": "ACCEPTED"}
    assert sorted(send["members"]["SS"]) == sorted(one.id for one in ten)
    assert {each["together"] for each in line.queue.lines()} == {10}


def test_one_delivery_needs_no_record_of_its_request(line: Hands, delivery: Delivery) -> None:
    line.give(delivery)

    assert sends(line) == []


def test_two_of_one_user_are_two_requests_and_the_older_is_the_first(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    older, newer, other = several(delivery, 3)
    older = replace(older, recipient={"external_user_id": "u", "trigger_properties": {"n": 1}})
    newer = replace(newer, recipient={"external_user_id": "u", "trigger_properties": {"n": 2}})

    line.give(newer, other, older)

    assert users(braze) == [["u", "user-2"], ["u"]]
    numbers = [those[0]["trigger_properties"]["n"] for those in recipients(braze)]
    assert numbers == [1, 2]


def test_what_goes_to_an_audience_or_is_transactional_goes_alone(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    plain, another, held, audience, single = several(delivery, 5)
    held = replace(held, on_unknown="hold")
    audience = replace(audience, recipient=None, send={"campaign_id": "c", "broadcast": True})
    single = replace(single, path="/transactional/v1/campaigns/417220e4-5a2a/send", send={})

    line.give(plain, another, held, audience, single)

    assert sorted(sizes(braze)) == [0, 0, 3]


def test_other_campaigns_paths_and_workspaces_are_other_requests(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, second, campaign, canvas, usa = several(delivery, 5)
    campaign = replace(campaign, send={"campaign_id": "other"})
    canvas = replace(canvas, path="/canvas/trigger/send")
    usa = replace(usa, workspace="usa")
    add_workspace(line, "usa")

    line.give(first, second, campaign, canvas, usa)

    assert sorted(sizes(braze)) == [1, 1, 1, 2]


@pytest.mark.parametrize("batch,expected", [((60, 1), [10, 50]), ((6, 800_000), [2, 4])])
def test_a_request_holds_as_many_as_braze_takes_and_no_more_bytes(
    line: Hands, braze: Braze, delivery: Delivery, batch: tuple[int, int], expected: list[int]
) -> None:
    count, letters = batch
    properties: JsonValue = {"t": "x" * letters}
    large = [
        replace(one, recipient={"external_user_id": one.id, "trigger_properties": properties})
        for one in several(delivery, count)
    ]

    assert set(line.give(*large).values()) == {None}

    assert sorted(sizes(braze)) == expected
    assert max(len(json.dumps(each)) for each in braze.requests) < 4_000_000
    assert line.states(*large) == ["ACCEPTED"] * count


def test_one_claim_that_fails_does_not_stop_the_others(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, broken, last = several(delivery, 3)
    line.dynamo.before = lambda key, _values: away() if key.endswith(broken.id) else None

    waits = line.give(first, broken, last)

    assert [waits[one.id] is None for one in (first, broken, last)] == [True, False, True]
    assert users(braze) == [["user-0", "user-2"]]


def test_a_brake_that_cannot_be_asked_costs_no_attempt_and_buries_nothing(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braked = replace(delivery, surge=(3, 600))
    line.dynamo.before = lambda key, _values: away() if key.startswith("surge#") else None
    for _ in range(2 * MOST_LOST + 2):
        line.give(braked)
        line.clock.now += 40

    assert braze.requests == []
    assert line.reasons() == []
    assert (line.states(braked), line.attempts(braked)) == (["FAILED"], [0])


def test_what_sqs_repeats_is_counted_as_redelivered_and_a_copy_as_a_duplicate(
    line: Hands, delivery: Delivery, capsys: pytest.CaptureFixture[str]
) -> None:
    line.give(delivery)
    assert counted(capsys, "DeliveriesAccepted") == 1

    line.give(delivery)
    assert counted(capsys, "DeliveriesRedelivered") == 1

    line.give(delivery, copy="copy")
    assert counted(capsys, "DeliveriesDuplicate") == 1


@pytest.mark.parametrize("ends", [{"expires_at": 1}, {}], ids=["expired", "sent"])
def test_a_record_that_the_relay_did_not_write_stops_its_own_delivery_alone(
    line: Hands, braze: Braze, delivery: Delivery, ends: dict[str, Any]
) -> None:
    first, odd, last = several(delivery, 3)
    odd = replace(odd, **ends)
    item = {"pk": {"S": f"delivery#{odd.id}"}, "state": {"S": "ODD"}, "expires": {"N": "9" * 10}}
    line.dynamo.client.put_item(TableName=line.worker.ledger.table.name, Item=item)

    waits = line.give(first, odd, last)

    assert [one for one, wait in waits.items() if wait is not None] == [odd.id]
    assert sizes(braze) == [2]
