"""The `relay` command: its list of commands, its signals and the errors that it reports."""

import os
import signal
import sys
from typing import Annotated, Final

import typer

from handler.core.errors import RulesError
from relay.console.lazy_group import Entry, group

DEVELOP: Final = "Develop"
DEPLOY: Final = "Deploy"
OPERATE: Final = "Operate"
ENTRIES: Final = {
    "run": Entry(
        "relay.run.commands:run",
        "Serve the rules beside a simulated Braze; the sample events are posted first.",
        DEVELOP,
    ),
    "up": Entry(
        "relay.run.commands:up",
        "Serve the rules through the whole stack on this machine until Ctrl-C.",
        DEVELOP,
    ),
    "demo": Entry(
        "relay.run.commands:demo",
        "Send an order, its payment and a signup through the stack; show what Braze received.",
        DEVELOP,
    ),
    "init": Entry(
        "relay.scaffold.command:init",
        "Write a first rules file, sample and case of a source, from its sender's preset.",
        DEVELOP,
    ),
    "capture": Entry(
        "relay.capture.command:capture",
        "Write the next webhook that a local stack takes as a sample of events/.",
        DEVELOP,
    ),
    "rules": Entry(
        "relay.rules.commands:app", "Check, test, explain and compare rules files.", DEVELOP
    ),
    "plan": Entry(
        "relay.rules.plan:plan",
        "Print the requests that the rules make of a webhook, as JSON; nothing is sent.",
        DEVELOP,
    ),
    "send": Entry(
        "relay.send.command:send",
        "Sign a sample (EVENT), or each line of a file, and post it to a relay.",
        DEVELOP,
    ),
    "sources": Entry(
        "relay.sources:app",
        "List the presets: how each sender is verified, and where its type and id are.",
        DEVELOP,
    ),
    "braze": Entry(
        "relay.simulated_braze.__main__:braze",
        "Serve a simulated Braze until Ctrl-C: strict, with a memory, and with faults on request.",
        DEVELOP,
    ),
    "deploy": Entry(
        "relay.deploy.command:deploy",
        "Check, build, try the package, show the change set, deploy and print the URLs.",
        DEPLOY,
    ),
    "ci": Entry(
        "relay.ci.command:app",
        "Set continuous integration up: from a pull request to production.",
        DEPLOY,
    ),
    "secrets": Entry(
        "relay.deploy.secrets:app",
        "Set signing secrets and Braze API keys of a deployed stack.",
        DEPLOY,
    ),
    "urls": Entry(
        "relay.deploy.urls:urls", "Print the URL that each source's sender posts to.", DEPLOY
    ),
    "cost": Entry(
        "relay.cost.command:cost",
        "Print what a stack costs a month, by part; nothing is read from AWS.",
        DEPLOY,
    ),
    "doctor": Entry(
        "relay.doctor.command:doctor",
        "Report what is wrong with a deployed stack and how to fix it; nothing is sent or changed.",
        DEPLOY,
    ),
    "smoke": Entry(
        "relay.send.smoke:smoke",
        "Post a signed sample that only rules in shadow match, and wait for its line in the log.",
        DEPLOY,
    ),
    "status": Entry(
        "relay.operations.status:status",
        "Show what was sent, queue, dead letters, Braze, pauses, surges, alarms, last errors.",
        OPERATE,
    ),
    "tail": Entry(
        "relay.operations.tail:tail",
        "Show webhooks and deliveries as they come, a line each, until Ctrl-C.",
        OPERATE,
    ),
    "trace": Entry(
        "relay.operations.trace:trace",
        "Show what became of an order, an event or a person: deliveries, and what made none.",
        OPERATE,
    ),
    "dead-letters": Entry(
        "relay.dead_letters.commands:dead",
        "List, redrive, drop and export deliveries and events that were given up.",
        OPERATE,
    ),
    "held": Entry(
        "relay.dead_letters.commands:held",
        "List, release and drop deliveries that may have been sent already.",
        OPERATE,
    ),
    "pause": Entry(
        "relay.operations.pause:pause",
        "Stop sending within 10 seconds; webhooks are still accepted. Without SCOPE, list pauses.",
        OPERATE,
    ),
    "resume": Entry(
        "relay.operations.pause:resume",
        "Resume sending; deliveries that wait are sent within 15 minutes.",
        OPERATE,
    ),
    "surge": Entry(
        "relay.operations.surge:app",
        "List, release and drop deliveries that surge limits have stopped.",
        OPERATE,
    ),
    "requeue": Entry(
        "relay.operations.requeue:requeue",
        "Move the deliveries of a queue that no worker reads into the queues of a stack.",
        OPERATE,
    ),
    "erase": Entry(
        "relay.operations.erase:erase",
        "Delete the dead letters, held deliveries and ledger items of one person.",
        OPERATE,
    ),
    "reconcile": Entry(
        "relay.reconcile.command:reconcile",
        "Prove that all webhooks, events and deliveries are accounted for.",
        OPERATE,
    ),
}
app = typer.Typer(cls=group(ENTRIES), no_args_is_help=True, pretty_exceptions_enable=False)
_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _version(*, is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version  # noqa: PLC0415 - 20 ms, for this option only

        typer.echo(version("braze-webhook-relay"))
        raise typer.Exit


@app.callback()
def relay(
    *,
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Relay from third-party webhooks to Braze: local stack and tools.

    `relay COMMAND --help` gives an example and the exit codes of a command.
    """


def main() -> None:
    """Run the command; a signal ends it with all that it started, as Ctrl-C does."""
    for sign in _ENDING:
        signal.signal(sign, _interrupt)
    # Pydantic looks for plugins in the metadata of every package that is installed, which is a
    # third of a short command's CPU. There are none; whoever has one says so in this variable.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        app()
    except known_errors() as error:  # AWS's text names call and reason
        typer.echo(str(error), err=True)
        sys.exit(1)


def known_errors() -> tuple[type[Exception], ...]:
    """Return the errors whose text is enough for the operator, from modules that are loaded."""
    aws = sys.modules.get("botocore.exceptions")
    samples = sys.modules.get("relay.webhooks.samples")
    found = [RulesError]
    if aws:
        found += [aws.ClientError, aws.BotoCoreError]
    if samples:
        found.append(samples.WrongSample)
    return tuple(found)


def _interrupt(_signal: int, _frame: object) -> None:
    for sign in _ENDING:  # a second signal must not interrupt the clean-up
        signal.signal(sign, signal.SIG_IGN)
    raise KeyboardInterrupt
