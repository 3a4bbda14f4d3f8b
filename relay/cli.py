"""The `relay` command."""

import json
import signal
import sys
import threading
from base64 import b64encode
from collections.abc import Iterable
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from handler.core.errors import RulesError
from handler.core.source import Source
from relay.activity import followed
from relay.paths import EVENTS, PROJECT, RULES
from relay.samples import Posted, load_sources, post, samples
from relay.show import console, posted_table, sends_at, sends_table
from relay.stack.up import Local, is_local, local_stack

app = typer.Typer(
    help="Relay from third-party webhooks to Braze: local stack and tools.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
STAGE = "dev"

RulesOption = Annotated[
    Path, typer.Option(help="Folder of rules files.", exists=True, file_okay=False)
]
PortOption = Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes any free one.")]
StageOption = Annotated[str, typer.Option(help="Which `vars` of the rules apply.")]


@app.command()
def up(
    rules: RulesOption = RULES,
    secrets: Annotated[
        Path | None,
        typer.Option(
            help="JSON file: source -> signing secret or list of secrets.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    braze_url: Annotated[
        str | None,
        typer.Option(help="http://127.0.0.1:port in Braze's place; else one is simulated."),
    ] = None,
    port: PortOption = 3000,
    stage: StageOption = STAGE,
) -> None:
    """Serve the rules through the whole stack on this machine until Ctrl-C."""
    if braze_url is not None and not is_local(braze_url):
        raise typer.BadParameter("must be http://127.0.0.1:port", param_hint="--braze-url")
    given = _secrets_of(secrets) if secrets else sample_secrets(_sources(rules, stage))
    with (
        local_stack(rules, given, braze_url, port, RulesStage=stage) as local,
        followed(
            local.stack,
            lambda line: print(line, file=sys.stderr, flush=True),  # noqa: T201 - the log
        ),
    ):
        typer.echo(f"ready {local.url}")
        _until_told_to_end()


@app.command()
def run(rules: RulesOption = RULES, port: PortOption = 3000, stage: StageOption = STAGE) -> None:
    """Serve the rules beside a simulated Braze; the sample events go through first."""
    sources = _sources(rules, stage)
    with (
        local_stack(rules, sample_secrets(sources), None, port, RulesStage=stage) as local,
        ExitStack() as shown,
    ):
        play(local, sources, None)
        shown.enter_context(followed(local.stack, typer.echo))
        typer.echo(f"\nBraze is simulated at {local.braze_url} (see {local.braze_url}/_sim/sends)")
        typer.echo(f"ready {local.url}")
        _until_told_to_end()


@app.command()
def demo() -> None:
    """Send the sample order and signup through the whole stack; show what Braze received."""
    rules = PROJECT / "tests" / "rules"
    sources = load_sources(rules, STAGE)
    with local_stack(rules, sample_secrets(sources), None, 0, RulesStage=STAGE) as local:
        is_good = play(local, sources, {"shopify-order", "accounts-signup"})
    raise typer.Exit(0 if is_good else 1)


def play(local: Local, sources: dict[str, Source], names: Iterable[str] | None) -> bool:
    """Post the samples (all, or the named ones), show both ends; tell whether all arrived."""
    secrets = sample_secrets(sources)
    posted = [
        post(local.url, sample, sources[sample.source], secrets[sample.source])
        for sample in samples(EVENTS, list(sources))
        if names is None or sample.name in names
    ]
    planned = sum(one.answer.get("deliveries", 0) for one in posted)
    sends = sends_at(local.braze_url, planned)
    screen = console()
    screen.print(posted_table(posted), sends_table(sends), sep="\n\n")
    return _arrived(posted, planned) and len(sends) == planned and all(s["reached"] for s in sends)


def sample_secrets(sources: Iterable[str]) -> dict[str, str]:
    """Return a lasting signing secret for each source, of a form that every scheme takes."""
    return {
        name: f"whsec_{b64encode(sha256(f'local {name}'.encode()).digest()).decode()}"
        for name in sources
    }


def main() -> None:
    """Run the command; SIGTERM ends it as Ctrl-C does, with everything that it started."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        app()
    except RulesError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)


def _arrived(posted: Iterable[Posted], planned: int) -> bool:
    return planned > 0 and all(one.status == 200 for one in posted)  # noqa: PLR2004 - HTTP's own


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _until_told_to_end() -> None:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        # A second one must not cut the ending short.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _sources(rules: Path, stage: str) -> dict[str, Source]:
    return load_sources(rules, stage)


def _secrets_of(file: Path) -> dict[str, str | list[str]]:
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise typer.BadParameter("must hold a JSON object", param_hint="--secrets")
    return given
