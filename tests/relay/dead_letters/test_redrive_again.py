"""Redrives that the ledger or the time stands against: refused, or made with `--again` only."""

import json
from dataclasses import replace

import pytest

from handler.core.message import encode
from tests.relay.dead_letters.desk import HOUR, NOW, Desk, delivery


def test_a_delivery_that_the_ledger_does_not_know_is_sent(desk: Desk) -> None:
    unknown, forgotten = delivery(), delivery()
    for it in (unknown, forgotten):
        desk.bury(it)
    desk.put(forgotten, "ACCEPTED", expires={"N": str(NOW - 1)})
    assert desk.run("dead-letters", "redrive", "--yes").exit_code == 0
    assert {it["id"] for it in desk.sent()} == {unknown.id, forgotten.id}


@pytest.mark.parametrize(
    "state, hint",
    [
        ("ACCEPTED", "--again"),
        ("WITHHELD", "list the recipient and deploy; then --again sends it"),
        ("STALE", "a newer state of this user, which this would undo"),
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
    done = desk.run("dead-letters", "redrive", "--yes")
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
    assert desk.run("dead-letters", "redrive", "--again", "--yes").exit_code == 0
    item = desk.item(it)
    freed = item["freed"]["M"]
    assert (item["state"]["S"], item["attempts"]["N"]) == ("FAILED", "2")
    assert "since" not in item
    assert freed["was"]["S"] == "ACCEPTED"
    assert freed["by"]["S"] == desk.client("sts").get_caller_identity()["Arn"]
    assert abs(int(freed["at"]["N"]) - NOW) < 3_600  # of the import, and the suite takes minutes
    assert [sent["id"] for sent in desk.sent()] == [it.id]


DAY = 24 * HOUR


def test_what_happened_again_is_not_the_delivery_that_braze_has_accepted(desk: Desk) -> None:
    first = replace(delivery(), accepted_at=NOW - 9 * DAY, again_after=NOW - 6 * DAY)
    later = replace(first, accepted_at=NOW, again_after=NOW + 3 * DAY)
    desk.put(first, "ACCEPTED")
    runs = [{"L": [{"N": str(it)} for it in (0, first.accepted_at, first.accepted_at)]}]
    item = {"pk": {"S": f"runs#{first.id}"}, "runs": {"L": runs}, "count": {"N": "1"}}
    desk.client("dynamodb").put_item(TableName=desk.outputs["LedgerTable"], Item=item)
    for it in (first, later):
        desk.bury(it)

    done = desk.run("dead-letters", "redrive", "--yes")
    assert "Braze has accepted it" in done.stderr
    assert [sent["accepted_at"] for sent in desk.sent()] == [NOW]


def test_again_does_not_set_a_held_delivery_free(desk: Desk) -> None:
    it = delivery()
    desk.bury(it)
    desk.put(it, "HELD")
    assert desk.run("dead-letters", "redrive", "--again", "--yes").exit_code == 1
    assert desk.item(it)["state"]["S"] == "HELD"
    assert desk.sent() == []


@pytest.mark.parametrize("reason", ["none", "horizon"])
def test_what_was_given_up_without_the_ledger_is_in_no_other_queue_and_is_sent(
    desk: Desk, reason: str
) -> None:
    it = delivery()
    desk.bury(it, reason)
    desk.put(it, "FAILED")
    assert desk.run("dead-letters", "redrive", "--yes").exit_code == 0
    assert [sent["id"] for sent in desk.sent()] == [it.id]


@pytest.mark.parametrize("reason", ["expired", "rejected"])
def test_what_is_too_late_goes_only_again_and_then_without_expiry(desk: Desk, reason: str) -> None:
    it = delivery(expires_at=NOW - HOUR)
    desk.bury(it, reason)
    refused = desk.run("dead-letters", "redrive", "--yes")
    assert refused.exit_code == 1
    assert "--again" in refused.stderr
    assert desk.sent() == []
    assert desk.run("dead-letters", "redrive", "--again", "--yes").exit_code == 0
    assert desk.sent() == [json.loads(encode(it)) | {"expires_at": None}]


def test_a_delivery_that_died_in_this_second_is_not_lost_as_a_copy_of_itself(desk: Desk) -> None:
    it = delivery()
    desk.bury(it)
    desk.put(it, "DEAD", dead_at={"N": str(NOW + HOUR)})
    done = desk.run("dead-letters", "redrive", "--again", "--yes")
    assert done.exit_code == 1
    assert "run this again" in done.stderr
    assert len(desk.dead()) == 1
