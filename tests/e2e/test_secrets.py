"""`relay secrets set` writes into a deployed stack, and the relay takes what it wrote."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from relay.secrets import changed
from relay.stack.deploy import NAME
from tests.e2e.harness import Relay, aws_environment

RELAY = Path(sys.executable).with_name("relay")


@pytest.mark.parametrize(
    "before, change, after",
    [
        ({}, "set", "new"),
        ({"a": "old"}, "set", "new"),
        ({"a": "old"}, "rotate", ["new", "old"]),
        ({"a": ["old", "older"]}, "rotate", ["new", "old", "older"]),
        ({"a": ["new", "old"]}, "rotate", ["new", "old"]),
        ({"a": ["new", "old"]}, "retire", "new"),
        ({"a": "old"}, "retire", "old"),
    ],
)
def test_a_change_touches_its_own_secret_only(before: Any, change: Any, after: Any) -> None:
    assert changed({**before, "other": "x"}, "a", change, "new") == {"other": "x", "a": after}


@pytest.mark.parametrize("change", ["rotate", "retire"])
def test_there_must_be_a_secret_to_rotate_or_retire(change: Any) -> None:
    with pytest.raises(ValueError, match="a has no secret yet"):
        changed({}, "a", change, "new")


def secrets_set(relay: Relay, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [RELAY, "secrets", "set", *arguments, "--stack-name", NAME],
        input=typed,
        env=aws_environment(relay.local),
        capture_output=True,
        text=True,
        check=False,
    )


def stored(relay: Relay, output: str) -> dict[str, Any]:
    manager = relay.local.stack.client("secretsmanager")
    text = manager.get_secret_value(SecretId=relay.local.stack.outputs[output])["SecretString"]
    values: dict[str, Any] = json.loads(text)
    return values


def test_secrets_are_set_rotated_and_retired_and_never_shown(relay: Relay) -> None:
    before = stored(relay, "SigningSecretsArn")
    for change, secret in ((), "first-canary"), (("--rotate",), "second-canary"):
        run = secrets_set(relay, "--source", "fresh", *change, typed=f"{secret}\n")
        assert run.returncode == 0, run.stderr
        assert "canary" not in run.stdout + run.stderr
    both = {"fresh": ["second-canary", "first-canary"]}
    assert stored(relay, "SigningSecretsArn") == before | both
    assert secrets_set(relay, "--source", "fresh", "--retire").returncode == 0
    assert stored(relay, "SigningSecretsArn") == before | {"fresh": "second-canary"}


def test_a_braze_key_is_set_for_the_default_workspace_or_a_named_one(relay: Relay) -> None:
    before = stored(relay, "BrazeKeysArn")
    assert secrets_set(relay, "--braze", "eu", typed="key-of-eu\n").returncode == 0
    assert secrets_set(relay, "--braze", typed=f"{before['default']}\n").returncode == 0
    assert stored(relay, "BrazeKeysArn") == before | {"eu": "key-of-eu"}


@pytest.mark.parametrize(
    "arguments, typed, words",
    [
        ((), "", "either --braze"),
        (("--braze", "--source", "a"), "", "either --braze"),
        (("--braze", "--rotate"), "", "exclude each other"),
        (("--source", "a"), "short\n", "at least 8 bytes"),
        (("--source", "a"), "\n", "at least 8 bytes"),
        (("--source", "nobody", "--retire"), "", "no secret yet"),
    ],
)
def test_wrong_usage_is_2_and_changes_nothing(
    relay: Relay, arguments: tuple[str, ...], typed: str, words: str
) -> None:
    before = stored(relay, "SigningSecretsArn"), stored(relay, "BrazeKeysArn")
    run = secrets_set(relay, *arguments, typed=typed)
    assert run.returncode == 2
    assert words in " ".join(run.stderr.replace("│", "").split())
    assert (stored(relay, "SigningSecretsArn"), stored(relay, "BrazeKeysArn")) == before
