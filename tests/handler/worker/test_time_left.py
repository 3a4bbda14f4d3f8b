"""What is done with little time left, or by a worker whose clock has stood still."""

from collections.abc import Callable
from typing import Any

import pytest

from handler.core.models import Delivery
from tests.handler.handing import Hands, several
from tests.handler.stage import Braze, Clock, Invocation
from tests.handler.worker.line import sends

LIMIT = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "999", "X-RateLimit-Reset": "9"}


class Until(Invocation):
    """An invocation that ends at a moment, whatever a test says of its milliseconds."""

    def __init__(self, clock: Clock, end: float) -> None:
        super().__init__()
        self.clock, self.end = clock, end

    def get_remaining_time_in_millis(self) -> int:
        return int((self.end - self.clock.now) * 1000)


def after(line: Hands, seconds: float) -> Callable[[], None]:
    def reply() -> None:
        line.clock.now += seconds

    return reply


# In margins: three are for what others are told, one for a mark.
@pytest.mark.parametrize("left", [3.5, 2.5, 0.5])
def test_the_marks_come_before_what_may_be_told_later(
    line: Hands, braze: Braze, delivery: Delivery, left: float
) -> None:
    pair = several(delivery, 2)
    line.context = Until(line.clock, line.clock.now + 10)
    braze.headers.append(LIMIT)
    braze.replies.append(after(line, 10 - left * line.worker.timing.margin))

    assert set(line.give(*pair).values()) == {None}

    assert ("limit" in line.shared("rate#default")) is (left > 3)
    (state,) = [item["state"]["S"] for item in sends(line)]
    assert state == ("ACCEPTED" if left > 1 else "SENDING")
    assert len(braze.requests) == 1


def test_a_lease_that_a_wrong_clock_has_written_is_given_back(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    right = line.clock.now + 240

    def set_right(key: str, _values: dict[str, Any]) -> None:
        if key.startswith("delivery#"):
            line.clock.now = max(line.clock.now, right)

    line.dynamo.before = set_right

    assert line.give(delivery) == {delivery.id: 0}
    assert (braze.requests, line.attempts(delivery)) == ([], [0])

    assert line.give(delivery) == {delivery.id: None}
    assert len(braze.requests) == 1


def test_a_request_of_many_that_its_record_would_cut_short_is_not_begun(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    timing, pair = line.worker.timing, several(delivery, 2)
    enough = timing.shortest + 2 * timing.margin  # for the record and for the marks
    line.context = Until(line.clock, line.clock.now + enough + 0.1)

    def slow(key: str, _values: dict[str, Any]) -> None:
        line.clock.now += 0.08 * key.startswith("delivery#")

    line.dynamo.before = slow

    assert set(line.give(*pair).values()) == {0}
    assert (braze.requests, line.attempts(*pair)) == ([], [0, 0])
