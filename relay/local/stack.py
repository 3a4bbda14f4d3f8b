"""Starts one local stack, from nothing to the first webhook, and removes it at the end."""

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Final

from builder.package import FUNCTIONS
from handler import workspaces
from handler.core.errors import RulesError
from handler.core.workspace import DEFAULT, Workspace
from relay.console.progress import step
from relay.local.deploy import deploy
from relay.local.emulator import listening
from relay.local.http_gateway import front_door
from relay.local.package import package
from relay.local.processes import BRAZE_KEY, Begun, begun
from relay.stacks.local import Stack

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
    rules: Path, secrets: Secrets, braze_url: str | None, **parameters: str
) -> Iterator[Local]:
    """Build, deploy and serve; without `braze_url` a simulated Braze is started beside it."""
    with (
        listening(0) as door,
        begun(braze_url) as processes,
        served(processes, rules, secrets, door, parameters) as local,
    ):
        yield local


@contextmanager
def served(
    processes: Begun, rules: Path, secrets: Secrets, door: socket, parameters: Mapping[str, str]
) -> Iterator[Local]:
    """Build, deploy and serve with processes that have begun."""
    step("building the packages")
    built = {name: package(name, rules) for name in FUNCTIONS}
    endpoint, (braze_url, braze_is_up) = processes.endpoint(), processes.braze()
    step("deploying template.yaml")
    own = {
        "Stage": "local",
        "BrazeEndpoint": braze_url,
        "AllowBroadcast": "true",  # no real user can be reached here
        "DeliverConcurrency": "10",  # each worker is a process of this machine
        "Architecture": "arm64" if platform.machine() in _ARM else "x86_64",
    }
    stack = deploy(endpoint, built, {**own, **parameters})
    put_secrets(stack, secrets, rules)
    braze_is_up()
    with front_door(door, stack.gateway) as url:
        yield Local(url, braze_url, stack)


def _keys(rules: Path) -> Mapping[str, str]:
    """Return an API key for each workspace; all workspaces are the simulated one."""
    with suppress(RulesError):  # reported elsewhere; the default workspace still serves
        named = workspaces.read(rules, None).values()
        return {one.key: BRAZE_KEY for one in (Workspace.default(""), *named)}
    return {DEFAULT: BRAZE_KEY}


def put_secrets(stack: Stack, secrets: Secrets, rules: Path) -> None:
    """Set the signing secrets, and an API key of each workspace of the rules, where they differ.

    A worker whose key is refused looks whether there is a new version, and tries that at once.
    """
    manager = stack.client("secretsmanager")
    for output, value in (
        ("SigningSecretsArn", dict(secrets)),
        ("BrazeKeysArn", dict(_keys(rules))),
    ):
        secret, text = stack.outputs[output], json.dumps(value)
        if manager.get_secret_value(SecretId=secret)["SecretString"] != text:
            manager.put_secret_value(SecretId=secret, SecretString=text)


def renew(stack: Stack, function: str, content: bytes) -> None:
    """Give a function a new package: its next invocation runs that."""
    stack.client("lambda").update_function_code(
        FunctionName=stack.resources[function], ZipFile=content
    )
