"""Deliveries go into the queue in batches that SQS takes; what fails is sent again, up to twice."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from handler.aws.retry import ONCE
from handler.aws.sqs import MAX_ENTRIES, Message, batches, enqueue
from handler.core.errors import Unavailable
from handler.core.message import MAX_BYTES
from handler.ingest import SENDING
from tests.handler.stage import Clock

Fails = Callable[[int, str], bool | None]  # round and body -> is it the sender's fault; None: taken


@dataclass
class Sqs:
    """A queue that refuses what it is told to; it answers as SendMessageBatch does."""

    fails: Fails
    held: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    delays: list[int | None] = field(default_factory=list)
    rounds: int = 0

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, Any]]) -> Any:  # noqa: N803 - AWS's own
        assert QueueUrl == "url"
        self.rounds += 1
        failed = []
        for entry in Entries:
            fault = self.fails(self.rounds, entry["MessageBody"])
            if fault is None:
                self.held.append(entry["MessageBody"])
                self.groups.append(entry["MessageGroupId"])
                self.delays.append(entry.get("DelaySeconds"))
            else:
                failed.append({"Id": entry["Id"], "SenderFault": fault, "Code": "x"})
        return {"Failed": failed} if failed else {}


def run(sqs: Sqs, bodies: list[str]) -> list[str]:
    messages = [Message(body, f"group of {body}") for body in bodies]
    return enqueue(cast("Any", sqs), "url", messages, ONCE)


def test_all_that_is_sent_is_in_the_queue_in_its_order() -> None:
    sqs = Sqs(lambda _round, _body: None)
    bodies = [str(number) for number in range(25)]
    assert run(sqs, bodies) == []
    assert sqs.held == bodies
    assert sqs.rounds == 3


def test_a_message_with_a_delay_is_handed_out_that_much_later_and_no_other_is() -> None:
    sqs = Sqs(lambda turn, body: False if body == "b" and turn < 2 else None)
    messages = [Message("a", "g"), Message("b", "g", 300), Message("c", "g", 1)]
    enqueue(cast("Any", sqs), "url", messages, ONCE)
    assert [*zip(sqs.held, sqs.delays, strict=True)] == [("a", None), ("c", 1), ("b", 300)]


def test_an_entry_that_fails_is_sent_again_alone_up_to_twice() -> None:
    sqs = Sqs(lambda turn, body: False if body == "b" and turn < 3 else None)
    assert run(sqs, ["a", "b", "c"]) == []
    assert sqs.held == ["a", "c", "b"]
    assert sqs.groups == ["group of a", "group of c", "group of b"]


def test_an_entry_that_fails_three_times_is_ours_to_answer_for() -> None:
    sqs = Sqs(lambda _round, body: False if body == "b" else None)
    with pytest.raises(Unavailable, match="1 of 3"):
        run(sqs, ["a", "b", "c"])
    assert sqs.rounds == 3


def test_an_entry_that_sqs_calls_the_senders_fault_is_given_back_and_not_sent_again() -> None:
    sqs = Sqs(lambda _round, body: True if body == "b" else None)
    assert run(sqs, ["a", "b", "c"]) == ["b"]
    assert (sqs.held, sqs.rounds) == (["a", "c"], 1)


def test_a_queue_that_is_away_is_unavailable_and_its_words_stay_out() -> None:
    def away(_round: int, _body: str) -> bool | None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "canary"}}, "SendMessage")

    with pytest.raises(Unavailable) as caught:
        run(Sqs(away), ["a"])
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("takes,sent", [(2.9, 40), (3.1, 30), (0.1, 100)])
def test_no_batch_is_begun_that_might_not_end_in_time(takes: float, sent: int) -> None:
    def taken(_round: int, _body: str) -> bool | None:
        clock.now += takes / MAX_ENTRIES
        return None

    clock, sqs = Clock(0), Sqs(taken)
    retry = replace(SENDING, clock=clock).ending_in(12)
    with nullcontext() if sent == 100 else pytest.raises(Unavailable, match="time"):
        enqueue(cast("Any", sqs), "url", [Message("x", "group of x")] * 100, retry)
    assert len(sqs.held) == sent
    assert clock.now <= 12


def test_nothing_is_sent_for_nothing() -> None:
    sqs = Sqs(lambda _round, _body: None)
    assert run(sqs, []) == []
    assert sqs.rounds == 0


@given(st.lists(st.integers(1, MAX_BYTES), max_size=40))
def test_every_batch_is_one_that_sqs_takes_and_none_is_lost(sizes: list[int]) -> None:
    messages = [Message("x" * size, "group") for size in sizes]
    made = list(batches(messages))
    assert [message for batch in made for message in batch] == messages
    for batch in made:
        assert 0 < len(batch) <= MAX_ENTRIES
        assert sum(len(one.body) for one in batch) <= MAX_BYTES
