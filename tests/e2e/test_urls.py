"""`relay urls` tells where each sender posts to."""

import shutil
from pathlib import Path

from relay.stack.up import Local
from tests.e2e.patient import Patient


def test_each_source_has_its_url_also_one_that_does_not_load(local: Local, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    for name in "shopify", "accounts", "workspaces":
        (rules / f"{name}.yaml").write_text("rulez: []\n")
    prefix = local.stack.outputs["WebhookUrl"].removesuffix("SOURCE")

    run = Patient(local, rules).relay("urls")

    assert prefix.endswith("/webhooks/")
    assert run.stdout == f"accounts  {prefix}accounts\nshopify   {prefix}shopify\n"
    assert run.returncode == 0


def test_a_folder_without_rules_and_a_stack_that_is_not_there_are_wrong_usage(
    local: Local, tmp_path: Path
) -> None:
    patient = Patient(local, tmp_path)
    assert patient.relay("urls").returncode == 2
    shutil.copy(__file__, tmp_path / "shopify.yaml")
    assert patient.relay("urls", "--stack-name", "nobody").returncode == 2
