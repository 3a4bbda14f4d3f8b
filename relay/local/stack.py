"""Starts one local stack, from nothing to the first webhook, and removes it at the end."""

import json
import platform
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from builder.package import FUNCTIONS
from handler import workspaces
from handler.core.errors import RulesError
from handler.core.workspace import DEFAULT, Workspace
from relay.local.deploy import deploy
from relay.local.emulator import HOST, emulator
from relay.local.http_gateway import front_door
from relay.local.package import package
from relay.local.watchdog import leashed
from relay.stacks.local import Stack

BRAZE_KEY: Final = "local-braze-key"
_ARM: Final = {"arm64", "aarch64"}  # macOS's and Linux's names for it
Secrets = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Local:
    """A local stack that takes webhooks at `url` and sends to `braze_url`."""

    url: str
    braze_url: str
    stack: Stack


@contextmanager
def local_stack(
    rules: Path, secrets: Secrets, braze_url: str | None, port: int, **parameters: str
) -> Iterator[Local]:
    """Build, deploy and serve; without `braze_url` a simulated Braze is started beside it."""
    with ExitStack() as ending, ThreadPoolExecutor(1) as builder:
        built = {name: builder.submit(package, name, rules) for name in FUNCTIONS}
        endpoint = ending.enter_context(emulator())
        braze_url = braze_url or ending.enter_context(simulated_braze())
        stack = deploy(
            endpoint,
            {name: one.result() for name, one in built.items()},
            {
                "Stage": "local",
                "BrazeEndpoint": braze_url,
                "AllowBroadcast": "true",  # no real user can be reached here
                "DeliverConcurrency": "10",  # each worker is a process of this machine
                "Architecture": "arm64" if platform.machine() in _ARM else "x86_64",
            }
            | parameters,
        )
        put_secrets(stack, secrets, rules)
        url = ending.enter_context(front_door(port, stack.gateway))
        yield Local(url, braze_url, stack)


@contextmanager
def simulated_braze() -> Iterator[str]:
    """Run the simulated Braze in a process of its own; give its URL."""
    command = [sys.executable, "-m", "relay.simulated_braze", "--port", "0", "--key", BRAZE_KEY]
    with leashed(command, subprocess.PIPE) as server:
        line = server.stdout.readline().decode() if server.stdout else ""
        if not line.startswith("ready "):
            raise RuntimeError("the simulated Braze did not start")
        yield line.removeprefix("ready ").strip()


def _keys(rules: Path) -> Mapping[str, str]:
    """Return an API key for each workspace; all workspaces are the simulated one."""
    with suppress(RulesError):  # reported elsewhere; the default workspace still serves
        named = workspaces.read(rules, None).values()
        return {one.key: BRAZE_KEY for one in (Workspace.default(""), *named)}
    return {DEFAULT: BRAZE_KEY}


def put_secrets(stack: Stack, secrets: Secrets, rules: Path) -> None:
    """Set the signing secrets, and an API key of each workspace of the rules."""
    manager = stack.client("secretsmanager")
    for output, value in (
        ("SigningSecretsArn", dict(secrets)),
        ("BrazeKeysArn", dict(_keys(rules))),
    ):
        manager.put_secret_value(SecretId=stack.outputs[output], SecretString=json.dumps(value))


def renew(stack: Stack, function: str, content: bytes) -> None:
    """Give a function a new package: its next invocation runs that."""
    stack.client("lambda").update_function_code(
        FunctionName=stack.resources[function], ZipFile=content
    )


def is_local(url: str) -> bool:
    """Return whether a URL may replace Braze's: http://127.0.0.1:port without a path."""
    prefix, _, port = url.rpartition(":")
    return prefix == f"http://{HOST}" and port.isascii() and port.isdigit()
