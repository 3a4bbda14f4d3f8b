"""Workers whose clocks are wrong take DynamoDB's time from its answers."""

from email.utils import formatdate

from hypothesis import given
from hypothesis import strategies as st

from handler.aws.clock import Clock

TRUE = 1_800_000_000.25
WRONG = st.floats(-600, 600)
SECONDS = st.floats(0, 5)  # that a question or an answer is on its way


class Local:
    """A clock that is wrong by so many seconds."""

    def __init__(self, wrong: float) -> None:
        self.true, self.wrong = TRUE, wrong

    def __call__(self) -> float:
        return self.true + self.wrong


def ask(local: Local, clock: Clock, asking: float, answering: float) -> None:
    asked_at = local()
    local.true += asking
    date = formatdate(int(local.true), usegmt=True)
    local.true += answering
    clock.observe_date(date, asked_at)


@given(WRONG, SECONDS, SECONDS)
def test_after_one_answer_a_clock_is_wrong_by_its_way_and_a_second_at_most(
    wrong: float, asking: float, answering: float
) -> None:
    local = Local(wrong)
    clock = Clock(local)
    ask(local, clock, asking, answering)
    assert -answering - 1 <= clock() - local.true <= asking + 1


@given(WRONG, st.lists(st.tuples(SECONDS, SECONDS), min_size=1))
def test_the_quickest_answers_settle_it(wrong: float, ways: list[tuple[float, float]]) -> None:
    local = Local(wrong)
    clock = Clock(local)
    for asking, answering in ways:
        ask(local, clock, asking, answering)
        local.true += 1.1
    slow, late = min(way[1] for way in ways), min(way[0] for way in ways)
    assert -slow - 1 <= clock() - local.true <= late + 1


@given(st.lists(st.tuples(SECONDS, SECONDS)))
def test_a_clock_that_may_be_right_is_left_alone(ways: list[tuple[float, float]]) -> None:
    local = Local(0)
    clock = Clock(local)
    for asking, answering in ways:
        ask(local, clock, asking, answering)
    assert clock() == local.true


def test_what_is_no_date_says_nothing() -> None:
    local = Local(300)
    clock = Clock(local)
    for date in ("", "today", "Fri, 32 Nov 2026 25:00:00 GMT", "0"):
        clock.observe_date(date, local())
    assert clock() == local()
