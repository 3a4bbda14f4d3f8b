"""`relay sources`: lists the presets and prints the settings that each stands for."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer
import yaml

from handler.core.suggestions import unknown_key
from handler.core.verification.presets.catalogue import PRESETS
from relay.console.lines import block

app = typer.Typer(add_completion=False, invoke_without_command=True)

_UNSIGNED: Final = ", not signed"


@app.callback()
def sources(context: typer.Context) -> None:
    """List the presets: how each sender is verified, and where its type and id are.

    Example: relay sources

    Exit codes: 0 listed, 2 usage
    """
    if context.invoked_subcommand is None:
        every()


@app.command("list")
def every() -> None:
    """List the presets, as `relay sources` alone does.

    Example: relay sources list

    Exit codes: 0 listed, 2 usage
    """
    for name, preset in PRESETS.items():
        typer.echo(f"{block(name, _facts(preset))}\n")


@app.command()
def show(
    preset: Annotated[str, typer.Argument(help="Name of the preset.", metavar="PRESET")],
) -> None:
    """Print the settings of a preset, as YAML that can be pasted into a rules file.

    Example: relay sources show shopify

    Exit codes: 0 printed, 2 usage or no such preset
    """
    if preset not in PRESETS:
        hint = unknown_key(preset, PRESETS).replace("unknown key", "there is no preset")
        raise typer.BadParameter(hint, param_hint="PRESET")
    typer.echo(expanded(preset), nl=False)


def _facts(preset: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "verified by", verified_by(preset)
    yield "type", type_of(preset)
    yield "id", id_of(preset).replace("; ", "\n")
    yield "page", preset["document"]


def expanded(name: str) -> str:
    """Return a preset's settings, written out as in a rules file."""
    written = dict(PRESETS[name])
    page = written.pop("document")
    text: str = yaml.safe_dump(written, sort_keys=False, width=100)
    return f"# {page}\n{text}"


def verified_by(preset: Mapping[str, Any]) -> str:
    """Return in a few words how a preset's sender is verified."""
    verify = preset["verify"]
    match verify["scheme"]:
        case "standard_webhooks":
            return f"Standard Webhooks, {verify.get('headers', 'webhook')}-signature"
        case "token":
            return f"token, {verify['where']} {verify.get('name', '')}".rstrip()
        case "basic":
            return "user and password"
        case _:
            algorithm, signed = verify.get("algorithm", "sha256"), verify.get("signed", "{body}")
            header = verify["signature"]["header"]
            return f"HMAC-{algorithm.upper()} of {signed}, {verify['encoding']}, {header}"


def type_of(preset: Mapping[str, Any]) -> str:
    """Return the path of an event's type, with a remark where the sender does not sign it."""
    event = preset["event"]
    return f"{event['type']}{'' if event['type_signed'] else _UNSIGNED}"


def id_of(preset: Mapping[str, Any]) -> str:
    """Return the expressions that make an event's id."""
    found = preset["event"].get("id", "digest of the body")
    if isinstance(found, str):
        return found
    return "; ".join(f"{glob}: {expression}" for glob, expression in found.items())
