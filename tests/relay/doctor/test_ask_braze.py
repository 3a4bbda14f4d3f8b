"""Requests of `relay doctor` to Braze, over real sockets."""

from pathlib import Path

import pytest

from handler.core.rules.load import load
from handler.core.rules.source import Source
from handler.core.workspace import Workspace
from relay.doctor.braze_checks import braze_findings
from relay.local.processes import BRAZE_KEY
from relay.stacks.selection import ChosenStack
from tests.relay.simulated_braze.simulated import Client

STACK = ChosenStack("relay-prod", "prod")
RULES = """
verify: {preset: shopify}
rules:
"""
RULE = """
  - name: rule-%d
    type: orders/create
    once: ${body.id}
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-%012d
      recipients: [{external_user_id: "${body.id}"}]
"""


USERS = """
  - name: count
    type: orders/create
    once: ${body.id}
    on_unknown: hold
    track:
      events:
        - {external_id: "${body.id}", _update_existing_only: true, name: ordered,
           time: "${body.created_at}"}
  - name: news
    type: customers/create
    subscribe:
      subscription_groups:
        - subscription_group_id: 5a8d0f2e-93b1-4c62-8a7f-1d3b6e0c9f24
          subscription_state: subscribed
          external_ids: ["${body.id}"]
"""


def campaigns(count: int) -> list[Source]:
    text = RULES + "".join(RULE % (number, number) for number in range(count))
    return [load("shop", text, "shop.yaml", "dev")]


def test_the_key_is_tried_where_there_is_no_rule_and_no_netrc_replaces_it(
    braze: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("default login somebody password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    assert list(braze_findings(Workspace.default(braze.url), BRAZE_KEY, [], STACK)) == []

    (asked,) = braze.call("GET", "/requests")
    assert (asked["method"], asked["path"]) == ("POST", "/campaigns/trigger/send")


def test_forty_targets_are_looked_up_and_a_note_tells_of_the_others(braze: Client) -> None:
    assert list(braze_findings(Workspace.default(braze.url), BRAZE_KEY, campaigns(40), STACK)) == []
    braze.call("DELETE", "")

    (note,) = braze_findings(Workspace.default(braze.url), BRAZE_KEY, campaigns(41), STACK)

    assert note.level == "note"
    assert note.problem == "only 40 of 41 campaigns and Canvases were looked up"
    assert len(braze.call("GET", "/requests")) == 41


def test_each_permission_is_tried_by_a_request_that_names_nobody(braze: Client) -> None:
    rules = [load("shop", RULES + RULE % (1, 1) + USERS, "shop.yaml", "dev")]
    home = Workspace.default(braze.url)
    assert list(braze_findings(home, BRAZE_KEY, rules, STACK)) == []
    asked = [one for one in braze.call("GET", "/requests") if one["method"] == "POST"]
    paths = ["/campaigns/trigger/send", "/users/track", "/v2/subscription/status/set"]
    assert [one["path"] for one in asked] == paths
    assert [one["body"] for one in asked] == [{}, {}, {}]
    assert braze.call("GET", "/updates") == []
    assert braze.call("GET", "/profiles") == {}


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_without_a_permission_is_told_from_one_that_is_wrong(
    braze: Client, status: int
) -> None:
    rules = [load("shop", RULES + RULE % (1, 1) + USERS, "shop.yaml", "dev")]
    braze.call("PUT", "/switches", {"permission_missing": status})
    braze.call("PUT", "/key", {"permissions": ["campaigns.trigger.send"]})
    found = list(braze_findings(Workspace.default(braze.url), BRAZE_KEY, rules, STACK))
    assert [one.problem.split("lacks ")[1] for one in found] == [
        f"users.track ({status}), which rule count of shop needs",
        f"subscription.status.set ({status}), which rule news of shop needs",
    ]
    (wrong,) = braze_findings(Workspace.default(braze.url), "other", rules, STACK)
    assert wrong.problem == f"Braze refuses the API key at {braze.url} (401)"


def test_a_refused_key_asks_for_no_details(braze: Client) -> None:
    (error,) = braze_findings(Workspace.default(braze.url), "other", campaigns(1), STACK)

    assert error.level == "error"
    assert len(braze.call("GET", "/requests")) == 1


def test_answers_behind_interim_ones_are_those_to_their_own_requests(braze: Client) -> None:
    paused = campaigns(3)[0].rules[1].send["campaign_id"]
    braze.call("PUT", f"/targets/{paused}", {"enabled": False})
    faults = [
        {"kind": "interim", "interim": [103], "seconds": 0},
        {"kind": "interim", "path": "/campaigns/details", "interim": [102, 103], "seconds": 0.01},
    ]
    braze.call("POST", "/faults", faults)

    (found,) = braze_findings(Workspace.default(braze.url), BRAZE_KEY, campaigns(3), STACK)

    assert f"campaign {paused} (rule rule-1 of shop) is paused" in found.problem


def test_the_proxy_of_this_machine_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    home = Workspace.default("http://rest.example")
    (found,) = braze_findings(home, BRAZE_KEY, campaigns(1), STACK)

    assert "cannot be reached from here (ProxyError)" in found.problem
