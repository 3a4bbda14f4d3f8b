"""The functions of expressions: JMESPath's own, and the added ones.

This class is the table. A method `_func_x` is the function `x(...)`; its signature says what it
takes, and its docstring says what it is for, with an example. JMESPath's own are inherited from
the library (jmespath.org/specification.html, "Built-in Functions").

Added functions pass on what is missing: null in, null out, and nothing is made of a blank text
that could be taken for a person (`sha256('')` is null, not a digest that all guests share).
"""

import json
import math
from collections.abc import Iterable, Sequence
from hashlib import sha256

from jmespath import functions
from jmespath.functions import signature
from pydantic import JsonValue

from handler.core.budget import CHARACTERS_PER_STEP, Budget, a, kind, missing, same, steps
from handler.core.errors import ExpressionError


class Functions(functions.Functions):
    """JMESPath's functions and ours, bound to one document and one budget."""

    def __init__(self, document: JsonValue, budget: Budget) -> None:
        self._document = document
        self._budget = budget

    def call_function(self, function_name: str, resolved_args: Iterable[object]) -> object:
        """Check the arguments, pay for them, and call.

        The library's own check would quote the offending value in its message.
        """
        spec = self.FUNCTION_TABLE[function_name]
        arguments = tuple(resolved_args)
        for index, value in enumerate(arguments):
            self._budget.spend(steps(value))
            allowed = spec["signature"][min(index, len(spec["signature"]) - 1)]["types"]
            if not _fits(value, allowed):
                raise ExpressionError(_mismatch(function_name, index, value, allowed))
        return spec["function"](self, *arguments)

    @signature()
    def _func_root(self) -> JsonValue:
        """Return the whole document, also inside filters: `root().body.currency`."""
        return self._document

    @signature({"types": []})
    def _func_text(self, value: JsonValue) -> str | None:
        """Return a scalar as text, null as null: `text(body.customer.id)` is '42'."""
        if isinstance(value, list | dict):
            raise ExpressionError(f"text() takes a scalar, not {a(value)}")
        return value if isinstance(value, str | None) else json.dumps(value)

    @signature({"types": ["string", "null"], "variadic": True})
    def _func_concat(self, *parts: str | None) -> str | None:
        """Return texts in a row, null if one is null or empty: `concat('guest-', body.token)`."""
        texts = [part for part in parts if part]
        return "".join(texts) if len(texts) == len(parts) else None

    @signature({"types": [], "variadic": True})
    def _func_coalesce(self, *values: JsonValue) -> JsonValue:
        """Return the first value that is not missing: `coalesce(body.email, body.contact)`."""
        return next((value for value in values if not missing(value)), None)

    @signature({"types": ["string", "null"]})
    def _func_lower(self, text: str | None) -> str | None:
        """Return text in lower case: `lower(body.email)`."""
        return None if text is None else text.lower()

    @signature({"types": ["string", "null"]})
    def _func_sha256(self, text: str | None) -> str | None:
        """Return the SHA-256 of the UTF-8 text in hex: `sha256(lower(body.email))`."""
        return None if text is None or missing(text) else sha256(text.encode()).hexdigest()

    @signature({"types": ["string", "null"]}, {"types": ["number"]})
    def _func_plain(self, text: str | None, longest: float) -> str | None:
        """Return one line without links, cut to n characters: ``plain(body.name, `40`)``.

        For what strangers type and others will read: a first name can hold an advertisement.
        """
        if text is None:
            return None
        words = "".join(char if char.isprintable() else " " for char in text).split()
        line = " ".join(_unlinked(word) for word in words if not _is_link(word))
        return line[: max(0, int(longest))].strip() or None

    # The library's versions of these differ from the specification, or do not scale.

    @signature({"types": ["array", "string"]}, {"types": []})
    def _func_contains(self, subject: list[JsonValue] | str, search: JsonValue) -> bool:
        if isinstance(subject, list):
            return any(same(element, search, self._budget) for element in subject)
        if not isinstance(search, str):
            raise ExpressionError(f"contains() looks for text in text, not for {a(search)}")
        return search in subject

    @signature({"types": ["string"]}, {"types": ["array-string"]})
    def _func_join(self, separator: str, array: list[str]) -> str:
        self._budget.spend(len(separator) * len(array) // CHARACTERS_PER_STEP)
        return separator.join(array)

    @signature({"types": []})
    def _func_to_number(self, value: JsonValue) -> float | None:
        """Return a number for text in JSON's grammar, else null (not for '1_000' or 'nan')."""
        if not isinstance(value, str):
            return value if kind(value) == "number" else None  # type: ignore[return-value]  # checked by kind
        try:
            number = json.loads(value)
        except (ValueError, RecursionError):
            return None
        return number if kind(number) == "number" and math.isfinite(number) else None

    @signature({"types": []})
    def _func_to_string(self, value: JsonValue) -> str:
        self._budget.weigh(value)
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def arity_problem(name: str, count: int) -> str | None:
    """Return what is wrong with a call of `count` arguments, or None."""
    takes = Functions.FUNCTION_TABLE[name]["signature"]
    if takes and takes[-1].get("variadic"):
        return None if count >= len(takes) else f"{name}() takes at least {len(takes)}, not {count}"
    return None if count == len(takes) else f"{name}() takes {len(takes)} arguments, not {count}"


def _fits(value: object, allowed: Sequence[str]) -> bool:
    if not allowed:
        return kind(value) != "expref"
    return any(_is(value, name) for name in allowed)


def _is(value: object, name: str) -> bool:
    base, _, element = name.partition("-")
    if kind(value) != base:
        return False
    return not element or not isinstance(value, list) or all(kind(it) == element for it in value)


def _mismatch(name: str, index: int, value: object, allowed: Sequence[str]) -> str:
    wanted = " or ".join(allowed) or "a value"
    return f"{name}() takes {wanted} as argument {index + 1}, not {a(value)}"


def _is_link(word: str) -> bool:
    folded = word.lower()
    return "://" in folded or "www." in folded


def _unlinked(word: str) -> str:
    # Mail clients make a link of `shop.example`; with a blank after the dot they do not.
    return "".join(
        f"{char} " if char == "." and word[at + 1 : at + 2].isalpha() else char
        for at, char in enumerate(word)
    )
