"""Conclusions of `relay doctor` from Braze's answers."""

from typing import Any

import pytest

from handler.core.rules.load import load
from handler.core.workspace import Workspace
from relay.doctor.braze_checks import (
    BrazeAnswer,
    TargetUse,
    key_findings,
    target_findings,
    targets,
    unreachable,
)
from relay.doctor.stack_checks import StackProblem
from relay.paths import PROJECT
from relay.stacks.selection import ChosenStack

STACK = ChosenStack("relay-prod", "prod")
HOST = "https://rest.iad-01.braze.com"
HOME = Workspace.default(HOST)
USA = Workspace("usa", "https://rest.iad-03.braze.com", "america")
SEND, START = "/campaigns/trigger/send", "/canvas/trigger/send"
CAMPAIGN = TargetUse("campaign_id", "c-1", ("order of shopify", "refund of shopify"))
CANVAS = TargetUse("canvas_id", "c-2", ("welcome of shopify",))
ACTIVE = {"message": "success", "archived": False, "draft": False, "enabled": True}
TAKEN = BrazeAnswer(400, {"message": "Invalid Campaign ID"})
TRACK, SUBSCRIBE = "/users/track", "/v2/subscription/status/set"
RULES = {path: ["order of shopify"] for path in (SEND, TRACK, SUBSCRIBE)} | {
    START: ["welcome of shopify"]
}


def judged(answers: dict[str, BrazeAnswer]) -> list[StackProblem]:
    return list(key_findings(HOME, answers, RULES, STACK))


@pytest.mark.parametrize(
    "status, body",
    [
        (400, {"message": "Invalid Campaign ID"}),
        (400, {"error": "No Recipients"}),
        (404, {"message": "campaign not found"}),
    ],
)
def test_who_complains_of_the_campaign_has_taken_the_key(status: int, body: Any) -> None:
    assert judged({SEND: BrazeAnswer(status, body)}) == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_or_wrong_host_says_which_to_check(status: int) -> None:
    refused = BrazeAnswer(status, {"message": "no"})
    (finding,) = judged({SEND: refused, START: refused})
    assert finding.level == "error"
    assert f"{HOST} ({status})" in finding.problem
    assert "BrazeEndpoint" in finding.remedy
    assert "may use campaigns.trigger.send and canvas.trigger.send and" in finding.remedy
    assert finding.remedy.endswith(".venv/bin/relay secrets set --braze --stack-name relay-prod")


def test_a_key_that_may_send_campaigns_only_names_the_permission_that_it_lacks() -> None:
    (finding,) = judged({SEND: TAKEN, START: BrazeAnswer(403, None)})
    needed = "lacks canvas.trigger.send (403), which rule welcome of shopify needs"
    assert finding.problem == f"the API key of {HOST} {needed}"
    assert "no key can be changed: make a new one" in finding.remedy
    assert "with campaigns.trigger.send and canvas.trigger.send, best with" in finding.remedy
    assert finding.remedy.endswith(".venv/bin/relay secrets set --braze --stack-name relay-prod")


def test_each_permission_that_is_lacking_is_a_finding_with_all_that_the_new_key_needs() -> None:
    refused = BrazeAnswer(403, {"message": "You do not have permission to access this resource"})
    found = judged({SEND: TAKEN, TRACK: refused, SUBSCRIBE: refused})
    lacking = [each.problem.split("lacks ")[1].split(" ")[0] for each in found]
    assert lacking == ["users.track", "subscription.status.set"]
    for each in found:
        every = "campaigns.trigger.send and users.track and subscription.status.set"
        assert every in each.remedy


@pytest.mark.parametrize("path", [TRACK, SUBSCRIBE])
@pytest.mark.parametrize(
    "status, body",
    [(400, {"message": "Valid data must be provided"}), (201, {"message": "success"})],
)
def test_an_empty_request_that_changes_nothing_shows_that_the_key_is_taken(
    path: str, status: int, body: Any
) -> None:
    assert judged({path: BrazeAnswer(status, body)}) == []
    (finding,) = judged({path: BrazeAnswer(status, None)})
    assert f"answers {status}" in finding.problem


@pytest.mark.parametrize(
    "status, body",
    [
        (201, {"message": "success"}),
        (301, None),
        (400, None),
        (400, ["message"]),
        (404, {"message": "Invalid URL"}),
        (429, {"message": "Rate Limited"}),
        (503, {"message": "try again"}),
    ],
)
def test_no_other_answer_proves_the_key(status: int, body: Any) -> None:
    answer = BrazeAnswer(status, body)
    (finding,) = judged({SEND: answer, START: answer})
    assert finding.level == "error"
    assert f"answers {status}" in finding.problem


def test_where_one_path_takes_the_key_another_that_is_down_is_no_wrong_endpoint() -> None:
    (finding,) = judged({SEND: TAKEN, TRACK: BrazeAnswer(503, None)})
    assert finding.problem.startswith(f"{HOST}{TRACK} answers 503")
    assert "again in a minute" in finding.remedy
    assert "BrazeEndpoint" not in finding.remedy


def test_targets_are_those_of_the_stage_once_each_with_all_their_rules() -> None:
    text = (PROJECT / "tests" / "rules" / "shopify.yaml").read_text(encoding="utf-8")
    dev, prod = (load("shopify", text, "shopify.yaml", stage) for stage in ("dev", "prod"))
    shop = load("shop", text, "shop.yaml", "dev")

    order = "417220e4-5a2a-b634-7f7d-9ec891532368"
    assert targets([dev, shop], "default")[0] == TargetUse(
        "campaign_id", order, ("order-confirmation of shopify", "order-confirmation of shop")
    )
    assert [it.key for it in targets([dev, shop], "default")] == ["campaign_id", "canvas_id"]
    assert order not in [it.id for it in targets([prod], "default")]


def test_what_is_wrong_with_another_workspace_says_which_and_where_it_is_set() -> None:
    refused, gone = {SEND: BrazeAnswer(401, None)}, {SEND: BrazeAnswer(503, None)}
    (finding,) = key_findings(USA, refused, RULES, STACK)
    assert finding.problem.endswith(f"at {USA.endpoint} (401)")
    assert "check that the endpoint of usa in workspaces.yaml is" in finding.remedy
    assert finding.remedy.endswith("secrets set --braze america --stack-name relay-prod")
    for found in (
        *key_findings(USA, gone, RULES, STACK),
        unreachable(USA, "ConnectTimeout", STACK),
    ):
        assert USA.endpoint in found.problem
        assert "the endpoint of usa in workspaces.yaml" in found.remedy


def test_targets_are_asked_for_in_the_workspace_of_their_rules() -> None:
    send = "recipients: [{external_user_id: '${body.id}'}]"
    text = f"""\
verify: {{preset: stripe}}
rules:
  - {{name: here, type: a, send: {{campaign_id: c-1, {send}}}}}
  - {{name: there, type: a, workspace: usa, send: {{campaign_id: c-2, {send}}}}}
"""
    source = load("shop", text, "shop.yaml", "dev")
    assert [it.id for it in targets([source], "default")] == ["c-1"]
    assert [it.id for it in targets([source], "usa")] == ["c-2"]


@pytest.mark.parametrize("more", [{}, {"enabled": None}])
def test_active_targets_are_no_finding(more: dict[str, Any]) -> None:
    answers = [(it, BrazeAnswer(200, ACTIVE | more)) for it in (CAMPAIGN, CANVAS)]
    assert list(target_findings(answers, "default", STACK)) == []


@pytest.mark.parametrize(
    "state, words, remedy",
    [
        ({"archived": True, "enabled": False}, "is archived", "unarchive it"),
        ({"draft": True, "enabled": False}, "is a draft", "launch it"),
        ({"enabled": False}, "is paused", "resume it"),
    ],
)
def test_a_target_that_sends_nothing_is_named_with_its_rules(
    state: dict[str, Any], words: str, remedy: str
) -> None:
    answers = [(CAMPAIGN, BrazeAnswer(200, ACTIVE | state)), (CANVAS, BrazeAnswer(200, ACTIVE))]
    (finding,) = target_findings(answers, "default", STACK)
    named = "campaign c-1 (rule order of shopify, rule refund of shopify)"
    assert (finding.level, finding.problem) == ("error", f"{named} {words}: Braze sends nothing")
    assert finding.remedy.startswith(remedy)


@pytest.mark.parametrize("status", [400, 404])
def test_a_target_that_braze_does_not_know_is_named(status: int) -> None:
    answers = [
        (CAMPAIGN, BrazeAnswer(200, ACTIVE)),
        (CANVAS, BrazeAnswer(status, {"message": "not found"})),
    ]
    (finding,) = target_findings(answers, "default", STACK)
    assert finding.level == "error"
    assert finding.problem == "Braze knows no Canvas c-2 (rule welcome of shopify)"


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_may_not_look_is_one_note_with_what_it_lacks(status: int) -> None:
    refused = BrazeAnswer(status, None)
    (both,) = target_findings([(CAMPAIGN, refused), (CANVAS, refused)], "default", STACK)
    (one,) = target_findings(
        [(CAMPAIGN, BrazeAnswer(200, ACTIVE)), (CANVAS, refused)], "default", STACK
    )
    assert both.level == one.level == "note"
    assert "lacks campaigns.details and canvas.details" in both.problem
    assert "lacks canvas.details" in one.problem


@pytest.mark.parametrize(
    "answer", [BrazeAnswer(503, None), BrazeAnswer(200, None), BrazeAnswer(404, None)]
)
def test_an_answer_that_tells_nothing_is_named_once(answer: BrazeAnswer) -> None:
    (finding,) = target_findings([(CAMPAIGN, answer), (CAMPAIGN, answer)], "default", STACK)
    assert finding.level == "error"
    assert f"/campaigns/details answers {answer.status}" in finding.problem
