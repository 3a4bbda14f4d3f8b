"""Objects that Braze refuses inside a 2xx: in a letter of their own, and nothing else is in it."""

import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import pytest

from handler.core.braze.refused import remainder
from handler.core.message import decode
from handler.core.models import Delivery, OnUnknown
from tests.handler.handing import Hands, away, counted, nothing
from tests.handler.stage import Braze
from tests.handler.worker.track import (
    attributes,
    event,
    group,
    refusing,
    several_events,
    subscribes,
    tracks,
)

WRONG = "EVENT_BAD"


@pytest.fixture
def mixed(delivery: Delivery) -> Delivery:
    """One user's attributes and two events, the second of which Braze is to refuse."""
    events = [event("u", "placed"), event("u", "paid")]
    return tracks(delivery, attributes=[attributes("u", n=1)], events=events)


def letter_of(line: Hands) -> tuple[Delivery, dict[str, str]]:
    ((body, texts),) = line.queue.letters()
    found = decode(body)
    assert isinstance(found, Delivery)
    return found, texts


def test_what_is_refused_of_a_delivery_is_a_letter_and_the_rest_is_accepted(
    line: Hands, braze: Braze, many: list[Delivery], capsys: pytest.CaptureFixture[str]
) -> None:
    braze.replies.append(refusing(("events", len(many), WRONG)))

    assert set(line.give(*many).values()) == {None}

    assert line.states(*many) == ["ACCEPTED"] * len(many)
    letter, texts = letter_of(line)
    assert letter.recipient == {"events": [event("u", "paid")]}
    assert (letter.refused_of, letter.send) == (many[-1].id, {})
    assert (texts["reason"], texts["status"], texts["detail"]) == ("rejected", "201", WRONG)
    assert counted(capsys, "DeliveriesAccepted") == len(many)
    assert {each["outcome"] for each in line.queue.lines()} == {"accepted", "rejected"}


def test_a_redrive_of_the_letter_sends_what_was_refused_once(
    line: Hands, braze: Braze, mixed: Delivery
) -> None:
    braze.replies.append(refusing(("events", 1, WRONG)))
    line.give(mixed)
    letter, _ = letter_of(line)

    assert line.give(letter) == {letter.id: None}
    assert line.give(letter, copy="copy") == {letter.id: None}
    assert line.give(mixed, copy="again") == {mixed.id: None}

    assert braze.requests[1:] == [{"events": [event("u", "paid")]}]
    assert line.states(mixed, letter) == ["ACCEPTED"] * 2
    assert line.queue.letters() == []


def test_a_part_of_which_a_part_is_refused_again_has_a_letter_of_its_own(
    line: Hands, braze: Braze, mixed: Delivery
) -> None:
    braze.replies.append(refusing(("attributes", 0, WRONG), ("events", 1, WRONG)))
    line.give(mixed)
    first, _ = letter_of(line)
    assert first.recipient == {
        "attributes": [attributes("u", n=1)],
        "events": [event("u", "paid")],
    }

    braze.replies.append(refusing(("attributes", 0, WRONG)))
    line.give(first)
    second, _ = letter_of(line)

    assert second.recipient == {"attributes": [attributes("u", n=1)]}
    assert second.refused_of == first.id
    assert len({mixed.id, first.id, second.id}) == 3


def test_a_delivery_all_of_which_is_refused_is_dead_as_it_came(
    line: Hands, braze: Braze, delivery: Delivery, mixed: Delivery
) -> None:
    (other,) = several_events(delivery, 1)
    mixed = replace(mixed, accepted_at=1)
    braze.replies.append(refusing(*((one, at, WRONG) for one, at in ALL_OF_MIXED)))

    assert set(line.give(other, mixed).values()) == {None}

    assert line.states(other, mixed) == ["ACCEPTED", "DEAD"]
    letter, _ = letter_of(line)
    assert letter == mixed


ALL_OF_MIXED = [("attributes", 0), ("events", 1), ("events", 2)]


def test_a_subscription_group_that_is_refused_is_a_letter_too(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    good, bad = group("subscribed", emails=["a@b.c"]), group("unsubscribed", emails=["a@b.c"])
    one = subscribes(delivery, good, bad)
    braze.replies.append(refusing(("subscription_groups", 1, "bad")))

    line.give(one)

    letter, _ = letter_of(line)
    assert letter.recipient == {"subscription_groups": [bad]}


@pytest.mark.parametrize(
    "error",
    [
        {"type": WRONG, "input_array": "events", "index": 3},
        {"type": WRONG, "input_array": "events", "index": -1},
        {"type": WRONG, "input_array": "purchases", "index": 0},
        {"type": WRONG, "input_array": "events"},
        {"type": WRONG, "index": 0},
        {"type": WRONG, "input_array": ["events"], "index": 0},
        WRONG,
    ],
)
def test_an_error_that_names_no_object_leaves_all_accepted_with_a_warning(
    line: Hands,
    braze: Braze,
    delivery: Delivery,
    error: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:
    three = several_events(delivery, 3)
    braze.replies.append((201, json.dumps({"message": "success", "errors": [error]}).encode()))

    assert set(line.give(*three).values()) == {None}

    assert line.states(*three) == ["ACCEPTED"] * 3
    assert line.queue.letters() == []
    assert [each["warnings"] for each in line.queue.lines()] == [["errors"]] * 3
    assert counted(capsys, "AcceptedWithErrors") == 3


def test_no_letter_tells_of_another_deliverys_person(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    anna = tracks(delivery, events=[event("anna"), event("anna", "paid")])
    berta = replace(tracks(delivery, events=[event("berta")]), accepted_at=2)
    braze.replies.append(refusing(("events", 1, "anna and berta are odd")))

    line.give(anna, berta)

    _, texts = letter_of(line)
    assert texts["detail"] == "... and ... are odd"
    assert all("berta" not in json.dumps(each) for each in line.queue.lines())


def test_a_letter_that_cannot_be_buried_is_buried_when_the_message_comes_back(
    line: Hands, braze: Braze, mixed: Delivery, capsys: pytest.CaptureFixture[str]
) -> None:
    braze.replies.append(refusing(("events", 1, WRONG)))
    with without_letters(line):
        assert line.give(mixed)[mixed.id] is not None
    assert line.states(mixed) == ["ACCEPTED"]
    assert counted(capsys, "DeliveriesAccepted") == 0

    # The message that was sent may be gone: a copy buries the letter, and leaves it owed.
    assert line.give(mixed, copy="copy") == {mixed.id: None}
    assert counted(capsys, "DeliveriesDuplicate") == 1
    assert letter_of(line)[0] == part_of(mixed)
    assert line.give(mixed) == {mixed.id: None}
    letter, texts = letter_of(line)

    assert letter.recipient == {"events": [event("u", "paid")]}
    assert (texts["status"], texts["detail"]) == ("201", WRONG)
    assert len(braze.requests) == 1
    assert line.give(mixed) == {mixed.id: None}  # SQS repeats it
    assert line.queue.letters() == []
    assert counted(capsys, "DeliveriesAccepted") == 1


class Refuses(list[Any]):
    """Braze's replies to a user who may not pay: each such event is refused, whenever it comes."""

    def __init__(self, braze: Braze) -> None:
        super().__init__([None])
        self.braze = braze

    def pop(self, _at: Any = 0) -> Any:
        events = self.braze.requests[-1].get("events", [])
        return refusing(*(("events", at, WRONG) for at, it in enumerate(events) if is_bad(it)))


def is_bad(event_: dict[str, Any]) -> bool:
    return bool(event_["name"] == "paid")


class Killed(BaseException):
    """The end of a worker, in the middle of whatever it does."""


@dataclass
class Killer:
    """Kills a worker right before one of its calls of AWS, counted from its first request."""

    braze: Braze
    before: int
    calls: int = 0

    def call(self, *_: Any) -> None:
        self.calls += bool(self.braze.requests)
        if self.braze.requests and self.calls == self.before:
            raise Killed


@dataclass
class Queues:
    """SQS, but that something happens before each message that is sent."""

    client: Any
    before: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def send_message(self, **named: Any) -> Any:
        self.before()
        return self.client.send_message(**named)


class without_letters:  # noqa: N801 - it reads as a statement
    """While it lasts, SQS takes no letter."""

    def __init__(self, line: Hands) -> None:
        self.line, self.client = line, line.sqs.client

    def __enter__(self) -> None:
        self.line.sqs.client = Queues(self.client, away)

    def __exit__(self, *_: object) -> None:
        self.line.sqs.client = self.client


def survive(line: Hands, killer: Killer, *given: Delivery) -> bool:
    """Hand deliveries over until all have left, the worker being killed once; return if it was."""
    client = line.sqs.client
    line.sqs.client, line.dynamo.before = Queues(client, killer.call), killer.call
    left, was_killed = list(given), False
    for _ in range(20):
        try:
            waits = line.give(*left)
        except Killed:
            was_killed = True
            line.sqs.client, line.dynamo.before = client, nothing
            line = line.other()
        else:
            left = [one for one in left if waits[one.id] is not None]
        if not left:
            line.sqs.client, line.dynamo.before = client, nothing
            return was_killed
        line.clock.now += 400
    raise AssertionError("it never ends")


def accepted_by(braze: Braze) -> Counter[str]:
    """Return how often Braze has accepted each object."""
    objects = [one for request in braze.requests for array in request.values() for one in array]
    return Counter(json.dumps(one) for one in objects if not is_bad({"name": None, **one}))


@pytest.fixture(params=["hold", "retry"])
def on_unknown(request: pytest.FixtureRequest) -> OnUnknown:
    policy: OnUnknown = request.param
    return policy


@pytest.fixture(params=[0, 2], ids=["alone", "in a batch"])
def many(
    request: pytest.FixtureRequest, delivery: Delivery, mixed: Delivery, on_unknown: OnUnknown
) -> list[Delivery]:
    """Deliveries of one request, the last of which is refused in part."""
    beside: int = request.param
    found = [*several_events(delivery, beside), replace(mixed, accepted_at=beside)]
    return [replace(one, on_unknown=on_unknown) for one in found]


@pytest.mark.parametrize("before", range(1, 9))
def test_no_kill_loses_a_letter_and_under_hold_none_sends_what_was_accepted_again(
    line: Hands, braze: Braze, many: list[Delivery], before: int
) -> None:
    braze.replies = Refuses(braze)

    was_killed = survive(line, Killer(braze, before), *many)

    letters = [decode(body) for body, _ in line.queue.letters()]
    parts = [one for one in letters if isinstance(one, Delivery) and is_of_the_bad_event(one)]
    assert parts, "the refused event is lost"
    assert {one.id for one in parts} <= {many[-1].id, part_of(many[-1]).id}
    most = 2 if many[-1].on_unknown == "retry" and was_killed else 1
    assert max(accepted_by(braze).values()) <= most
    assert set(line.states(*many)) <= {"ACCEPTED", "HELD"}
    assert was_killed or before > CALLS


CALLS = 3  # of AWS after a single delivery's answer: the mark, the letter, the note of it


def is_of_the_bad_event(delivery: Delivery) -> bool:
    events = (delivery.recipient or {}).get("events")
    return isinstance(events, list) and event("u", "paid") in events


def part_of(delivery: Delivery) -> Delivery:
    return remainder(delivery, [("events", 1)])


def test_a_mark_that_is_lost_keeps_the_letter_and_sends_nothing_again(
    line: Hands, braze: Braze, mixed: Delivery, on_unknown: OnUnknown
) -> None:
    mixed = replace(mixed, on_unknown=on_unknown)
    braze.replies.append(refusing(("events", 1, WRONG)))
    line.dynamo.before = lambda *_: away() if braze.requests else None

    assert line.give(mixed) == {mixed.id: None}

    letter, _ = letter_of(line)
    assert letter == part_of(mixed)
    assert len(line.queue.lines("unrecorded")) == 1


def test_without_mark_and_letter_it_is_as_if_no_answer_had_come(
    line: Hands, braze: Braze, mixed: Delivery, on_unknown: OnUnknown
) -> None:
    mixed = replace(mixed, on_unknown=on_unknown)
    braze.replies.append(refusing(("events", 1, WRONG)))
    line.dynamo.before = lambda *_: away() if braze.requests else None
    with without_letters(line):
        assert line.give(mixed)[mixed.id] is not None
    line.dynamo.before = nothing
    line.clock.now += 60

    assert line.give(mixed) == {mixed.id: None}
    is_held = on_unknown == "hold"
    assert line.reasons() == ["unknown"] * is_held
    assert len(braze.requests) == (1 if is_held else 2)


def test_the_letter_of_a_batch_is_made_of_its_record_where_the_mark_was_lost(
    line: Hands, braze: Braze, delivery: Delivery, mixed: Delivery
) -> None:
    (other,) = several_events(delivery, 1)
    mixed = replace(mixed, accepted_at=1)
    braze.replies.append(refusing(("events", 2, WRONG)))

    def fail_at_members(key: str, _values: dict[str, Any]) -> None:
        if braze.requests and not key.startswith("send#"):
            away()

    line.dynamo.before = fail_at_members
    with without_letters(line):
        waits = line.give(other, mixed)
    assert (waits[other.id], waits[mixed.id] is None) == (None, False)
    line.dynamo.before = nothing
    line.clock.now += 60

    assert line.give(mixed) == {mixed.id: None}

    letter, texts = letter_of(line)
    assert letter == part_of(mixed)
    assert (texts["status"], texts["detail"]) == ("201", WRONG)
    assert len(braze.requests) == 1
    assert line.states(mixed) == ["ACCEPTED"]


def test_of_an_answer_with_a_text_for_each_object_few_are_shown_and_every_object_has_its_letter(
    line: Hands, braze: Braze, delivery: Delivery
) -> None:
    fifty = several_events(delivery, 50)
    errors = (("events", at, f"odd thing number {at} of user-{at}") for at in range(50))
    braze.replies.append(refusing(*errors))

    assert set(line.give(*fifty).values()) == {None}

    assert line.states(*fifty) == ["DEAD"] * 50
    letters = line.queue.letters()
    assert sorted(decode(body).event_id for body, _ in letters) == ["e1"] * 50
    details = Counter(texts["detail"] for _, texts in letters)
    assert max(details.values()) == 50 - len(details) + 1
    assert 8 <= len(details) <= 10
    assert not any("user-" in text for text in details)
