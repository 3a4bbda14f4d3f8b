"""`relay doctor` finds nothing on a good stack, and names what is broken: one thing at a time."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.local.emulator import free_port
from relay.local.processes import BRAZE_KEY
from relay.local.stack import local_stack
from relay.paths import PROJECT
from relay.stacks.local import NAME
from tests.e2e.harness import ACCOUNTS_SECRET, SHOPIFY_SECRET
from tests.e2e.patient import Patient
from tests.forked import Forked
from tests.unframed import unframed

ONBOARDING = "2f9c7b16-6d40-4e8b-a3f5-90c1e7d2b864"  # of the stage dev, as what follows
ORDER = "417220e4-5a2a-b634-7f7d-9ec891532368"
SIGNUP, CONFIRMS = "rule onboarding of accounts", "rule order-confirmation of shopify"
SECRETS = {"shopify": SHOPIFY_SECRET, "accounts": ACCOUNTS_SECRET}


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory, command: Forked) -> Iterator[Patient]:
    rules = tmp_path_factory.mktemp("doctor") / "rules"
    shutil.copytree(PROJECT / "tests" / "rules", rules)
    with local_stack(rules, SECRETS, None, RulesStage="dev") as local:
        patient = Patient(local, rules, command)
        patient.listen()
        yield patient
        # Each test leaves the stack as it found it; the next one would have found its fault too.
        assert patient.errors() == []


@pytest.fixture
def folder(patient: Patient, tmp_path: Path) -> Path:
    return shutil.copytree(patient.rules, tmp_path / "rules")


def test_a_good_stack_has_no_problem_and_nothing_reaches_anybody(patient: Patient) -> None:
    patient.braze("DELETE", "")
    run = patient.doctor()
    assert (run.returncode, run.stdout) == (0, "no problem found\n"), run.stdout + run.stderr
    assert patient.braze("GET", "/sends") == []
    asked = [f"{one['method']} {one['path']}" for one in patient.braze("GET", "/requests")]
    looked_up = ["GET /campaigns/details", "GET /canvas/details", "GET /canvas/details"]
    tried = ["POST /campaigns/trigger/send", "POST /canvas/trigger/send", "POST /users/track"]
    assert sorted(asked) == looked_up + tried


def test_a_missing_signing_secret_is_named_with_the_command_that_sets_it(patient: Patient) -> None:
    with patient.secret("SigningSecretsArn", {"accounts": ACCOUNTS_SECRET}):
        (error,) = patient.errors()
        run = patient.doctor()
    assert error["problem"].startswith("shopify answers 503")
    assert error["remedy"] == f".venv/bin/relay secrets set --source shopify --stack-name {NAME}"
    assert "no problem found" not in run.stdout
    assert error["problem"] in run.stdout
    assert error["remedy"] in run.stdout


@pytest.mark.parametrize("secret", ["canary", "", ["long-enough-canary", "canary"], {"a": 1}])
def test_a_signing_secret_that_cannot_be_used_is_named(patient: Patient, secret: Any) -> None:
    with patient.secret("SigningSecretsArn", SECRETS | {"shopify": secret}):
        (error,) = patient.errors()
    assert error["problem"].startswith("shopify answers 503")


@pytest.mark.parametrize("keys", [{}, {"default": ""}, {"eu": "canary-key"}])
def test_a_missing_braze_key_is_named(patient: Patient, keys: dict[str, str]) -> None:
    with patient.secret("BrazeKeysArn", keys):
        (error,) = patient.errors()
    assert "no key for workspace 'default'" in error["problem"]
    assert error["remedy"] == f".venv/bin/relay secrets set --braze --stack-name {NAME}"


def test_a_key_that_braze_refuses_is_named(patient: Patient) -> None:
    with patient.secret("BrazeKeysArn", {"default": "another-canary-key"}):
        (error,) = patient.errors()
    assert error["problem"] == f"Braze refuses the API key at {patient.local.braze_url} (401)"


def test_an_endpoint_that_cannot_be_reached_or_is_not_brazes_is_named(patient: Patient) -> None:
    nobody, elsewhere = f"http://127.0.0.1:{free_port()}", f"{patient.local.braze_url}/elsewhere"
    for url, words in (nobody, "cannot be reached from here"), (elsewhere, "answers 404"):
        with patient.endpoint(url):
            (error,) = patient.errors()
        assert url in error["problem"]
        assert words in error["problem"]
        assert "BrazeEndpoint" in error["remedy"]


def test_a_disabled_mapping_is_named_with_the_command_that_enables_it(patient: Patient) -> None:
    with patient.disabled_mapping() as uuid:
        (error,) = patient.errors()
    assert "Disabled" in error["problem"]
    assert error["remedy"] == f"aws lambda update-event-source-mapping --uuid {uuid} --enabled"


@pytest.mark.parametrize(
    "api_id, state, problem, remedy",
    [
        (ONBOARDING, {"enabled": False}, f"Canvas {ONBOARDING} ({SIGNUP}) is paused", "resume it"),
        (ORDER, {"archived": True}, f"campaign {ORDER} ({CONFIRMS}) is archived", "unarchive it"),
        (ORDER, {"exists": False}, f"Braze knows no campaign {ORDER} ({CONFIRMS})", "name one"),
    ],
)
def test_a_target_that_sends_nothing_is_named_with_its_rule(
    patient: Patient, api_id: str, state: dict[str, bool], problem: str, remedy: str
) -> None:
    with patient.target(api_id, state):
        (error,) = patient.errors()
    assert error["problem"].startswith(problem)
    assert error["remedy"].startswith(remedy)


def test_a_key_that_may_send_and_not_look_is_a_note_only(patient: Patient) -> None:
    with patient.refused("/campaigns/details", "/canvas/details"):
        (note,) = patient.findings()
    assert note["level"] == "note"
    assert "campaigns.details and canvas.details" in note["problem"]
    assert note["remedy"].endswith(f".venv/bin/relay secrets set --braze --stack-name {NAME}")


def test_a_package_for_another_processor_is_named(patient: Patient) -> None:
    with patient.architecture("DeliverFunction") as (built, other):
        (error,) = patient.errors()
    assert error["problem"] == (
        f"the package is built for {built} and the functions run on {other}: DeliverFunction"
    )
    assert "set Architecture in samconfig.toml once, under global" in error["remedy"]


@pytest.mark.parametrize("function", ["IngestFunction", "DeliverFunction"])
def test_a_package_that_one_function_alone_has_is_read_too(patient: Patient, function: str) -> None:
    with patient.wheel_for_another(function) as (machine, other):
        (error,) = patient.errors()
    assert error["problem"] == (
        f"the package is built for {other} and the functions run on {machine}: {function}"
    )


def test_alarms_that_nobody_hears_are_a_note_on_the_local_stack(patient: Patient) -> None:
    with patient.nobody_listening() as topic:
        (note,) = patient.findings()
    assert note["level"] == "note"
    assert note["problem"] == f"no alarm reaches anybody: {topic} has no confirmed subscription"


def test_rules_that_differ_are_new_or_gone_are_named(patient: Patient, folder: Path) -> None:
    with (folder / "shopify.yaml").open("a", encoding="utf-8") as shopify:
        shopify.write("# newer\n")
    (folder / "accounts.yaml").unlink()
    home = f"default: {{endpoint: {patient.local.braze_url}}}\n"
    (folder / "workspaces.yaml").write_text(home, encoding="utf-8")
    errors = patient.errors("--rules", str(folder))
    assert [one["problem"] for one in errors] == [
        "deployed rules differ from those here: shopify.yaml",
        "rules not deployed: workspaces.yaml",
        "rules that are deployed and not here: accounts.yaml",
    ]
    assert all(one["remedy"].endswith(f"deploy {NAME} again") for one in errors)


def test_every_workspace_that_is_written_down_is_looked_at(patient: Patient, folder: Path) -> None:
    usa = f"usa: {{endpoint: {patient.local.braze_url}, key: america}}\n"
    (folder / "workspaces.yaml").write_text(usa, encoding="utf-8")
    keys = {"default": BRAZE_KEY}
    with patient.secret("BrazeKeysArn", keys):
        lacking, new = patient.errors("--rules", str(folder))
    assert "no key for workspace 'america'" in lacking["problem"]
    command = ".venv/bin/relay secrets set --braze america --stack-name"
    assert lacking["remedy"] == f"{command} {NAME}"
    assert new["problem"] == "rules not deployed: workspaces.yaml"
    with patient.secret("BrazeKeysArn", keys | {"america": "another-canary-key"}):
        refused, _ = patient.errors("--rules", str(folder))
    assert refused["problem"].startswith("Braze refuses the API key")
    assert "the endpoint of usa in workspaces.yaml" in refused["remedy"]


def test_workspaces_that_cannot_be_read_are_named_and_the_default_one_is_checked(
    patient: Patient, folder: Path
) -> None:
    (folder / "workspaces.yaml").write_text("usa: {endpoint: https://example.org}\n")
    with patient.secret("BrazeKeysArn", {}):
        broken, lacking, _ = patient.errors("--rules", str(folder))
    assert "workspaces.yaml:1:7: it is not one of Braze's" in broken["problem"]
    assert broken["remedy"].startswith("mend it, then ")
    assert "no key for workspace 'default'" in lacking["problem"]


def test_rules_that_do_not_load_are_named_and_the_others_checked(
    patient: Patient, folder: Path
) -> None:
    (folder / "broken.yaml").write_text("verify: {preset: shopify}\nrulez: []\n")
    first, *others = patient.errors("--rules", str(folder))
    assert first["problem"].startswith(f"broken does not load: {folder}/broken.yaml:2:1")
    assert [one["problem"] for one in others] == ["rules not deployed: broken.yaml"]


def test_dead_letters_are_a_note_only(patient: Patient) -> None:
    sqs, url = patient.client("sqs"), patient.local.stack.outputs["DeadLetterQueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    run = patient.doctor()
    sqs.purge_queue(QueueUrl=url)
    assert run.returncode == 0
    assert "note: about 1 dead letter waiting" in run.stdout
    assert f"--queue-url {url}" in run.stdout


def test_a_stack_that_is_not_there_or_not_the_relays_is_wrong_usage(patient: Patient) -> None:
    topic = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    formation = patient.client("cloudformation")
    formation.create_stack(StackName="stranger", TemplateBody=json.dumps(topic))
    formation.get_waiter("stack_create_complete").wait(StackName="stranger")
    missing = "there is no stack nobody in us-east-1: make deploy first"
    for name, words in ("nobody", missing), ("stranger", "no stack of this relay"):
        run = patient.doctor("--stack-name", name)
        assert run.returncode == 2
        assert words in unframed(run.stderr)


def test_a_secret_that_is_no_object_stops_no_other_check(patient: Patient) -> None:
    with patient.secret("BrazeKeysArn", ["canary"]):
        (error,) = patient.errors()
    assert error["problem"].startswith("Braze: cannot be checked")
    assert "not a JSON object" in error["problem"]


def test_a_folder_without_rules_is_named(patient: Patient, tmp_path: Path) -> None:
    errors = patient.errors("--rules", str(tmp_path))
    assert "there is no rules file" in errors[0]["problem"]
    assert "--rules" in errors[0]["remedy"]
