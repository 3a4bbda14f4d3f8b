from dataclasses import replace
from itertools import product
from typing import Any, get_args

import pytest

from handler.aws.dynamodb import Table
from handler.core.delivery.claim_protocol import (
    CLOCKS,
    ClaimRefusal,
    LedgerState,
    Record,
    claimable,
    refused,
)
from handler.core.errors import Unavailable
from handler.core.models import OnUnknown
from handler.ledger.batch_requests import BatchRequests
from handler.ledger.lease import DAY, Claim, Entry, Times
from handler.ledger.ledger import KEPT_ATTEMPTS, ClaimRequest, Ledger, Mark
from handler.ledger.lost_workers import LostWorkers
from handler.ledger.records import record_from
from tests.handler.stage import Aws, make_table

NOW = 1_800_000_000
LEASE = NOW + 35
SENT = NOW - 1_000
ENTRY: Entry = {"class": "not_sent", "reason": "server_error", "status": 503, "time": NOW}


@pytest.fixture(scope="module")
def ledger(aws: Aws) -> Ledger:
    return Ledger(Table(aws.client("dynamodb"), make_table(aws)), days=400)


def claim(
    ledger: Ledger, name: str, owner: str = "me", now: float = NOW, on_unknown: OnUnknown = "retry"
) -> Claim:
    times = Times(now, now + 35, now)
    claimed = ledger.claim(ClaimRequest(name, on_unknown, owner, times))
    if not isinstance(claimed, Claim) and claimed[0].kind == "lost" and claimed[1]:
        claimed = LostWorkers(ledger).take_over(
            ClaimRequest(name, on_unknown, owner, times), claimed[1]
        )
    assert isinstance(claimed, Claim)
    return claimed


def put(ledger: Ledger, name: str, record: Record) -> None:
    item: dict[str, Any] = {
        "pk": {"S": f"delivery#{name}"},
        "state": {"S": record.state},
        "owner": {"S": record.owner},
        "lease_until": {"N": str(record.lease_until)},
        "expires": {"N": str(record.expires)},
        "attempts": {"N": str(record.attempts)},
    }
    if record.dead_at is not None:
        item["dead_at"] = {"N": str(record.dead_at)}
    ledger.table.client.put_item(TableName=ledger.table.name, Item=item)


def read(ledger: Ledger, name: str) -> Record:
    answer: Any = ledger.table.client.get_item(
        TableName=ledger.table.name, Key={"pk": {"S": f"delivery#{name}"}}, ConsistentRead=True
    )
    record = record_from(answer["Item"])
    assert record is not None
    return record


RECORDS = [
    Record(state, owner, lease, expires, attempts=1)
    for state, owner, lease, expires in product(
        LedgerState, ("me", "other"), (NOW - 1, NOW, NOW + 1), (NOW, NOW + 1)
    )
] + [
    Record(LedgerState.DEAD, "other", NOW - 1, NOW + 1, attempts=1, dead_at=SENT + seconds)
    for seconds in (-1, CLOCKS, CLOCKS + 1, 900)
]


@pytest.mark.parametrize("on_unknown", get_args(OnUnknown))
@pytest.mark.parametrize("before", RECORDS)
def test_the_ledger_decides_as_the_protocols_table(
    ledger: Ledger, before: Record, on_unknown: OnUnknown
) -> None:
    name = f"{before}-{on_unknown}"
    put(ledger, name, before)

    claimed = ledger.claim(ClaimRequest(name, on_unknown, "me", Times(NOW, LEASE, SENT)))

    if claimable(before, on_unknown, NOW, SENT):
        assert isinstance(claimed, Claim)
        assert read(ledger, name).state is LedgerState.SENDING
    elif refused(before, on_unknown, NOW, "me").kind == "mine":
        assert isinstance(claimed, Claim)
        assert claimed.attempt == 1
    elif refused(before, on_unknown, NOW, "me").kind == "lost":
        assert claimed == (ClaimRefusal("lost"), before)
        taken = LostWorkers(ledger).take_over(
            ClaimRequest(name, "retry", "me", Times(NOW, LEASE, SENT)), before
        )
        assert isinstance(taken, Claim)
        assert (taken.attempt, taken.lost) == (2, 1)
    else:
        assert claimed == (refused(before, on_unknown, NOW, "me"), before)
        assert read(ledger, name) == before


def test_a_first_claim_is_the_first_attempt_of_a_run(ledger: Ledger) -> None:
    assert claim(ledger, "first") == Claim("first", "me", attempt=1, since=NOW)
    record = read(ledger, "first")
    assert (record.state, record.lease_until, record.expires) == (
        LedgerState.SENDING,
        LEASE,
        NOW + 30 * DAY,
    )


def test_a_second_worker_waits_until_the_lease_is_over(ledger: Ledger) -> None:
    claim(ledger, "leased", "first")

    refusal, _ = refused_claim(ledger, "leased", "second", NOW + 5)
    assert refusal == ClaimRefusal("wait", LEASE - NOW - 5 + 1)
    assert claim(ledger, "leased", "second", LEASE + 1).attempt == 2


def refused_claim(
    ledger: Ledger, name: str, owner: str, now: float, on_unknown: OnUnknown = "retry"
) -> tuple[ClaimRefusal, Record | None]:
    claimed = ledger.claim(ClaimRequest(name, on_unknown, owner, Times(now, now + 35, now)))
    assert not isinstance(claimed, Claim)
    return claimed


def test_attempts_are_counted_and_the_last_five_are_kept(ledger: Ledger) -> None:
    for number in range(1, 8):
        claimed = claim(ledger, "counted", f"w{number}", NOW + number)
        assert (claimed.attempt, claimed.since) == (number, NOW + 1)
        entry = {**ENTRY, "time": NOW + number}
        assert ledger.mark(claimed, LedgerState.FAILED, entry, NOW + number)

    last = read(ledger, "counted").last
    assert [entry["time"] for entry in last] == [NOW + number for number in range(3, 8)]
    assert len(last) == KEPT_ATTEMPTS
    assert last[0] == {**ENTRY, "time": NOW + 3}


@pytest.mark.parametrize(
    "state,days", [(LedgerState.ACCEPTED, 400), (LedgerState.HELD, 400), (LedgerState.DEAD, 30)]
)
def test_final_marks_live_long_and_end_the_run(
    ledger: Ledger, state: LedgerState, days: int
) -> None:
    claimed = claim(ledger, f"final-{state}")

    assert ledger.mark(claimed, state, ENTRY, NOW + 1)

    record = read(ledger, claimed.id)
    assert (record.state, record.since, record.expires) == (state, None, NOW + 1 + days * DAY)


def test_a_redriven_delivery_has_its_whole_horizon_before_it(ledger: Ledger) -> None:
    ledger.mark(claim(ledger, "redriven"), LedgerState.DEAD, ENTRY, NOW)

    again = claim(ledger, "redriven", "later", NOW + 2 * DAY)

    assert (again.attempt, again.since) == (2, NOW + 2 * DAY)


def test_a_record_past_its_expiry_is_as_good_as_absent(ledger: Ledger) -> None:
    ledger.mark(claim(ledger, "expired"), LedgerState.FAILED, ENTRY, NOW)
    later = NOW + 31 * DAY

    again = claim(ledger, "expired", "later", later)
    ledger.mark(again, LedgerState.FAILED, ENTRY, later)

    assert (again.attempt, again.since, again.last) == (1, later, ())
    assert read(ledger, "expired").since == later


def test_a_worker_that_has_lost_its_lease_cannot_mark(ledger: Ledger) -> None:
    late = claim(ledger, "fenced", "late")
    claim(ledger, "fenced", "next", LEASE + 1)

    assert not ledger.mark(late, LedgerState.FAILED, ENTRY, LEASE + 2)
    assert read(ledger, "fenced").owner == "next"


def test_a_claim_sent_twice_is_one_attempt(ledger: Ledger) -> None:
    first = claim(ledger, "lost-answer")

    assert claim(ledger, "lost-answer", now=NOW) == first


def test_a_take_over_sent_twice_is_one_attempt_and_one_lost_worker(ledger: Ledger) -> None:
    claim(ledger, "taken-over", "gone")
    _, seen = refused_claim(ledger, "taken-over", "me", LEASE + 1)
    assert seen is not None
    times = Times(LEASE + 1, LEASE + 36, NOW)
    asked = ClaimRequest("taken-over", "retry", "me", times)
    first = LostWorkers(ledger).take_over(asked, seen)

    assert isinstance(first, Claim)
    assert (first.attempt, first.lost) == (2, 1)
    assert LostWorkers(ledger).take_over(asked, seen) == first


def test_only_one_of_two_holds_a_delivery_whose_worker_has_vanished(ledger: Ledger) -> None:
    gone = claim(ledger, "vanished", "gone", on_unknown="hold")
    refusal, seen = refused_claim(ledger, "vanished", "me", LEASE + 1, "hold")

    assert refusal.kind == "hold"
    assert seen is not None
    assert LostWorkers(ledger).hold("vanished", seen, "me", LEASE + 1)
    assert not LostWorkers(ledger).hold("vanished", replace(seen), "other", LEASE + 1)
    assert not ledger.mark(gone, LedgerState.FAILED, ENTRY, LEASE + 2)
    assert read(ledger, "vanished").state is LedgerState.HELD


@pytest.mark.parametrize(
    "state,kind,reason",
    [(LedgerState.ACCEPTED, "adopted", "recorded"), (LedgerState.HELD, "held", "notice")],
)
def test_a_lost_workers_delivery_is_marked_as_its_batch_request_is_recorded(
    ledger: Ledger, state: LedgerState, kind: str, reason: str
) -> None:
    name, owner = f"member-{state}", f"gone-{state}"
    claim(ledger, name, owner)
    sends = BatchRequests(ledger.table)
    sends.open(owner, [name], NOW)
    sends.mark(owner, [name], state)
    _, seen = refused_claim(ledger, name, "me", LEASE + 1)
    assert seen is not None

    found = LostWorkers(ledger).take_over(
        ClaimRequest(name, "retry", "me", Times(LEASE + 1, LEASE + 36, NOW)), seen
    )

    assert not isinstance(found, Claim)
    assert found[0].kind == kind
    record = read(ledger, name)
    assert (record.state, record.last[-1]["reason"]) == (state, reason)


def test_without_a_table_nothing_may_be_sent(ledger: Ledger) -> None:
    with pytest.raises(Unavailable, match="ledger"):
        claim(replace(ledger, table=replace(ledger.table, name="no-such-table")), "x")


def item(ledger: Ledger, name: str) -> str:
    """Return the item of a delivery but its key, in one order."""
    answer: Any = ledger.table.client.get_item(
        TableName=ledger.table.name, Key={"pk": {"S": f"delivery#{name}"}}, ConsistentRead=True
    )
    return str(sorted((name, value) for name, value in answer["Item"].items() if name != "pk"))


def many(*names: str, fenced: bool = True) -> list[ClaimRequest]:
    times = Times(NOW, LEASE, SENT)
    return [ClaimRequest(name, "retry", "me", times, {"event": "e"}, fenced) for name in names]


def test_first_claims_are_written_many_in_a_call_as_they_are_written_singly(
    ledger: Ledger,
) -> None:
    for fenced in (True, False):
        names = [f"first-{at}-{fenced}" for at in range(30)]
        claimed = [*ledger.claim_new(many(*names, fenced=fenced))]
        (single,) = many(f"single-{fenced}", fenced=fenced)
        ledger.claim(single)

        assert claimed == [Claim(it, "me", 1, NOW, fenced=fenced, new=True) for it in names]
        written = {item(ledger, it) for it in (*names, single.delivery_id)}
        assert len(written) == 1


def test_what_has_a_record_is_no_first_claim_and_stays_as_it_was(ledger: Ledger) -> None:
    claim(ledger, "known", "other")
    before = read(ledger, "known")

    first, second, third = ledger.claim_new(many("unknown-1", "known", "unknown-2"))

    assert (type(first), second, type(third)) == (Claim, None, Claim)
    assert read(ledger, "known") == before


@pytest.mark.parametrize(
    "state", [LedgerState.ACCEPTED, LedgerState.HELD, LedgerState.FAILED, LedgerState.UNKNOWN]
)
def test_marks_of_first_claims_are_written_many_in_a_call_as_they_are_written_singly(
    ledger: Ledger, state: LedgerState
) -> None:
    names = [f"marked-{at}-{state}" for at in range(30)]
    claimed = [one for one in ledger.claim_new(many(*names)) if isinstance(one, Claim)]
    (single,) = many(f"single-{state}")
    alone = ledger.claim(single)
    assert isinstance(alone, Claim)

    done = [*ledger.mark_new(Mark(one, state, ENTRY, NOW + 1) for one in claimed)]
    ledger.mark(alone, state, ENTRY, NOW + 1)

    assert done == [True] * 30
    assert len({item(ledger, it) for it in (*names, single.delivery_id)}) == 1


def test_of_many_marks_one_that_is_no_longer_the_owners_affects_no_other(ledger: Ledger) -> None:
    claimed = [
        one for one in ledger.claim_new(many("own-1", "own-2", "own-3")) if isinstance(one, Claim)
    ]
    claimed[1] = replace(claimed[1], owner="other")

    done = [*ledger.mark_new(Mark(one, LedgerState.ACCEPTED, ENTRY, NOW) for one in claimed)]

    assert done == [True, False, True]
    assert read(ledger, "own-2").state is LedgerState.SENDING
