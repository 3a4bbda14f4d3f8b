"""The ledger's items as the first release wrote them: what may be sent again, and what never."""

import json
from pathlib import Path
from typing import Any

import pytest

from handler.aws.dynamodb import Table
from handler.core.delivery.claim_protocol import LedgerState
from handler.ledger.lease import Claim, Entry, Times
from handler.ledger.ledger import ClaimRequest, Ledger
from handler.ledger.lost_workers import LostWorkers
from handler.ledger.records import record_from
from tests.handler.stage import Aws, make_table

NOW = 1_800_000_000
ATTEMPT = {"time": NOW + 1, "dispatch_id": None}
ENTRIES: dict[LedgerState, Entry] = {
    LedgerState.FAILED: {"class": "not_sent", "reason": "server_error", "status": 503, **ATTEMPT},
    LedgerState.UNKNOWN: {"class": "unknown", "reason": "interrupted", "status": None, **ATTEMPT},
    LedgerState.ACCEPTED: {
        "class": "accepted",
        "reason": "accepted",
        "status": 201,
        "time": NOW + 1,
        "dispatch_id": "acf471119f74",
    },
    LedgerState.HELD: {"class": "held", "reason": "notice", "status": 201, **ATTEMPT},
    LedgerState.DEAD: {"class": "rejected", "reason": "rejected", "status": 400, **ATTEMPT},
}
GOLDEN: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parent / "1" / "ledger.json").read_text(encoding="utf-8")
)
ROWS = [(name, *row) for name, golden in GOLDEN.items() for row in golden["claims"]]


@pytest.fixture(scope="module")
def ledger(emulated: str) -> Ledger:
    aws = Aws(emulated)
    return Ledger(Table(aws.client("dynamodb"), make_table(aws)), days=400)


def read(ledger: Ledger, name: str) -> dict[str, Any]:
    answer: Any = ledger.table.client.get_item(
        TableName=ledger.table.name, Key={"pk": {"S": f"delivery#{name}"}}, ConsistentRead=True
    )
    item: dict[str, Any] = answer["Item"]
    return item


def claim(ledger: Ledger, name: str, owner: str = "first", now: float = NOW) -> Claim:
    claimed = ledger.claim(ClaimRequest(name, "retry", owner, Times(now, now + 35, now)))
    assert isinstance(claimed, Claim)
    return claimed


def write(ledger: Ledger) -> None:
    """Write an item of each state, in each way that leads to it."""
    claim(ledger, "SENDING")
    for state, entry in ENTRIES.items():
        ledger.mark(claim(ledger, state), state, entry, NOW + 1)
    for owner in ("first", "second"):
        ledger.mark(
            claim(ledger, "twice", owner), LedgerState.FAILED, ENTRIES[LedgerState.FAILED], NOW + 1
        )
    ledger.release(claim(ledger, "released").id, "first")
    claim(ledger, "lost")
    seen = record_from(read(ledger, "lost"))
    assert seen is not None
    LostWorkers(ledger).hold("lost", seen, "second", NOW + 100)


def test_every_state_is_written_as_the_first_release_wrote_it(ledger: Ledger) -> None:
    write(ledger)
    assert {name: read(ledger, name) for name in GOLDEN} == {
        name: golden["item"] for name, golden in GOLDEN.items()
    }
    later = {LedgerState.WITHHELD, LedgerState.STALE}
    assert {golden["item"]["state"]["S"] for golden in GOLDEN.values()} == set(LedgerState) - later


@pytest.mark.parametrize("name, on_unknown, after, sent, gives", ROWS)
def test_an_item_of_the_first_release_is_claimed_or_refused_as_it_was(  # noqa: PLR0913, PLR0917 - a row
    ledger: Ledger, name: str, on_unknown: Any, after: int, sent: int, gives: Any
) -> None:
    own = f"{name} {on_unknown} {after} {sent}"
    item = GOLDEN[name]["item"] | {"pk": {"S": f"delivery#{own}"}}
    ledger.table.client.put_item(TableName=ledger.table.name, Item=item)
    times = Times(NOW + after, NOW + after + 35, NOW + sent)

    asked = ClaimRequest(own, on_unknown, "third", times)
    claimed = ledger.claim(asked)
    if not isinstance(claimed, Claim) and claimed[0].kind == "lost" and claimed[1]:
        claimed = LostWorkers(ledger).take_over(asked, claimed[1])

    if not isinstance(claimed, Claim):
        refusal = claimed[0]
        assert [refusal.kind, refusal.seconds] == gives
        assert read(ledger, own) == item
    else:
        assert [claimed.attempt, claimed.since - NOW] == gives
        assert ledger.mark(claimed, LedgerState.ACCEPTED, ENTRIES[LedgerState.ACCEPTED], times.now)
        assert read(ledger, own)["state"] == {"S": "ACCEPTED"}
