"""`relay urls` tells where each sender posts to."""

import shutil
from pathlib import Path

from relay.local.stack import Local
from relay.paths import PROJECT
from tests.e2e.patient import Patient
from tests.forked import Forked
from tests.unframed import unframed


def test_each_source_has_its_url_also_one_that_does_not_load(
    local: Local, command: Forked, tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    for name in "shopify", "accounts", "workspaces":
        (rules / f"{name}.yaml").write_text("rulez: []\n")
    head = (PROJECT / "tests" / "rules" / "shopify.yaml").read_text(encoding="utf-8")
    (rules / "shops.yaml").write_text(f"{head}\nsources: {{tea: {{}}, coffee: {{}}}}\n")
    prefix = local.stack.outputs["WebhookUrl"].removesuffix("SOURCE")

    run = Patient(local, rules, command).relay("urls")

    assert prefix.endswith("/webhooks/")
    assert run.stdout == "".join(
        f"{name:<8}  {prefix}{name}\n" for name in ("accounts", "coffee", "shopify", "tea")
    )
    assert run.returncode == 0


def test_a_folder_without_rules_and_a_stack_that_is_not_there_are_wrong_usage(
    local: Local, command: Forked, tmp_path: Path
) -> None:
    patient = Patient(local, tmp_path, command)
    assert patient.relay("urls").returncode == 2
    shutil.copy(__file__, tmp_path / "shopify.yaml")
    run = patient.relay("urls", "--stack-name", "nobody")
    assert run.returncode == 2
    assert "there is no stack nobody in us-east-1" in unframed(run.stderr)
    both = patient.relay("urls", "--config-env", "prod")
    assert "give either --stack-name or --config-env" in unframed(both.stderr)
