"""`relay run`, `relay up` and `relay demo`: the whole stack on this machine."""

import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from relay.console.options import RulesOption
from relay.local.demo import play
from relay.local.emulator import is_free
from relay.local.live_rules import LiveRules
from relay.local.log_tail import followed
from relay.local.reload import Version
from relay.local.rules_folder import Folder
from relay.local.stack import Local, is_local, local_stack
from relay.local.startup_notes import remarks
from relay.paths import PROJECT, RULES
from relay.rules.check.command import notes
from relay.stacks.registry import LocalStack, registered
from relay.webhooks.samples import load_sources, sample_secrets, shown_folder, sources_in

STAGE = "dev"
_SAVE = "Save a rules file, and it is served at once. Ctrl-C ends it."


def _free(port: int) -> int:
    """Refuse a port that is in use before anything is started."""
    if port and not is_free(port):
        raise typer.BadParameter(f"{port} is in use; 0 takes any free one")
    return port


PortOption = Annotated[
    int, typer.Option(help="Port on 127.0.0.1; 0 takes any free one.", callback=_free)
]
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
    folder = Folder(rules)
    files = folder.look()
    found = sources_in(rules, stage)
    given = _secrets_of(secrets_file) if secrets_file else sample_secrets(found)
    say = partial(typer.echo, err=True)  # standard output has one line: ready URL
    for remark in remarks(rules, found, given):
        say(remark)
    with (
        local_stack(rules, given, braze_url, port, RulesStage=stage) as local,
        followed(local, stderr=True),
        registered(_found(local, rules, is_simulated=braze_url is None)),
    ):
        if secrets_file is None:
            _say_secrets(given, say)
        if braze_url is None:
            say(_simulated(local))
        say(_SAVE)
        typer.echo(f"ready {local.url}")
        own = given if secrets_file else None
        _watch(LiveRules(local, folder, stage, own, say, Version(files, found)))


def run(rules: RulesOption = RULES, port: PortOption = 3000, stage: StageOption = STAGE) -> None:
    """Serve the rules beside a simulated Braze; the sample events are posted first.

    `relay up` serves without samples, and takes secrets and a Braze of your own.

    Example: relay run --port 0

    Exit codes: 0 ended by Ctrl-C, 1 a rules file or a sample is wrong, or the
    stack does not start, 2 usage or a port in use
    """
    folder = Folder(rules)
    files = folder.look()
    sources = load_sources(rules, stage)
    given = sample_secrets(sources)
    for remark in [*remarks(rules, sources, given), *notes(sources)]:
        typer.echo(remark)
    with (
        local_stack(rules, given, None, port, RulesStage=stage) as local,
        ExitStack() as shown,
    ):
        play(local, sources, None)
        shown.enter_context(followed(local))
        shown.enter_context(registered(_found(local, rules, is_simulated=True)))
        typer.echo(f"\n{_simulated(local)}")
        _say_secrets(given, typer.echo)
        typer.echo(_SAVE)
        typer.echo(f"ready {local.url}")
        _watch(LiveRules(local, folder, stage, None, typer.echo, Version(files, sources)))


def demo() -> None:
    """Send the sample order and signup through the whole stack; show what Braze received.

    Example: relay demo

    Exit codes: 0 both messages reached their users, 1 one or more did not,
    2 usage
    """
    rules = PROJECT / "tests" / "rules"
    sources = load_sources(rules, STAGE)
    with local_stack(rules, sample_secrets(sources), None, 0, RulesStage=STAGE) as local:
        is_good = play(local, sources, {"shopify-order", "accounts-signup"})
    raise typer.Exit(0 if is_good else 1)


def _watch(live: LiveRules) -> None:
    with suppress(KeyboardInterrupt):
        live.watch()


def _found(local: Local, rules: Path, *, is_simulated: bool) -> LocalStack:
    """Return the stack as other commands find it."""
    stack, braze = local.stack, local.braze_url if is_simulated else None
    shown = str(shown_folder(rules))
    return LocalStack(shown, local.url, braze, stack.endpoint, stack.outputs, stack.resources)


def _simulated(local: Local) -> str:
    return f"Braze is simulated at {local.braze_url} (see {local.braze_url}/_sim/sends)"


def _say_secrets(given: Mapping[str, object], say: Callable[[str], None]) -> None:
    """Print the secrets that sign the samples: they protect nothing."""
    for name, secret in given.items():
        say(f"signing secret of {name}: {secret}")


def _secrets_of(file: Path) -> dict[str, str | list[str]]:
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:  # the parser's text has line and column, and no content
        raise typer.BadParameter(f"not JSON: {error}", param_hint="--secrets") from None
    if not isinstance(given, dict):
        raise typer.BadParameter("must hold a JSON object", param_hint="--secrets")
    return given
