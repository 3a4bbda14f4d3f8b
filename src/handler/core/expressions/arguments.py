"""Arguments of functions: declared beside each, checked when a rule is loaded and when it runs."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NotRequired, TypedDict, TypeVar

from handler.core.expressions.scalars import written
from handler.core.json_types import KINDS, JsonValue, a, kind

_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_F = TypeVar("_F", bound=Callable[..., Any])


class Argument(TypedDict):
    """One argument: the library's keys, and `fits` and `says` of the relay.

    No `types` are all types. `fits` checks a literal of the rules file, so that a mistake is found
    there and not on an event; `says` describes the literals that fit, and `near` finds the one that
    another was probably meant to be, as it is written.
    """

    types: list[str]
    variadic: NotRequired[bool]
    optional: NotRequired[bool]
    fits: NotRequired[Callable[[JsonValue], bool]]
    says: NotRequired[str]
    near: NotRequired[Callable[[JsonValue], str | None]]


ANY: Final[Argument] = {"types": []}
TEXT: Final[Argument] = {"types": ["string", "null"]}
NUMBER: Final[Argument] = {"types": ["number", "null"]}
AMOUNT: Final[Argument] = {"types": ["number", "string", "null"]}


def takes(*arguments: Argument) -> Callable[[_F], _F]:
    """Declare a function's arguments: the library's `signature`, with the relay's keys too."""

    def say(function: _F) -> _F:
        function.signature = arguments  # type: ignore[attr-defined]  # where the library looks
        return function

    return say


def arity_problem(name: str, arguments: Sequence[Argument], count: int) -> str | None:
    """Return what is wrong with a call of `count` arguments, or None."""
    most = len(arguments)
    if arguments and arguments[-1].get("variadic"):
        return None if count >= most else f"{name}() takes at least {most}, not {count}"
    least = sum(not one.get("optional") for one in arguments)
    if least <= count <= most:
        return None
    wanted = f"{most}" if least == most else f"{least} or {most}"
    return f"{name}() takes {wanted} argument{'' if wanted == '1' else 's'}, not {count}"


def meant(arguments: Sequence[Argument], index: int, value: object) -> object:
    """Return an empty object for an empty list, and the reverse, where only that is taken.

    PHP has one type for both, and its JSON has `[]` for an empty map.
    """
    if value not in ([], {}):
        return value
    taken = {one.partition("-")[0] for one in _argument(arguments, index)["types"]}
    other: object = {} if isinstance(value, list) else []
    return other if kind(other) in taken and kind(value) not in taken else value


def types_of(arguments: Sequence[Argument], index: int) -> frozenset[type]:
    """Return the types of Python whose every value an argument may have."""
    allowed = _argument(arguments, index)["types"]
    return frozenset(one for one, name in KINDS.items() if name in allowed or not allowed)


def kind_problem(name: str, arguments: Sequence[Argument], index: int, value: object) -> str | None:
    """Return what is wrong with the type of an argument, or None."""
    allowed = _argument(arguments, index)["types"]
    if any(_is(value, one) for one in allowed) or (not allowed and kind(value) != "expref"):
        return None
    wanted = " or ".join(allowed) or "a value"
    mend = "; to_number() makes a number of text" if _number_for_text(allowed, value) else ""
    return f"{name}() takes {wanted} as argument {index + 1}, not {a(value)}{mend}"


def literal_kind_problem(
    name: str, arguments: Sequence[Argument], index: int, value: JsonValue
) -> str | None:
    """Return what is wrong with the type of an argument that is written down, or None."""
    problem = kind_problem(name, arguments, index, value)
    if problem is None:
        return None
    if meant := number_for_text(arguments, index, value):
        return f"{problem.partition('; ')[0]}; write {meant}"
    meant = text_for_number(arguments, index, value)
    return f"{problem}; write {meant}" if meant else problem


def text_for_number(arguments: Sequence[Argument], index: int, value: JsonValue) -> str | None:
    """Return the text that a number is meant to be, where its function takes text alone."""
    if not arguments or (index >= len(arguments) and not arguments[-1].get("variadic")):
        return None
    argument = _argument(arguments, index)
    if kind(value) != "number" or set(argument["types"]) - {"null"} != {"string"}:
        return None
    if "fits" not in argument:
        return f"'{written(value)}'"  # type: ignore[arg-type]  # a number
    return argument["near"](value) if "near" in argument else None


def number_for_text(arguments: Sequence[Argument], index: int, value: JsonValue) -> str | None:
    """Return the number that a text is meant to be, where its function takes numbers alone."""
    allowed = set(_argument(arguments, index)["types"]) - {"null"}
    is_number = isinstance(value, str) and _NUMBER.fullmatch(value)
    return f"`{value}`" if is_number and allowed == {"number"} else None


def literal_problem(
    name: str, arguments: Sequence[Argument], index: int, value: JsonValue
) -> str | None:
    """Return what is wrong with an argument that is a literal of the rules file, or None."""
    argument = _argument(arguments, index)
    if "fits" not in argument or value is None or argument["fits"](value):
        return None
    near = argument["near"](value) if "near" in argument else None
    hint = f"; did you mean {near}?" if near else ""
    return f"{name}() takes {argument.get('says')} as argument {index + 1}, not {value!r}{hint}"


def _argument(arguments: Sequence[Argument], index: int) -> Argument:
    return arguments[min(index, len(arguments) - 1)]


def _is(value: object, name: str) -> bool:
    base, _, element = name.partition("-")
    if kind(value) != base:
        return False
    return not element or not isinstance(value, list) or all(kind(one) == element for one in value)


def _number_for_text(allowed: Sequence[str], value: object) -> bool:
    return isinstance(value, str) and "number" in allowed
