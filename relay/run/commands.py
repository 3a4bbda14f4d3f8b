"""`relay run`, `relay up` and `relay demo`: the whole stack on this machine."""

import json
from pathlib import Path
from socket import socket
from typing import Annotated

import typer

from relay.console.options import RulesOption
from relay.local.emulator import is_local, listening
from relay.local.processes import begun
from relay.paths import PROJECT, RULES

STAGE = "dev"


PortOption = Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes any free one.")]
OpenOption = Annotated[bool, typer.Option("--open", help="Open the page in the browser.")]
StageOption = Annotated[str, typer.Option(help="Stage whose `vars` the rules use.")]


def up(
    rules: RulesOption = RULES,
    secrets_file: Annotated[
        Path | None,
        typer.Option(
            "--secrets",
            help="JSON file: source -> signing secret or list of secrets.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    braze_url: Annotated[
        str | None,
        typer.Option(help="http://127.0.0.1:PORT in place of Braze; else one is simulated."),
    ] = None,
    port: PortOption = 3000,
    stage: StageOption = STAGE,
) -> None:
    """Serve the rules through the whole stack on this machine until Ctrl-C.

    No sample is posted; secrets may be your own, and Braze a simulation on
    127.0.0.1. `relay run` posts the samples first.

    Example: relay up --secrets secrets.json --port 3100

    Exit codes: 0 ended by Ctrl-C, 1 there is no rules file, or the stack does not
    start, 2 usage or a port in use
    """
    if braze_url is not None and not is_local(braze_url):
        raise typer.BadParameter("must be http://127.0.0.1:port", param_hint="--braze-url")
    secrets = _secrets_of(secrets_file) if secrets_file else None
    with _listening(port) as door, begun(braze_url) as processes:
        from relay.run import session  # noqa: PLC0415 - seconds, in which both begin

        wanted = session.RunOptions(rules, stage, door, secrets, is_simulated=braze_url is None)
        session.up(wanted, processes)


def run(
    rules: RulesOption = RULES,
    port: PortOption = 3000,
    stage: StageOption = STAGE,
    opens_page: OpenOption = False,  # noqa: FBT002 - a flag of the command line
) -> None:
    """Serve the rules beside a simulated Braze; the sample events are posted first.

    `relay up` serves without samples, and takes secrets and a Braze of your own.

    Example: relay run --port 0

    Exit codes: 0 ended by Ctrl-C, 1 a rules file or a sample is wrong, or the
    stack does not start, 2 usage or a port in use
    """
    with _listening(port) as door, begun(None) as processes:
        from relay.run import session  # noqa: PLC0415 - seconds, in which both begin

        session.run(session.RunOptions(rules, stage, door, opens_page=opens_page), processes)


def demo() -> None:
    """Send an order, its payment and a signup through the stack; show what Braze received.

    Example: relay demo

    Exit codes: 0 both messages reached their users, 1 one or more did not,
    2 usage
    """
    with begun(None) as processes:
        from relay.run import session  # noqa: PLC0415 - seconds, in which both begin

        is_good = session.demo(PROJECT / "tests" / "rules", STAGE, processes)
    raise typer.Exit(0 if is_good else 1)


def _listening(port: int) -> socket:
    """Listen before anything is started; refuse a port that is in use."""
    try:
        return listening(port)
    except OSError:
        used = f"{port} is in use; 0 takes any free one"
        raise typer.BadParameter(used, param_hint="--port") from None


def _secrets_of(file: Path) -> dict[str, str | list[str]]:
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:  # the parser's text has line and column, and no content
        raise typer.BadParameter(f"not JSON: {error}", param_hint="--secrets") from None
    if not isinstance(given, dict):
        raise typer.BadParameter("must hold a JSON object", param_hint="--secrets")
    return given
