"""Older attributes never overwrite newer ones of the same profile, source and rule."""

from dataclasses import replace
from typing import Any

import pytest

from handler.core.models import Delivery
from tests.handler.handing import Hands, away, nothing, several
from tests.handler.stage import Braze, Reply
from tests.handler.worker.answers import BAD, DOWN, EDGE, recipients

USER: Any = {"external_user_id": "u", "attributes": {"n": 1}, "send_to_existing_only": False}
STALE = {"external_user_id": "u", "send_to_existing_only": True}
ALIAS: Any = {"user_alias": {"alias_name": "a", "alias_label": "b"}}
HORIZON = 86_400


@pytest.fixture
def pair(delivery: Delivery) -> tuple[Delivery, Delivery]:
    """Two deliveries to one user: the older and the newer."""
    older, newer = several(delivery, 2)
    return (
        replace(older, recipient=USER, event_version=1),
        replace(newer, recipient=USER, event_version=2),
    )


def sent(braze: Braze) -> list[Any]:
    return [first for first, *_ in recipients(braze)]


def test_an_older_one_goes_without_attributes_after_a_newer_one(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    older, newer = pair

    assert line.give(newer) == {newer.id: None}
    assert line.give(older) == {older.id: None}

    assert sent(braze) == [USER, STALE]
    assert line.states(older) == ["ACCEPTED"]


def test_an_older_one_to_an_alias_says_nothing_of_existing_users(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    older, newer = (replace(one, recipient={**ALIAS, "attributes": {"n": 1}}) for one in pair)
    line.give(newer)
    line.give(older)

    assert sent(braze)[1] == ALIAS


@pytest.mark.parametrize("arrivals,whole", [((1, 2), [USER, USER]), ((2, 1), [USER, STALE])])
def test_of_one_version_the_later_arrival_is_the_newer(
    line: Hands,
    braze: Braze,
    pair: tuple[Delivery, Delivery],
    arrivals: tuple[int, int],
    whole: list[Any],
) -> None:
    for one, arrived_ms in zip(pair, arrivals, strict=True):
        line.give(replace(one, event_version=1, arrived_ms=arrived_ms))

    assert sent(braze) == whole


def test_of_one_version_an_earlier_arrival_waits_for_a_later_one_that_failed(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    older, newer = (
        replace(one, event_version=1, arrived_ms=at) for one, at in zip(pair, (1, 2), strict=True)
    )
    braze.replies.append(DOWN)
    line.give(newer)

    assert line.give(older)[older.id] is not None
    line.give(newer)
    line.give(older)
    assert sent(braze)[1:] == [USER, STALE]


def test_what_the_former_release_enqueued_of_a_version_has_arrived_before_what_this_one_did(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    line.give(replace(pair[0], event_version=1))
    line.give(replace(pair[1], event_version=1, arrived_ms=1))
    assert sent(braze) == [USER, USER]

    line.give(replace(pair[0], id="e" * 64, event_version=1))
    assert sent(braze)[2] == STALE


def test_in_order_both_go_whole(line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]) -> None:
    line.give(*pair)

    assert sent(braze) == [USER, USER]


def test_an_older_one_waits_for_a_newer_one_that_failed(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    older, newer = pair
    braze.replies.append(DOWN)
    line.give(newer)

    assert line.give(older)[older.id] is not None
    assert (len(braze.requests), line.attempts(older)) == (1, [0])

    line.give(newer)
    assert line.give(older) == {older.id: None}
    assert sent(braze)[1:] == [USER, STALE]


def test_an_older_one_goes_whole_after_a_newer_one_that_is_dead(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    older, newer = pair
    braze.replies.append(BAD)
    line.give(newer)

    assert line.give(older) == {older.id: None}
    assert sent(braze)[1] == USER


def test_a_newer_one_overtakes_an_older_one_that_failed(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    older, newer = pair
    braze.replies.append(DOWN)
    line.give(older)

    assert line.give(newer) == {newer.id: None}
    assert line.give(older) == {older.id: None}
    assert sent(braze)[1:] == [USER, STALE]


@pytest.mark.parametrize("more", [{"rule": "other"}, {"source": "stripe"}])
def test_other_rules_and_sources_have_turns_of_their_own(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery], more: dict[str, Any]
) -> None:
    older, newer = pair
    line.give(newer)
    line.give(replace(older, **more))

    assert sent(braze) == [USER, USER]


def test_the_turn_of_a_vanished_worker_ends_with_its_lease(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    older, newer = pair
    line.worker.profile_versions.begin(older, line.clock.now, line.clock.now + 31)
    assert line.give(newer)[newer.id] is not None
    assert braze.requests == []

    line.clock.now += 32
    assert line.give(newer) == {newer.id: None}
    assert sent(braze) == [USER]


def wait_out(line: Hands, delivery: Delivery) -> int:
    """Hand a delivery over as it comes back, for two days at most; return how often."""
    began, receives = line.clock.now, 0
    while (wait := line.give(delivery)[delivery.id]) is not None:
        receives += 1
        line.clock.now += max(1, wait)
        assert line.clock.now - began < 2 * HORIZON, "it waits for ever"
    return receives


def test_what_waits_for_its_turn_until_its_horizon_is_buried(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    older, newer = pair
    braze.replies.append(DOWN)
    line.give(newer)  # and it never comes again

    assert wait_out(line, older) < 1_000
    assert line.reasons() == ["horizon"]


def test_an_accepted_one_whose_turn_was_not_ended_ends_it_when_it_comes_again(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    older, newer = pair

    def lose_the_end(key: str, values: dict[str, Any]) -> None:
        if key.startswith("user#") and ":now" not in values:
            away()

    line.dynamo.before = lose_the_end
    assert line.give(newer) == {newer.id: None}
    line.dynamo.before = nothing
    line.clock.now += 60
    line.give(newer)  # SQS repeats it

    assert line.give(older) == {older.id: None}
    assert sent(braze) == [USER, STALE]


def test_versions_of_64_bits_are_told_apart(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    older, newer = pair
    line.give(replace(newer, event_version=2**53 + 1))

    assert line.give(replace(older, event_version=2**53)) == {older.id: None}
    assert sent(braze)[1] == STALE


def test_an_older_one_goes_after_a_newer_one_of_which_only_the_request_is_recorded(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    older, newer = pair
    other = replace(newer, id="other", recipient={**USER, "external_user_id": "v"})

    def fail_at_the_members(key: str, _values: dict[str, Any]) -> None:
        if braze.requests and not key.startswith("send#"):
            away()

    line.dynamo.before = fail_at_the_members
    assert set(line.give(newer, other).values()) == {None}
    line.dynamo.before = nothing
    line.clock.now += 60

    assert line.give(older) == {older.id: None}
    assert recipients(braze)[1] == [STALE]


def test_an_older_one_goes_an_hour_after_a_newer_one_of_which_nothing_is_recorded(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery]
) -> None:
    older, newer = pair

    def fail(_key: str, _values: dict[str, Any]) -> None:
        if braze.requests:
            away()

    line.dynamo.before = fail
    assert line.give(newer) == {newer.id: None}
    line.dynamo.before = nothing
    line.clock.now += 60
    assert line.give(older)[older.id] is not None
    line.clock.now += 3_600

    assert line.give(older) == {older.id: None}
    assert recipients(braze)[1] == [STALE]


@pytest.mark.parametrize("is_ended", [True, False], ids=["ended", "found over"])
def test_an_older_one_does_not_write_over_a_newer_one_that_may_have_been_applied(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery], *, is_ended: bool
) -> None:
    older, newer = pair
    braze.replies += [EDGE, BAD]
    line.give(newer)

    def fail_to_end(key: str, _values: dict[str, Any]) -> None:
        if len(braze.requests) > 1 and key.startswith("user#") and not is_ended:
            away()

    line.dynamo.before = fail_to_end
    line.give(newer)
    assert line.reasons() == ["rejected"]
    line.dynamo.before = nothing
    line.clock.now += 60

    assert line.give(older) == {older.id: None}
    assert recipients(braze)[2] == [STALE]


def limit(line: Hands, *only: str) -> None:
    """Let the workspace reach only those who are listed; with no pattern, everybody again."""
    home = replace(line.worker.workspaces["default"], only=only or None)
    line.queue = replace(line.queue, worker=replace(line.worker, workspaces={"default": home}))


@pytest.mark.parametrize("first, second", [(DOWN, USER), (EDGE, STALE)])
def test_an_older_one_goes_after_a_newer_one_that_was_withheld_and_whose_turn_was_not_ended(
    line: Hands, braze: Braze, pair: tuple[Delivery, Delivery], first: Reply, second: Any
) -> None:
    older, newer = pair
    braze.replies.append(first)
    line.give(newer)

    def lose_the_end(key: str, _values: dict[str, Any]) -> None:
        if key.startswith("user#"):
            away()

    limit(line, "qa-*")
    line.dynamo.before = lose_the_end
    assert line.give(newer) == {newer.id: None}
    assert line.states(newer) == ["WITHHELD"]
    line.dynamo.before = nothing
    limit(line)
    line.clock.now += 60

    assert line.give(older) == {older.id: None}
    assert sent(braze)[1] == second
