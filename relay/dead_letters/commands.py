"""Commands of `relay dead-letters` and `relay held`, with the steps that both share."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, TextIO

import typer

from relay.console.options import RulesOption
from relay.dead_letters.display import (
    detail_text,
    everything,
    exported,
    line,
    listed,
    page,
    row,
)
from relay.dead_letters.letter import AGAIN, COMMANDS, NAMES, Letter
from relay.dead_letters.queue_reader import LetterQueue, open_letter_queue
from relay.dead_letters.redrive import go, plainly, releasing
from relay.dead_letters.redrive_rendered import RenderedRedrive
from relay.dead_letters.render import sources_of
from relay.dead_letters.selection import SelectedLetters, choosing, say_strangers, with_ids
from relay.paths import RULES

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Report what would happen; change nothing.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]
AgainOption = Annotated[
    bool, typer.Option("--again", help="Send also what was accepted or has expired.")
]
LateOption = Annotated[bool, typer.Option("--again", help="Send also what has expired.")]
IdArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The id, or its first 4 or more characters.")
]
IdsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ID]...", help="Only ids that begin so, as with --id."),
]
dead = typer.Typer(
    add_completion=False,
    help="List, redrive, drop and export deliveries and events that were given up.",
    no_args_is_help=True,
)
held = typer.Typer(
    add_completion=False,
    help="List, release and drop deliveries that may have been sent already.",
    no_args_is_help=True,
)


def counted(number: int, chosen: SelectedLetters) -> str:
    """Return a number of dead letters or held deliveries in words."""
    name = NAMES[chosen.choice.kind]
    plural = "held deliveries" if chosen.choice.kind == "held" else f"{name}s"
    return f"{number} {name if number == 1 else plural}"


def list_letters(chosen: SelectedLetters, *, as_json: bool) -> int:
    """Print the chosen letters, oldest first; before that they are returned to the queue."""
    letters = _all(chosen)
    records = chosen.records(letters)
    if as_json:
        for letter in letters:
            typer.echo(line(row(letter, records.get(letter.message_id))))
        return 0
    command = COMMANDS[chosen.choice.kind]
    if letters:
        for letter in letters:
            typer.echo(listed(letter, records.get(letter.message_id)))
        typer.echo(f"{counted(len(letters), chosen)}; what a reason asks for: docs/operations.md")
        typer.echo(f"  to see one:     {command} show ID{chosen.options}")
        again = AGAIN[chosen.choice.kind]
        typer.echo(f"  to send again:  {command} {again} ID{chosen.options}")
    else:
        typer.echo(f"no matching {NAMES[chosen.choice.kind]} in {chosen.stack.name}")
        say_strangers(chosen.choice)
    return 0


def show_letters(chosen: SelectedLetters, *, as_json: bool) -> int:
    """Print all that is known of one id's letters; return 1 for no id, or several."""
    letters = _all(chosen)
    ids = {one.id for one in letters}
    if len(ids) != 1:
        name, command = NAMES[chosen.choice.kind], COMMANDS[chosen.choice.kind]
        words = f"{len(ids)} ids begin so" if ids else f"there is no such {name}"
        typer.echo(f"{words}: `{command} list{chosen.options}` names them all", err=True)
        return 1
    records = chosen.records(letters)
    for letter in letters:
        described = everything(letter, records.get(letter.message_id))
        typer.echo(line(described) if as_json else page(described))
    return 0


def drop_letters(chosen: SelectedLetters, *, yes: bool, dry_run: bool) -> int:
    """Delete the chosen letters for good, after a question; return 1 where any is left."""
    with open_letter_queue(chosen, "reading") as found:
        letters = list(found)
        if found.ending.wanted:
            typer.echo("nothing is dropped", err=True)
            return 1
        for letter in letters:
            typer.echo(
                f"{letter.short} {letter.origin} {letter.reason} {detail_text(letter)}".rstrip()
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


def _dropped(found: LetterQueue, letters: list[Letter]) -> int:
    gone = found.delete(letters)
    typer.echo(f"{counted(gone, found.chosen)} dropped")
    if gone < len(letters):
        typer.echo(f"{len(letters) - gone} are still there: run this again", err=True)
    return 0 if gone == len(letters) else 1


def export_letters(chosen: SelectedLetters, output: Path | None) -> int:
    """Write each chosen letter as a line: SendMessage's body and attributes, and its fields."""
    count = 0
    with _opened(output) as written, open_letter_queue(chosen, "exporting") as found:
        for letter in found:
            written.write(line(exported(letter)) + "\n")
            count += 1
    words = f"{counted(count, chosen)} exported"
    typer.echo(f"{words}; a copy of each is still in the queue", err=True)
    return 0


def _opened(output: Path | None) -> AbstractContextManager[TextIO]:
    """Open a new file that only its owner may read; standard output where no file is named."""
    if output is None:
        return nullcontext(sys.stdout)
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise typer.BadParameter(f"{output} is there already", param_hint="--output") from None
    except OSError as error:
        raise typer.BadParameter(f"{output}: {error.strerror}", param_hint="--output") from None
    return os.fdopen(descriptor, "w", encoding="ascii")


def _all(chosen: SelectedLetters) -> list[Letter]:
    with open_letter_queue(chosen, "reading") as found:
        return sorted(found, key=lambda one: (one.accepted_at, one.id))


@dead.command("list")
@choosing("dead")
def list_dead(chosen: SelectedLetters, *, as_json: JsonOption = False) -> int:
    """List dead letters, without their content.

    Example: relay dead-letters list --reason rejected --since 2h

    Exit codes: 0 listed (also if there is none), 1 AWS refused a call,
    2 usage or no such stack, 130 interrupted
    """
    return list_letters(chosen, as_json=as_json)


@dead.command("show")
@choosing("dead")
def show_dead(chosen: SelectedLetters, named: IdArgument, *, as_json: JsonOption = False) -> int:
    """Show all that is known of one dead letter, its personal data included.

    Example: relay dead-letters show fdb46cb42379

    Exit codes: 0 shown, 1 no id begins so, or several do, 2 usage or no such
    stack, 130 interrupted
    """
    return show_letters(with_ids(chosen, [named]), as_json=as_json)


@dead.command("redrive")
@choosing("dead")
def redrive_dead(  # noqa: PLR0913 - the options of a command
    chosen: SelectedLetters,
    ids: IdsArgument = None,
    *,
    again: AgainOption = False,
    rendered: Annotated[
        bool, typer.Option("--rendered", help="Render the event anew by the rules of --rules.")
    ] = False,
    rules: RulesOption = RULES,
    stage: Annotated[
        str | None, typer.Option(help="Stage whose `vars` apply; by default the stack's.")
    ] = None,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Send dead letters again: each request as it was, or --rendered anew.

    The ledger is asked first: without --again nothing is sent that was accepted,
    is on its way or has expired. With no option that selects dead letters, the
    command asks before it sends all of them; --rendered shows and asks for each
    request that differs. Run the same command again to continue an interrupted
    run.

    Example: relay dead-letters redrive --reason horizon --dry-run

    Exit codes: 0 all were sent (or would be), 1 one or more were not, 2 usage or
    no such stack, 130 interrupted
    """
    if stage and not rendered:
        raise typer.BadParameter("--stage goes with --rendered")
    chosen = with_ids(chosen, ids)
    if rendered:
        anew = RenderedRedrive(sources_of(chosen.stack, rules, stage), again, yes)
        return go(chosen, anew, rehearsal=dry_run)
    asks = chosen.choice.is_all and not (yes or dry_run)
    return go(chosen, plainly(again=again), rehearsal=dry_run, asks=asks)


@dead.command("drop")
@choosing("dead")
def drop_dead(
    chosen: SelectedLetters,
    ids: IdsArgument = None,
    *,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Delete dead letters for good; `export` keeps a copy first.

    Example: relay dead-letters drop --reason expired --dry-run

    Exit codes: 0 all were deleted (or would be), 1 not all, or the answer was no,
    2 usage or no such stack, 130 interrupted
    """
    return drop_letters(with_ids(chosen, ids), yes=yes, dry_run=dry_run)


@dead.command("export")
@choosing("dead")
def export_dead(
    chosen: SelectedLetters,
    ids: IdsArgument = None,
    *,
    output: Annotated[
        Path | None, typer.Option(help="A new file that only you can read; else standard output.")
    ] = None,
) -> int:
    """Write dead letters as JSON lines, with the body and attributes that SendMessage takes.

    They hold personal data. The dead letters stay in the queue.

    Example: relay dead-letters export --output letters.jsonl

    Exit codes: 0 written, 1 AWS refused a call, 2 usage, no such stack, or the
    file exists, 130 interrupted
    """
    return export_letters(with_ids(chosen, ids), output)


@held.command("list")
@choosing("held")
def list_held(chosen: SelectedLetters, *, as_json: JsonOption = False) -> int:
    """List held deliveries, without their content.

    Example: relay held list --rule shopify/order-confirmation

    Exit codes: 0 listed (also if there is none), 1 AWS refused a call,
    2 usage or no such stack, 130 interrupted
    """
    return list_letters(chosen, as_json=as_json)


@held.command("show")
@choosing("held")
def show_held(chosen: SelectedLetters, named: IdArgument, *, as_json: JsonOption = False) -> int:
    """Show all that is known of one held delivery: each attempt, its result, and its content.

    Example: relay held show fdb46cb42379

    Exit codes: 0 shown, 1 no id begins so, or several do, 2 usage or no such
    stack, 130 interrupted
    """
    return show_letters(with_ids(chosen, [named]), as_json=as_json)


@held.command("release")
@choosing("held")
def release_held(
    chosen: SelectedLetters,
    ids: IdsArgument = None,
    *,
    again: LateOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Send held deliveries after all: a recipient who has the message gets it twice.

    For each delivery the command shows the evidence and asks. The ledger records
    who released it, and when.

    Example: relay held release fdb46cb42379

    Exit codes: 0 all were sent (or would be), 1 one or more were not, 2 usage or
    no such stack, 130 interrupted
    """
    return go(with_ids(chosen, ids), releasing(again=again, yes=yes), rehearsal=dry_run)


@held.command("drop")
@choosing("held")
def drop_held(
    chosen: SelectedLetters,
    ids: IdsArgument = None,
    *,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> int:
    """Delete held deliveries from the queue; in the ledger they stay held and are never sent.

    Example: relay held drop fdb46cb42379

    Exit codes: 0 all were deleted (or would be), 1 not all, or the answer was no,
    2 usage or no such stack, 130 interrupted
    """
    return drop_letters(with_ids(chosen, ids), yes=yes, dry_run=dry_run)
