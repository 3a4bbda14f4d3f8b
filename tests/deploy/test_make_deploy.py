"""`relay deploy`, which `make deploy` runs: only rules that are good are built and deployed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.paths import ENVIRONMENTS, PROJECT
from relay.stack.emulator import emulator
from tests.deploy.conftest import Sam, project_in


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sam]:
    """Return a checkout with a user's changes, and an account of its own."""
    project = project_in(tmp_path_factory.mktemp("checkout"))
    for name in ("relay", "events"):
        shutil.copytree(PROJECT / name, project / name)
    shutil.copy(PROJECT / "uv.lock", project)
    (project / ".venvs").symlink_to(ENVIRONMENTS)
    with emulator() as endpoint:
        yield Sam(project, endpoint)


def relay(checkout: Sam, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from relay.cli import main; main()", *arguments],
        cwd=checkout.project,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(checkout.project.parent),
            "PYTHONPATH": f"{checkout.project}:{checkout.project / 'src'}",
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.2",
        }
        | checkout.aws(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "file, old, new, words",
    [
        ("src/rules/shopify.yaml", "rules:", "rulez:", "rules/shopify.yaml:"),
        ("src/rules/shopify.yaml", "  dev:", "  test:", "vars has no stage dev"),
        (
            "src/rules/shopify.yaml",
            "${body.id}",
            "${body.gone}",
            "events/shopify-order.json: shopify/",
        ),
        ("samconfig.toml", "Stage=dev", "WatchedRule1=shopify/gone Stage=dev", "WatchedRule"),
    ],
)
def test_rules_that_are_not_good_are_named_and_nothing_is_built_or_deployed(
    checkout: Sam, file: str, old: str, new: str, words: str
) -> None:
    place: Path = checkout.project / file
    before = place.read_text(encoding="utf-8")
    place.write_text(before.replace(old, new, 1), encoding="utf-8")
    run = relay(checkout, "deploy")
    place.write_text(before, encoding="utf-8")
    assert run.returncode == 1
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert not (checkout.project / ".aws-sam").exists()
    assert checkout.client("cloudformation").describe_stacks()["Stacks"] == []


def test_an_environment_that_samconfig_does_not_have_is_wrong_usage(checkout: Sam) -> None:
    run = relay(checkout, "deploy", "--config-env", "staging")
    assert run.returncode == 2
    assert "default, dev, prod" in run.stderr


def test_good_rules_are_built_and_deployed_and_the_senders_urls_are_shown(checkout: Sam) -> None:
    run = relay(checkout, "deploy", "--", "--no-confirm-changeset", "--no-progressbar")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "3 rules of 2 sources are good (stage dev)" in run.stdout
    assert "CloudFormation stack changeset" in run.stdout
    assert "IngestFunction" in checkout.resources()
    *_, accounts, shopify = run.stdout.splitlines()
    assert accounts.startswith("accounts  https://")
    assert shopify.endswith("/webhooks/shopify")
