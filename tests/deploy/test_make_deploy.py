"""`relay deploy`, which `make deploy` runs: only rules that are good are built and deployed."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from relay.local.emulator import emulator
from relay.paths import ENVIRONMENTS, PROJECT
from tests.deploy.conftest import (
    ENDPOINT,
    OWN_IDS,
    RENDERING,
    STACK,
    Sam,
    forking,
    project_in,
    with_code_alone,
)
from tests.deploy.recording import Recorded, recording
from tests.forked import Forked, forked

PHONE = "${phone(body.phone, body.default_address.country_code)}"
SHOPIFY = (PROJECT / "tests" / "rules" / "shopify.yaml").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Checkout(Sam):
    """A checkout with a user's changes, an account of its own, and the command in it."""

    relay: Forked = field(kw_only=True)
    recorded: Recorded = field(kw_only=True)

    def command(self, *arguments: str, answers: str = "") -> subprocess.CompletedProcess[str]:
        """Run the relay command; it starts SAM, which asks."""
        return self.relay(*arguments, env=environment_of(self), answers=answers)


def environment_of(checkout: Sam) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(checkout.project.parent),
        "PYTHONPATH": f"{checkout.project}:{checkout.project / 'src'}",
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
    } | checkout.aws()


def use(project: Path, environments: Path) -> None:
    (project / ".venvs").unlink(missing_ok=True)
    (project / ".venvs").symlink_to(environments)


@pytest.fixture
def starting(checkout: Checkout) -> Iterator[None]:
    """Let the command start SAM's own programs, as a user's does."""
    before = (checkout.project / ".venvs").readlink()
    use(checkout.project, ENVIRONMENTS)
    yield
    use(checkout.project, before)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    project = project_in(tmp_path_factory.mktemp("checkout"))
    with_code_alone(project, RENDERING)
    for name in ("relay", "events"):
        shutil.copytree(PROJECT / name, project / name)
    shutil.copy(PROJECT / "uv.lock", project)
    use(project, forking(project.parent / "forking"))
    rules = project / "src" / "rules" / "shopify.yaml"
    text = rules.read_text(encoding="utf-8")  # without a call of phone(), whose library is large
    rules.write_text(text.replace(PHONE, "${body.phone}"), encoding="utf-8")
    with emulator() as endpoint, recording(endpoint) as recorded:
        sam = Sam(project, recorded.url)
        with forked(project, environment_of(sam)) as relay:
            yield Checkout(project, recorded.url, relay=relay, recorded=recorded)


def give(checkout: Checkout, parameters: str) -> None:
    """Write more parameters into samconfig.toml, besides those of the project."""
    original = (PROJECT / "samconfig.toml").read_text(encoding="utf-8")
    text = original.replace("Stage=dev", f"Stage=dev {ENDPOINT} {parameters}".rstrip())
    (checkout.project / "samconfig.toml").write_text(text, encoding="utf-8")


def deployed(checkout: Checkout, name: str) -> str:
    """Return the value that a parameter of the stack has."""
    (found,) = checkout.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    values = {one["ParameterKey"]: one["ParameterValue"] for one in found["Parameters"]}
    return str(values[name])


LISTED = [it for it in OWN_IDS.items() if it[0] in SHOPIFY]


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
        *(("src/rules/shopify.yaml", own, sample, "sample") for sample, own in LISTED),
        ("samconfig.toml", ENDPOINT, "", "samconfig.toml:13:1: parameter_overrides has no Braze"),
        ("samconfig.toml", "Stage=dev", "WatchedRule1=shopify/gone Stage=dev", "WatchedRule"),
    ],
)
def test_rules_that_are_not_good_are_named_and_nothing_is_built_or_deployed(
    checkout: Checkout, file: str, old: str, new: str, words: str
) -> None:
    place: Path = checkout.project / file
    before = place.read_text(encoding="utf-8")
    place.write_text(before.replace(old, new, 1), encoding="utf-8")
    run = checkout.command("deploy")
    place.write_text(before, encoding="utf-8")
    assert run.returncode == 1
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert not (checkout.project / ".aws-sam").exists()
    assert checkout.client("cloudformation").describe_stacks()["Stacks"] == []


def test_a_case_that_is_not_good_stops_the_deployment(checkout: Checkout) -> None:
    case = checkout.project / "tests" / "cases" / "shopify" / "nothing-comes.yaml"
    case.parent.mkdir(parents=True)
    case.write_text("webhook: {event: events/shopify-order.json}\nexpect: {}\n", encoding="utf-8")
    run = checkout.command("deploy")
    case.unlink()
    assert run.returncode == 1
    assert "0 of 1 case is good" in run.stdout
    assert not (checkout.project / ".aws-sam").exists()


def test_an_environment_that_samconfig_does_not_have_is_wrong_usage(checkout: Checkout) -> None:
    run = checkout.command("deploy", "--config-env", "staging")
    assert run.returncode == 2
    assert "default, dev, prod" in run.stderr


@pytest.mark.parametrize("time", ["first", "second"])
def test_a_new_stack_that_is_answered_no_is_not_made(checkout: Checkout, time: str) -> None:
    run = checkout.command("deploy", answers="n\n")
    assert run.returncode == 1, time
    assert f"{STACK}: a new stack in account 000000000000, us-east-1\n" in run.stdout
    assert run.stderr.endswith("not deployed: nothing was changed\n")
    assert "https://" not in run.stdout.partition("Deploy this changeset?")[2]
    assert checkout.resources() == {}


WATCHED = "shopify/order-confirmation"
ADDRESS = "team@example.com"


def change_set(checkout: Checkout) -> dict[str, str]:
    """Return the parameters of the last change set of the stack, as they were sent."""
    asked = checkout.recorded.named("CreateChangeSet")
    return [one for one in asked if one["StackName"] == STACK][-1]


def bucket_stacks(checkout: Checkout) -> list[dict[str, str]]:
    asked = checkout.recorded.named("CreateChangeSet")
    found = [one for one in asked if one["StackName"] != STACK]
    assert found
    return found


def triggering(names: Mapping[str, str]) -> set[str]:
    """Return the physical names of the alarms that take an update back, but one that rings."""
    left = ("IngestErrors", "IngestThrottled", "WebhooksUnavailable", "EventsUnrenderable")
    return {names[f"{one}Alarm"] for one in left}


def ring(checkout: Checkout, alarm: str, state: str) -> None:
    given = {"AlarmName": checkout.resources()[alarm], "StateReason": "a test"}
    checkout.client("cloudwatch").set_alarm_state(StateValue=state, **given)


def test_good_rules_are_built_and_deployed_and_the_senders_urls_are_shown(
    checkout: Checkout,
) -> None:
    give(checkout, f"WatchedRule1={WATCHED} AlarmEmail={ADDRESS}")
    run = checkout.command("deploy", "--", "--no-confirm-changeset", "--no-progressbar")
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"the package renders \d+ webhooks as this checkout", run.stdout)
    assert "RollbackConfiguration" not in str(change_set(checkout)), "the alarms are not there yet"
    assert "4 rules of 2 sources are good (stage dev)" in run.stdout
    assert "CloudFormation stack changeset" in run.stdout
    assert "IngestFunction" in checkout.resources()
    slow = (
        "note: no bytecode of python3.13, so that each cold start takes up to half as long again: "
    )
    assert f"{slow}IngestFunction, DeliverFunction\n  -> .venv/bin/uv python install" in run.stderr
    *_, accounts, shopify, following = run.stdout.splitlines()
    assert accounts.startswith("accounts  https://")
    assert shopify.endswith("/webhooks/shopify")
    assert following == "next: .venv/bin/relay doctor"


def test_an_update_is_refused_before_its_build_while_nobody_has_confirmed_the_alarm_address(
    checkout: Checkout,
) -> None:
    sns, topic = checkout.client("sns"), checkout.resources()["AlarmTopic"]
    (one,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])  # as SNS does after two days
    run = checkout.command("deploy")
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint=ADDRESS)  # confirmed in the emulator
    assert run.returncode == 1
    assert f"nobody has confirmed the AlarmEmail of {STACK}" in run.stderr
    assert f"aws sns subscribe --topic-arn {topic} --protocol email" in run.stderr
    assert "Building" not in run.stderr
    assert ADDRESS not in run.stdout + run.stderr


def test_an_update_that_is_answered_no_changes_nothing_and_says_so(checkout: Checkout) -> None:
    give(checkout, "LedgerDays=30")
    ring(checkout, "DeliverErrorsAlarm", "ALARM")
    run = checkout.command("deploy", answers="n\n")
    ring(checkout, "DeliverErrorsAlarm", "OK")
    assert run.returncode == 1
    assert f"{STACK}: an update in account 000000000000, us-east-1\n" in run.stdout
    assert run.stderr.endswith("not deployed: nothing was changed\n")
    assert deployed(checkout, "LedgerDays") == "400"
    assert "beside what is deployed:" in run.stdout
    assert "nothing changes" in run.stdout

    asked, names = change_set(checkout), checkout.resources()
    assert asked["RollbackConfiguration.MonitoringTimeInMinutes"] == "15"
    arns = [asked[key] for key in asked if re.fullmatch(r"RollbackConf.*\.Arn", key)]
    alarms = checkout.client("cloudwatch").describe_alarms()["MetricAlarms"]
    triggers = {one["AlarmArn"] for one in alarms if one["AlarmName"] in triggering(names)}
    assert set(arns) == triggers
    assert names["DeliverErrorsAlarm"] not in str(asked), "it would take its own mend back"
    assert "note: DeliverErrorsAlarm rings already, and takes nothing back" in run.stdout
    assert "RollbackConfiguration" not in str(bucket_stacks(checkout))


def test_a_rule_that_makes_nothing_where_it_did_stops_what_was_built(checkout: Checkout) -> None:
    rules = checkout.project / "src" / "rules" / "shopify.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace('"!(body.test)"', "body.total_price == '0'"), encoding="utf-8")
    asked = len(checkout.recorded.named("CreateChangeSet"))
    run = checkout.command("deploy")
    rules.write_text(text, encoding="utf-8")
    assert run.returncode == 1
    lost = "events/shopify-order.json: shopify/order-confirmation makes no request any more"
    assert f"{lost}, which the deployed package does: " in run.stderr
    assert "write a case that expects it" in run.stderr
    assert len(checkout.recorded.named("CreateChangeSet")) == asked


@pytest.mark.usefixtures("starting")
def test_without_a_change_there_is_nothing_to_deploy_and_that_is_no_failure(
    checkout: Checkout,
) -> None:
    give(checkout, "")
    run = checkout.command("deploy", "--rollback-minutes", "0")
    assert run.returncode == 0, run.stdout + run.stderr
    asked = change_set(checkout)
    assert asked["RollbackConfiguration.RollbackTriggers"] == "", "those of before are taken away"
    assert asked["RollbackConfiguration.MonitoringTimeInMinutes"] == "0"
    assert "No changes to deploy" in run.stdout
    assert run.stdout.splitlines()[-1] == "next: .venv/bin/relay doctor"


def test_a_parameter_no_longer_given_keeps_its_value_and_its_default_resets_it(
    checkout: Checkout,
) -> None:
    assert deployed(checkout, "WatchedRule1") == WATCHED  # as the first deployment gave it
    for given, rule, days in (
        ("LedgerDays=31", WATCHED, "31"),
        ("WatchedRule1='' LedgerDays=400", "", "400"),
    ):
        give(checkout, given)
        checkout.deploy()
        assert deployed(checkout, "WatchedRule1") == rule
        assert deployed(checkout, "LedgerDays") == days
