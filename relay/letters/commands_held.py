"""`relay held`: deliveries whose outcome nobody knows, and what a person makes of them."""

import typer

from relay.letters.choosing import Chosen, choosing, with_id
from relay.letters.commands import (
    AgainOption,
    DryRunOption,
    IdArgument,
    JsonOption,
    YesOption,
    drop_letters,
    list_letters,
    show_letters,
)
from relay.letters.going import go, releasing

held = typer.Typer(
    add_completion=False,
    help="Deliveries that wait for a person: they may have been sent already.",
    no_args_is_help=True,
)


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
