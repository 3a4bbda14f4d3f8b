"""A held delivery is sent once a person has said so, and the ledger knows who."""

from typing import Any

import pytest

from handler.core.delivery.claim_protocol import LedgerState
from relay.stacks.ledger import Ledger
from tests.relay.dead_letters.desk import NOW, Desk, delivery

UNKNOWN: dict[str, Any] = {
    "attempts": {"N": "1"},
    "since": {"N": "5"},
    "last": {
        "L": [
            {
                "M": {
                    "class": {"S": "unknown"},
                    "reason": {"S": "interrupted"},
                    "time": {"N": str(NOW)},
                }
            }
        ]
    },
}


def test_a_release_shows_the_evidence_frees_sends_and_deletes(desk: Desk) -> None:
    it = delivery(on_unknown="hold")
    desk.bury(it, "unknown")
    desk.put(it, "HELD", **UNKNOWN)
    done = desk.run("held", "release", it.id[:12], answer="y\n")
    assert done.exit_code == 0, done.output
    assert "1 attempt, the last" in done.stdout
    assert "unknown: interrupted; sent: perhaps" in done.stdout
    item = desk.item(it)
    assert item["state"]["S"] == "FAILED"
    assert item["freed"]["M"]["was"]["S"] == "HELD"
    assert item["freed"]["M"]["by"]["S"] == desk.client("sts").get_caller_identity()["Arn"]
    assert "since" not in item
    assert item["owner"]["S"] != "w"  # who held the claim can mark no more
    assert [sent["id"] for sent in desk.sent()] == [it.id]
    assert desk.dead() == []


@pytest.mark.parametrize("given", [["--dry-run"], []])
def test_nothing_is_released_without_a_yes(desk: Desk, given: list[str]) -> None:
    it = delivery()
    desk.bury(it, "notice")
    desk.put(it, "HELD", **UNKNOWN)
    desk.run("held", "release", *given, answer="n\n")
    assert desk.item(it)["state"]["S"] == "HELD"
    assert desk.sent() == []
    assert len(desk.dead()) == 1


def test_a_release_that_was_cut_short_after_freeing_is_gone_on_with(desk: Desk) -> None:
    it = delivery()
    desk.bury(it, "unknown")
    desk.put(it, "FAILED", freed={"M": {"was": {"S": "HELD"}}})
    assert desk.run("held", "release", "--yes").exit_code == 0
    assert [sent["id"] for sent in desk.sent()] == [it.id]
    assert desk.dead() == []


@pytest.mark.parametrize(
    "state, hint",
    [
        ("ACCEPTED", "relay held drop "),
        ("WITHHELD", "it was released before, and withheld"),
        ("STALE", "Braze has a newer state of this user: "),
        ("DEAD", "relay held drop "),
        ("SENDING", "on its way"),
        ("UNKNOWN", "on its way"),
    ],
)
def test_what_is_held_no_more_is_refused(desk: Desk, state: str, hint: str) -> None:
    it = delivery()
    desk.bury(it, "unknown")
    desk.put(it, state)
    done = desk.run("held", "release", "--yes")
    assert done.exit_code == 1
    assert hint in done.stderr
    assert desk.sent() == []
    assert desk.item(it)["state"]["S"] == state


def test_a_held_delivery_that_has_expired_is_released_only_again(desk: Desk) -> None:
    it = delivery(expires_at=NOW - 60)
    desk.bury(it, "unknown")
    desk.put(it, "HELD")
    assert desk.run("held", "release", "--yes").exit_code == 1
    assert desk.item(it)["state"]["S"] == "HELD"
    assert desk.run("held", "release", "--yes", "--again").exit_code == 0
    assert [sent["expires_at"] for sent in desk.sent()] == [None]


def test_of_two_who_release_at_once_one_sends(desk: Desk) -> None:
    it = delivery()
    desk.put(it, "HELD")
    ledger = Ledger(desk.client("dynamodb"), desk.outputs["LedgerTable"])
    freed = [ledger.free(it.id, LedgerState.HELD, by, NOW) for by in ("ann", "bob")]
    assert freed == [True, False]
    assert desk.item(it)["freed"]["M"]["by"]["S"] == "ann"


def put_request(desk: Desk, owner: str, state: str, *members: str) -> None:
    item = {"pk": {"S": f"send#{owner}"}, "state": {"S": state}, "members": {"SS": [*members]}}
    desk.client("dynamodb").put_item(TableName=desk.outputs["LedgerTable"], Item=item)


@pytest.mark.parametrize(
    "state, members, sent",
    [("ACCEPTED", ["it", "b"], 0), ("ACCEPTED", ["b"], 1), ("SENDING", ["it", "b"], 1)],
)
def test_what_its_lost_worker_has_recorded_as_accepted_after_all_is_not_released(
    desk: Desk, state: str, members: list[str], sent: int
) -> None:
    """As a worker does that Lambda froze in its request, and let go on past its lease."""
    it = delivery(on_unknown="hold")
    desk.bury(it, "unknown")
    desk.put(it, "HELD", **UNKNOWN, held_from={"S": "frozen"})
    put_request(desk, "frozen", state, *(it.id if one == "it" else one for one in members))
    (row,) = desk.listed("held")
    assert row["state"] == ("HELD" if sent else "ACCEPTED")

    done = desk.run("held", "release", "--yes")

    assert [each["id"] for each in desk.sent()] == [it.id] * sent
    assert desk.item(it)["state"]["S"] == ("FAILED" if sent else "HELD")
    assert sent or "Braze has accepted it meanwhile" in done.output
