"""The stack that a command operates: in an AWS account, or with --local the local one."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer
from botocore.exceptions import BotoCoreError, ClientError

from handler.core.workspace import DEFAULT as WORKSPACE
from relay.paths import BUILD
from relay.stacks import cloudformation
from relay.stacks.local import Stack
from relay.stacks.local import client as local_client
from relay.stacks.samconfig import DEFAULT, deployment, environment_of

StackName = Annotated[str | None, typer.Option(help="The stack; by default that of --config-env.")]
ConfigEnv = Annotated[
    str | None, typer.Option(help="Environment of samconfig.toml that deploys the stack.")
]
_RELAY: Final = ".venv/bin/relay"
RELAY: Final = ".venv/bin/relay"
LocalOption = Annotated[
    bool, typer.Option("--local", help="The local stack of `relay up` or `relay run`.")
]
LOCAL: Final = "the local stack"
_CONNECTS: Final = 2  # seconds to a port of this machine
_FILE: Final = BUILD / "stack.json"
_OUTPUTS: Final = ("QueueUrl", "DeadLetterQueueUrl", "LedgerTable")
LOW_PRIORITY: Final = "LowPriorityQueueUrl"  # an output that stacks of earlier releases lack
QUEUES: Final = ("QueueUrl", LOW_PRIORITY)  # the outputs of the queues of deliveries
__all__ = [
    "ConfigEnv",
    "LocalOption",
    "Operated",
    "StackName",
    "operated",
    "operator",
    "remembered",
]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A stack, and the environment of samconfig.toml that deploys it; None where none does."""

    stack_name: str
    config_env: str | None = None

    @property
    def deploy(self) -> str:
        """The command that deploys it, where that is known."""
        if self.config_env is None:
            return f"deploy {self.stack_name} again"
        return (
            "make deploy" if self.config_env == DEFAULT else f"make deploy CONFIG={self.config_env}"
        )

    def set_key(self, name: str) -> str:
        """Return the command that sets a Braze key."""
        named = "" if name == WORKSPACE else f" {name}"
        return f"{_RELAY} secrets set --braze{named} --stack-name {self.stack_name}"

    def set_secret(self, name: str) -> str:
        """Return the command that sets a signing secret."""
        return f"{_RELAY} secrets set --source {name} --stack-name {self.stack_name}"

    @property
    def examine(self) -> str:
        """The command that finds what is wrong with it."""
        if self.config_env is None:
            return f"{_RELAY} doctor --stack-name {self.stack_name}"
        environment = "" if self.config_env == DEFAULT else f" --config-env {self.config_env}"
        return f"{_RELAY} doctor{environment}"


def chosen(stack_name: str | None, config_env: str | None) -> Chosen:
    """Return the stack that the options name; end the command where they name two, or none."""
    if stack_name is None:
        environment = config_env or DEFAULT
        return Chosen(deployment(environment).stack_name, environment)
    if config_env is not None:
        raise typer.BadParameter("give either --stack-name or --config-env")
    return Chosen(stack_name, environment_of(stack_name))


@dataclass(frozen=True, slots=True)
class Operated:
    """A stack: its name for messages, its outputs, and the emulator's endpoint if it is local."""

    name: str
    outputs: Mapping[str, str]
    endpoint: str | None = None

    @property
    def queues(self) -> tuple[str, ...]:
        """The URLs of its queues of deliveries: both, or the one of an earlier release."""
        return tuple(self.outputs[one] for one in QUEUES if one in self.outputs)

    def client(self, service: str) -> Any:
        """Return a boto3 client for this stack."""
        if self.endpoint is None:
            return cloudformation.client(service)
        return local_client(self.endpoint, service)


def operated(stack_name: str | None, config_env: str | None, *, local: bool) -> Operated:
    """Return the stack that the options name; end the command with a message for none."""
    if not local:
        name = chosen(stack_name, config_env).stack_name
        return Operated(name, cloudformation.outputs(name, *_OUTPUTS))
    if stack_name or config_env:
        raise typer.BadParameter("--local is a stack of its own: give no other")
    try:
        known = json.loads(_FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise typer.BadParameter("no local stack is up: `relay up` or `make run` first") from None
    if not _listens(known["endpoint"]):  # its process was killed, and left the file
        raise typer.BadParameter("the local stack has died: `relay up` or `make run` again")
    return Operated(LOCAL, known["outputs"], known["endpoint"])


def operator(stack: Operated) -> str:
    """Return the operator's name: the ARN that AWS has, else the user of this machine."""
    try:
        return str(stack.client("sts").get_caller_identity()["Arn"])
    except (ClientError, BotoCoreError):
        return _local_user()


@contextmanager
def remembered(stack: Stack, file: Path = _FILE) -> Iterator[None]:
    """Let other commands find a local stack by --local for as long as the context lasts."""
    file.parent.mkdir(parents=True, exist_ok=True)
    written = json.dumps({"endpoint": stack.endpoint, "outputs": dict(stack.outputs)})
    file.write_text(written, encoding="utf-8")
    try:
        yield
    finally:
        if file.exists() and file.read_text(encoding="utf-8") == written:  # else another one is up
            file.unlink()


def _listens(endpoint: str) -> bool:
    address = urlsplit(endpoint)
    try:
        socket.create_connection((address.hostname, address.port), _CONNECTS).close()
    except OSError:
        return False
    return True


def _local_user() -> str:
    try:
        return getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "somebody"


def command(stack: Operated, words: str) -> str:
    """Return a command for the same stack, ready to paste."""
    chosen = "--local" if stack.endpoint is not None else f"--stack-name {stack.name}"
    return f"{RELAY} {words} {chosen}"
