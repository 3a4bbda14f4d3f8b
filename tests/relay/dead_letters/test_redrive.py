"""A redrive sends dead letters as they were frozen, and the worker may claim them."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.delivery.claim_protocol import LedgerState, claimable
from handler.core.delivery.claim_protocol import Record as Known
from handler.core.message import encode, group_of
from handler.ledger.records import record_from
from relay.dead_letters.decision import Standing, redriven
from relay.dead_letters.redrive import queued
from relay.stacks.ledger import DeliveryRecord
from relay.stacks.selection import Operated
from tests.relay.dead_letters.desk import HOUR, NOW, PARKED, Desk, delivery


@pytest.mark.parametrize(
    "reason", ["rejected", "horizon", "paused", "surge", "worker_lost", "by_sqs", "refused_by_sqs"]
)
def test_a_dead_letter_goes_back_to_the_queue_unchanged(desk: Desk, reason: str) -> None:
    it = delivery()
    desk.bury(it, reason)
    desk.put(it, "DEAD", dead_at={"N": str(NOW - 60)})
    before = desk.item(it)
    done = desk.run("dead-letters", "redrive", "--yes")
    assert done.exit_code == 0, done.output
    assert "1 redriven, 0 not" in done.stdout
    (message,) = desk.taken("QueueUrl")
    assert message["Body"] == encode(it)
    assert message["Attributes"]["MessageGroupId"] == group_of(it)
    assert desk.dead() == []
    assert desk.item(it) == before


def test_a_letter_of_a_rule_that_is_called_otherwise_now_is_redriven_among_those_of_its_name(
    desk: Desk,
) -> None:
    former, present = delivery(rule="former-name"), delivery(rule="present-name")
    for it in (former, present):
        desk.bury(it)
    assert desk.run("dead-letters", "redrive", "--yes").exit_code == 0
    taken = {json.loads(it["Body"])["id"]: it["Attributes"] for it in desk.taken("QueueUrl")}
    assert taken[former.id]["MessageGroupId"] == group_of(former) != group_of(present)
    assert taken[present.id]["MessageGroupId"] == group_of(present)


def test_a_dead_letter_of_low_priority_goes_back_to_its_own_queue_unchanged(desk: Desk) -> None:
    low, other = delivery(priority="low"), delivery()
    for it in (low, other):
        desk.bury(it)
    assert desk.run("dead-letters", "redrive", "--yes").exit_code == 0
    assert [message["Body"] for message in desk.taken("LowPriorityQueueUrl")] == [encode(low)]
    assert [message["Body"] for message in desk.taken("QueueUrl")] == [encode(other)]


def test_a_stack_of_an_earlier_release_gets_it_as_one_that_it_can_read() -> None:
    low = delivery(priority="low")
    stack = Operated("relay", {"QueueUrl": "queue"})
    assert queued(stack, low) == ("queue", replace(low, priority=None))


def test_what_is_redriven_may_be_claimed_by_the_worker(desk: Desk) -> None:
    it = delivery()
    desk.bury(it)
    desk.put(it, "DEAD", dead_at={"N": str(NOW)})
    assert desk.run("dead-letters", "redrive", "--yes").exit_code == 0
    url = desk.outputs["QueueUrl"]
    (message,) = desk.client("sqs").receive_message(
        QueueUrl=url, MessageSystemAttributeNames=["SentTimestamp"], WaitTimeSeconds=2
    )["Messages"]
    sent_at = int(message["Attributes"]["SentTimestamp"]) / 1000
    assert claimable(record_from(desk.item(it)), "hold", NOW + 1, sent_at)
    assert not claimable(record_from(desk.item(it)), "hold", NOW + 1, NOW - HOUR)


@given(state=st.sampled_from([*LedgerState]), dead_at=st.none() | st.integers(0, NOW))
def test_what_is_sent_without_again_may_always_be_claimed(
    state: LedgerState, dead_at: int | None
) -> None:
    record = DeliveryRecord(state, expires=NOW + HOUR, dead_at=dead_at)
    decision = redriven(Standing(delivery(), record, "rejected", NOW, str), again=False)
    known = Known(state, "w", NOW - 1, NOW + HOUR, dead_at=dead_at)
    if decision.delivery is not None:
        assert claimable(known, "hold", NOW, NOW)


def test_only_chosen_letters_go(desk: Desk) -> None:
    chosen, other = delivery(), delivery(rule="welcome")
    for it in (chosen, other):
        desk.bury(it)
    desk.bury(delivery(), "unknown")
    assert desk.run("dead-letters", "redrive", "--rule", "confirm").exit_code == 0
    assert [it["id"] for it in desk.sent()] == [chosen.id]
    assert len(desk.dead()) == 2


@pytest.mark.parametrize("command", [("dead-letters", "redrive"), ("dead-letters", "drop")])
def test_ids_need_no_option(desk: Desk, command: tuple[str, str]) -> None:
    letters = [delivery() for _ in range(3)]
    for one in letters:
        desk.bury(one)
    ids = [one.id for one in letters]
    done = desk.run(*command, ids[0][:12], "--id", ids[1], "--yes")
    assert done.exit_code == 0
    assert [one["Body"] for one in desk.dead()] == [encode(letters[2])]


def test_a_dry_run_says_it_all_and_changes_nothing(desk: Desk) -> None:
    accepted, good = delivery(), delivery()
    desk.put(accepted, "ACCEPTED")
    for it in (accepted, good):
        desk.bury(it)
    done = desk.run("dead-letters", "redrive", "--again", "--dry-run")
    assert "2 would be redriven, 0 not" in done.stdout
    assert f"{accepted.id[:12]} shop/confirm rejected: is sent a second time" in done.stdout
    assert desk.sent() == []
    assert len(desk.dead()) == 2
    assert desk.item(accepted)["state"]["S"] == "ACCEPTED"


def test_what_is_no_delivery_is_refused_with_the_next_command(desk: Desk) -> None:
    desk.bury(PARKED, "unrenderable")
    desk.bury("not json", "malformed")
    desk.bury(delivery(path="/elsewhere"), "malformed")
    done = desk.run("dead-letters", "redrive", "--yes")
    assert done.exit_code == 1
    assert "0 redriven, 3 not" in done.stdout
    for told in (
        "--rendered tries again",
        "relay dead-letters export ",
        "one of Braze's endpoints",
    ):
        assert told in done.stderr
    assert len(desk.dead()) == 3


def test_a_redrive_of_all_asks_first_and_a_no_sends_nothing(desk: Desk) -> None:
    desk.bury_many(2)
    refused = desk.run("dead-letters", "redrive", answer="n\n")
    assert refused.exit_code == 1
    assert refused.stdout.count("Send all dead letters on their way again?") == 1
    assert "nothing is redriven" in refused.stderr
    assert (len(desk.sent()), len(desk.dead())) == (0, 2)
    agreed = desk.run("dead-letters", "redrive", answer="y\n")
    assert agreed.exit_code == 0
    assert agreed.stdout.count("Send all dead letters on their way again?") == 1
    assert (len(desk.sent()), len(desk.dead())) == (2, 0)


def test_where_nobody_can_answer_all_is_sent_only_with_yes(desk: Desk) -> None:
    desk.bury_many(2)
    silent = desk.run("dead-letters", "redrive")
    assert silent.exit_code == 1
    assert "nobody is there to say yes: give --yes" in silent.stderr
    assert (len(desk.sent()), len(desk.dead())) == (0, 2)
    assert desk.run("dead-letters", "redrive", "--yes").exit_code == 0
    assert len(desk.sent()) == 2


def test_what_was_chosen_and_what_is_only_rehearsed_or_not_there_is_not_asked_for(
    desk: Desk,
) -> None:
    assert desk.run("dead-letters", "redrive").exit_code == 0
    desk.bury(delivery())
    assert desk.run("dead-letters", "redrive", "--dry-run").exit_code == 0
    assert desk.run("dead-letters", "redrive", "--reason", "rejected").exit_code == 0
    assert len(desk.sent()) == 1
