"""The URL that `relay send` posts to, and the secret that it signs with, which is never shown."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import typer
from pydantic import JsonValue

from handler.core.errors import Unavailable
from handler.core.rules.source import Source
from handler.core.secret_values import Secret, signing_secrets
from relay.stacks.cloudformation import client, outputs
from relay.webhooks.samples import Address, sample_secrets

_PLACE: Final = "/webhooks/SOURCE"  # the end of the stack's output
_THIS_MACHINE: Final = {"127.0.0.1", "localhost"}


@dataclass(frozen=True, slots=True)
class SendTarget:
    """The target: a URL, of a local stack too, or a deployed stack; and where its secret is."""

    url: str | None
    stack_name: str | None
    secret_from: str | None


def address_of(source: Source, wanted: SendTarget) -> Address:
    """Return where a source's webhooks are posted; end the command with a message without it."""
    stack = outputs(wanted.stack_name) if wanted.stack_name else {}
    if wanted.stack_name and not {"WebhookUrl", "SigningSecretsArn"} <= stack.keys():
        problem = f"{wanted.stack_name} is no stack of this relay"
        raise typer.BadParameter(problem, param_hint="--stack-name")
    base = wanted.url or stack.get("WebhookUrl", "").removesuffix(_PLACE)
    base = base.rstrip("/").removesuffix(f"/webhooks/{source.name}")
    _refuse_plain_http(base)
    secret = _secret(source, wanted.secret_from, stack.get("SigningSecretsArn"), base)
    address = Address(f"{base}/webhooks/{source.name}", source, secret)
    try:
        address.signed({}, b"", 0)
    except ValueError:  # its text could hold a part of the secret
        raise typer.BadParameter("the secret cannot be decoded as the scheme says") from None
    return address


def _secret(source: Source, file: str | None, arn: str | None, base: str) -> str:
    if file:
        return _in_file(file, source.secret)
    if arn:
        return _in_stack(arn, source.secret)
    if _is_on_this_machine(base):
        return sample_secrets({source.name: source})[source.secret]
    raise typer.BadParameter("elsewhere needs --secret-from or --stack-name")


def _refuse_plain_http(base: str) -> None:
    parts = urlsplit(base)
    is_safe = parts.scheme == "https" or _is_on_this_machine(base)
    if not is_safe or not parts.hostname or parts.query or parts.fragment:
        problem = "takes https://... or http://127.0.0.1:port"
        raise typer.BadParameter(problem, param_hint="--url")


def _is_on_this_machine(base: str) -> bool:
    parts = urlsplit(base)
    return parts.scheme == "http" and parts.hostname in _THIS_MACHINE


def _in_stack(arn: str, key: str) -> str:
    text = client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    return _newest(json.loads(text), key, "the stack's signing secrets")


def _in_file(name: str, key: str) -> str:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problem = f"{name} cannot be read ({type(error).__name__})"
        raise typer.BadParameter(problem, param_hint="--secret-from") from None
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    # Other valid JSON, such as digits alone, is the secret itself.
    return _newest(values if isinstance(values, dict) else {key: text.strip()}, key, name)


def _newest(values: Mapping[str, JsonValue], key: str, where: str) -> str:
    """Return a signing secret; of several in a rotation, the newest."""
    try:
        return signing_secrets(Secret(where, "", values), key)[0]
    except Unavailable:
        problem = f"{where} has no usable signing secret {key}"
        raise typer.BadParameter(problem, param_hint="--secret-from") from None
