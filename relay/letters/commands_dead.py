"""`relay dead-letters`: what was given up, and its way back."""

from pathlib import Path
from typing import Annotated

import typer

from relay.console.options import RulesOption
from relay.letters.anew import Anew
from relay.letters.choosing import Chosen, choosing, with_id
from relay.letters.commands import (
    AgainOption,
    DryRunOption,
    IdArgument,
    JsonOption,
    YesOption,
    drop_letters,
    export_letters,
    list_letters,
    show_letters,
)
from relay.letters.going import go, plainly
from relay.letters.stages import sources_of
from relay.paths import RULES

dead = typer.Typer(
    add_completion=False,
    help="Deliveries and events that were given up, each with its reason.",
    no_args_is_help=True,
)


@dead.command("list")
@choosing("dead")
def list_dead(chosen: Chosen, *, as_json: JsonOption = False) -> int:
    """List dead letters, without their content."""
    return list_letters(chosen, as_json=as_json)


@dead.command("show")
@choosing("dead")
def show_dead(chosen: Chosen, named: IdArgument, *, as_json: JsonOption = False) -> int:
    """Show everything of one dead letter: its request and its event too, which are personal."""
    return show_letters(with_id(chosen, named), as_json=as_json)


@dead.command("redrive")
@choosing("dead")
def redrive_dead(  # noqa: PLR0913 - the options of a command
    chosen: Chosen,
    *,
    again: AgainOption = False,
    rendered: Annotated[
        bool, typer.Option("--rendered", help="Render the event anew, by the rules of --rules.")
    ] = False,
    rules: RulesOption = RULES,
    stage: Annotated[
        str | None, typer.Option(help="Which `vars` of the rules apply, if not the stack's.")
    ] = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Send dead letters on their way again: each request as it was, or --rendered anew.

    The ledger is asked first: nothing that was accepted or is on its way is sent again unless
    --again says so. It asks where nothing chooses among them. A run that was cut short is gone
    on with by the same command.
    """
    if stage and not rendered:
        raise typer.BadParameter("--stage goes with --rendered")
    if rendered:
        anew = Anew(sources_of(chosen.stack, rules, stage), again, yes)
        return go(chosen, anew, rehearsal=dry_run)
    asks = chosen.choice.is_all and not (yes or dry_run)
    return go(chosen, plainly(again=again), rehearsal=dry_run, asks=asks)


@dead.command("drop")
@choosing("dead")
def drop_dead(chosen: Chosen, *, yes: YesOption = False, dry_run: DryRunOption = False) -> int:
    """Delete dead letters for good; `export` keeps them first."""
    return drop_letters(chosen, yes=yes, dry_run=dry_run)


@dead.command("export")
@choosing("dead")
def export_dead(
    chosen: Chosen,
    *,
    output: Annotated[
        Path | None, typer.Option(help="A new file, for your eyes only; else standard output.")
    ] = None,
) -> int:
    """Write dead letters as JSON lines, whose body and attributes SendMessage takes as they are.

    They hold content, and stay in the queue.
    """
    return export_letters(chosen, output)
