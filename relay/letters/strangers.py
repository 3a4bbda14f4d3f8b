"""Names that were asked for and that no rules file has: a mistake in typing finds no letter."""

from collections.abc import Iterator

import typer

from relay.letters.choosing import Choice
from relay.operations.naming import Names, read_names, suggestion
from relay.paths import RULES


def say_strangers(choice: Choice) -> None:
    """Say which sources and rules the project's rules do not know, where no letter was found.

    That is no mistake by itself: letters outlive the rules that made them.
    """
    for words in strangers(choice, read_names(RULES)):
        typer.echo(words, err=True)


def strangers(choice: Choice, names: Names) -> Iterator[str]:
    """Yield what may be wrong with a choice; nothing where some rules cannot be read."""
    if names.unread:
        return
    rules = sorted({it for source, rule in names.rules for it in (rule, f"{source}/{rule}")})
    for kind, given, known in (
        ("source", choice.sources, names.sources),
        ("rule", choice.rules, rules),
    ):
        for it in sorted(given.difference(known)):
            yield f"{RULES.name} knows no {kind} {it}{suggestion(it, known)}"
