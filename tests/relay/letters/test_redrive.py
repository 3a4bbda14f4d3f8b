"""A redrive sends what was frozen, once, and refuses what the ledger stands against."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.message import encode
from handler.core.protocol import Record as Known
from handler.core.protocol import State, claimable
from handler.items import record_from
from relay.ledger_desk import Record
from relay.letters.deciding import Standing, redriven
from relay.letters.redriving import Redrive
from tests.relay.letters.desk import NOW, PARKED, Desk, delivery

HOUR = 3_600


@pytest.mark.parametrize(
    "reason", ["rejected", "horizon", "paused", "surge", "worker_lost", "by_sqs", "refused_by_sqs"]
)
def test_a_dead_letter_goes_back_to_the_queue_unchanged(desk: Desk, reason: str) -> None:
    it = delivery()
    desk.bury(it, reason)
    desk.put(it, "DEAD", dead_at={"N": str(NOW - 60)})
    before = desk.item(it)
    done = desk.run("dead-letters", "redrive")
    assert done.exit_code == 0, done.output
    assert "1 redriven, 0 not" in done.stdout
    (message,) = desk.taken("QueueUrl")
    assert message["Body"] == encode(it)
    assert desk.dead() == []
    assert desk.item(it) == before


def test_what_is_redriven_may_be_claimed_by_the_worker(desk: Desk) -> None:
    it = delivery()
    desk.bury(it)
    desk.put(it, "DEAD", dead_at={"N": str(NOW)})
    assert desk.run("dead-letters", "redrive").exit_code == 0
    url = desk.outputs["QueueUrl"]
    (message,) = desk.client("sqs").receive_message(
        QueueUrl=url, MessageSystemAttributeNames=["SentTimestamp"], WaitTimeSeconds=2
    )["Messages"]
    sent_at = int(message["Attributes"]["SentTimestamp"]) / 1000
    assert claimable(record_from(desk.item(it)), "hold", NOW + 1, sent_at)
    assert not claimable(record_from(desk.item(it)), "hold", NOW + 1, NOW - HOUR)


def test_a_delivery_that_the_ledger_does_not_know_is_sent(desk: Desk) -> None:
    unknown, forgotten = delivery(), delivery()
    for it in (unknown, forgotten):
        desk.bury(it)
    desk.put(forgotten, "ACCEPTED", expires={"N": str(NOW - 1)})
    assert desk.run("dead-letters", "redrive").exit_code == 0
    assert {it["id"] for it in desk.sent()} == {unknown.id, forgotten.id}


@pytest.mark.parametrize(
    "state, hint",
    [
        ("ACCEPTED", "--again"),
        ("HELD", "relay held release"),
        ("SENDING", "on its way already"),
        ("FAILED", "on its way already"),
        ("UNKNOWN", "on its way already"),
    ],
)
def test_what_the_ledger_stands_against_is_refused_and_stays(
    desk: Desk, state: str, hint: str
) -> None:
    it = delivery()
    desk.bury(it)
    desk.put(it, state)
    done = desk.run("dead-letters", "redrive")
    assert done.exit_code == 1
    assert hint in done.stderr
    assert "0 redriven, 1 not" in done.stdout
    assert desk.sent() == []
    assert len(desk.dead()) == 1
    assert desk.item(it)["state"]["S"] == state


def test_again_sets_an_accepted_delivery_free_and_writes_down_who_and_when(desk: Desk) -> None:
    it = delivery()
    desk.bury(it)
    desk.put(it, "ACCEPTED", since={"N": "5"}, attempts={"N": "2"})
    assert desk.run("dead-letters", "redrive", "--again").exit_code == 0
    item = desk.item(it)
    freed = item["freed"]["M"]
    assert (item["state"]["S"], item["attempts"]["N"]) == ("FAILED", "2")
    assert "since" not in item
    assert freed["was"]["S"] == "ACCEPTED"
    assert freed["by"]["S"] == desk.client("sts").get_caller_identity()["Arn"]
    assert abs(int(freed["at"]["N"]) - NOW) < 3_600  # of the import, and the suite takes minutes
    assert [sent["id"] for sent in desk.sent()] == [it.id]


def test_again_does_not_set_a_held_delivery_free(desk: Desk) -> None:
    it = delivery()
    desk.bury(it)
    desk.put(it, "HELD")
    assert desk.run("dead-letters", "redrive", "--again").exit_code == 1
    assert desk.item(it)["state"]["S"] == "HELD"
    assert desk.sent() == []


def test_what_sqs_itself_gave_up_is_in_no_other_queue_and_is_sent(desk: Desk) -> None:
    it = delivery()
    desk.bury(it, "none")
    desk.put(it, "FAILED")
    assert desk.run("dead-letters", "redrive").exit_code == 0
    assert [sent["id"] for sent in desk.sent()] == [it.id]


@pytest.mark.parametrize("reason", ["expired", "rejected"])
def test_what_is_too_late_goes_only_again_and_then_without_expiry(desk: Desk, reason: str) -> None:
    it = delivery(expires_at=NOW - HOUR)
    desk.bury(it, reason)
    refused = desk.run("dead-letters", "redrive")
    assert refused.exit_code == 1
    assert "--again" in refused.stderr
    assert desk.sent() == []
    assert desk.run("dead-letters", "redrive", "--again").exit_code == 0
    assert desk.sent() == [json.loads(encode(it)) | {"expires_at": None}]


def test_a_delivery_that_died_in_this_second_is_not_lost_as_a_copy_of_itself(desk: Desk) -> None:
    it = delivery()
    desk.bury(it)
    desk.put(it, "DEAD", dead_at={"N": str(NOW + HOUR)})
    done = desk.run("dead-letters", "redrive", "--again")
    assert done.exit_code == 1
    assert "run this again" in done.stderr
    assert len(desk.dead()) == 1


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


def test_only_chosen_letters_go(desk: Desk) -> None:
    chosen, other = delivery(), delivery(rule="welcome")
    for it in (chosen, other):
        desk.bury(it)
    desk.bury(delivery(), "unknown")
    assert desk.run("dead-letters", "redrive", "--rule", "confirm").exit_code == 0
    assert [it["id"] for it in desk.sent()] == [chosen.id]
    assert len(desk.dead()) == 2


def test_a_crash_between_send_and_delete_leaves_a_copy_and_no_delivery_is_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = delivery()
    desk.bury(it)

    def die(*_: Any) -> str:
        raise SystemExit(3)

    with monkeypatch.context() as crashed:
        crashed.setattr(Redrive, "delete", die)
        assert desk.run("dead-letters", "redrive").exit_code == 3
    assert len(desk.dead()) == 1  # given back although the command died
    assert [sent["id"] for sent in desk.sent()] == [it.id]
    desk.put(it, "ACCEPTED")  # the worker has done its work
    assert desk.run("dead-letters", "redrive").exit_code == 1
    assert desk.sent() == []


def test_a_crash_between_freeing_and_sending_is_made_good_by_the_same_command(desk: Desk) -> None:
    it = delivery()
    desk.bury(it)
    desk.put(it, "FAILED", freed={"M": {"was": {"S": "ACCEPTED"}}})
    assert desk.run("dead-letters", "redrive", "--again").exit_code == 0
    assert [sent["id"] for sent in desk.sent()] == [it.id]


def test_a_second_run_goes_on_where_the_first_one_stopped(desk: Desk) -> None:
    ids = desk.bury_many(25)
    assert desk.run("dead-letters", "redrive", "--limit", "10").exit_code == 0
    first = [it["id"] for it in desk.sent()]
    assert desk.run("dead-letters", "redrive").exit_code == 0
    second = [it["id"] for it in desk.sent()]
    assert len(first) == 10
    assert sorted(first + second) == sorted(ids)
    assert desk.dead() == []


def test_what_is_given_up_again_at_once_does_not_go_round(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = delivery()
    desk.bury(it)
    send = Redrive.send

    def bury_at_once(self: Redrive, *given: Any) -> str:
        desk.bury(it)  # as a worker would whom Braze refuses it again
        return send(self, *given)

    monkeypatch.setattr(Redrive, "send", bury_at_once)
    done = desk.run("dead-letters", "redrive")
    assert "1 redriven, 1 not" in done.stdout
    assert len(desk.sent()) == 1
    assert len(desk.dead()) == 1


def test_what_is_no_delivery_is_refused_with_the_next_command(desk: Desk) -> None:
    desk.bury(PARKED, "unrenderable")
    desk.bury("not json", "malformed")
    desk.bury(delivery(path="/elsewhere"), "malformed")
    done = desk.run("dead-letters", "redrive")
    assert done.exit_code == 1
    assert "0 redriven, 3 not" in done.stdout
    for told in ("--rendered tries again", "relay dead-letters export --id", "send endpoints"):
        assert told in done.stderr
    assert len(desk.dead()) == 3


@given(state=st.sampled_from([*State]), dead_at=st.none() | st.integers(0, NOW))
def test_what_is_sent_without_again_may_always_be_claimed(
    state: State, dead_at: int | None
) -> None:
    record = Record(state, expires=NOW + HOUR, dead_at=dead_at)
    decision = redriven(Standing(delivery(), record, "rejected", NOW), again=False)
    known = Known(state, "w", NOW - 1, NOW + HOUR, dead_at=dead_at)
    if decision.delivery is not None:
        assert claimable(known, "hold", NOW, NOW)
