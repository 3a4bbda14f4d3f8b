"""`relay secrets`: writes signing secrets and Braze keys, without echo or shell history."""

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Final, Literal

import typer

from relay.deployed import client, default_stack_name, outputs

MIN_BYTES: Final = 8  # of a signing secret; the verifier refuses shorter ones
Values = Mapping[str, str | list[str]]
Change = Literal["set", "rotate", "retire"]

app = typer.Typer(help="Signing secrets and Braze API keys of a deployed stack.")


@app.callback()
def _group() -> None:
    pass  # keeps `set` a command of its own, though it is the only one


@app.command("set")
def set_secret(  # noqa: PLR0913 - the options of a command
    workspace: Annotated[str, typer.Argument(help="With --braze: the workspace.")] = "default",
    *,
    braze: Annotated[bool, typer.Option("--braze", help="The Braze REST API key.")] = False,
    source: Annotated[str | None, typer.Option(help="The source's signing secret.")] = None,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Keep the old ones beside the new one.")
    ] = False,
    retire: Annotated[bool, typer.Option("--retire", help="Keep only the newest one.")] = False,
    stack_name: Annotated[
        str | None, typer.Option(help="The stack; by default that of samconfig.toml.")
    ] = None,
) -> None:
    """Set a Braze API key (--braze [WORKSPACE]) or a source's signing secret (--source NAME)."""
    if braze == (source is not None):
        raise typer.BadParameter("give either --braze [WORKSPACE] or --source NAME")
    if (rotate and retire) or (braze and (rotate or retire)):
        raise typer.BadParameter("--rotate and --retire exclude each other, and --braze")
    change: Change = "rotate" if rotate else "retire" if retire else "set"
    arn = outputs(stack_name or default_stack_name())[
        "BrazeKeysArn" if braze else "SigningSecretsArn"
    ]
    _write(arn, source or workspace, change)


def changed(values: Values, name: str, change: Change, secret: str) -> dict[str, str | list[str]]:
    """Return the secret's JSON object after a change; `secret` counts for set and rotate only.

    Raises ValueError, with words for the user, where there is nothing to rotate or retire.
    """
    old = values.get(name, [])
    kept = [old] if isinstance(old, str) else list(old)
    if change == "set":
        return {**values, name: secret}
    if not kept:
        raise ValueError(f"{name} has no secret yet; set one first")
    if change == "retire":
        return {**values, name: kept[0]}
    return {**values, name: list(dict.fromkeys([secret, *kept]))}


def _write(arn: str, name: str, change: Change) -> None:
    manager = client("secretsmanager")
    values = json.loads(manager.get_secret_value(SecretId=arn)["SecretString"])
    secret = "" if change == "retire" else _asked(name)
    try:
        new = changed(values, name, change, secret)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    manager.put_secret_value(SecretId=arn, SecretString=json.dumps(new))
    typer.echo(f"{name}: {_count(new[name])}; the functions see it within five minutes")


def _asked(name: str) -> str:
    """Return a secret from standard input: typed unseen at a terminal, or piped."""
    if sys.stdin.isatty():
        secret = str(typer.prompt(f"Secret of {name}", hide_input=True))
    else:
        secret = sys.stdin.readline()
    secret = secret.strip()
    if len(secret.encode()) < MIN_BYTES:
        raise typer.BadParameter(f"a secret has at least {MIN_BYTES} bytes")
    return secret


def _count(value: str | list[str]) -> str:
    number = len(value) if isinstance(value, list) else 1
    return f"{number} secret{'s' if number > 1 else ''}"
