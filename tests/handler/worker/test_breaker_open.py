"""While a breaker is open, every worker lets the deliveries of its workspace wait."""

from dataclasses import replace

from handler.core.delivery.breaker import IN_A_ROW
from handler.core.models import Delivery
from tests.handler.handing import Hands, away, several
from tests.handler.stage import Braze
from tests.handler.worker.line import add_workspace, fail, open_until


def test_while_it_is_open_nothing_is_sent_and_no_attempt_is_counted(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    tried = fail(line, braze, delivery)
    fresh = several(delivery, 3)

    waits = line.give(*tried, *fresh)

    assert len(braze.requests) == IN_A_ROW
    assert line.attempts(*tried, *fresh) == [1] * IN_A_ROW + [0] * 3
    left = open_until(line) - line.clock.now
    assert all((wait or 0) >= left for wait in waits.values())
    assert {each["reason"] for each in line.queue.lines()[IN_A_ROW:]} == {"breaker_open"}


def test_other_workspaces_go_on(line: Hands, braze: Braze, delivery: Delivery) -> None:
    add_workspace(line, "usa")
    fail(line, braze, delivery)
    default, usa = several(delivery, 2)

    waits = line.give(default, replace(usa, workspace="usa"))

    assert waits[default.id] is not None
    assert waits[usa.id] is None


def test_another_worker_knows_of_it_within_seconds(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    other = line.other()
    early, late = several(delivery, 2)
    assert other.give(early) == {early.id: None}
    fail(line, braze, delivery)
    sent = len(braze.requests)

    line.clock.now += line.worker.timing.known
    assert other.give(late)[late.id] is not None

    assert len(braze.requests) == sent


def test_where_the_table_does_not_tell_of_it_messages_are_sent(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    lost = ("breaker#", "rate#")
    line.dynamo.before = lambda key, _values: away() if key.startswith(lost) else None

    waits = line.give(delivery)
    assert [it["why"] for it in line.queue.lines("not now")] == []
    assert waits == {delivery.id: None}
    assert len(braze.requests) == 1


def test_where_the_table_takes_no_claim_nothing_is_sent(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    line.dynamo.before = lambda _key, _values: away()

    assert line.give(delivery)[delivery.id] is not None
    assert braze.requests == []


def test_a_day_before_an_open_breaker_is_far_from_a_thousand_receives(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    fail(line, braze, delivery)
    receives = 0
    while (wait := line.give(delivery)[delivery.id]) is not None:
        receives += 1
        line.clock.now += wait
        if line.clock.now >= open_until(line):  # every probe of others fails
            line.worker.breaker_state.open("default", "failures")

    assert line.reasons() == ["horizon"]
    assert receives < 400
