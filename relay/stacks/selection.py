"""The stack that a command operates: one in an AWS account, or with --local the one that is up."""

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

from relay import deployed
from relay.chosen import ConfigEnv, StackName, chosen
from relay.paths import BUILD
from relay.stack.deploy import Stack
from relay.stack.deploy import client as local_client

LocalOption = Annotated[
    bool, typer.Option("--local", help="The stack of `relay up` or `relay run` on this machine.")
]
LOCAL: Final = "the local stack"
_CONNECTS: Final = 2  # seconds to a port of this machine
_FILE: Final = BUILD / "stack.json"
_OUTPUTS: Final = ("QueueUrl", "DeadLetterQueueUrl", "LedgerTable")

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
class Operated:
    """A stack: its name for people, its outputs, and the emulator's endpoint if it is local."""

    name: str
    outputs: Mapping[str, str]
    endpoint: str | None = None

    def client(self, service: str) -> Any:
        """Return a boto3 client for this stack."""
        if self.endpoint is None:
            return deployed.client(service)
        return local_client(self.endpoint, service)


def operated(stack_name: str | None, config_env: str | None, *, local: bool) -> Operated:
    """Return the stack that the options name; end the command with a clear word where none is."""
    if not local:
        name = chosen(stack_name, config_env).stack_name
        return Operated(name, deployed.outputs(name, *_OUTPUTS))
    if stack_name or config_env:
        raise typer.BadParameter("--local is a stack of its own: give no other")
    try:
        known = json.loads(_FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise typer.BadParameter("no local stack is up: `relay up` or `make run` first") from None
    if not _listens(known["endpoint"]):  # whoever was up has been killed, and has not cleared up
        raise typer.BadParameter("the local stack has died: `relay up` or `make run` again")
    return Operated(LOCAL, known["outputs"], known["endpoint"])


def operator(stack: Operated) -> str:
    """Return who gives the command: the ARN that AWS knows, else the user of this machine."""
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
