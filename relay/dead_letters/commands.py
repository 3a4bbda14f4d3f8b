"""What `relay dead-letters` and `relay held` share: list, show, drop."""

import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, TextIO

import typer

from handler.core.models import Delivery
from relay.console.options import RulesOption
from relay.console.terminal import console
from relay.dead_letters.display import everything, exported, line, page, row, table, told_detail
from relay.dead_letters.letter import COMMANDS, NAMES, Letter
from relay.dead_letters.queue_reader import Tray, tray
from relay.dead_letters.redrive import go, plainly, releasing
from relay.dead_letters.redrive_rendered import Anew
from relay.dead_letters.render import sources_of
from relay.dead_letters.selection import Chosen, choosing, say_strangers, with_id
from relay.paths import RULES
from relay.stacks.ledger import DeliveryRecord

YesOption = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen, and change nothing.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object for each, in a line.")]
AgainOption = Annotated[
    bool, typer.Option("--again", help="Also what was accepted, or is too late: see each refusal.")
]
IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="Its id, or the first letters of it.")
]
dead = typer.Typer(
    add_completion=False,
    help="Deliveries and events that were given up, each with its reason.",
    no_args_is_help=True,
)
held = typer.Typer(
    add_completion=False,
    help="Deliveries that wait for a person: they may have been sent already.",
    no_args_is_help=True,
)


def counted(number: int, chosen: Chosen) -> str:
    """Return a number of letters in words."""
    name = NAMES[chosen.choice.kind]
    plural = "held deliveries" if chosen.choice.kind == "held" else f"{name}s"
    return f"{number} {name if number == 1 else plural}"


def list_letters(chosen: Chosen, *, as_json: bool) -> int:
    """Print the chosen letters, the oldest first; they are given back before anything is said."""
    letters = _all(chosen)
    records = _records(chosen, letters)
    if as_json:
        for letter in letters:
            typer.echo(line(row(letter, records.get(letter.message_id))))
        return 0
    command = COMMANDS[chosen.choice.kind]
    if letters:
        console().print(table(letters, records))
        typer.echo(f"{counted(len(letters), chosen)}; `{command} show ID{chosen.options}` says all")
    else:
        typer.echo(f"no {NAMES[chosen.choice.kind]} fits in {chosen.stack.name}")
        say_strangers(chosen.choice)
    return 0


def show_letters(chosen: Chosen, *, as_json: bool) -> int:
    """Print everything of the letters that one id names; 1 where it names none, or several."""
    letters = _all(chosen)
    ids = {it.id for it in letters}
    if len(ids) != 1:
        name, command = NAMES[chosen.choice.kind], COMMANDS[chosen.choice.kind]
        words = f"{len(ids)} ids begin so" if ids else f"there is no such {name}"
        typer.echo(f"{words}: `{command} list{chosen.options}` names them all", err=True)
        return 1
    records = _records(chosen, letters)
    for letter in letters:
        told = everything(letter, records.get(letter.message_id))
        typer.echo(line(told) if as_json else page(told))
    return 0


def drop_letters(chosen: Chosen, *, yes: bool, dry_run: bool) -> int:
    """Delete the chosen letters for good, once somebody has said yes; 1 where not all are gone."""
    with tray(chosen, "reading") as found:
        letters = list(found)
        if found.ending.wanted:
            typer.echo("nothing is dropped", err=True)
            return 1
        for letter in letters:
            typer.echo(
                f"{letter.short} {letter.origin} {letter.reason} {told_detail(letter)}".rstrip()
            )
        if not letters:
            say_strangers(chosen.choice)
        if dry_run or not letters:
            typer.echo(f"{counted(len(letters), chosen)} would be dropped")
            return 0
        if not yes and not found.ask(f"Drop {counted(len(letters), chosen)} for good?"):
            typer.echo("nothing is dropped", err=True)
            return 1
        return _dropped(found, letters)


def _dropped(found: Tray, letters: list[Letter]) -> int:
    gone = found.delete(letters)
    typer.echo(f"{counted(gone, found.chosen)} dropped")
    if gone < len(letters):
        typer.echo(f"{len(letters) - gone} are still there: run this again", err=True)
    return 0 if gone == len(letters) else 1


def export_letters(chosen: Chosen, output: Path | None) -> int:
    """Write the chosen letters, a line for each: what SendMessage takes, and what it is."""
    count = 0
    with _opened(output) as written, tray(chosen, "exporting") as found:
        for letter in found:
            written.write(line(exported(letter)) + "\n")
            count += 1
    words = f"{counted(count, chosen)} exported"
    typer.echo(f"{words}; a copy of each is still in the queue", err=True)
    return 0


def _opened(output: Path | None) -> AbstractContextManager[TextIO]:
    """Open a new file that only its owner may read; standard output where none is named."""
    if output is None:
        return nullcontext(sys.stdout)
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise typer.BadParameter(f"{output} is there already", param_hint="--output") from None
    except OSError as error:
        raise typer.BadParameter(f"{output}: {error.strerror}", param_hint="--output") from None
    return os.fdopen(descriptor, "w", encoding="ascii")


def _all(chosen: Chosen) -> list[Letter]:
    with tray(chosen, "reading") as found:
        return sorted(found, key=lambda it: (it.accepted_at, it.id))


def _records(chosen: Chosen, letters: list[Letter]) -> Mapping[str, DeliveryRecord]:
    """Return what the ledger says of the letters' deliveries, by the letters' message ids."""
    ids = {
        it.message_id: chosen.ledger.under(it.content).id
        for it in letters
        if isinstance(it.content, Delivery)
    }
    found = chosen.ledger.deliveries(ids.values())
    return {message_id: found[one] for message_id, one in ids.items() if one in found}


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


@held.command("list")
@choosing("held")
def list_held(chosen: Chosen, *, as_json: JsonOption = False) -> int:
    """List held deliveries, without their content."""
    return list_letters(chosen, as_json=as_json)


@held.command("show")
@choosing("held")
def show_held(chosen: Chosen, named: IdArgument, *, as_json: JsonOption = False) -> int:
    """Show everything of one held delivery: each attempt, whether it went out, and its content."""
    return show_letters(with_id(chosen, named), as_json=as_json)


@held.command("release")
@choosing("held")
def release_held(
    chosen: Chosen,
    *,
    again: AgainOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Send held deliveries after all: whoever has had one already gets it twice.

    Of each it is said what is known, and asked. The ledger writes down who has set it free, and
    when.
    """
    return go(chosen, releasing(again=again, yes=yes), rehearsal=dry_run)


@held.command("drop")
@choosing("held")
def drop_held(chosen: Chosen, *, yes: YesOption = False, dry_run: DryRunOption = False) -> int:
    """Delete held deliveries' letters: in the ledger they stay held, so that nothing sends them."""
    return drop_letters(chosen, yes=yes, dry_run=dry_run)
