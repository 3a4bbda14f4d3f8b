"""Templates: values of a rules file with `${expression}` in them.

A value that is all `${...}` keeps the JSON type of its result; text around it makes a string.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import Expression, closing_brace, compile_expression
from handler.core.json_types import JsonValue

_NOT_IN_KEYS: Final = "${...} stands in values, not in keys"
# Texts that are remembered, a few KB each: rules say the same things again and again, and a file
# that is typed or reloaded hardly differs from what it was.
REMEMBERED: Final = 4_096
Problem = tuple[tuple[str | int, ...], str]


@dataclass(frozen=True, slots=True)
class Whole:
    """A value that is all `${...}`."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Text:
    """A text with `${...}` in it: literal pieces and expressions."""

    parts: tuple[str | Expression, ...]


_OPEN: Final = (Whole, Text)
# A JSON value with Whole and Text among its leaves; all other leaves are literal.
Template = Whole | Text | str | int | float | None | list["Template"] | dict[str, "Template"]


@lru_cache(maxsize=REMEMBERED)
def compile_text(text: str) -> Whole | Text | str:
    """Return the template of one text; raise ExpressionError with the mistake and its fix."""
    parts = list(_parts(text))
    solid = [part for part in parts if not isinstance(part, str) or part.strip()]
    if len(solid) == 1 and isinstance(solid[0], Expression):
        return Whole(solid[0])
    if any(isinstance(part, Expression) for part in parts):
        return Text(tuple(parts))
    return "".join(part for part in parts if isinstance(part, str))


def compile_template(
    value: JsonValue, problems: list[Problem], path: tuple[str | int, ...] = ()
) -> Template:
    """Return the template of a value; its mistakes are added to `problems`, by path."""
    if isinstance(value, dict):
        problems += [((*path, key), _NOT_IN_KEYS) for key in value if "${" in key]
        return {key: compile_template(one, problems, (*path, key)) for key, one in value.items()}
    if isinstance(value, list):
        return [compile_template(one, problems, (*path, at)) for at, one in enumerate(value)]
    if not isinstance(value, str):
        return value
    try:
        return compile_text(value)
    except ExpressionError as error:
        problems.append((path, str(error)))
        return None


def as_template(value: Mapping[str, JsonValue]) -> Mapping[str, Template]:
    """Return an object as the template that gives it: a value is a template without expressions."""
    return value  # type: ignore[return-value]  # lists are invariant, and nobody changes these


def expressions(template: Template) -> Iterator[Expression]:
    """Return all expressions in a template, in order."""
    if isinstance(template, Whole):
        yield template.expression
    elif isinstance(template, Text):
        yield from (part for part in template.parts if isinstance(part, Expression))
    elif isinstance(template, dict | list):
        for part in template.values() if isinstance(template, dict) else template:
            yield from expressions(part)


def is_literal(template: Template) -> bool:
    """Return whether no event can change the value."""
    return not any(True for _ in expressions(template))


def literal_part(template: Template) -> JsonValue:
    """Return the part of a template that is the same for every event."""
    if isinstance(template, dict):
        return {k: literal_part(one) for k, one in template.items() if not isinstance(one, _OPEN)}
    if isinstance(template, list):
        return [literal_part(one) for one in template if not isinstance(one, _OPEN)]
    return None if isinstance(template, _OPEN) else template


def _parts(text: str) -> Iterator[str | Expression]:
    literal, at = "", 0
    while (start := text.find("${", at)) >= 0:
        literal += text[at:start]
        if literal.endswith("$"):  # `$${`: one dollar goes, the rest is literal
            literal, at = literal[:-1] + "${", start + 2
            continue
        _refuse_liquid(literal)
        if literal:
            yield literal
        rest = text[start + 2 :]
        length = closing_brace(rest)
        if length is None:
            raise ExpressionError("${ is never closed; a literal ${ is written $${")
        yield _expression(rest[:length])
        literal, at = "", start + 2 + length + 1
    if literal + text[at:]:
        yield literal + text[at:]


def _expression(text: str) -> Expression:
    try:
        return compile_expression(text.strip())
    except ExpressionError as error:
        raise ExpressionError(f"${{{text}}}: {error}") from None


def _refuse_liquid(before: str) -> None:
    for opening, closing in (("{{", "}}"), ("{%", "%}")):
        if before.rfind(opening) > before.rfind(closing):
            raise ExpressionError(
                f"${{ stands inside {opening} {closing}, which Braze fills in only in messages:"
                " send the value as a property of its own, or write $${ to send it so"
            )
