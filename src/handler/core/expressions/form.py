"""Forms: templates, compiled to be filled from one event after another.

A missing value (null, absent, blank text) leaves its key or list item out, for null would delete
an attribute in Braze; a text with a missing part is left out whole. A literal null deletes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Final, Literal

from handler.core.errors import ExpressionError, OverBudget, Unrenderable, WrongType
from handler.core.expressions.defines import Roots
from handler.core.expressions.evaluation import EvaluatedNode
from handler.core.expressions.expression import Expression
from handler.core.expressions.json_values import missing
from handler.core.expressions.nulls import Nulls
from handler.core.expressions.scalars import written
from handler.core.expressions.template import Template, Text, Whole
from handler.core.json_types import JsonValue, a

# An expression that was evaluated, with its steps, or with the error that it ended in.
Evaluated = tuple[Expression, EvaluatedNode | ExpressionError]


class _Missing(Enum):
    MISSING = "missing"


MISSING: Final = _Missing.MISSING
Filled = JsonValue | Literal[_Missing.MISSING]


class Filling:
    """The filling of forms from one document.

    `lost` gets the failures of values that were left out for them; `record`, where there is one,
    gets every evaluation.
    """

    def __init__(self, document: JsonValue | Roots, record: list[Evaluated] | None = None) -> None:
        self.document = document
        self.lost: list[WrongType] = []
        self.record = record

    def search(self, expression: Expression, nulls: Nulls | None = None) -> JsonValue:
        """Return the value of an expression; raise ExpressionError."""
        if self.record is None:
            return expression.search(self.document, nulls)
        try:
            step = expression.record(self.document, nulls)
        except ExpressionError as error:
            self.record.append((expression, error))
            raise
        self.record.append((expression, step))
        return step.value


_Fill = Callable[[Filling], Filled]


@dataclass(frozen=True)
class Form:
    """A template whose place in the request is `path`: dotted keys; list items have the list's.

    At the paths in `keep`, blank text and the document's own nulls stay; a value that the document
    does not have stays absent. A value whose expression fails on the document's types is left out
    where `may_lose` allows it for its path.
    """

    template: Template
    path: str = ""
    keep: frozenset[str] = frozenset()
    may_lose: Callable[[str], bool] = lambda _: False

    def fill(self, filling: Filling) -> Filled:
        """Return the filled template, or MISSING; raise Unrenderable with the path within it."""
        return self._filled(filling)

    # Compiled when it is first filled. To walk the template for each event, with its paths and
    # what may be lost or kept there, took as long as all of its expressions.

    @cached_property
    def _filled(self) -> _Fill:
        return self._compiled(self.template, self.path)

    def _compiled(self, template: Template, path: str) -> _Fill:
        if isinstance(template, dict):
            return _object(
                {key: self._compiled(one, _join(path, key)) for key, one in template.items()}
            )
        if isinstance(template, list):
            return _list([self._compiled(one, path) for one in template])
        if isinstance(template, Whole):
            return self._whole(template.expression, path)
        if isinstance(template, Text):
            return self._losing(self._text(template.parts, path))
        return lambda _: template

    def _losing(self, fill: _Fill) -> _Fill:
        def losing(filling: Filling) -> Filled:
            try:
                return fill(filling)
            except WrongType as error:
                return self._lost(error, filling)

        return losing

    def _lost(self, error: WrongType, filling: Filling) -> Filled:
        if not self.may_lose(error.path):
            raise error from None
        filling.lost.append(error)
        return MISSING

    def _whole(self, expression: Expression, path: str) -> _Fill:
        if not self._is_kept(path):
            return self._unkept(expression, path)

        def kept(filling: Filling) -> Filled:
            nulls = Nulls()
            value = _found(expression, filling, path, nulls)
            return self._kept(value, path, nulls, said=nulls.whole)

        return self._losing(kept)

    def _unkept(self, expression: Expression, path: str) -> _Fill:
        """Return what fills by one expression, where nothing empty is kept: most of all fields."""

        def whole(filling: Filling) -> Filled:
            try:
                return _present(filling.search(expression))
            except ExpressionError as error:
                return self._lost(_failure(error, expression, path), filling)

        return whole

    def _text(self, parts: Sequence[str | Expression], path: str) -> _Fill:
        is_kept, keeps_empty = self._is_kept(path), path in self.keep

        def text(filling: Filling) -> Filled:
            pieces: list[str] = []
            for part in parts:
                if isinstance(part, str):
                    pieces.append(part)
                    continue
                nulls = Nulls() if is_kept else None
                value = _found(part, filling, path, nulls)
                if not missing(value):
                    pieces.append(_written(value, path))
                elif not keeps_empty or (value is None and not (nulls and nulls.whole)):
                    return MISSING
            return "".join(pieces)

        return text

    def _is_kept(self, path: str) -> bool:
        """Return whether anything may be kept empty at a path, or within it."""
        return any(f"{one}.".startswith(f"{path}." if path else "") for one in self.keep)

    def _kept(self, value: JsonValue, path: str, nulls: Nulls, *, said: bool) -> Filled:
        """Return a copy of a value without what is missing in it, but for what is to be kept."""
        if isinstance(value, dict):
            parts = (
                (key, self._kept(one, _join(path, key), nulls, said=nulls.says(value, key)))
                for key, one in value.items()
            )
            return {key: part for key, part in parts if part is not MISSING}
        if isinstance(value, list):
            items = (
                self._kept(one, path, nulls, said=nulls.says(value, at))
                for at, one in enumerate(value)
            )
            return [item for item in items if item is not MISSING]
        is_kept = path in self.keep and (said or value is not None)
        return MISSING if missing(value) and not is_kept else value


def fill(
    template: Template, document: JsonValue | Roots, keep: frozenset[str] = frozenset()
) -> Filled:
    """Return the filled template, or MISSING; raise Unrenderable with the path within it."""
    return Form(template, keep=keep).fill(Filling(document))


def fill_text(form: Form, document: JsonValue | Roots) -> str | None:
    """Return the filled form as text, None if it is missing; raise Unrenderable."""
    value = form.fill(Filling(document))
    if value is MISSING or missing(value):
        return None
    return _written(value, form.path)


def _object(parts: Mapping[str, _Fill]) -> _Fill:
    def fill_object(filling: Filling) -> Filled:
        return {
            key: value for key, part in parts.items() if (value := part(filling)) is not MISSING
        }

    return fill_object


def _list(parts: Sequence[_Fill]) -> _Fill:
    def fill_list(filling: Filling) -> Filled:
        return [one for part in parts if (one := part(filling)) is not MISSING]

    return fill_list


def _found(expression: Expression, filling: Filling, path: str, nulls: Nulls | None) -> JsonValue:
    try:
        return filling.search(expression, nulls)
    except ExpressionError as error:
        raise _failure(error, expression, path) from None


def _failure(error: ExpressionError, expression: Expression, path: str) -> WrongType:
    """Return the failure of an expression; raise Unrenderable where nothing may do without it."""
    text = f"${{{expression.text}}}: {error}"
    if isinstance(error, OverBudget):
        raise Unrenderable(path, text) from None
    return WrongType(path, text)


def _present(value: JsonValue) -> Filled:
    """Return a copy of a value without what is missing in it."""
    if isinstance(value, str):  # the most frequent first: this is done for all that is sent
        return value if value.strip() else MISSING
    if isinstance(value, dict):
        return {key: part for key, one in value.items() if (part := _present(one)) is not MISSING}
    if isinstance(value, list):
        return [part for one in value if (part := _present(one)) is not MISSING]
    return MISSING if value is None else value


def _written(value: JsonValue, path: str) -> str:
    if isinstance(value, dict | list):
        raise WrongType(path, f"a text cannot hold {a(value)}; join() makes text of a list")
    return written(value)


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
