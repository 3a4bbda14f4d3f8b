"""Permissions of a Braze key: those that the rules of its workspaces need."""

from dataclasses import replace
from pathlib import Path

import pytest

from handler.core.rules.load import load
from relay.rules.permissions import permissions, permissions_of_key, rules_by_path

SEND = "recipients: [{external_user_id: '${body.id}'}]"
RULES = f"""\
verify: {{preset: stripe}}
rules:
  - {{name: mail, type: a, send: {{campaign_id: c-1, {SEND}}}}}
  - {{name: start, type: a, workspace: usa, send: {{canvas_id: c-2, {SEND}}}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(RULES, encoding="utf-8")
    spaces = "usa: {endpoint: 'https://rest.iad-03.braze.com', key: america}\n"
    (tmp_path / "workspaces.yaml").write_text(spaces, encoding="utf-8")
    return tmp_path


def test_a_key_needs_what_the_rules_of_its_workspaces_need(folder: Path) -> None:
    assert permissions_of_key("default", folder, "dev") == ["campaigns.trigger.send"]
    assert permissions_of_key("america", folder, "dev") == ["canvas.trigger.send"]
    assert permissions_of_key("usa", folder, "dev") == []


def test_a_file_that_does_not_load_hides_no_other(folder: Path) -> None:
    (folder / "broken.yaml").write_text("rules: [", encoding="utf-8")
    assert permissions_of_key("default", folder, "dev") == ["campaigns.trigger.send"]
    (folder / "workspaces.yaml").write_text("usa: 7\n", encoding="utf-8")
    assert permissions_of_key("america", folder, "dev") == []


def test_a_folder_without_rules_needs_nothing(tmp_path: Path) -> None:
    assert permissions_of_key("default", tmp_path / "none", "dev") == []


def test_each_endpoint_has_a_permission_of_its_own_and_the_rules_that_need_it() -> None:
    text = RULES.replace("workspace: usa, ", "")
    source = load("shop", text, "shop.yaml", "dev")
    mail, start = source.rules
    paths = ("/users/track", "/v2/subscription/status/set", "/transactional/v1/campaigns/a/send")
    others = tuple(replace(mail, name=path[:6], path=path) for path in paths)
    found = rules_by_path([replace(source, rules=(mail, start, mail, *others))], ["default"])
    assert found["/campaigns/trigger/send"] == ["mail of shop", "mail of shop"]
    assert permissions(found) == [
        "campaigns.trigger.send",
        "canvas.trigger.send",
        "users.track",
        "subscription.status.set",
        "transactional.send",
    ]
