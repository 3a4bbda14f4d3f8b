"""Profiles, events and consent leave as messages do: sent, retried, buried with their reason."""

from dataclasses import replace

import pytest

from handler.core.models import Delivery
from tests.handler.handing import Hands, counted
from tests.handler.stage import Braze
from tests.handler.worker.answers import BAD, DOWN, EDGE, REFUSED, hang
from tests.handler.worker.line import open_until, sends
from tests.handler.worker.track import (
    attributes,
    event,
    group,
    several_events,
    sizes,
    subscribes,
    tracks,
)

KINDS = ["track", "subscribe"]


@pytest.fixture
def kinds(delivery: Delivery) -> dict[str, Delivery]:
    both = tracks(delivery, attributes=[attributes("u", n=1)], events=[event("u")])
    return {"track": both, "subscribe": subscribes(delivery, group("subscribed", emails=["a@b.c"]))}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_sent_as_it_stands_and_a_copy_is_a_duplicate(
    line: Hands,
    braze: Braze,
    kinds: dict[str, Delivery],
    kind: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = kinds[kind]

    assert line.give(one) == {one.id: None}
    assert line.give(one, copy="copy") == {one.id: None}

    assert braze.requests == [one.recipient]
    assert line.states(one) == ["ACCEPTED"]
    assert counted(capsys, "DeliveriesDuplicate") == 1


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_retried_after_a_failure_and_rejected_with_its_reason(
    line: Hands, braze: Braze, kinds: dict[str, Delivery], kind: str
) -> None:
    one = kinds[kind]
    braze.replies += [DOWN, BAD]

    assert line.give(one)[one.id] is not None
    assert line.states(one) == ["FAILED"]
    assert line.give(one) == {one.id: None}

    assert line.states(one) == ["DEAD"]
    ((_, attributes_),) = line.queue.letters()
    assert (attributes_["reason"], attributes_["status"]) == ("rejected", "400")


def test_events_whose_outcome_is_unknown_are_held_or_sent_again(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    again, held = several_events(delivery, 2)
    held = replace(held, on_unknown="hold")
    braze.replies += [hang, EDGE]

    assert None not in line.give(again).values()
    assert line.give(held) == {held.id: None}
    assert line.states(again, held) == ["UNKNOWN", "HELD"]
    assert line.reasons() == ["unknown"]

    assert line.give(again) == {again.id: None}
    assert len(braze.requests) == 3


def test_deliveries_of_any_rules_share_a_request_of_75_objects(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    many = several_events(delivery, 75)
    many = [replace(one, rule=f"rule-{at % 3}") for at, one in enumerate(many)]

    assert set(line.give(*many).values()) == {None}

    assert sizes(braze) == [75]
    assert line.states(*many) == ["ACCEPTED"] * 75
    (send,) = sends(line)
    assert len(send["members"]["SS"]) == 75


def test_of_a_batch_that_is_refused_one_goes_alone_and_the_others_too(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    three = several_events(delivery, 3)
    good = (201, b'{"message": "success"}')
    braze.replies += [BAD, good, BAD, good]

    assert set(line.give(*three).values()) == {None}

    assert sizes(braze) == [3, 1, 1, 1]
    assert line.states(*three) == ["ACCEPTED", "DEAD", "ACCEPTED"]


def test_a_key_without_the_permission_stops_events_alone(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    (one,) = several_events(delivery, 1)
    braze.replies += [REFUSED]
    line.give(one)

    assert open_until(line, "default#users.track") > line.clock.now
    assert line.give(one)[one.id] is not None
    assert line.give(delivery) == {delivery.id: None}
    assert len(braze.requests) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_workspace_with_a_list_reaches_nobody_else(
    line: Hands, braze: Braze, kinds: dict[str, Delivery], kind: str
) -> None:
    home = replace(line.worker.workspaces["default"], only=("qa-*",))
    line.queue = replace(line.queue, worker=replace(line.worker, workspaces={"default": home}))
    one = kinds[kind]

    assert line.give(one) == {one.id: None}

    assert braze.requests == []
    assert line.states(one) == ["WITHHELD"]
