"""Two workspaces and a broadcast, through the whole stack: each request goes where it belongs."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from relay.local.processes import simulated_braze
from relay.local.stack import Local, local_stack
from tests.e2e.harness import ACCOUNTS_SECRET, WORKERS, Relay
from tests.e2e.live import live

HOME = "417220e4-5a2a-b634-7f7d-9ec891532361"
USA = "417220e4-5a2a-b634-7f7d-9ec891532362"
SALE = "417220e4-5a2a-b634-7f7d-9ec891532363"
RULES = f"""\
verify: {{preset: standard_webhooks, secret: accounts}}
rules:
  - name: here
    type: user.created
    send: {{campaign_id: {HOME}, recipients: [{{external_user_id: "${{body.data.id}}"}}]}}
  - name: abroad
    type: user.created
    workspace: usa
    send: {{campaign_id: {USA}, recipients: [{{external_user_id: "${{body.data.id}}"}}]}}
  - name: sale
    type: sale.begun
    workspace: eu
    allow_broadcast: true
    send:
      campaign_id: {SALE}
      broadcast: true
      trigger_properties: {{title: "${{body.data.title}}"}}
"""
WORKSPACES = """\
usa: {endpoint: "%s", key: america}
eu: {endpoint: https://rest.fra-02.braze.eu}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rules = tmp_path_factory.mktemp("workspaces") / "rules"
    rules.mkdir()
    return rules


@pytest.fixture(scope="module")
def stacks(folder: Path) -> Iterator[tuple[Relay, Relay]]:
    """Return the relay as its default workspace sees it, and as another one does."""
    rules = folder
    (rules / "accounts.yaml").write_text(RULES, encoding="utf-8")
    with simulated_braze() as url:
        (rules / "workspaces.yaml").write_text(WORKSPACES % url, encoding="utf-8")
        with local_stack(
            rules, {"accounts": ACCOUNTS_SECRET}, None, RulesStage="dev", **WORKERS
        ) as local:
            usa: Local = replace(local, braze_url=url)
            yield Relay(local), Relay(usa)


def test_each_workspace_gets_its_own_requests(stacks: tuple[Relay, Relay]) -> None:
    home, usa = stacks
    assert home.accounts({"type": "user.created", "data": {"id": "u-1"}}, "m-1").status_code == 200
    for relay, campaign in (home, HOME), (usa, USA):
        (sent,) = relay.requests(1)
        assert sent["body"]["campaign_id"] == campaign
        assert [it["external_user_id"] for it in sent["body"]["recipients"]] == ["u-1"]
    home.wait_until_idle()


def test_a_broadcast_is_sent_once_and_never_leaves_this_machine(
    stacks: tuple[Relay, Relay],
) -> None:
    home, usa = stacks
    for relay in stacks:
        relay.braze("DELETE", "")
    for _ in range(2):
        made = home.accounts({"type": "sale.begun", "data": {"title": "Tea"}}, "m-2")
        assert made.json() == {"events": 1, "deliveries": 1}
    (sent,) = home.requests(1)
    home.wait_until_idle()
    assert home.posted() == [sent]
    assert sent["body"] == {
        "campaign_id": SALE,
        "broadcast": True,
        "trigger_properties": {"title": "Tea"},
    }
    assert sent["status"] == 201
    assert usa.braze("GET", "/requests") == []


def test_a_workspace_that_is_saved_while_the_stack_serves_gets_requests(
    stacks: tuple[Relay, Relay], folder: Path
) -> None:
    home, usa = stacks
    usa.braze("DELETE", "")
    text = (folder / "workspaces.yaml").read_text(encoding="utf-8")
    moved = RULES.replace("workspace: usa", "workspace: texas")
    with live(home.local, folder / "accounts.yaml", {"accounts": ACCOUNTS_SECRET}) as saved:
        assert "there is no workspace texas" in saved.save(moved)
        (folder / "workspaces.yaml").write_text(text.replace("usa", "texas"), encoding="utf-8")
        assert "served after" in saved.save(moved)
        user = {"type": "user.created", "data": {"id": "u-9"}}
        assert home.accounts(user, "m-9").status_code == 200
        (sent,) = usa.requests(1)
        assert sent["body"]["campaign_id"] == USA
        (folder / "workspaces.yaml").write_text(text, encoding="utf-8")
