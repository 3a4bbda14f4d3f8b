"""DynamoDB's attribute values, in the low-level form: {"S": "text"}, {"N": "1"}, {"M": {...}}.

DynamoDB API reference, "AttributeValue", and the guide's "Naming rules and data types". Values are
never changed in place, so that items may share them.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Final

Value = dict[str, Any]
Item = dict[str, Value]

_PLAIN: Final = re.compile(r"0|-?[1-9][0-9]{0,36}", re.ASCII)  # canonical, and within 38 digits
_DIGITS: Final = 38
_LARGEST: Final = 126  # powers of ten
_SMALLEST: Final = -130
_DEEPEST: Final = 32
_EXACT: Final = Context(prec=300)  # beyond the digits of any sum of two numbers
SETS: Final = ("SS", "NS", "BS")
ORDERED: Final = ("S", "N", "B")


class Invalid(Exception):
    """DynamoDB answers ValidationException; the text is its message."""


def clean(value: Any, depth: int = 1) -> Value:
    """Return a value as DynamoDB keeps it; raise Invalid for what is none."""
    if not isinstance(value, dict) or len(value) != 1:
        raise Invalid(
            "Supplied AttributeValue has more than one datatypes set, must contain exactly one of "
            "the supported datatypes"
            if value
            else "Supplied AttributeValue is empty, must contain exactly one of the supported "
            "datatypes"
        )
    ((kind, content),) = value.items()
    if kind == "S" and type(content) is str:
        return value
    if kind == "N" and type(content) is str:
        return value if _PLAIN.fullmatch(content) else {"N": canonical(number(content))}
    if depth > _DEEPEST:
        raise Invalid("Nesting Levels have exceeded supported limits")
    make = _CLEANERS.get(kind)
    if make is None:
        raise Invalid(f"Supplied AttributeValue is of no type that this project uses: {kind}")
    return make(content, depth)


def number(text: str) -> int | Decimal:
    """Return the number in a text; raise Invalid for none, or for one beyond DynamoDB's limits."""
    if _PLAIN.fullmatch(text):
        return int(text)
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite():
        raise Invalid(
            f"The parameter cannot be converted to a numeric value: {text}"
            if text
            else "The parameter cannot be converted to a numeric value"
        )
    found = _EXACT.normalize(found)
    if len(found.as_tuple().digits) > _DIGITS:
        raise Invalid("Attempting to store more than 38 significant digits in a Number")
    if found and found.adjusted() >= _LARGEST:
        raise Invalid(
            "Number overflow. Attempting to store a number with magnitude larger than supported "
            "range"
        )
    if found and found.adjusted() < _SMALLEST:
        raise Invalid(
            "Number underflow. Attempting to store a number with magnitude smaller than supported "
            "range"
        )
    return found


def canonical(found: int | Decimal) -> str:
    """Return a number's text as DynamoDB gives it back: no exponent, no needless zeros."""
    if isinstance(found, int):
        return str(found)
    text = format(_EXACT.normalize(found), "f")
    return "0" if text == "-0" else text


def total(first: Value, second: Value, factor: int) -> Value:
    """Return `first + factor * second` of two numbers' values; `factor` is 1 or -1."""
    one, other = number(first["N"]), number(second["N"])
    if isinstance(one, int) and isinstance(other, int):
        return {"N": canonical(number(str(one + factor * other)))}
    return {"N": canonical(number(str(_EXACT.add(Decimal(one), factor * Decimal(other)))))}


def kind_of(value: Value) -> str:
    """Return the one type key of a value."""
    return next(iter(value))


def equal(left: Value | None, right: Value | None) -> bool:
    """Return whether two operands are equal; what is absent equals nothing."""
    if left is None or right is None:
        return False
    if left == right:
        return True
    kind = kind_of(left)
    if kind != kind_of(right):
        return False
    if kind in ("SS", "BS"):
        return set(left[kind]) == set(right[kind])
    return kind == "NS" and {*map(number, left[kind])} == {*map(number, right[kind])}


def ordered(left: Value | None, right: Value | None, test: Callable[[Any, Any], bool]) -> bool:
    """Return what an order test says of two operands; False for other types than one of S, N, B."""
    if left is None or right is None:
        return False
    kind = kind_of(left)
    if kind != kind_of(right) or kind not in ORDERED:
        return False
    if kind == "N":
        return test(number(left["N"]), number(right["N"]))
    if kind == "S":  # by UTF-8 bytes
        return test(left["S"].encode(), right["S"].encode())
    return test(left["B"], right["B"])


def _clean_set(kind: str, word: str) -> Callable[[Any, int], Value]:
    def make(content: Any, _depth: int) -> Value:
        if not content:
            raise Invalid(
                f"One or more parameter values were invalid: An {word} set  may not be empty"
            )
        items = [canonical(number(each)) for each in content] if kind == "NS" else [*content]
        if len({*items}) < len(items):
            raise Invalid(
                "One or more parameter values were invalid: "
                f"Input collection {items} contains duplicates."
            )
        return {kind: sorted(items)}

    return make


def _clean_map(content: Mapping[str, Any], depth: int) -> Value:
    return {"M": {name: clean(value, depth + 1) for name, value in content.items()}}


def _clean_list(content: list[Any], depth: int) -> Value:
    return {"L": [clean(value, depth + 1) for value in content]}


def _clean_bool(content: Any, _depth: int) -> Value:
    return {"BOOL": bool(content)}


def _clean_null(_content: Any, _depth: int) -> Value:
    return {"NULL": True}


def _clean_bytes(content: bytes, _depth: int) -> Value:
    return {"B": bytes(content)}


_CLEANERS: Final[Mapping[str, Callable[[Any, int], Value]]] = {
    "M": _clean_map,
    "L": _clean_list,
    "BOOL": _clean_bool,
    "NULL": _clean_null,
    "B": _clean_bytes,
    "SS": _clean_set("SS", "string"),
    "NS": _clean_set("NS", "number"),
    "BS": _clean_set("BS", "binary"),
}
