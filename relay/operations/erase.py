"""`relay erase`: deletes what the relay keeps of one person, and reports what it cannot reach."""

from shlex import quote
from typing import Annotated, Final

import typer

from relay.console.format import counted
from relay.console.interrupt import noticed
from relay.console.options import RulesOption
from relay.dead_letters.queue_reader import BorrowedMessages, borrowed
from relay.operations.personal_data import Kept, Person
from relay.paths import RULES
from relay.rules.names import read_names
from relay.stacks.ledger import Ledger
from relay.stacks.selection import (
    ConfigEnv,
    LocalOption,
    LocalPort,
    Operated,
    StackName,
    command,
    operated,
)

_NUMBER: Final = "ApproximateNumberOfMessages"
_COUNTS: Final = (_NUMBER, f"{_NUMBER}NotVisible", f"{_NUMBER}Delayed")
_NOT_REACHED: Final = """\
Not reached by this command:
- Braze itself: delete the profile there (POST /users/delete)
- the sender: it may send the person again
- backups: the ledger's point-in-time recovery goes back 35 days; it has hashes of ids, no names
- items of rules that are no longer in the rules folder: they expire after LedgerDays (400)
Not personal, and so left: the ledger's deliveries (hashes of ids alone) and the log lines."""


def erase(  # noqa: PLR0913 - the options of a command
    *,
    external_id: Annotated[str | None, typer.Option(help="Braze's external_user_id.")] = None,
    alias: Annotated[
        str | None, typer.Option(help="A user alias as NAME:LABEL; the last colon counts.")
    ] = None,
    email: Annotated[
        str | None, typer.Option(help="An e-mail address, of the recipient or its attributes.")
    ] = None,
    phone: Annotated[
        str | None, typer.Option(help="A telephone number, as the request has it (+49...).")
    ] = None,
    mentions: Annotated[
        bool,
        typer.Option(
            "--mentions",
            help="Also dead letters that only mention the person, and events without a request, "
            "the person's own included.",
        ),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only report what there is.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    rules: RulesOption = RULES,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
    port: LocalPort = None,
) -> None:
    """Delete the dead letters, held deliveries and ledger items of one person.

    Exactly one of --external-id, --alias, --email and --phone names the person.

    Example: relay erase --email ann@example.org --dry-run

    Exit codes: 0 found and deleted (or reported, by --dry-run), 1 nothing was
    found, or not all is deleted, 2 usage or no such stack
    """
    person = _person(external_id, alias, email, phone)
    names = read_names(rules)
    if names.unread:
        unread = ", ".join(names.unread)
        raise typer.BadParameter(f"{unread}: cannot be read, so items would be missed")
    stack = operated(stack_name, config_env, local=local, port=port)
    table, sqs = Ledger.of(stack), stack.client("sqs")
    with noticed() as ending, borrowed(sqs, stack.outputs["DeadLetterQueueUrl"], ending) as loan:
        kept = Kept.of(person, loan, table, person.keys(names))
        if ending.wanted:
            typer.echo("interrupted: nothing is deleted", err=True)
            raise typer.Exit(1)
        typer.echo("\n".join(kept.described()))
        is_whole = dry_run or _deleted(kept, loan, table, ask=not yes, mentions=mentions)
    _say_rest(stack, kept, person)
    found = kept.letters or kept.keys or (mentions and kept.mentions)
    raise typer.Exit(0 if found and is_whole else 1)


def _deleted(
    kept: Kept, loan: BorrowedMessages, table: Ledger, *, ask: bool, mentions: bool
) -> bool:
    """Delete what was found, after a question; return whether all of it is deleted."""
    letters = [*kept.letters, *(kept.mentions if mentions else [])]
    if not letters and not kept.keys:
        typer.echo("nothing to delete")
        return True
    if ask:
        what = f"{counted(len(letters), 'letter')} and {counted(len(kept.keys), 'item')}"
        with loan.ending.asking():
            typer.confirm(f"Delete {what} for good?", abort=True)
    gone = loan.delete(letters)
    removed = sum(table.remove(key) for key in kept.keys)
    typer.echo(f"deleted {counted(gone, 'letter')} and {counted(removed, 'item')}")
    if gone < len(letters):
        typer.echo(f"{counted(len(letters) - gone, 'letter')} left: run it again", err=True)
    return gone == len(letters)


def _person(
    external_id: str | None, alias: str | None, email: str | None, phone: str | None
) -> Person:
    given = [one for one in (external_id, alias, email, phone) if one]
    if len(given) != 1:
        options = "--external-id, --alias NAME:LABEL, --email and --phone"
        raise typer.BadParameter(f"give one of {options}")
    if external_id:
        return Person("external_user_id", external_id)
    if email:
        if "@" not in email:
            raise typer.BadParameter("takes an e-mail address", param_hint="--email")
        return Person("email", email)
    if phone:
        return Person("phone", phone)
    name, _, label = given[0].rpartition(":")
    if not name or not label:
        raise typer.BadParameter("takes NAME:LABEL", param_hint="--alias")
    return Person("user_alias", (name, label))


def _say_rest(stack: Operated, kept: Kept, person: Person) -> None:
    """Report what may remain: in the queue, under other identifiers, outside the relay."""
    sqs = stack.client("sqs")
    counts = [
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(_COUNTS))["Attributes"]
        for url in stack.queues
    ]
    if waiting := sum(int(found.get(name, 0)) for found in counts for name in _COUNTS):
        typer.echo(_QUEUED.format(waiting=waiting, pause=command(stack, "pause all")))
    if kept.mentions:
        typer.echo(_MENTIONED)
    for other in kept.others(person):
        typer.echo(f"The same person is also called: {command(stack, f'erase {_option(other)}')}")
    typer.echo(_NOT_REACHED)


_MENTIONED: Final = """\
Letters that mention the identifier are deleted by --mentions. They may be the person's own: of an
event of which no request was made (expired on arrival, unrenderable, malformed) nobody knows whose
it is."""
_QUEUED: Final = """\
The queues hold {waiting} in all, and nobody can pick one person's out of them. Each is sent or a
dead letter mostly within 24 hours, at the latest after 10 days: erase again then. To keep them from
being sent: {pause}"""


def _option(person: Person) -> str:
    if isinstance(person.value, str):
        return f"--external-id {quote(person.value)}"
    return f"--alias {quote(':'.join(person.value))}"
