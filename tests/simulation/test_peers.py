"""The comparison with other ways to deliver: all of them have one judge, and it sees."""

from random import Random
from typing import Any, Final

import pytest

from bench.reliability.judge import judged
from bench.reliability.run import OURS, WAYS, run
from bench.reliability.worlds import Contestant, setting
from handler.ledger.batch_requests import BatchRequests
from handler.worker import settle
from tests.simulation.braze import Applied, Try
from tests.simulation.clock import START
from tests.simulation.faults import Fault
from tests.simulation.shop import CAMPAIGNS, Webhook, webhooks
from tests.simulation.world import Setting

_WEBHOOKS: Final = 400
_CAMPAIGN: Final = next(name for name, rule in CAMPAIGNS.items() if rule == "confirm")
_PATH: Final = "/campaigns/trigger/send"
_FAULTS: Final = ("lost", "doubled, avoidable", "healthy in the DLQ", "stale attributes")


def an_order() -> Webhook:
    made = webhooks(Random(1), 100, START, 1)  # noqa: S311 - to be repeated
    return next(
        it
        for it in made
        if it.topic == "orders/create" and it.answer == 200 and not it.wishes[0].never_sent
    )


def sent(*requests: str) -> Contestant:
    """Return a finished run of one order: `known`, `unknown` or `vain`, which is not applied."""
    world, order = Contestant(setting(1, 1)), an_order()
    world.story.accepted.append(order)
    body = {"campaign_id": _CAMPAIGN, "recipients": [order.wishes[0].recipient]}
    for number, what in enumerate(requests, start=1):
        world.braze.tried.append(Try(START, _PATH, body, unknown=what != "known"))
        if what != "vain":
            world.braze.applied.append(Applied(START, _PATH, body, "key", number))
    return world


@pytest.mark.parametrize(
    "requests,doubled,avoidable",
    [
        (["known"], 0, 0),
        (["unknown", "known"], 1, 0),
        (["unknown", "unknown", "known"], 2, 0),
        (["known", "known"], 1, 1),
        (["known", "unknown"], 1, 1),
        (["vain", "known", "known"], 1, 1),
        (["unknown", "known", "vain", "known"], 2, 1),
    ],
)
def test_a_double_is_avoidable_after_a_request_that_was_known_to_be_accepted(
    requests: list[str], doubled: int, avoidable: int
) -> None:
    counts = judged(sent(*requests))

    assert (counts["doubled"], counts["doubled, avoidable"]) == (doubled, avoidable)


def test_ours_loses_nothing_and_doubles_nothing_in_vain() -> None:
    counts = run(OURS, 1, _WEBHOOKS)

    assert {name: counts[name] for name in _FAULTS} == dict.fromkeys(_FAULTS, 0)
    assert counts["deliveries"] > _WEBHOOKS * 0.9


def unmarked(*_given: Any, **_named: Any) -> bool:
    return True


def test_ours_is_judged_as_the_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settle, "_mark", unmarked)
    monkeypatch.setattr(BatchRequests, "mark", unmarked)

    assert run(OURS, 1, _WEBHOOKS)["doubled, avoidable"] > 0


@pytest.mark.parametrize("way", [OURS, "no idempotency"])
def test_of_a_dead_worker_only_the_last_request_is_unknown(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Ours here records as little as the other, so that whatever is sent again is known to be.
    monkeypatch.setattr(settle, "_mark", unmarked)
    monkeypatch.setattr(BatchRequests, "mark", unmarked)
    deaths = {"braze.post": {Fault("dies_after"): 0.1}}
    world = WAYS[way](Setting(1, _WEBHOOKS, rates=deaths, repeated=0))

    world.run()
    counts = judged(world)

    assert 0 < counts["doubled, avoidable"] < counts["doubled"]


def test_without_idempotency_doubles_are_avoidable() -> None:
    counts = run("no idempotency", 1, _WEBHOOKS)

    assert counts["doubled, avoidable"] > 0
    assert counts["stale attributes"] > 0
