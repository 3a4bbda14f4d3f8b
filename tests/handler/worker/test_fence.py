"""Deliveries that were claimed beside others, and whose worker has vanished: sent once, or held."""

from dataclasses import replace
from typing import Any

import pytest

from handler.core.braze import request
from handler.core.models import Delivery
from handler.ledger.lease import Claim, Times
from handler.ledger.ledger import ClaimRequest
from tests.handler.handing import Hands, away, nothing, several
from tests.handler.stage import Braze
from tests.handler.worker.answers import BAD, DOWN, EDGE, sizes
from tests.handler.worker.test_lost_workers import Killed, kill


@pytest.fixture(params=["hold", "retry"])
def three(request: pytest.FixtureRequest, delivery: Delivery) -> list[Delivery]:
    return several(replace(delivery, on_unknown=request.param), 3)


def is_opened(key: str, values: dict[str, Any]) -> bool:
    return key.startswith("send#") and ":expires" in values


def is_recorded(key: str, values: dict[str, Any]) -> bool:
    return key.startswith("send#") and ":expires" not in values


def is_marked(key: str, values: dict[str, Any]) -> bool:
    return key.startswith("delivery#") and ":last" in values


def again(line: Hands, deliveries: list[Delivery]) -> None:
    """Hand the deliveries over again until all have left, after the lease."""
    for _ in range(4):
        line.clock.now += 60
        if None in set(line.give(*deliveries).values()):
            return


def test_deliveries_of_a_rule_that_holds_share_a_request(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    held = several(replace(delivery, on_unknown="hold"), 50)

    assert set(line.give(*held).values()) == {None}

    assert sizes(braze) == [50]


def test_a_shared_request_without_an_answer_holds_each_of_a_rule_that_holds(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append(EDGE)
    held = several(replace(delivery, on_unknown="hold"), 3)

    assert set(line.give(*held).values()) == {None}

    assert line.states(*held) == ["HELD"] * 3
    assert line.reasons() == ["unknown"] * 3


def test_what_was_claimed_and_never_sent_is_sent_alone_and_not_held(
    line: Hands, braze: Braze, three: list[Delivery]
) -> None:
    kill(line, is_opened, *three)
    assert line.states(*three) == ["SENDING"] * 3

    line.clock.now += 60
    assert set(line.give(*three).values()) == {None}

    assert sizes(braze) == [1, 1, 1]
    assert line.states(*three) == ["ACCEPTED"] * 3
    assert line.attempts(*three) == [1, 1, 1]  # the worker that sent nothing made none


def test_what_is_recorded_as_accepted_is_never_held_and_never_sent_again(
    line: Hands, braze: Braze, three: list[Delivery]
) -> None:
    kill(line, is_marked, *three)

    line.clock.now += 60
    assert set(line.give(*three).values()) == {None}

    assert sizes(braze) == [3]
    assert line.states(*three) == ["ACCEPTED"] * 3
    assert line.reasons() == []


def test_what_was_open_is_held_or_sent_again_by_the_rules_policy(
    line: Hands, braze: Braze, three: list[Delivery]
) -> None:
    kill(line, is_recorded, *three)

    line.clock.now += 60
    assert set(line.give(*three).values()) == {None}

    if three[0].on_unknown == "hold":
        assert sizes(braze) == [3]
        assert line.states(*three) == ["HELD"] * 3
    else:
        assert sizes(braze) == [3, 1, 1, 1]
        assert line.states(*three) == ["ACCEPTED"] * 3


def test_a_ledger_that_is_away_after_braze_refused_a_batch_holds_none_of_it(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    three = several(replace(delivery, on_unknown="hold"), 3)
    braze.replies.append(BAD)

    def away_afterwards(key: str, values: dict[str, Any]) -> None:
        if braze.requests and is_opened(key, values):
            away()

    line.dynamo.before = away_afterwards
    line.give(*three)
    line.dynamo.before = nothing
    again(line, three)

    assert line.states(*three) == ["ACCEPTED"] * 3
    assert line.reasons() == []


def test_a_request_that_cannot_be_opened_stops_none_that_goes_alone(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    three = several(delivery, 3)
    braze.replies.append(DOWN)
    line.give(*three)
    line.dynamo.client.update_item(
        TableName=line.worker.ledger.table.name,
        Key={"pk": {"S": f"delivery#{three[2].id}"}},
        UpdateExpression="SET alone = :true",
        ExpressionAttributeValues={":true": {"BOOL": True}},
    )

    def away_once(key: str, values: dict[str, Any]) -> None:
        if is_opened(key, values):
            line.dynamo.before = nothing
            away()

    line.dynamo.before = away_once
    waits = line.give(*three)

    assert waits[three[2].id] is None
    assert line.states(*three) == ["FAILED", "FAILED", "ACCEPTED"]


def test_what_a_request_was_opened_without_is_sent_alone_and_not_held(
    line: Hands, braze: Braze, three: list[Delivery]
) -> None:
    unheard = f"delivery#{three[1].id}"

    def lost(key: str, values: dict[str, Any]) -> None:
        """Write a claim, and fail to say so."""
        if key == unheard and ":lease_until" in values:
            item = {name.removeprefix(":"): value for name, value in values.items()}
            table = line.worker.ledger.table.name
            line.dynamo.client.put_item(TableName=table, Item={"pk": {"S": key}} | item)
            away()

    line.dynamo.before = lost
    line.give(*three)
    line.dynamo.before = nothing
    assert line.states(*three) == ["ACCEPTED", "SENDING", "ACCEPTED"]

    line.clock.now += 60
    assert set(line.give(*three).values()) == {None}

    assert sizes(braze) == [2, 1]
    assert line.states(*three) == ["ACCEPTED"] * 3


def test_a_worker_that_dies_after_a_request_holds_none_that_was_to_go_by_itself(
    line: Hands, braze: Braze, three: list[Delivery]
) -> None:
    refused, now = three[1], line.clock.now
    times = Times(now, now + 40, now)
    ledger, former = line.worker.ledger, "a former worker"
    asked = ClaimRequest(refused.id, refused.on_unknown, former, times)
    assert isinstance(ledger.claim(asked), Claim)
    assert ledger.release(refused.id, former, unbatched=True)

    def is_next(key: str, values: dict[str, Any]) -> bool:
        return bool(braze.requests) and (is_opened(key, values) or key.endswith(refused.id))

    kill(line, is_next, *three)
    line.clock.now += 60
    assert set(line.give(*three).values()) == {None}

    assert sizes(braze) == [2, 1]
    assert line.states(*three) == ["ACCEPTED"] * 3


def test_a_worker_whose_claims_others_have_found_sends_nothing(
    line: Hands, braze: Braze, three: list[Delivery]
) -> None:
    """As a worker does that Lambda froze, and let go on long after its lease."""

    def overtaken(key: str, values: dict[str, Any]) -> None:
        if is_opened(key, values):
            line.dynamo.before = lambda _key, _values: None
            line.clock.now += 60
            again(line, three)
            assert line.states(*three) == ["ACCEPTED"] * 3
            line.clock.now -= 60

    line.dynamo.before = overtaken
    line.give(*three)

    assert sizes(braze) == [1, 1, 1]
    assert line.states(*three) == ["ACCEPTED"] * 3


def test_a_message_that_kills_its_worker_before_the_request_holds_only_itself(
    line: Hands, braze: Braze, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    three = several(replace(delivery, on_unknown="hold"), 3)
    poison = three[1].id
    plain = request.batch_request

    def batch_request(deliveries: list[Delivery]) -> Any:
        if any(one.id == poison for one in deliveries):
            raise Killed
        return plain(deliveries)

    monkeypatch.setattr("handler.worker.send.batch_request", batch_request)
    for _ in range(2):
        with pytest.raises(Killed):
            line.give(*three)
        line.clock.now += 60
    line.give(*three)

    assert line.states(*three) == ["ACCEPTED", "HELD", "ACCEPTED"]
    assert sizes(braze) == [1, 1]


def test_claims_of_the_former_release_are_taken_as_it_made_them(
    line: Hands, braze: Braze, three: list[Delivery]
) -> None:
    """Without a fence nobody knows whether a lost worker had sent them."""
    kill(line, is_opened, *three)
    for one in three:
        line.dynamo.client.update_item(
            TableName=line.worker.ledger.table.name,
            Key={"pk": {"S": f"delivery#{one.id}"}},
            UpdateExpression="REMOVE fenced",
        )

    line.clock.now += 60
    assert set(line.give(*three).values()) == {None}

    is_held = three[0].on_unknown == "hold"
    assert line.states(*three) == ["HELD" if is_held else "ACCEPTED"] * 3
    assert sizes(braze) == ([] if is_held else [1, 1, 1])
