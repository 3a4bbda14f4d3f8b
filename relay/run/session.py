"""One run of a local stack: what is printed from its start until Ctrl-C."""

import webbrowser
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from socket import socket
from typing import Final

import typer

from relay.console.progress import step
from relay.local.emulator import listening
from relay.local.live_rules import LiveRules
from relay.local.log_tail import followed
from relay.local.processes import Begun
from relay.local.reload import Version
from relay.local.rules_folder import Folder
from relay.local.stack import Local, Secrets, served
from relay.local.startup_notes import remarks
from relay.page.context import PageContext, PageFolders
from relay.page.server import served_page
from relay.paths import RULES
from relay.rules.check.command import notes
from relay.run.demo import play
from relay.stacks.registry import LocalStack, registered
from relay.stacks.selection import RELAY
from relay.webhooks.samples import load_sources, sample_secrets, shown_folder, sources_in

Say = Callable[[str], None]
_SAVE: Final = (
    f"A rules file that is saved is served at once. `{RELAY} send SAMPLE --new{{}}` in another"
    " terminal posts one\nof events/ again. Ctrl-C ends it."
)
_SAMPLES: Final = {"shopify-order", "shopify-order-paid", "accounts-signup"}  # of the demonstration


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of a start; without `secrets` each source has a secret for samples."""

    rules: Path
    stage: str
    door: socket  # that listens for webhooks
    secrets: Secrets | None = None
    is_simulated: bool = True
    opens_page: bool = False  # in the browser


def up(wanted: RunOptions, processes: Begun) -> None:
    """Serve rules until Ctrl-C; standard output has one line: ready URL."""
    folder = Folder(wanted.rules)
    files = folder.look()  # before they are read: what is saved from now on is served later
    sources = sources_in(wanted.rules, wanted.stage)
    given = sample_secrets(sources) if wanted.secrets is None else wanted.secrets
    say = partial(typer.echo, err=True)
    for remark in remarks(wanted.rules, sources, given):
        say(remark)
    parameters = {"RulesStage": wanted.stage}
    with served(processes, wanted.rules, given, wanted.door, parameters) as local:
        live = LiveRules(local, folder, wanted.stage, wanted.secrets, say, Version(files, sources))
        with served_page(_shown(live, wanted)) as page:
            _serve(live, wanted, given, page, stderr=True)


def run(wanted: RunOptions, processes: Begun) -> None:
    """Post the samples, show what Braze received, and serve rules until Ctrl-C."""
    folder = Folder(wanted.rules)
    files = folder.look()
    sources = load_sources(wanted.rules, wanted.stage)
    given = sample_secrets(sources)
    for remark in [*remarks(wanted.rules, sources, given), *notes(sources)]:
        typer.echo(remark)
    parameters = {"RulesStage": wanted.stage}
    with served(processes, wanted.rules, given, wanted.door, parameters) as local:
        live = LiveRules(local, folder, wanted.stage, None, typer.echo, Version(files, sources))
        with served_page(_shown(live, wanted)) as page:
            step("posting the samples")
            play(local, sources, None)
            typer.echo()
            _serve(live, wanted, given, page)


def demo(rules: Path, stage: str, processes: Begun) -> bool:
    """Post an order and a signup; return whether both messages reached their users."""
    sources = load_sources(rules, stage)
    parameters = {"RulesStage": stage}
    with (
        listening(0) as door,
        served(processes, rules, sample_secrets(sources), door, parameters) as local,
    ):
        step("posting the samples")
        return play(local, sources, _SAMPLES)


def _shown(live: LiveRules, wanted: RunOptions) -> PageContext:
    return PageContext(live, PageFolders(wanted.rules), is_simulated=wanted.is_simulated)


def _serve(
    live: LiveRules, wanted: RunOptions, given: Secrets, page: str, *, stderr: bool = False
) -> None:
    local, say = live.stack, live.say
    with followed(local, stderr=stderr), registered(_registration(local, wanted)):
        if wanted.is_simulated:
            say(f"Braze is simulated at {local.braze_url} (see {local.braze_url}/_sim/sends)")
        if wanted.secrets is None:  # these protect nothing
            for name, secret in given.items():
                say(f"signing secret of {name}: {secret}")
        say(save_hint(wanted.rules))
        say(f"page {page}")
        typer.echo(f"ready {local.url}")
        with suppress(KeyboardInterrupt):
            if wanted.opens_page and not webbrowser.open(page):
                say("no browser could be opened: the URL of the page is above")
            live.watch()


def save_hint(rules: Path) -> str:
    """Return what can be done while it serves; `relay send` is told of a folder of one's own."""
    folder = "" if rules.resolve() == RULES else f" --rules {shown_folder(rules)}"
    return _SAVE.format(folder)


def _registration(local: Local, wanted: RunOptions) -> LocalStack:
    """Return the stack as other commands find it."""
    stack, braze = local.stack, local.braze_url if wanted.is_simulated else None
    shown = str(shown_folder(wanted.rules))
    return LocalStack(shown, local.url, braze, stack.endpoint, stack.outputs, stack.resources)
