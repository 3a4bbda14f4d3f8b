"""Templates: values of a rules file with `${expression}` in them, and how they are filled.

A value that is all `${...}` keeps the JSON type of its result; text around it makes a string.
A missing value (null, absent, blank text) leaves its key or list item out, for null would delete
an attribute in Braze; a text with a missing part is left out whole. A literal null deletes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal

from handler.core.errors import ExpressionError, OverBudget, Unrenderable, WrongType
from handler.core.expressions.defines import Roots
from handler.core.expressions.evaluation import Step
from handler.core.expressions.expression import Expression, closing_brace, compile_expression
from handler.core.expressions.json_values import missing
from handler.core.expressions.nulls import Nulls
from handler.core.expressions.scalars import written
from handler.core.json_types import JsonValue, a

# An expression that was evaluated, with its steps, or with the error that it ended in.
Evaluated = tuple[Expression, Step | ExpressionError]
_NOT_IN_KEYS: Final = "${...} stands in values, not in keys"
Problem = tuple[tuple[str | int, ...], str]


class _Missing(Enum):
    MISSING = "missing"


MISSING: Final = _Missing.MISSING
Filled = JsonValue | Literal[_Missing.MISSING]


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


@dataclass(frozen=True, slots=True)
class Filler:
    """Fills templates from one document; raises Unrenderable with the path within them.

    At the paths in `keep`, blank text and the document's own nulls stay; a value that the document
    does not have stays absent. Paths are dotted keys; list items have the list's path. A value
    whose expression fails on the document's types is left out, and noted in `lost`, where
    `may_lose` allows it for its path. `record`, where there is one, gets every evaluation.
    """

    document: JsonValue | Roots
    keep: frozenset[str] = frozenset()
    may_lose: Callable[[str], bool] = lambda _: False
    lost: list[WrongType] = field(default_factory=list)
    record: list[Evaluated] | None = None

    def fill(self, template: Template, path: str = "") -> Filled:
        """Return the filled template, or MISSING."""
        if isinstance(template, dict):
            filled = ((k, self.fill(one, _join(path, k))) for k, one in template.items())
            return {key: value for key, value in filled if value is not MISSING}
        if isinstance(template, list):
            return [one for part in template if (one := self.fill(part, path)) is not MISSING]
        if not isinstance(template, Whole | Text):
            return template
        try:
            return self._leaf(template, path)
        except WrongType as error:
            if not self.may_lose(path):
                raise
            self.lost.append(error)
            return MISSING

    def _leaf(self, template: Whole | Text, path: str) -> Filled:
        nulls = Nulls()
        if isinstance(template, Text):
            return self._text(template, path, nulls)
        value = self._found(template.expression, path, nulls)
        return self._present(value, path, nulls, said=nulls.whole)

    def _found(self, expression: Expression, path: str, nulls: Nulls) -> JsonValue:
        is_kept = any(f"{one}.".startswith(f"{path}." if path else "") for one in self.keep)
        try:
            return self._searched(expression, nulls if is_kept else None)
        except OverBudget as error:
            raise Unrenderable(path, f"${{{expression.text}}}: {error}") from None
        except ExpressionError as error:
            raise WrongType(path, f"${{{expression.text}}}: {error}") from None

    def _searched(self, expression: Expression, nulls: Nulls | None) -> JsonValue:
        if self.record is None:
            return expression.search(self.document, nulls)
        try:
            step = expression.record(self.document, nulls)
        except ExpressionError as error:
            self.record.append((expression, error))
            raise
        self.record.append((expression, step))
        return step.value

    def _present(self, value: JsonValue, path: str, nulls: Nulls, *, said: bool) -> Filled:
        """Return a copy of a value without what is missing in it."""
        if isinstance(value, dict):
            parts = (
                (key, self._present(one, _join(path, key), nulls, said=nulls.says(value, key)))
                for key, one in value.items()
            )
            return {key: part for key, part in parts if part is not MISSING}
        if isinstance(value, list):
            items = (
                self._present(one, path, nulls, said=nulls.says(value, at))
                for at, one in enumerate(value)
            )
            return [item for item in items if item is not MISSING]
        is_kept = path in self.keep and (said or value is not None)
        return MISSING if missing(value) and not is_kept else value

    def _text(self, template: Text, path: str, nulls: Nulls) -> Filled:
        pieces = []
        for part in template.parts:
            value = part if isinstance(part, str) else self._found(part, path, nulls)
            if isinstance(part, Expression) and missing(value):
                if path not in self.keep or (value is None and not nulls.whole):
                    return MISSING
                value = ""
            pieces.append(_written(value, path))
        return "".join(pieces)


def fill(
    template: Template, document: JsonValue | Roots, keep: frozenset[str] = frozenset()
) -> Filled:
    """Return the filled template, or MISSING; raise Unrenderable with the path within it."""
    return Filler(document, keep).fill(template)


def fill_text(template: Template, document: JsonValue | Roots, path: str) -> str | None:
    """Return the filled template as text, None if it is missing; raise Unrenderable."""
    value = Filler(document).fill(template, path)
    if value is MISSING or missing(value):
        return None
    return _written(value, path)


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


def _written(value: JsonValue, path: str) -> str:
    if isinstance(value, dict | list):
        raise WrongType(path, f"a text cannot hold {a(value)}; join() makes text of a list")
    return written(value)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
