"""Entries of one user into one Canvas take turns, across workers."""

from dataclasses import replace
from typing import Any

import pytest

from handler.core.delivery.canvas_turns import APART, SLOT, turn_of
from handler.core.models import Delivery
from handler.ledger.canvas_turns import CanvasTurns
from tests.handler.handing import Hands, away, several
from tests.handler.stage import Braze

SECONDS = SLOT / 1_000


@pytest.fixture
def entry(delivery: Delivery) -> Delivery:
    return replace(delivery, path="/canvas/trigger/send", send={"canvas_id": "c"})


def siblings(entry: Delivery, count: int) -> list[Delivery]:
    """Return entries of one user, the oldest first."""
    return [replace(one, recipient=entry.recipient) for one in several(entry, count)]


def calls(line: Hands) -> list[str]:
    made: list[str] = []

    def before(key: str, _values: dict[str, Any]) -> None:
        if key.startswith("turn#"):
            made.append(key)

    line.dynamo.before = before
    return made


def test_the_first_entry_goes_at_once_and_pays_one_write(
    line: Hands, braze: Braze, entry: Delivery
) -> None:
    made = calls(line)

    assert line.give(entry) == {entry.id: None}
    assert (len(made), len(braze.requests)) == (1, 1)


def test_siblings_of_a_batch_go_one_after_the_other_each_in_its_second_receive(
    line: Hands, braze: Braze, entry: Delivery
) -> None:
    those = siblings(entry, 5)
    begun = line.clock.now
    waits = line.give(*those)

    assert list(waits.values()) == [None, 3, 6, 9, 12]
    for at, one in enumerate(those[1:], 1):
        line.clock.now = begun + at * SECONDS
        worker = line.other() if at % 2 else line
        assert worker.give(one) == {one.id: None}
    assert len(braze.requests) == 5
    assert line.attempts(*those) == [1] * 5
    reasons = [one["reason"] for one in line.queue.lines() if one["outcome"] == "waiting"]
    assert reasons == ["out_of_turn"] * 4


def test_whose_turn_was_kept_goes_before_a_newcomer(
    line: Hands, braze: Braze, entry: Delivery
) -> None:
    first, second, newcomer = siblings(entry, 3)
    line.give(first, second)
    line.clock.now += 2 * SECONDS  # it comes late: its turn has passed, and nobody else has it
    assert line.give(second) == {second.id: None}

    assert line.other().give(newcomer) == {newcomer.id: 2}
    line.clock.now += 2
    assert line.give(newcomer) == {newcomer.id: None}
    assert len(braze.requests) == 3


def test_a_late_one_and_the_next_are_two_seconds_apart(line: Hands, entry: Delivery) -> None:
    first, second, third = siblings(entry, 3)
    line.give(first, second, third)
    line.clock.now += 2 * SECONDS - 0.5  # one is late for its turn, the next early
    assert line.give(second) == {second.id: None}

    assert line.give(third) == {third.id: 2}
    line.clock.now += APART / 1_000
    assert line.give(third) == {third.id: None}


def test_a_user_who_comes_again_later_does_not_wait(line: Hands, entry: Delivery) -> None:
    for one in siblings(entry, 3):
        assert line.give(one) == {one.id: None}
        line.clock.now += SECONDS


def test_other_users_canvases_and_campaigns_do_not_wait(
    line: Hands, braze: Braze, entry: Delivery, delivery: Delivery
) -> None:
    made = calls(line)
    user, canvas, campaign = several(entry, 3)
    canvas = replace(canvas, recipient=entry.recipient, send={"canvas_id": "other"})
    campaign = replace(campaign, path=delivery.path, send=delivery.send)

    assert set(line.give(entry, user, canvas, campaign).values()) == {None}
    assert (len(made), len(braze.requests)) == (3, 3)


def test_a_lost_answer_and_a_worker_that_dies_only_delay(
    line: Hands, braze: Braze, entry: Delivery
) -> None:
    turns, turn, now = CanvasTurns(line.worker.ledger.table), turn_of(entry), line.clock.now
    assert turn is not None
    assert turns.take(turn, entry.id, now, came_back=False) == 0  # and nothing comes of it

    wait = line.give(entry)[entry.id]
    assert wait == 3
    line.clock.now += wait
    assert line.give(entry) == {entry.id: None}
    assert len(braze.requests) == 1


def test_where_the_table_does_not_answer_nothing_is_sent(
    line: Hands, braze: Braze, entry: Delivery
) -> None:
    line.dynamo.before = lambda key, _values: away() if key.startswith("turn#") else None

    assert line.give(entry)[entry.id] is not None
    assert braze.requests == []


def test_an_entry_whose_worker_was_lost_takes_one_turn_and_is_sent(
    line: Hands, braze: Braze, entry: Delivery
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    line.queue = replace(
        line.queue,
        worker=replace(line.worker, post=lambda *_given: die()),  # type: ignore[arg-type] # it never answers
    )
    with pytest.raises(KeyboardInterrupt):
        line.give(entry)
    line.clock.now += 200

    made = calls(line)
    assert line.other().give(entry) == {entry.id: None}
    assert len(braze.requests) == 1
    assert len(made) == 2  # as one for which a turn may be kept, and as a newcomer


def test_with_little_time_left_nobody_takes_a_turn(
    line: Hands, braze: Braze, entry: Delivery
) -> None:
    made = calls(line)
    timing = replace(line.worker.timing, shortest=3)
    line.queue = replace(line.queue, worker=replace(line.worker, timing=timing))
    least = line.worker.timing.shortest + 3 * line.worker.timing.margin

    assert line.give(entry, left=round(1_000 * least) - 1) == {entry.id: 1}
    assert (made, braze.requests) == ([], [])


def test_the_first_turns_of_many_users_are_taken_in_one_call(line: Hands, entry: Delivery) -> None:
    table, now = line.worker.ledger.table, line.clock.now
    turns, those = CanvasTurns(table), several(entry, 30)
    named = [turn_of(one) or "" for one in those]

    assert [*table.write_all(turns.first(one, now) for one in named)] == [True] * 30
    assert [*table.write_all(turns.first(one, now) for one in named)] == [False] * 30
    assert {turns.take(one, "d" * 64, now, came_back=False) for one in named} == {3}


def test_the_item_holds_no_name_and_only_turns_that_are_kept(line: Hands, entry: Delivery) -> None:
    first, second = siblings(entry, 2)
    line.give(first, second)
    key = f"turn#{turn_of(entry)}"
    kept = f"kept_{second.id[:32]}"
    assert line.shared(key).keys() == {"pk", "free_at", "begun_at", "expires", kept}

    line.clock.now += SECONDS
    line.give(second)
    assert line.shared(key).keys() == {"pk", "free_at", "begun_at", "expires"}
