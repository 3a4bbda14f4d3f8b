"""`relay surge`: what surge limits have stopped, as shown and as workers read the decision."""

import time
from typing import Any

import pytest

from handler.aws.clock import Clock
from relay.operations.surge import RuleSurge, settle
from relay.stacks.ledger import Ledger
from tests.relay.operations.stage import Stage
from tests.unframed import unframed

KEY = "surge#shopify/order"
WINDOW = 100 * 86_400  # seconds, as in the rules file: 3/100d


def stopped(stage: Stage, **more: Any) -> dict[str, Any]:
    """Write a surge limit that has stopped 41 deliveries, and return its item as it was written."""
    now = int(time.time())
    fields = {"window": now // WINDOW * WINDOW, "count": 3, "expires": now + 999, "stopped": 41}
    stage.put(KEY, fields | {"stopped_at": now - 120} | more)
    return stage.item(KEY)


def test_list_shows_passed_and_stopped_and_since_when(stage: Stage) -> None:
    stopped(stage)
    said = unframed(stage.run("surge", "list").output)
    assert "shopify/order passed 3 of 3 in 100 d" in said
    assert "stopped 41 since" in said
    assert "(2 min" in said


def test_list_counts_nothing_of_an_earlier_window(stage: Stage) -> None:
    stopped(stage, window=1)
    assert "passed 0 of 3 in 100 d" in unframed(stage.run("surge", "list").output)


def test_list_knows_a_brake_that_was_never_used(stage: Stage) -> None:
    result = stage.run("surge", "list")
    assert result.exit_code == 0
    assert "shopify/order passed 0 of 3 in 100 d" in unframed(result.output)
    assert "stopped" not in result.output


def test_list_forgets_what_is_past_its_time_to_live(stage: Stage) -> None:
    stopped(stage, expires=int(time.time()) - 1)
    assert "stopped" not in stage.run("surge", "list").output


def test_all_finds_brakes_of_rules_that_are_gone(stage: Stage) -> None:
    stage.put("surge#old/gone", {"window": 7, "count": 9, "stopped": 2, "stopped_at": 5})
    stage.put("delivery#1", {"state": "FAILED"})
    assert "old/gone" not in stage.run("surge", "list").output
    said = unframed(stage.run("surge", "list", "--all").output)
    assert "old/gone passed 9 in its last window" in said
    assert "shopify/order" in said


def test_release_lets_pass_what_was_stopped_and_keeps_the_count(stage: Stage) -> None:
    before, at = stopped(stage), int(time.time())
    result = stage.run("surge", "release", "shopify/order")
    assert result.exit_code == 0, result.output
    item = stage.item(KEY)
    assert at <= int(item.pop("released_at")["N"]) <= time.time() + 3
    del before["stopped"], before["stopped_at"]
    assert item == before
    assert "41 deliveries" in result.output
    assert "15 minutes" in result.output


@pytest.mark.parametrize("verb", ["release", "drop --yes"])
def test_on_a_machine_whose_clock_is_slow_what_was_stopped_last_is_settled_too(
    stage: Stage, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Clock.__init__, "__defaults__", (lambda: time.time() - 300,))
    at = int(time.time())
    stopped(stage)
    name, *options = verb.split()
    assert stage.run("surge", name, "shopify/order", *options).exit_code == 0
    said = "released_at" if name == "release" else "dropped_at"
    assert int(stage.item(KEY)[said]["N"]) >= at


def test_drop_asks_and_no_changes_nothing(stage: Stage) -> None:
    before = stopped(stage)
    result = stage.run("surge", "drop", "shopify/order", answer="n\n")
    assert result.exit_code == 1
    assert "Drop 41 deliveries of shopify/order" in result.output
    assert stage.item(KEY) == before


@pytest.mark.parametrize("answer", [None, "y\n"])
def test_drop_is_written_once_it_is_confirmed(stage: Stage, answer: str | None) -> None:
    before = stopped(stage)
    said = [] if answer else ["--yes"]
    result = stage.run("surge", "drop", "shopify/order", *said, answer=answer)
    assert result.exit_code == 0, result.output
    item = stage.item(KEY)
    assert abs(int(item.pop("dropped_at")["N"]) - time.time()) < 5
    del before["stopped"], before["stopped_at"]
    assert item == before
    assert "dead-letters redrive --reason surge" in result.output


@pytest.mark.parametrize("verb", ["release", "drop"])
@pytest.mark.parametrize("rule", ["shopify/order", "shopify/welcome", "shopify/ordr"])
def test_where_nothing_is_stopped_nothing_is_written(stage: Stage, verb: str, rule: str) -> None:
    result = stage.run("surge", verb, rule)
    assert result.exit_code == 1
    assert f"nothing of {rule} is stopped" in result.output
    assert ("did you mean shopify/order?" in result.output) == (rule == "shopify/ordr")
    assert stage.item(f"surge#{rule}") == {}


def test_a_rule_is_named_by_its_source_too(stage: Stage) -> None:
    assert stage.run("surge", "release", "order").exit_code == 2


def test_a_decision_counts_only_for_what_was_seen(stage: Stage) -> None:
    before = stopped(stage)
    seen = RuleSurge("shopify/order", (3, WINDOW), stopped=41, stopped_at=1)
    assert not settle(Ledger.of(stage.stack), ("shopify", "order"), "drop", seen, 9)
    assert stage.item(KEY) == before
