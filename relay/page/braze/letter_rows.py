"""Rows of dead letters and held deliveries, for people. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from relay.console.format import span
from relay.dead_letters.advice import Advice, Part
from relay.dead_letters.display import attempted, detail_text
from relay.dead_letters.letter import Kind, Letter
from relay.page.braze.letters import Found
from relay.stacks.selection import RELAY, Operated, command


@dataclass(frozen=True, slots=True)
class Row:
    """A letter: its name for people, why it is there, what Braze said, and what to do."""

    letter: Letter
    name: str
    age: str
    words: str
    advice: Advice


def rows(
    found: Found, names: Mapping[str, str], advice: Mapping[str, Advice], now: float
) -> dict[Kind, list[Row]]:
    """Return the rows of what is dead and of what is held."""
    made: dict[Kind, list[Row]] = {"dead": [], "held": []}
    for letter in found.letters:
        is_held = letter.kind == "held"
        evidence = attempted(found.records.get(letter.message_id)) if is_held else ""
        words = [detail_text(letter), evidence]
        made[letter.kind].append(
            Row(
                letter=letter,
                name=names.get(letter.id, ""),
                age=span(now - letter.sent_at),
                words="; ".join(one for one in words if one),
                advice=advice.get(letter.reason, Advice()),
            )
        )
    return made


def for_stack(advice: Mapping[str, Advice], stack: Operated) -> dict[str, Advice]:
    """Return advice whose commands are for this stack."""
    return {
        reason: Advice(tuple(_parts(one.cause, stack)), tuple(_parts(one.remedy, stack)))
        for reason, one in advice.items()
    }


def _parts(parts: tuple[Part, ...], stack: Operated) -> Iterator[Part]:
    for one in parts:
        is_command = one.is_code and one.text.startswith(f"{RELAY} ")
        text = command(stack, one.text.removeprefix(f"{RELAY} ")) if is_command else one.text
        yield Part(text, one.is_code)
