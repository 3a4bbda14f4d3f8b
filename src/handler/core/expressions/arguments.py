"""What functions take: said beside each of them, checked when a rule is read and when it runs."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NotRequired, TypedDict, TypeVar

from pydantic import JsonValue

from handler.core.json_types import a, kind

_F = TypeVar("_F", bound=Callable[..., Any])


class Argument(TypedDict):
    """One argument, in the library's terms and ours.

    No `types` are all types. `fits` is asked of what a rules file writes down itself, so that a
    slip is found there and not on an event; `says` is what such a value should have been.
    """

    types: list[str]
    variadic: NotRequired[bool]
    optional: NotRequired[bool]
    fits: NotRequired[Callable[[JsonValue], bool]]
    says: NotRequired[str]


ANY: Final[Argument] = {"types": []}
TEXT: Final[Argument] = {"types": ["string", "null"]}
NUMBER: Final[Argument] = {"types": ["number", "null"]}
AMOUNT: Final[Argument] = {"types": ["number", "string", "null"]}


def takes(*arguments: Argument) -> Callable[[_F], _F]:
    """Say what a function takes: the library's `signature`, for arguments of ours."""

    def say(function: _F) -> _F:
        function.signature = arguments  # type: ignore[attr-defined]  # where the library looks
        return function

    return say


def arity_problem(name: str, arguments: Sequence[Argument], count: int) -> str | None:
    """Return what is wrong with a call of `count` arguments, or None."""
    most = len(arguments)
    if arguments and arguments[-1].get("variadic"):
        return None if count >= most else f"{name}() takes at least {most}, not {count}"
    least = sum(not it.get("optional") for it in arguments)
    if least <= count <= most:
        return None
    wanted = f"{most}" if least == most else f"{least} or {most}"
    return f"{name}() takes {wanted} arguments, not {count}"


def meant(arguments: Sequence[Argument], index: int, value: object) -> object:
    """Return an empty object for an empty list, and the other way, where only that is taken.

    PHP has one kind of both, and its JSON says `[]` of an empty map.
    """
    if value not in ([], {}):
        return value
    taken = {it.partition("-")[0] for it in _argument(arguments, index)["types"]}
    other: object = {} if isinstance(value, list) else []
    return other if kind(other) in taken and kind(value) not in taken else value


def kind_problem(name: str, arguments: Sequence[Argument], index: int, value: object) -> str | None:
    """Return what is wrong with the type of an argument, or None."""
    allowed = _argument(arguments, index)["types"]
    if any(_is(value, it) for it in allowed) or (not allowed and kind(value) != "expref"):
        return None
    wanted = " or ".join(allowed) or "a value"
    mend = "; to_number() makes a number of text" if _number_for_text(allowed, value) else ""
    return f"{name}() takes {wanted} as argument {index + 1}, not {a(value)}{mend}"


def literal_problem(
    name: str, arguments: Sequence[Argument], index: int, value: JsonValue
) -> str | None:
    """Return what is wrong with an argument that the rules file itself writes down, or None."""
    argument = _argument(arguments, index)
    if "fits" not in argument or value is None or argument["fits"](value):
        return None
    return f"{name}() takes {argument.get('says')} as argument {index + 1}, not {value!r}"


def _argument(arguments: Sequence[Argument], index: int) -> Argument:
    return arguments[min(index, len(arguments) - 1)]


def _is(value: object, name: str) -> bool:
    base, _, element = name.partition("-")
    if kind(value) != base:
        return False
    return not element or not isinstance(value, list) or all(kind(it) == element for it in value)


def _number_for_text(allowed: Sequence[str], value: object) -> bool:
    return isinstance(value, str) and "number" in allowed
