"""Each invariant sees the mistake that it is there for: the handlers with one rule taken out."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple

import pytest

from handler.aws.sqs import enqueue
from handler.core.braze.request import batch_request
from handler.core.delivery.backoff import Timing
from handler.core.delivery.claim_protocol import ClaimRefusal, Record, RequestState, refused
from handler.core.errors import Unavailable
from handler.core.models import Delivery, Verified
from handler.ledger.batch_requests import BatchRequests
from handler.ledger.ledger import ClaimRequest, _item
from handler.worker.task import DELETE
from tests.simulation.cells import broken, cells
from tests.simulation.faults import Fault
from tests.simulation.invariants import breaches
from tests.simulation.shop import TILL
from tests.simulation.storms import STORM, stormy
from tests.simulation.world import World

open_request: Final = BatchRequests.open
settled: Final = BatchRequests.settled


class Mistake(NamedTuple):
    """Which invariant sees it, and what stands in the place of what."""

    seen_by: str
    instead: dict[str, Any]


def enqueue_or_not(*given: Any) -> list[str]:
    try:
        return enqueue(*given)
    except Unavailable:
        return []


def refused_no_wait(record: Record | None, *given: Any) -> ClaimRefusal:
    refusal = refused(record, *given)
    return ClaimRefusal("lost") if refusal.kind == "wait" and record else refusal


def without_names(deliveries: list[Delivery]) -> Any:
    body: dict[str, Any] = {**batch_request(deliveries)}
    for each in body.get("recipients", []):
        each.get("attributes", {}).pop("first_name", None)
    return body


def unfenced(asked: ClaimRequest) -> Any:
    return _item(asked._replace(fenced=False))


def opened_or_not(self: BatchRequests, *given: Any) -> bool:
    open_request(self, *given)
    return True


def taken(self: BatchRequests, owner: str, name: str, now: float, *, fenced: bool) -> Any:
    state = settled(self, owner, name, now, fenced=fenced)
    is_there = self.table.get(f"send#{owner}")["state"] != {"S": "VOID"}
    return RequestState.OPEN if state is RequestState.VOID and is_there else state


def always(value: Any) -> Callable[..., Any]:
    return lambda *_given, **_named: value


MISTAKES: Final = {
    "a webhook is answered before it is enqueued": Mistake(
        "lost", {"handler.ingest.enqueue": enqueue_or_not}
    ),
    "what was not sent leaves the queue": Mistake(
        "lost",
        {
            "handler.worker.settle.retry_in": always(DELETE),
            "handler.worker.settle.count_settled": always(None),
        },
    ),
    "what was accepted is not marked": Mistake(
        "repeated",
        {
            "handler.ledger.ledger.Ledger.mark": always(1),
            "handler.ledger.batch_requests.BatchRequests.mark": always(1),
        },
    ),
    "a claim has no condition": Mistake(
        "repeated",
        {
            "tests.simulation.dynamodb.DynamoDB._checked": lambda self, table, key, *_: self._item(
                table, key
            )
        },
    ),
    "hold is taken for retry": Mistake(
        "repeated",
        {
            "handler.worker.settle.policy": always("retry"),
            "handler.worker.claim.policy": always("retry"),
        },
    ),
    "a lease is not waited for": Mistake(
        "at_once", {"handler.ledger.ledger.refused": refused_no_wait}
    ),
    "a signature is not looked at": Mistake(
        "uninvited", {"handler.ingest.verify": lambda webhook, *_: Verified(webhook)}
    ),
    "nobody waits for its turn": Mistake(
        "out_of_order", {"handler.ledger.profile_versions.ProfileVersions.begin": always("go")}
    ),
    "a field is dropped": Mistake("altered", {"handler.worker.send.batch_request": without_names}),
    "a name is logged": Mistake(
        "told", {"handler.webhook_log.WebhookLog._seen": always({"source": "Canary 1"})}
    ),
}
# Of batch requests, each with the faults of the matrix that it takes.
OF_REQUESTS: Final = {
    "a claim beside others is not fenced": (
        Mistake("held_wrongly", {"handler.ledger.ledger._item": unfenced}),
        ("dynamodb.update_item", "dies_before"),
    ),
    "a request is sent though others have made it void": (
        Mistake("repeated", {"handler.ledger.batch_requests.BatchRequests.open": opened_or_not}),
        ("dynamodb.request", "frozen"),
    ),
    "what a request was opened without is taken for sent": (
        Mistake("held_wrongly", {"handler.ledger.batch_requests.BatchRequests.settled": taken}),
        ("dynamodb.entry", "lost"),
    ),
    "what a lost worker's request came to is not read": (
        Mistake(
            "held_wrongly",
            {"handler.ledger.batch_requests.BatchRequests.settled": always(RequestState.OPEN)},
        ),
        ("dynamodb.batch_execute_statement", "dies_before"),
    ),
}
OWED: Final = ("handler.core.delivery.claim_protocol.Record.owes_letter", False)
TIMINGS: Final = {
    "patience ends after a minute": ("buried", Timing(horizon=60)),
    "a wait has no end": ("unfinished", Timing(floor=40_000, cap=42_000)),
}


def crowded(webhooks: int) -> World:
    """Return a world after a run in which copies of messages are frequent, so that workers meet."""
    rates = {**STORM, "sqs.copy": {Fault("copy", 2.0): 0.2}}
    world = World(replace(stormy(2, webhooks), rates=rates))
    world.run()
    return world


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mistake = MISTAKES[name]
    for target, instead in mistake.instead.items():
        monkeypatch.setattr(target, instead)

    assert any(mistake.seen_by in breaches(crowded(webhooks)) for webhooks in (300, 1_500))


@pytest.mark.parametrize("name", OF_REQUESTS)
def test_a_mistake_with_a_batch_request_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mistake, struck = OF_REQUESTS[name]
    those = [cell for cell in cells() if (cell.point, cell.fault.kind) == struck]
    for target, instead in mistake.instead.items():
        monkeypatch.setattr(target, instead)

    assert any(mistake.seen_by in broken(cell) for cell in those)


def test_a_letter_that_is_owed_and_forgotten_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    struck = ("sqs.send_message", "dies_before")
    those = [cell for cell in cells(TILL) if (cell.point, cell.fault.kind) == struck]
    monkeypatch.setattr(*OWED)

    assert any("dropped" in broken(cell, of=TILL) for cell in those)


@pytest.mark.parametrize("name", TIMINGS)
def test_a_wrong_time_is_seen(name: str) -> None:
    seen_by, timing = TIMINGS[name]

    def seen(webhooks: int) -> bool:
        world = World(stormy(3, webhooks))
        world.on.timing = timing
        world.run()
        return seen_by in breaches(world)

    assert any(map(seen, (300, 1_500)))
