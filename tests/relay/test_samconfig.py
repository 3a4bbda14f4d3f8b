import pytest
import typer

from relay.paths import PROJECT
from relay.samconfig import read

CONFIG = """
version = 0.1
[prod.global.parameters]
stack_name = "relay-prod"
parameter_overrides = "Stage=prod Architecture=arm64 WatchedRule1=shop/order WatchedRule2="
[prod.deploy.parameters]
confirm_changeset = true
"""


def test_an_environment_says_stack_stage_and_watched_rules() -> None:
    found = read(CONFIG, "prod")
    assert (found.stack_name, found.stage, found.watched) == ("relay-prod", "prod", ("shop/order",))


def test_the_stage_of_the_rules_may_be_another() -> None:
    assert read(CONFIG.replace("Stage=prod", "Stage=prod RulesStage=dev"), "prod").stage == "dev"


def test_what_guided_saves_takes_the_place_of_what_is_global() -> None:
    saved = 'parameter_overrides = \'Stage="eu" Architecture="arm64" AlarmEmail=""\'\n'
    assert read(CONFIG + saved, "prod").stage == "eu"
    listed = 'parameter_overrides = ["Stage=eu", "Architecture=arm64"]\n'
    assert read(CONFIG + listed, "prod").stage == "eu"


def test_a_build_for_one_processor_and_a_deployment_for_another_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="builds for arm64 and deploys for x86_64"):
        read(CONFIG + 'parameter_overrides = "Architecture=x86_64"\n', "prod")
    with pytest.raises(typer.BadParameter, match="builds for x86_64 and deploys for arm64"):
        read(CONFIG.replace("arm64", "x86_64") + 'parameter_overrides = "Stage=eu"\n', "prod")


def test_an_environment_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(typer.BadParameter, match=r"no \[dev\.\*\]; it has prod"):
        read(CONFIG, "dev")


def test_the_projects_own_environments_differ_in_name_and_stage_alone() -> None:
    text = (PROJECT / "samconfig.toml").read_text(encoding="utf-8")
    default, dev, prod = (read(text, name) for name in ("default", "dev", "prod"))
    assert default == dev
    assert (dev.stack_name, prod.stack_name) == ("braze-relay-dev", "braze-relay-prod")
    assert dict(dev.parameters) | {"Stage": "prod"} == prod.parameters
