import re

import pytest
import typer

from relay.paths import PROJECT
from relay.stacks.samconfig import environment_of, read

CONFIG = """
version = 0.1
[prod.global.parameters]
stack_name = "relay-prod"
parameter_overrides = "Stage=prod Architecture=arm64 WatchedRule1=shop/order WatchedRule2=''"
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
    for written in '["Stage=eu", "Architecture=arm64"]', '{Stage = "eu", Architecture = "arm64"}':
        assert read(f"{CONFIG}parameter_overrides = {written}\n", "prod").stage == "eu"


def test_a_build_for_one_processor_and_a_deployment_for_another_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="builds for arm64 and deploys for x86_64"):
        read(CONFIG + 'parameter_overrides = "Architecture=x86_64"\n', "prod")
    with pytest.raises(typer.BadParameter, match="builds for x86_64 and deploys for arm64"):
        read(CONFIG.replace("arm64", "x86_64") + 'parameter_overrides = "Stage=eu"\n', "prod")


@pytest.mark.parametrize(
    "old, new, words",
    [
        ("Stage=prod", "AlarmMail=a@b.c", "no parameter AlarmMail; did you mean AlarmEmail?"),
        ("Stage=prod", "Stage prod", "there is no parameter prod"),
        ("Stage=prod", "AlarmEmail=", "passes over AlarmEmail= with nothing after it"),
        ("Stage=prod", "AlarmEmail=you", "AlarmEmail=you: must be empty or an e-mail address"),
        ("Stage=prod", "BrazeEndpoint=rest.iad-01.braze.com", "must be your Braze instance's REST"),
        ("Stage=prod", "HighVolume=yes", "HighVolume=yes: must be one of true, false, events"),
        ("Stage=prod", "LogRetentionDays=31", "must be one of 1, 3, 5"),
        ("Stage=prod", "WatchedHours=169", "WatchedHours=169: must be a number from 1 to 168"),
        ("Stage=prod", "LedgerDays=year", "must be a number from 30 to 3650"),
        ("Stage=prod", "Stage=Prod", "Stage=Prod: must fit"),
        ("Stage=prod", "Stage='prod", "No closing quotation"),
        ("parameter_overrides", "parameter_override", "did you mean parameter_overrides?"),
        ("stack_name", "stackname", "did you mean stack_name?"),
        ('stack_name = "relay-prod"', "", "there is no stack_name"),
        ('"relay-prod"', "relay-prod", "samconfig.toml: not TOML: Invalid value (at line 4"),
    ],
)
def test_what_sam_would_pass_over_or_refuse_is_named(old: str, new: str, words: str) -> None:
    with pytest.raises(typer.BadParameter, match=re.escape(words)):
        read(CONFIG.replace(old, new), "prod")


@pytest.mark.parametrize("name", ["BrazeEndpoint", "AlarmEmail", "DomainName"])
def test_an_api_key_in_the_place_of_a_parameter_is_not_shown(name: str) -> None:
    key = "0d7b3a52-6f1e-4c88-9a3d-2b5e8f7c1a90"
    with pytest.raises(typer.BadParameter, match=rf"{name}=\.\.\.: must") as raised:
        read(CONFIG.replace("Stage=prod", f"{name}={key}"), "prod")
    assert key not in str(raised.value)


@pytest.mark.parametrize("value", ["LedgerDays=30", "LedgerDays=3650", "WatchedHours=1"])
def test_the_limits_of_a_number_are_within_it(value: str) -> None:
    assert read(CONFIG.replace("Stage=prod", value), "prod").stack_name == "relay-prod"


@pytest.mark.parametrize("page", ["README.md", "docs/deploy.md"])
def test_the_line_that_the_pages_show_is_taken(page: str) -> None:
    text = (PROJECT / page).read_text(encoding="utf-8")
    (line,) = re.findall(r"^ *(parameter_overrides = .*)$", text, re.MULTILINE)
    shown = read(f"{CONFIG}{line}\n", "prod").parameters
    assert shown.keys() == {"Stage", "Architecture", "BrazeEndpoint", "AlarmEmail"}


def test_the_environment_of_a_stack_is_the_first_that_deploys_it() -> None:
    assert environment_of("braze-relay-dev") == "default"
    assert environment_of("braze-relay-prod") == "prod"
    assert environment_of("braze-relay") is None


def test_an_environment_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(typer.BadParameter, match=r"no \[dev\.\*\]; it has prod"):
        read(CONFIG, "dev")


def test_the_projects_own_environments_differ_in_name_and_stage_alone() -> None:
    text = (PROJECT / "samconfig.toml").read_text(encoding="utf-8")
    default, dev, prod = (read(text, name) for name in ("default", "dev", "prod"))
    assert default == dev
    assert (dev.stack_name, prod.stack_name) == ("braze-relay-dev", "braze-relay-prod")
    assert dict(dev.parameters) | {"Stage": "prod"} == prod.parameters
