"""Rows of dead letters and held deliveries, for people. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from relay.console.format import span
from relay.dead_letters.display import attempted, detail_text
from relay.dead_letters.letter import Kind, Letter
from relay.page.braze.letters import FoundLetters
from relay.page.remedies import cause, remedy


@dataclass(frozen=True, slots=True)
class LetterRow:
    """A letter: its name for people, why it is there, what Braze said, and what to do."""

    letter: Letter
    name: str
    age: str
    words: str
    cause: str
    remedy: str


def rows(found: FoundLetters, names: Mapping[str, str], now: float) -> dict[Kind, list[LetterRow]]:
    """Return the rows of what is dead and of what is held."""
    made: dict[Kind, list[LetterRow]] = {"dead": [], "held": []}
    for letter in found.letters:
        is_held = letter.kind == "held"
        evidence = attempted(found.records.get(letter.message_id)) if is_held else ""
        words = [detail_text(letter).rstrip("."), evidence]
        made[letter.kind].append(
            LetterRow(
                letter=letter,
                name=names.get(letter.id, ""),
                age=span(now - letter.sent_at),
                words="; ".join(one for one in words if one),
                cause=cause(letter.reason),
                remedy=remedy(letter.reason),
            )
        )
    return made
