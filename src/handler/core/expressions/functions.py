"""The functions of expressions: JMESPath's own, and the added ones.

The class `Functions` is the table. A method `_func_x` is the function `x(...)`; its decorator
declares the arguments, and its docstring explains it with an example. JMESPath's own functions are
inherited from the library (jmespath.org/specification.html, "Built-in Functions").

Added functions give null for null, and for blank text that could be taken for a person
(`sha256('')` is null, not a digest that all guests share). A value that they cannot read gives
null too: an error would cost an order its confirmation.
"""

import json
import math
import re
from collections.abc import Callable
from typing import Final

from jmespath import functions

from handler.core.errors import ExpressionError, Malformed
from handler.core.expressions.arguments import ANY, Argument, kind_problem, meant, takes, types_of
from handler.core.expressions.functions_numbers import MoneyFunctions, NumberFunctions, mean, total
from handler.core.expressions.functions_phone import PhoneFunctions
from handler.core.expressions.functions_text import TextFunctions
from handler.core.expressions.functions_time import TimeFunctions
from handler.core.expressions.json_values import CHARACTERS_PER_STEP, Budget, same, steps
from handler.core.expressions.scalars import exact, integral, written
from handler.core.json_types import JsonValue, a, kind

_JSON_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_FRACTION: Final = re.compile("[.eE]")
_JSON_BLANKS: Final = " \t\n\r"


class Functions(
    TextFunctions,
    NumberFunctions,
    MoneyFunctions,
    TimeFunctions,
    PhoneFunctions,
    functions.Functions,
):
    """JMESPath's functions and the added ones, bound to one document and one budget.

    In the rules' dialect (`strict`) JMESPath's own also take an empty list for an empty object.
    """

    def __init__(self, document: JsonValue, budget: Budget, *, strict: bool = False) -> None:
        super().__init__(budget)
        self._document = document
        self._strict = strict

    @takes()
    def _func_root(self) -> JsonValue:
        """Return the whole document, also inside filters: `root().body.currency`."""
        return self._document

    @takes(ANY)
    def _func_text(self, value: JsonValue) -> str | None:
        """Return a scalar as text, null as null: `text(body.customer.id)` is '42'."""
        if isinstance(value, list | dict):
            raise ExpressionError(f"text() takes a scalar, not {a(value)}")
        if value is None or (isinstance(value, float) and not math.isfinite(value)):
            return None
        return written(value)

    @takes({"types": [], "variadic": True})
    def _func_coalesce(self, *values: JsonValue) -> JsonValue:
        """Return the first value that is not missing: `coalesce(body.email, body.contact)`.

        Never called: its closure evaluates the arguments up to that one.
        """
        raise NotImplementedError

    @takes(ANY, ANY, ANY)
    def _func_if(self, condition: JsonValue, then: JsonValue, otherwise: JsonValue) -> JsonValue:
        """Return the second value where the first is true, else the third.

        `if(body.company, 'b2b', 'b2c')`. Never called: its closure evaluates the one branch that is
        taken, so that what would fail in the other does not.
        """
        raise NotImplementedError

    @takes({"types": ["object", "null"]}, {"types": ["string", "number", "null"]})
    def _func_lookup(
        self, table: dict[str, JsonValue] | None, key: str | float | None
    ) -> JsonValue:
        """Return what a table holds under a key: `lookup(tables.greetings, body.locale)`."""
        if table is None or key is None:
            return None
        return table.get(written(key))

    @takes({"types": ["array", "object", "null"]}, {"types": ["string"]}, {"types": ["string"]})
    def _func_from_items(
        self, items: list[JsonValue] | dict[str, JsonValue] | None, name: str, value: str
    ) -> dict[str, JsonValue] | None:
        """Return an object of a list of names and values, the last of equal names.

        `from_items(body.note_attributes, 'name', 'value').gift` (what is no such item is skipped).
        Of an object the values are taken: PHP writes a list with a gap as `{"0": {}, "2": {}}`.
        """
        if items is None:
            return None
        listed = items.values() if isinstance(items, dict) else items
        pairs = ((one.get(name), one.get(value)) for one in listed if isinstance(one, dict))
        return {key: held for key, held in pairs if isinstance(key, str)}

    # The library's versions of these differ from the specification, or do not scale.

    @takes({"types": ["array", "string"]}, ANY)
    def _func_contains(self, subject: list[JsonValue] | str, search: JsonValue) -> bool:
        if isinstance(subject, list):
            return any(same(element, search, self._budget) for element in subject)
        if not isinstance(search, str):
            raise ExpressionError(f"contains() looks for text in text, not for {a(search)}")
        return search in subject

    @takes({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, separator: str, array: list[str]) -> str:
        self._budget.spend(len(separator) * len(array) // CHARACTERS_PER_STEP)
        return separator.join(array)

    # In the rules' dialect these are exact in decimal, as `add()` is.

    @takes({"types": ["array-number"]})
    def _func_sum(self, array: list[float]) -> float | None:
        return total(array) if self._strict else sum(array)

    @takes({"types": ["array-number"]})
    def _func_avg(self, array: list[float]) -> float | None:
        if not array:
            return None
        return mean(array) if self._strict else sum(array) / len(array)

    @takes(ANY)
    def _func_to_number(self, value: JsonValue) -> float | None:
        """Return a number for text in JSON's grammar, else null (not for '1_000' or 'nan')."""
        if not isinstance(value, str):
            return value if kind(value) == "number" else None  # type: ignore[return-value]  # checked by kind
        text = value.strip(_JSON_BLANKS)
        if not _JSON_NUMBER.fullmatch(text):  # other JSON could be a list of any length
            return None
        try:
            number = exact(text) if _FRACTION.search(text) else int(text)
            return number if math.isfinite(number) else None
        except (ValueError, OverflowError, Malformed):  # int() takes 4,300 digits
            return None

    @takes(ANY)
    def _func_to_string(self, value: JsonValue) -> str:
        self._budget.weigh(value)
        if isinstance(value, str):
            return value
        if isinstance(value, float) and math.isfinite(value):
            return written(value)
        return json.dumps(integral(value), separators=(",", ":"))


def signature_of(name: str) -> tuple[Argument, ...]:
    """Return a function's arguments; raise KeyError where no function has this name."""
    return Functions.FUNCTION_TABLE[name]["signature"]  # type: ignore[no-any-return]  # the library's table


def argument_of(name: str, index: int, *, strict: bool) -> Callable[[object, Budget], object]:
    """Return what takes an argument of a function: it pays for the value, and checks its type.

    The library's own check would quote the offending value in its message.
    """
    arguments = signature_of(name)
    takes_either = strict or not hasattr(functions.Functions, f"_func_{name}")
    fitting = types_of(arguments, index)

    def take(given: object, budget: Budget) -> object:
        if cost := steps(given):
            budget.spend(cost)
        value = meant(arguments, index, given) if takes_either and not given else given
        if type(value) in fitting:
            return value
        if problem := kind_problem(name, arguments, index, value):
            raise ExpressionError(problem)
        return value

    return take
