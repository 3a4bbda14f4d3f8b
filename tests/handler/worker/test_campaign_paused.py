"""Deliveries to a campaign that is paused wait; Braze is asked for it sparingly."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from handler.core.models import Delivery
from tests.handler.handing import START, Hands, away, counted, nothing, several
from tests.handler.stage import Braze, Reply
from tests.handler.worker.answers import DOWN, REFUSED, hang
from tests.handler.worker.line import KEY, add_workspace, open_until

CAMPAIGN = "417220e4-5a2a-b634-7f7d-9ec891532368"
MINUTE, LATE, HOUR, DAY = 60, 30, 3_600, 86_400
TARGET = f"target#default#{CAMPAIGN}"


def details(**more: Any) -> Reply:
    body = {"message": "success", "archived": False, "draft": False, "enabled": True} | more
    return 200, json.dumps(body).encode()


PAUSED = details(enabled=False)
STOPS = pytest.mark.parametrize(
    "answer", [PAUSED, details(archived=True), details(draft=True)], ids=["paused", "old", "draft"]
)


@STOPS
def test_what_goes_to_a_campaign_that_sends_nothing_waits_without_an_attempt(
    line: Hands, braze: Braze, delivery: Delivery, answer: Reply, capsys: pytest.CaptureFixture[str]
) -> None:
    braze.details = [answer]

    wait = line.give(delivery)[delivery.id]

    assert 900 <= (wait or 0) <= 990
    assert braze.asked == [(f"/campaigns/details?campaign_id={CAMPAIGN}", "Bearer canary-key")]
    assert (braze.requests, line.attempts(delivery)) == ([], [0])
    assert [each["reason"] for each in line.queue.lines()] == ["target_paused"]
    assert counted(capsys, "TargetPaused") > 0


def test_it_is_sent_once_the_campaign_is_active(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.details = [PAUSED]
    line.clock.now += line.give(delivery)[delivery.id] or 0

    assert line.give(delivery) == {delivery.id: None}
    assert line.states(delivery) == ["ACCEPTED"]


def test_all_workers_together_ask_once_a_minute(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    workers = [line, line.other(), line.other()]
    for second in range(0, 180, 10):
        line.clock.now = START + second
        one = replace(delivery, id=f"{second:064}", recipient={"external_user_id": f"u{second}"})
        assert workers[second // 10 % 3].give(one) == {one.id: None}

    assert len(braze.asked) == 3


def test_a_pause_is_known_to_every_worker_after_a_minute(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    other, (first, second, third) = line.other(), several(delivery, 3)
    assert line.give(first) == {first.id: None}
    line.clock.now += MINUTE - 1
    assert other.give(second) == {second.id: None}
    braze.details = [PAUSED]

    line.clock.now += 1
    assert other.give(third)[third.id] is not None
    assert line.give(third, copy="again")[third.id] is not None
    assert (len(braze.requests), len(braze.asked)) == (2, 2)


def test_a_paused_campaign_is_asked_for_again_by_what_comes_after_a_minute(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, second = several(delivery, 2)
    braze.details = [PAUSED]
    assert line.give(first)[first.id] is not None

    line.clock.now += MINUTE
    assert line.give(second) == {second.id: None}


def test_each_campaign_and_each_workspace_is_asked_for_by_itself(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    add_workspace(line, "usa")
    first, second, third = several(delivery, 3)
    others = replace(second, send={"campaign_id": "c-2"}), replace(third, workspace="usa")
    braze.details = [PAUSED]

    waits = line.give(first, *others)

    assert [wait is None for wait in waits.values()] == [False, True, True]
    assert len(braze.asked) == 3


def test_for_a_canvas_and_a_transactional_campaign_nobody_is_asked(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    canvas = replace(delivery, path="/canvas/trigger/send", send={"canvas_id": CAMPAIGN})
    path = f"/transactional/v1/campaigns/{CAMPAIGN}/send"
    single = replace(delivery, id="b" * 64, path=path, send={})

    assert set(line.give(canvas, single).values()) == {None}
    assert braze.asked == []


FAILURES: dict[str, Reply | Callable[[], None]] = {
    "no answer": hang,
    "5xx": DOWN,
    "429": (429, b'{"message": "Rate Limited"}'),
    "not found": (404, b'{"message": "Invalid URL"}'),
    "unknown": (400, b'{"message": "Invalid Campaign ID"}'),
    "a page": (200, b"<html>"),
    "no state": (200, b'{"message": "success"}'),
}


@pytest.mark.parametrize("name", FAILURES)
def test_where_braze_does_not_say_it_is_sent_and_the_breaker_learns_nothing(
    line: Hands, braze: Braze, delivery: Delivery, name: str
) -> None:
    timing = replace(line.worker.timing, details=0.3)
    line.queue = replace(line.queue, worker=replace(line.worker, timing=timing))
    several_of_them = several(delivery, 8)
    for one in several_of_them:
        braze.details = [FAILURES[name]]
        assert line.give(one) == {one.id: None}
        line.clock.now += MINUTE

    assert len(braze.asked) == 8
    assert open_until(line) == 0
    assert "until" not in line.shared("rate#default")


def test_a_failure_does_not_free_a_campaign_that_is_paused(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, second, third = several(delivery, 3)
    braze.details = [PAUSED, DOWN, PAUSED, DOWN]
    assert line.give(first)[first.id] is not None
    line.clock.now += MINUTE
    assert line.give(second)[second.id] is not None
    line.clock.now += MINUTE
    assert line.other().give(third)[third.id] is not None

    assert (len(braze.asked), braze.requests) == (3, [])


def test_a_key_that_may_not_read_details_is_tried_again_after_an_hour(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.details = [(403, b"{}"), PAUSED]
    for second in range(0, HOUR, 600):
        line.clock.now = START + second
        one = replace(delivery, id=f"{second:064}", recipient={"external_user_id": f"u{second}"})
        assert line.other().give(one) == {one.id: None}
    assert len(braze.asked) == 1
    assert (open_until(line), open_until(line, KEY)) == (0, 0)

    line.clock.now = START + HOUR
    assert line.give(delivery)[delivery.id] is not None


def test_a_key_that_was_rotated_is_read_again_before_it_counts_as_refused(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    line.worker.keys.current()
    line.worker.keys._client.put_secret_value(  # noqa: SLF001 - as `relay secrets set` does
        SecretId=line.worker.settings.braze_keys_arn, SecretString='{"default": "newer"}'
    )
    braze.details = [REFUSED, PAUSED]

    assert line.give(delivery)[delivery.id] is not None
    assert [key for _, key in braze.asked] == ["Bearer canary-key", "Bearer newer"]


def test_with_little_time_left_nobody_asks_and_what_was_known_holds(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    first, second, third = several(delivery, 3)
    left = round(1_000 * (line.worker.timing.request + 2 * line.worker.timing.margin))
    assert line.give(first, left=left - 1) == {first.id: None}
    assert braze.asked == []

    braze.details = [PAUSED]
    assert line.give(second, left=left)[second.id] is not None
    line.clock.now += MINUTE
    assert line.give(third, left=left - 1)[third.id] is not None
    assert len(braze.asked) == 1


def test_while_another_worker_asks_what_is_known_holds_for_half_a_minute_and_then_waits(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    asking, (first, second, third) = line.other(), several(delivery, 3)
    waits: dict[str, int | None] = {}
    line.give(first)

    def meanwhile(one: Delivery) -> Callable[[], None]:
        return lambda: waits.update(line.give(one))

    line.clock.now += MINUTE + LATE - 1
    braze.details = [meanwhile(second)]
    asking.give(replace(first, id="c" * 64))
    line.clock.now += MINUTE + LATE
    braze.details = [meanwhile(third)]
    asking.give(replace(first, id="d" * 64))

    assert waits == {second.id: None, third.id: 1}
    assert line.queue.lines()[-2]["reason"] == "target_asked"


def test_where_a_worker_dies_while_it_asks_another_one_does(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    lasts = line.worker.timing.details + line.worker.timing.margin
    assert line.worker.targets.share(TARGET.removeprefix("target#"), line.clock.now) == "ask"
    assert line.other().give(delivery) == {delivery.id: 1}

    line.clock.now += lasts
    assert line.other().give(delivery) == {delivery.id: None}
    assert len(braze.asked) == 1


def test_where_the_table_does_not_tell_of_campaigns_nothing_is_asked_and_nothing_sent(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    line.dynamo.before = lambda key, _values: away() if key == TARGET else None

    assert line.give(delivery)[delivery.id] is not None
    assert (braze.asked, braze.requests) == ([], [])


def test_where_the_table_does_not_take_what_braze_said_the_worker_knows_it_all_the_same(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    def take_no_state(key: str, values: dict[str, Any]) -> None:
        if key == TARGET and ":state" in values:
            away()

    line.dynamo.before = take_no_state
    braze.details = [PAUSED]
    for _ in range(2):
        assert (line.give(delivery)[delivery.id] or 0) >= 900

    assert (len(braze.asked), braze.requests) == (1, [])


def test_without_a_key_nobody_asks_and_nobody_else_is_kept_from_it(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    add_workspace(line, "usa")
    known = line.worker.workspaces
    spaces = {**known, "usa": replace(known["usa"], key="america")}
    keyless = replace(
        line, queue=replace(line.queue, worker=replace(line.worker, workspaces=spaces))
    )
    usa = replace(delivery, workspace="usa")
    assert keyless.give(usa)[usa.id] is not None
    assert braze.asked == []

    assert line.give(usa) == {usa.id: None}
    assert len(braze.asked) == 1


def test_what_is_paused_for_a_day_becomes_a_dead_letter_that_says_so(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.details = [PAUSED] * 200
    receives = 0
    while (wait := line.give(delivery)[delivery.id]) is not None:
        receives += 1
        line.clock.now += wait

    ((_, attributes),) = line.queue.letters()
    assert (attributes["reason"], attributes["detail"]) == ("horizon", "target_paused")
    assert DAY <= line.clock.now - START < DAY + 990
    assert receives <= DAY / 900
    assert braze.requests == []


def test_a_batch_asks_once_and_waits_as_a_whole(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    braze.details = [PAUSED]
    those = several(delivery, 5)

    waits = line.give(*those)

    assert (len(set(waits.values())), None in waits.values()) == (1, False)
    assert (len(braze.asked), braze.requests) == (1, [])


def test_a_batch_looks_once_while_another_worker_asks(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    looks: list[str] = []
    asking, (first, *those) = line.other(), several(delivery, 6)

    def meanwhile() -> None:
        line.dynamo.before = lambda key, _values: looks.append(key)
        assert set(line.give(*those).values()) == {1}
        line.dynamo.before = nothing

    braze.details = [meanwhile]
    asking.give(first)

    assert looks.count(TARGET) == 1


def test_details_of_many_and_large_variants_are_read(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    messages = {f"variant-{at}": {"channel": "email", "body": "x" * 102_400} for at in range(8)}
    braze.details = [details(enabled=False, messages=messages)]

    assert line.give(delivery)[delivery.id] is not None
    assert braze.requests == []


def test_while_nothing_is_sent_nobody_asks(line: Hands, braze: Braze, delivery: Delivery) -> None:
    line.worker.breaker_state.open("default", "failures")

    assert line.give(delivery)[delivery.id] is not None
    assert braze.asked == []


def test_the_item_of_a_campaign_is_small_and_expires(line: Hands, delivery: Delivery) -> None:
    line.give(delivery)

    item = line.shared(TARGET)
    assert item.keys() == {"pk", "state", "until", "expires"}
    assert (item["state"], item["until"]) == ("active", str(int(START) + MINUTE))
    assert int(item["expires"]) == START + 30 * DAY
