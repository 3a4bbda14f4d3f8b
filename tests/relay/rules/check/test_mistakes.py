"""The mistakes of a first day are named with their place, and nothing is started for them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from relay.paths import ENVIRONMENTS, PROJECT
from tests.forked import Forked, forked
from tests.unframed import unframed

Relay = Callable[..., tuple[int, str]]
SAMPLE = {"source": "shopify", "headers": {}, "body": {}}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first-day") / "relay"
    for name in ("relay", "src", "events"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / name, folder / name, ignore=ignored)
    shutil.rmtree(folder / "src" / "rules")
    for name in ("template.yaml", "samconfig.toml", "pyproject.toml", "uv.lock"):
        shutil.copy(PROJECT / name, folder)
    ENVIRONMENTS.mkdir(exist_ok=True)
    (folder / ENVIRONMENTS.name).symlink_to(ENVIRONMENTS)  # `relay run` starts its emulator first
    return folder


@pytest.fixture(scope="module")
def command(original: Path) -> Iterator[Forked]:
    with forked(original, environment(original)) as made:
        yield made


@pytest.fixture
def checkout(original: Path) -> Iterator[Path]:
    """Return a checkout of the project's own rules and samples, put back after each test."""
    events = original / "events"
    kept = {file: file.read_bytes() for file in [*events.iterdir(), original / "samconfig.toml"]}
    shutil.copytree(PROJECT / "tests" / "rules", original / "src" / "rules")
    yield original
    shutil.rmtree(original / "src" / "rules")
    for file in set(events.iterdir()) - kept.keys():
        file.unlink()
    for file, content in kept.items():
        file.write_bytes(content)


def environment(checkout: Path) -> dict[str, str]:
    return {
        "PATH": os.defpath,
        "HOME": str(checkout),
        "PYTHONPATH": f"{checkout}:{checkout / 'src'}",
        "COLUMNS": "200",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@pytest.fixture
def relay(checkout: Path, command: Forked) -> Relay:
    """Return what runs a command: its exit code, and what it says in one line."""

    def run(*arguments: str, **aws: str) -> tuple[int, str]:
        return said(command(*arguments, env=environment(checkout) | aws))

    return run


def said(run: subprocess.CompletedProcess[str]) -> tuple[int, str]:
    assert "Traceback" not in run.stderr
    return run.returncode, unframed(run.stdout + run.stderr)


CUT = ('{\n "source": \n}', "events/bad.json:3:1: not JSON: expected value")
NO_SAMPLES = [
    ('{"source": "shopify",}', "events/bad.json:1:22: not JSON: trailing comma"),
    CUT,
    ("", "events/bad.json:1:0: not JSON"),
    ("[]", "events/bad.json: not a JSON object (a sample has source, headers, body)"),
    (
        json.dumps({"source": "shopify", "body": {}}),
        "events/bad.json: headers is missing (a sample has source, headers, body)",
    ),
    (
        json.dumps(SAMPLE | {"headers": {"a": 1}}),
        "events/bad.json: headers.a: input should be a valid string",
    ),
]


@pytest.mark.parametrize(
    "given, text, words",
    [
        *((("rules", "check"), *bad) for bad in NO_SAMPLES),
        (("run", "--port", "0"), *CUT),
        (("deploy",), *CUT),
    ],
)
def test_a_file_that_is_no_sample_is_named_with_its_place(
    checkout: Path, relay: Relay, given: tuple[str, ...], text: str, words: str
) -> None:
    (checkout / "events" / "bad.json").write_text(text)
    code, said = relay(*given)
    assert code == 1
    assert words in said


@pytest.mark.parametrize("given", [("rules", "check"), ("deploy",), ("doctor",)])
def test_a_command_that_starts_says_what_one_that_is_forked_says(
    checkout: Path, relay: Relay, given: tuple[str, ...]
) -> None:
    (checkout / "events" / "bad.json").write_text("[]")
    program = "import sys; sys.argv[0] = 'relay'; from relay.cli import main; main()"
    run = subprocess.run(
        [sys.executable, "-c", program, *given],
        cwd=checkout,
        env=environment(checkout),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode > 0
    assert said(run) == relay(*given)


def test_a_sample_of_no_source_is_noted_and_left_out(checkout: Path, relay: Relay) -> None:
    (checkout / "events" / "x.json").write_text(json.dumps(SAMPLE | {"source": "shopfy"}))
    (checkout / "events" / "y.json").write_text(json.dumps(SAMPLE | {"source": "till"}))
    code, said = relay("rules", "check")
    assert code == 0
    assert "note: events/x.json: there is no source shopfy; did you mean shopify?" in said
    assert "note: events/y.json: there is no source till: it is left out" in said


@pytest.mark.parametrize("given", [("rules", "check"), ("run", "--port", "0")])
def test_a_source_that_does_not_load_is_not_unknown_and_its_file_can_be_clicked(
    checkout: Path, relay: Relay, given: tuple[str, ...]
) -> None:
    (checkout / "src" / "rules" / "shopify.yaml").write_text("rulez: []\n")
    code, said = relay(*given)
    assert code == 1
    assert "src/rules/shopify.yaml:1:1: " in said
    assert "no source" not in said


def test_a_field_that_no_sample_has_is_noted(checkout: Path, relay: Relay) -> None:
    file = checkout / "src" / "rules" / "shopify.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("body.total_price_set", "body.totel_price_set"), encoding="utf-8")
    code, said = relay("rules", "check")
    assert code == 0
    missing = "trigger_properties.total is missing for every sample in events/"
    assert f"note: shopify/order-confirmation: {missing}" in said
    file.write_text(text, encoding="utf-8")
    assert "note" not in relay("rules", "check")[1]


@pytest.mark.parametrize("config_env, lines", [("default", (26, 27)), ("prod", (29, 30))])
def test_the_projects_sample_ids_and_a_missing_endpoint_stop_a_deployment_with_their_lines(
    checkout: Path, relay: Relay, config_env: str, lines: tuple[int, int]
) -> None:
    code, said = relay("deploy", "--config-env", config_env)
    assert code == 1
    first, second = lines
    sample = "is a sample of this project: put the API identifier of a campaign or Canvas of yours"
    assert f"src/rules/shopify.yaml:{first}:5: order_confirmation {sample}" in said
    assert f"src/rules/shopify.yaml:{second}:5: welcome {sample}" in said
    assert re.search(r"src/rules/accounts.yaml:\d+:5: onboarding is a sample", said)
    (number,) = re.findall(r"samconfig.toml:(\d+):1: parameter_overrides has no Braze", said)
    line, text = int(number), (checkout / "samconfig.toml").read_text("utf-8").splitlines()
    assert text[line - 1].startswith("parameter_overrides")
    assert f"[{config_env}.global.parameters]" in text[line - 3]
    assert not (checkout / ".aws-sam").exists()


def test_a_wrong_parameter_stops_a_deployment_before_anything_is_built(
    checkout: Path, relay: Relay
) -> None:
    file = checkout / "samconfig.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("Stage=dev", "Stage=dev AlarmMail=a@b.c"), encoding="utf-8")
    code, said = relay("deploy")
    assert code == 2
    assert "there is no parameter AlarmMail; did you mean AlarmEmail?" in said
    assert not (checkout / ".aws-sam").exists()


@pytest.mark.parametrize(
    "given",
    [("doctor",), ("urls",), ("secrets", "set", "--braze"), ("urls", "--stack-name", "x")],
)
@pytest.mark.parametrize(
    "aws, words",
    [
        ({}, "no AWS region: set AWS_DEFAULT_REGION"),
        ({"AWS_DEFAULT_REGION": "us-east-1"}, "no AWS credentials"),
    ],
)
def test_without_region_or_credentials_no_option_is_blamed(
    relay: Relay, given: tuple[str, ...], aws: dict[str, str], words: str
) -> None:
    code, said = relay(*given, **aws)
    assert code == 2
    assert words in said
    assert "for '--stack-name'" not in said
