"""`relay pause` and `relay resume`: what workers read afterwards, and what operators are told."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from handler.core.braze.endpoints import ENDPOINTS
from relay.operations.pause import KEY, THEN, go_on, scopes_in, stop
from relay.stacks.ledger import Ledger
from tests.relay.operations.stage import ROOT, Stage
from tests.unframed import unframed


@pytest.mark.parametrize(
    "scope",
    ["all", "source/shopify", "rule/shopify/order", "workspace/default", "workspace/tea",
     "workspace/coffee"],
)  # fmt: skip
def test_a_pause_is_written_as_workers_read_it(stage: Stage, scope: str) -> None:
    before = int(time.time())
    result = stage.run("pause", scope)
    assert result.exit_code == 0, result.output
    item = stage.item(KEY)
    since = int(item["scopes"]["M"][scope]["M"].pop("since")["N"])
    assert before <= since <= time.time()
    assert item == {"scopes": {"M": {scope: {"M": {"by": {"S": ROOT}}}}}}
    assert "10 seconds" in result.output
    assert f"resume {scope} --stack-name {stage.stack.name}" in result.output


def test_what_a_pause_may_cost_is_said_of_each_kind() -> None:
    assert [one in THEN for one in ("24 hours", "nine days")] == [True, True]
    assert {one.horizon // 3_600 for one in ENDPOINTS} == {24, 9 * 24}


def test_pausing_again_keeps_who_was_first_and_since_when(stage: Stage) -> None:
    first = {"all": {"since": 1_700_000_000, "by": "arn:somebody"}}
    stage.put(KEY, {"scopes": first})
    kept = stage.item(KEY)
    result = stage.run("pause", "all")
    assert result.exit_code == 0
    assert "paused already" in result.output
    assert "arn:somebody" in result.output
    assert stage.item(KEY) == kept


def test_pauses_stand_beside_each_other_and_are_listed(stage: Stage) -> None:
    assert "nothing is paused" in stage.run("pause").output
    stage.run("pause", "source/shopify")
    stage.run("pause", "rule/accounts/onboarding")
    listed = stage.run("pause")
    assert listed.exit_code == 0
    lines = listed.output.splitlines()
    assert [line.split()[0] for line in lines] == ["rule/accounts/onboarding", "source/shopify"]
    assert all(line.endswith(f"by {ROOT}") for line in lines)


@pytest.mark.parametrize(
    "scope, meant",
    [
        ("source/shopfy", "source/shopify"),
        ("rule/shopify/ordr", "rule/shopify/order"),
        ("workspace/cofee", "workspace/coffee"),
        ("shopify", "source/shopify"),
        ("coffee", "workspace/coffee"),
    ],
)
def test_a_name_that_the_rules_do_not_know_is_refused(stage: Stage, scope: str, meant: str) -> None:
    result = stage.run("pause", scope)
    assert result.exit_code == 2
    assert f"did you mean {meant}?" in unframed(result.output)
    assert stage.item(KEY) == {}


def test_force_takes_a_name_of_old_rules_and_resume_lets_it_go(stage: Stage) -> None:
    assert stage.run("pause", "rule/old/gone", "--force").exit_code == 0
    assert "rule/old/gone" in stage.item(KEY)["scopes"]["M"]
    assert stage.run("resume", "rule/old/gone").exit_code == 0
    assert stage.item(KEY) == {"scopes": {"M": {}}}


def test_resume_takes_only_its_own_and_says_what_still_stops(stage: Stage) -> None:
    stage.run("pause", "all")
    stage.run("pause", "rule/shopify/order")
    result = stage.run("resume", "rule/shopify/order")
    assert result.exit_code == 0
    assert list(stage.item(KEY)["scopes"]["M"]) == ["all"]
    assert "Still paused" in result.output
    assert "\nall  since" in result.output


def test_resume_of_what_is_not_paused_is_no_failure_and_of_a_typo_is(stage: Stage) -> None:
    assert "was not paused" in stage.run("resume", "all").output
    stage.run("pause", "source/shopify")
    assert stage.run("resume", "all").exit_code == 0
    wrong = stage.run("resume", "source/shopfy")
    assert wrong.exit_code == 2
    assert "did you mean source/shopify?" in unframed(wrong.output)
    assert list(stage.item(KEY)["scopes"]["M"]) == ["source/shopify"]


def test_a_pause_after_the_last_resume_is_written_again(stage: Stage) -> None:
    for _ in range(2):
        stage.run("pause", "all")
        assert list(stage.item(KEY)["scopes"]["M"]) == ["all"]
        stage.run("resume", "all")
        assert stage.item(KEY) == {"scopes": {"M": {}}}


def test_resume_names_list_and_redrive_only_where_there_are_letters(stage: Stage) -> None:
    stage.run("pause", "all")
    assert "redrive" not in stage.run("resume", "all").output
    stage.post("DeadLetterQueueUrl", "a letter", reason="paused")
    stage.run("pause", "all")
    said = stage.run("resume", "all").output
    assert "1 letter in all, dead or held" in said
    for command in ("list", "redrive"):
        assert f"dead-letters {command} --reason paused --stack-name {stage.stack.name}" in said


def test_a_rule_is_paused_although_another_file_cannot_be_read(stage: Stage) -> None:
    (Path(stage.rules) / "broken.yaml").write_text("rules: [")
    assert stage.run("pause", "rule/shopify/order").exit_code == 0
    refused = stage.run("pause", "rule/broken/any")
    assert refused.exit_code == 2
    assert "broken.yaml cannot be read" in unframed(refused.output)


def test_operators_who_pause_and_resume_at_once_do_not_lose_each_others_scopes(
    stage: Stage,
) -> None:
    table = Ledger.of(stage.stack)

    def pause(number: int) -> bool:
        return stop(table, f"source/s{number}", number, "me")[0]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(pause, range(24)))
        assert not any(pool.map(pause, range(24)))
        list(pool.map(lambda number: go_on(table, f"source/s{number}"), range(0, 24, 2)))
    assert scopes_in(table) == {
        f"source/s{number}": {"since": number, "by": "me"} for number in range(1, 24, 2)
    }
