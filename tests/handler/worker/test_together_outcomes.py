"""Outcomes of a request of many: settled for each of its deliveries."""

from dataclasses import replace
from typing import Any

from handler.core.models import Delivery
from tests.handler.handing import Hands, away, nothing, several
from tests.handler.stage import Braze
from tests.handler.worker.answers import BAD, LIMITED, hang, sizes, users
from tests.handler.worker.line import sends


def test_one_bad_recipient_is_dead_alone_and_nobody_is_tried_twice(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, bad, last = several(delivery, 3)
    braze.replies += [BAD, (201, b'{"message": "success"}'), BAD]

    assert set(line.give(first, bad, last).values()) == {None}

    assert users(braze) == [["user-0", "user-1", "user-2"], ["user-0"], ["user-1"], ["user-2"]]
    assert line.states(first, bad, last) == ["ACCEPTED", "DEAD", "ACCEPTED"]
    assert line.attempts(first, bad, last) == [1, 1, 1]
    assert line.reasons() == ["rejected"]


def test_who_was_refused_together_without_time_for_more_goes_alone_the_next_time(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    two = several(delivery, 2)
    braze.replies.append(BAD)

    def take_the_time(key: str, _values: dict[str, Any]) -> None:
        if key.startswith("send#"):
            line.context.milliseconds = 1_250

    line.dynamo.before = take_the_time
    assert set(line.give(*two).values()) == {0}
    assert line.attempts(*two) == [0, 0]
    line.dynamo.before = nothing
    assert set(line.give(*two).values()) == {None}

    assert sizes(braze) == [2, 1, 1]
    assert line.states(*two) == ["ACCEPTED"] * 2


def test_an_error_with_a_place_is_of_that_recipient_alone(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    three = several(delivery, 3)
    error = b'{"type": "invalid", "input_array": "recipients", "index": 1}'
    braze.replies.append((201, b'{"message": "success", "errors": [' + error + b"]}"))

    assert set(line.give(*three).values()) == {None}

    assert line.states(*three) == ["ACCEPTED", "DEAD", "ACCEPTED"]
    assert line.reasons() == ["rejected"]
    (send,) = sends(line)
    assert three[1].id not in send["members"]["SS"]


def test_errors_without_a_place_leave_all_accepted_with_a_warning(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    two = several(delivery, 2)
    braze.replies.append((201, b'{"message": "success", "errors": ["odd"]}'))

    line.give(*two)

    assert line.states(*two) == ["ACCEPTED"] * 2
    assert [each["warnings"] for each in line.queue.lines()] == [["errors"]] * 2


def test_an_unknown_outcome_is_that_of_all_and_all_are_sent_again(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    two = several(delivery, 2)
    braze.replies.append(hang)

    assert None not in line.give(*two).values()
    assert line.states(*two) == ["UNKNOWN"] * 2

    assert set(line.give(*two).values()) == {None}
    assert sizes(braze) == [2, 2]
    assert line.attempts(*two) == [2, 2]


def test_a_notice_holds_all(line: Hands, braze: Braze, delivery: Delivery) -> None:
    two = several(delivery, 2)
    braze.replies.append((201, b'{"message": "success", "notice": "something new"}'))

    assert set(line.give(*two).values()) == {None}

    assert line.states(*two) == ["HELD"] * 2
    assert line.reasons() == ["notice"] * 2


def test_a_rate_limit_costs_each_one_attempt(line: Hands, braze: Braze, delivery: Delivery) -> None:
    two = several(delivery, 2)
    braze.replies.append(LIMITED)
    braze.headers.append({"X-RateLimit-Reset": "3600"})

    waits = line.give(*two)

    assert all(3_600 <= (wait or 0) <= 3_661 for wait in waits.values())
    assert line.attempts(*two) == [1, 1]
    assert line.states(*two) == ["FAILED"] * 2


def test_a_mistake_of_ours_while_marking_loses_nobody_whom_braze_has_refused(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    accepted, refused = several(delivery, 2)
    error = b'{"type": "invalid", "index": 1}'
    braze.replies.append((201, b'{"message": "success", "errors": [' + error + b"]}"))

    def mistake(key: str, values: dict[str, Any]) -> None:
        if key.endswith(accepted.id) and ":last" in values:
            raise ZeroDivisionError

    line.dynamo.before = mistake
    waits = line.give(accepted, refused)

    assert waits[accepted.id] is None
    assert waits[refused.id] is not None or line.reasons() == ["rejected"]


def test_no_dead_letter_tells_of_another_members_person(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    anna, berta = several(delivery, 2)
    anna = replace(anna, recipient={"external_user_id": "anna"})
    berta = replace(berta, recipient={"external_user_id": "berta"})
    braze.replies.append((201, b'{"message": "success", "notice": "anna and berta are odd"}'))

    line.give(anna, berta)

    details = [attributes["detail"] for _, attributes in line.queue.letters()]
    assert details == ["... and ... are odd"] * 2


def test_what_was_limited_together_comes_back_together(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.replies.append(LIMITED)

    waits = set(line.give(*several(delivery, 20)).values())

    assert len(waits) == 1
    assert waits != {None}


def test_what_a_table_that_is_away_keeps_back_together_comes_back_together(
    line: Hands, delivery: Delivery
) -> None:
    line.dynamo.before = lambda key, _values: away() if key.startswith("send#") else None
    for _ in range(3):  # waits grow, and with them how far apart they could be
        waits = set(line.give(*(twenty := several(delivery, 20))).values())
        assert len(waits) == 1
        assert line.states(*twenty) == ["FAILED"] * 20


def test_what_a_surge_limit_stops_together_comes_back_together(
    line: Hands, delivery: Delivery
) -> None:
    waits = line.give(*(replace(one, surge=(5, 600)) for one in several(delivery, 20)))

    assert len(set(waits.values()) - {None}) == 1
