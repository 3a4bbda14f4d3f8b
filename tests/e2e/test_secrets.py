"""`relay secrets set` writes into a deployed stack, and the relay takes what it wrote."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from handler.aws.secrets import MAX_AGE, REFRESH_AFTER
from relay.deploy.secrets import READY, changed, seen_by
from relay.paths import PROJECT
from relay.stacks.local import NAME
from tests.e2e.harness import Relay, aws_environment
from tests.forked import Forked
from tests.unframed import unframed

Set = Callable[..., subprocess.CompletedProcess[str]]
RULE = """rules:
  - name: order
    type: orders/create
    once: ${body.id}
    send: {campaign_id: some-campaign, recipients: [{external_user_id: "${body.id}"}]}
"""
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


def test_the_words_say_when_the_sender_may_be_changed_and_when_the_old_secret_is_refused() -> None:
    assert READY == REFRESH_AFTER + 1 == 3
    assert "change the sender in 3 seconds or later" in seen_by("rotate")
    assert "taken in 3 seconds" in seen_by("set")
    assert MAX_AGE == 5 * 60
    for change in ("set", "retire"):
        assert "refused within five minutes" in seen_by(change)


def test_the_page_on_operations_says_the_same_of_a_rotation() -> None:
    page = " ".join((PROJECT / "docs" / "operations.md").read_text(encoding="utf-8").split())
    assert f"Wait {READY} seconds. Then change the secret in the sender's settings." in page
    assert "is still taken for up to five minutes" in page
    assert "without a gap" not in page


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Return a folder of rules for the same stack, whose sources sign in several ways."""
    for name, verify in {
        "fresh": "preset: shopify",
        "twin": "preset: shopify, secret: fresh",
        "accounts": "preset: standard_webhooks",
        "unset": "preset: shopify",
    }.items():
        (tmp_path / f"{name}.yaml").write_text(f"verify: {{{verify}}}\n{RULE}")
    return tmp_path


@pytest.fixture
def secrets_set(relay: Relay, rules: Path, command: Forked) -> Set:
    """Return what runs `relay secrets set` for the stack, with what is typed as its input."""

    def run(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        options = ("--stack-name", NAME, "--rules", str(rules))
        env = aws_environment(relay.local)
        return command("secrets", "set", *arguments, *options, env=env, answers=typed)

    return run


def stored(relay: Relay, output: str) -> dict[str, Any]:
    manager = relay.local.stack.client("secretsmanager")
    text = manager.get_secret_value(SecretId=relay.local.stack.outputs[output])["SecretString"]
    values: dict[str, Any] = json.loads(text)
    return values


def test_secrets_are_set_rotated_and_retired_and_never_shown(
    relay: Relay, secrets_set: Set
) -> None:
    before = stored(relay, "SigningSecretsArn")
    for change, secret in ((), "first-canary"), (("--rotate",), "second-canary"):
        run = secrets_set("--source", "fresh", *change, typed=f"{secret}\n")
        assert run.returncode == 0, run.stderr
        assert run.stdout.startswith(f"{NAME}: fresh: ")
        assert f"{READY} seconds" in run.stdout
        assert "canary" not in run.stdout + run.stderr
    both = {"fresh": ["second-canary", "first-canary"]}
    assert stored(relay, "SigningSecretsArn") == before | both
    assert secrets_set("--source", "fresh", "--retire").returncode == 0
    assert stored(relay, "SigningSecretsArn") == before | {"fresh": "second-canary"}


def test_at_a_terminal_the_stack_is_named_before_anything_is_typed(
    relay: Relay, rules: Path
) -> None:
    with typing(relay, rules, "--source", "fresh") as (terminal, running):
        assert running.stdout
        assert running.stderr
        assert running.stderr.read(1) == b" "  # from here on nothing is echoed
        os.write(terminal, b"typed-canary\n")
        shown = running.stdout.read().decode()
    assert shown.startswith(f"Signing secret of fresh in {NAME}:")
    assert "canary" not in shown
    assert stored(relay, "SigningSecretsArn")["fresh"] == "typed-canary"


@contextmanager
def typing(
    relay: Relay, rules: Path, *arguments: str
) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """Run `relay secrets set` with a terminal as its input; give the terminal."""
    terminal, keyboard = os.openpty()
    command: list[str | Path] = [RELAY, "secrets", "set", *arguments]
    command += ["--stack-name", NAME, "--rules", rules]
    with subprocess.Popen(
        command,
        stdin=keyboard,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=aws_environment(relay.local),
        start_new_session=True,  # without a terminal of its own, such as pytest's
    ) as running:
        yield terminal, running
    os.close(terminal)
    os.close(keyboard)


def test_a_braze_key_is_set_for_the_default_workspace_or_a_named_one(
    relay: Relay, secrets_set: Set
) -> None:
    before = stored(relay, "BrazeKeysArn")
    other = secrets_set("--braze", "eu", typed="key-of-eu\n")
    assert other.returncode == 0
    assert "no rule of --rules uses this key" in other.stderr
    own = secrets_set("--braze", typed=f"{before['default']}\n")
    assert own.returncode == 0
    assert "its rules need a key with campaigns.trigger.send, best with" in own.stderr
    assert stored(relay, "BrazeKeysArn") == before | {"eu": "key-of-eu"}


@pytest.mark.parametrize(
    "arguments, typed, words",
    [
        ((), "", "either --braze"),
        (("--braze", "--source", "a"), "", "either --braze"),
        (("--braze", "--rotate"), "", "exclude each other"),
        (("--source", "fresh"), "short\n", "at least 8 bytes"),
        (("--source", "fresh"), "\n", "at least 8 bytes"),
        (("--source", "accounts"), "canary-canary!\n", "source accounts is not base64"),
        (("--source", "fresch"), "", "signing secret fresch; did you mean fresh?"),
        (("--source", "twin"), "", "signing secret twin; there are accounts, fresh, unset"),
        (("--source", "unset", "--retire"), "", "unset has no secret yet"),
    ],
)
def test_wrong_usage_is_2_and_changes_nothing(
    relay: Relay, secrets_set: Set, arguments: tuple[str, ...], typed: str, words: str
) -> None:
    before = stored(relay, "SigningSecretsArn"), stored(relay, "BrazeKeysArn")
    run = secrets_set(*arguments, typed=typed)
    assert run.returncode == 2
    assert words in unframed(run.stderr)
    assert "canary" not in run.stderr
    assert (stored(relay, "SigningSecretsArn"), stored(relay, "BrazeKeysArn")) == before
