"""The stack that a command operates: in an AWS account, or with --local the local one."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from getpass import getuser
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import typer

from handler.core.workspace import DEFAULT as WORKSPACE
from relay.stacks import cloudformation
from relay.stacks.local import client as local_client
from relay.stacks.registry import LocalStack, local_stacks
from relay.stacks.samconfig import DEFAULT, deployment, environment_of

StackName = Annotated[str | None, typer.Option(help="The stack; by default that of --config-env.")]
ConfigEnv = Annotated[
    str | None, typer.Option(help="Environment of samconfig.toml that deploys the stack.")
]
RELAY: Final = ".venv/bin/relay"
LocalOption = Annotated[
    bool, typer.Option("--local", help="The local stack of `relay up` or `relay run`.")
]
LocalPort = Annotated[
    int | None,
    typer.Option("--port", help="The local stack on this port, where several are up."),
]
LOCAL: Final = "the local stack"
_CONNECTS: Final = 2  # seconds to a port of this machine
_OUTPUTS: Final = ("QueueUrl", "DeadLetterQueueUrl", "LedgerTable")
LOW_PRIORITY: Final = "LowPriorityQueueUrl"  # an output that stacks of earlier releases lack
QUEUES: Final = ("QueueUrl", LOW_PRIORITY)  # the outputs of the queues of deliveries
__all__ = [
    "ConfigEnv",
    "LocalOption",
    "LocalPort",
    "Operated",
    "StackName",
    "operated",
    "operator",
]


@dataclass(frozen=True, slots=True)
class ChosenStack:
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
        return f"{RELAY} secrets set --braze{named} --stack-name {self.stack_name}"

    def set_secret(self, name: str) -> str:
        """Return the command that sets a signing secret."""
        return f"{RELAY} secrets set --source {name} --stack-name {self.stack_name}"

    @property
    def examine(self) -> str:
        """The command that finds what is wrong with it."""
        if self.config_env is None:
            return f"{RELAY} doctor --stack-name {self.stack_name}"
        environment = "" if self.config_env == DEFAULT else f" --config-env {self.config_env}"
        return f"{RELAY} doctor{environment}"


def chosen(stack_name: str | None, config_env: str | None) -> ChosenStack:
    """Return the stack that the options name; end the command where they name two, or none."""
    if stack_name and config_env:
        raise typer.BadParameter("give either --stack-name or --config-env")
    environment = environment_of(stack_name) if stack_name else config_env or DEFAULT
    if environment is None:
        return ChosenStack(str(stack_name))
    found = deployment(environment)
    cloudformation.use(found.region, found.profile)
    return ChosenStack(stack_name or found.stack_name, environment)


@dataclass(frozen=True, slots=True)
class Operated:
    """A stack: its name for messages, its outputs, and the emulator's endpoint if it is local.

    Of a local one also the relay's URL, that of the simulated Braze (None where Braze is not
    simulated), its resources, and the `port` that it was chosen by, if it was.
    """

    name: str
    outputs: Mapping[str, str]
    endpoint: str | None = None
    url: str | None = None
    braze_url: str | None = None
    resources: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None

    @property
    def queues(self) -> tuple[str, ...]:
        """The URLs of its queues of deliveries: both, or the one of an earlier release."""
        return tuple(self.outputs[one] for one in QUEUES if one in self.outputs)

    def client(self, service: str) -> Any:
        """Return a boto3 client for this stack."""
        if self.endpoint is None:
            return cloudformation.client(service)
        return local_client(self.endpoint, service)


def operated(
    stack_name: str | None, config_env: str | None, *, local: bool, port: int | None = None
) -> Operated:
    """Return the stack that the options name; end the command with a message for none."""
    if not local and port is None:
        return _deployed(stack_name, config_env)
    if stack_name or config_env:
        raise typer.BadParameter("--local and --port are of local stacks: give no other")
    found = picked(local_stacks(), port)
    if not _listens(found.endpoint):  # the emulator was killed, not the process that started it
        raise typer.BadParameter("the local stack has died: `relay up` or `make run` again")
    return Operated(
        LOCAL, found.outputs, found.endpoint, found.url, found.braze_url, found.resources, port
    )


def _deployed(stack_name: str | None, config_env: str | None) -> Operated:
    name = chosen(stack_name, config_env).stack_name
    try:
        return Operated(name, cloudformation.outputs(name, *_OUTPUTS))
    except typer.BadParameter as error:
        if stack_name or config_env or not local_stacks():
            raise
        raise typer.BadParameter(f"{error.message} (--local is for {LOCAL}, which is up)") from None


def picked(up: Sequence[LocalStack], port: int | None) -> LocalStack:
    """Return the local stack on a port, or the only one; end the command without it."""
    if not up:
        raise typer.BadParameter("no local stack is up: `relay up` or `make run` first")
    names = ", ".join(one.name for one in up)
    found = [one for one in up if port in (None, one.port)]
    if not found:
        raise typer.BadParameter(f"no local stack is up on port {port}; up: {names}")
    if len(found) > 1:
        raise typer.BadParameter(
            f"several local stacks are up: {names}; choose one, such as --port {up[0].port}"
        )
    return found[0]


def operator(stack: Operated) -> str:
    """Return the operator's name: the ARN that AWS has, else the user of this machine."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - few commands need it

    try:
        return str(stack.client("sts").get_caller_identity()["Arn"])
    except (ClientError, BotoCoreError):
        return _local_user()


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
    if stack.endpoint is None:
        return f"{RELAY} {words} --stack-name {stack.name}"
    return f"{RELAY} {words} {'--local' if stack.port is None else f'--port {stack.port}'}"
