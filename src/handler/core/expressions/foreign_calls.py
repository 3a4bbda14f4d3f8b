"""Calls of other languages, and the expressions that mean the same: filters, methods, functions.

`x | upcase` of Liquid and Jinja, `x.toUpperCase()` of JavaScript and `tonumber(x)` of Terraform are
one table, by their names without `_` in small letters.
"""

import re
from collections.abc import Sequence
from typing import Final

from handler.core.expressions.functions import Functions, signature_of

_FIRST: Final = "{0}[0]"
_LAST: Final = "{0}[-1]"
_NUMBER: Final = "to_number({0})"
_THERE: Final = "{0} != `null`"
_TIME: Final = "time({0})"
_FORMATTED: Final = f"{_TIME}, and format it in the message, in Braze's Liquid"
# {0} is the value, {1} and {2} are the arguments; one that is not given is written `...`.
_FORMS: Final = {
    **dict.fromkeys(("upper", "upcase", "touppercase", "uppercase", "strtoupper"), "upper({0})"),
    **dict.fromkeys(("lower", "downcase", "tolowercase", "lowercase", "strtolower"), "lower({0})"),
    **dict.fromkeys(("capitalize", "title", "titleize", "titlecase", "ucfirst"), "title({0})"),
    **dict.fromkeys(("size", "length", "len", "count", "strlen"), "length({0})"),
    **dict.fromkeys(("strip", "trim", "lstrip", "rstrip", "trimspace", "ltrim"), "trim({0})"),
    **dict.fromkeys(("striptags", "striphtml", "escape", "e", "escapeonce"), "plain({0}, `80`)"),
    **dict.fromkeys(("number", "int", "float", "toi", "tof", "parseint", "parsefloat"), _NUMBER),
    **dict.fromkeys(("tonumber", "integer", "decimal"), _NUMBER),
    **dict.fromkeys(("str", "string", "text", "tostring", "tos"), "text({0})"),
    **dict.fromkeys(("json", "tojson", "jsonencode", "stringify", "jsondump"), "to_string({0})"),
    **dict.fromkeys(("default", "ifnull", "nvl", "try", "or", "isnull"), "coalesce({0}, {1})"),
    **dict.fromkeys(("iif", "cond", "ternary"), "if({0}, {1}, {2})"),
    **dict.fromkeys(("isset", "exists", "defined", "present", "notnull"), _THERE),
    **dict.fromkeys(("blank", "empty", "isempty", "isblank", "nil"), "!({0})"),
    **dict.fromkeys(("date", "datetime", "todate", "toisostring", "formatdate"), _TIME),
    "strftime": _TIME,
    **dict.fromkeys(("contains", "includes", "include"), "contains({0}, {1})"),
    **dict.fromkeys(("startswith", "hasprefix"), "starts_with({0}, {1})"),
    **dict.fromkeys(("endswith", "hassuffix"), "ends_with({0}, {1})"),
    **dict.fromkeys(("append", "concat"), "concat({0}, {1})"),
    **dict.fromkeys(("replace", "replaceall", "gsub"), "replace({0}, {1}, {2})"),
    **dict.fromkeys(("times", "multiply", "mul"), "multiply({0}, {1})"),
    **dict.fromkeys(("dividedby", "divide", "div"), "divide({0}, {1})"),
    **dict.fromkeys(("plus", "add"), "add({0}, {1})"),
    **dict.fromkeys(("round", "tofixed"), "round({0}, {1})"),
    **dict.fromkeys(("md5", "sha1", "hash", "digest", "hmac"), "sha256({0})"),
    **dict.fromkeys(("first", "head"), _FIRST),
    **dict.fromkeys(("get", "dig", "attr"), "{0}.{1}"),
    **dict.fromkeys(("equals", "equal", "eq", "isequal"), "{0} == {1}"),
    **dict.fromkeys(("notequals", "ne", "neq"), "{0} != {1}"),
    "equalsignorecase": "lower({0}) == lower({1})",
    "last": _LAST,
    "join": "join({1}, {0})",
    "split": "split({0}, {1})",
    "prepend": "concat({1}, {0})",
    "remove": "replace({0}, {1}, '')",
    "minus": "add({0}, multiply({1}, `-1`))",
    "money": "money({0}, {1})",
    "map": "{0}[].{1}",
    "unescape": "unescape_html({0})",
}
# Liquid's and Jinja's for which there is no function.
_NONE: Final = frozenset(
    {
        *("truncate", "truncatewords", "slice", "substring", "substr", "uniq", "unique", "compact"),
        *("modulo", "urlencode", "urldecode", "newlinetobr", "where"),
        *("base64encode", "base64decode", "pluralize", "groupby", "regexreplace", "match", "test"),
    }
)
_NOT_THERE: Final = {
    **dict.fromkeys(("now", "today", "timestamp"), "time(received_at) is when the webhook came"),
    **dict.fromkeys(("substring", "substr", "slice", "truncate"), "plain(text, `40`) cuts a text"),
    **dict.fromkeys(("parse", "fromjson", "jsondecode"), "a webhook's JSON is read already"),
    **dict.fromkeys(("select", "filter", "where"), "a filter is written items[?name == 'a']"),
    **dict.fromkeys(("some", "any", "every", "all"), "a filter is written items[?name == 'a']"),
    **dict.fromkeys(("format", "sprintf", "printf"), "concat('a', b) joins texts"),
    **dict.fromkeys(("random", "uuid"), "one event must give one value"),
}
# Methods of a list as a whole; others are of each of its elements.
_OF_WHOLES: Final = frozenset(
    {
        *("join", "size", "length", "len", "count", "first", "head", "last", "sort", "reverse"),
        *("sum", "max", "min", "avg", "includes", "include", "contains"),
    }
)
_OF_LISTS: Final = ("max", "min", "sum", "avg")
# What stands behind the value of a call that has the value alone, as an example.
_SECOND: Final = {
    **dict.fromkeys(("money", "minor_units"), ("body.currency",)),
    **dict.fromkeys(("contains", "starts_with", "ends_with"), ("'vip'",)),
    "phone": ("'DE'",),
    "plain": ("`40`",),
    "round": ("`0`",),
    "split": ("','",),
    "replace": ("'old'", "'new'"),
    "time_add": ("'1d'",),
}
_NAMESPACES: Final = ("Math", "JSON", "String", "Number", "Object", "Array", "Boolean")
_ARGUMENT: Final = re.compile(r"\{([012])\}")
_PLAIN_PATH: Final = re.compile(r"[\w.\"-]+(?:\[-?\d+\][\w.\"-]*)*")
_QUOTED_NAME: Final = re.compile(r"'([A-Za-z_]\w*)'")
_TEXT: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_BARE_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")


def is_call(name: str) -> bool:
    """Return whether a name is that of a function, ours or of another language."""
    key = _key(name)
    return name in Functions.FUNCTION_TABLE or key in _FORMS or key in _NONE


def translated(name: str, value: str, arguments: Sequence[str] = ()) -> str | None:
    """Return the expression that a call on a value means, or None where no function does that.

    Of a date with its format the expression gives the date, and words say the rest.
    """
    form = _FORMS.get(_key(name))
    if form in (_FIRST, _LAST) and not _PLAIN_PATH.fullmatch(value):
        form = form.replace("{0}", "{0} | ")  # `x[*].y[0]` would be the first of each
    if form is None:
        return _own(name, value, arguments)
    if value in _NAMESPACES and arguments:
        value, *arguments = arguments  # Math.round(x), JSON.stringify(x)
    if form == _TIME and arguments:
        dates = (one for one in (value, *arguments) if not _TEXT.fullmatch(one))
        return _FORMATTED.format(next(dates, value))  # PHP and Terraform have the format first
    if form == "round({0}, {1})" and not arguments:
        form = "round({0}, `0`)"
    if form in ("{0}.{1}", "{0}[].{1}"):
        arguments = [_QUOTED_NAME.sub(r"\1", one) for one in arguments]
    given = [value, *map(_literal, arguments)]
    if form == "join({1}, {0})" and not arguments:
        given.append("' '")
    return _ARGUMENT.sub(lambda at: dict(enumerate(given)).get(int(at[1]), "..."), form)


def is_of_list(name: str) -> bool:
    """Return whether a method is one of a list as a whole, and not of each of its elements."""
    return _key(name) in _OF_WHOLES


def meant_call(name: str, arguments: Sequence[str]) -> str | None:
    """Return the expression that a call of an unknown function means, or None."""
    if _key(name) not in _FORMS or not arguments:
        return None
    return translated(name, arguments[0], arguments[1:])


def completed(name: str, arguments: Sequence[str]) -> str | None:
    """Return a call that has an argument too few or too many, as it is meant."""
    if name == "if" and len(arguments) == 2:  # noqa: PLR2004 - condition and value
        return f"if({', '.join(arguments)}, `null`)"
    if name == "lookup" and len(arguments) == 3:  # noqa: PLR2004 - and a default
        return f"coalesce(lookup({', '.join(arguments[:2])}), {arguments[2]})"
    if name in _OF_LISTS and len(arguments) > 1:
        return f"{name}([{', '.join(arguments)}])"
    if name == "join" and len(arguments) > 2:  # noqa: PLR2004 - separator and list
        return f"join({arguments[0]}, [{', '.join(arguments[1:])}])"
    if name in _SECOND and len(arguments) == 1:
        return f"{name}({', '.join([*arguments, *_SECOND[name]])})"
    return None


def not_there(name: str) -> str:
    """Return what there is in the place of a function that there is not."""
    return _NOT_THERE.get(_key(name), "")


def _own(name: str, value: str, arguments: Sequence[str]) -> str | None:
    if name not in Functions.FUNCTION_TABLE:
        return None
    takes = signature_of(name)
    least = sum(not one.get("optional") for one in takes)
    given = [value, *map(_literal, arguments)]
    given = given if any(one.get("variadic") for one in takes) else given[: len(takes)]
    return f"{name}({', '.join([*given, *(['...'] if len(given) < least else [])])})"


def _literal(argument: str) -> str:
    return f"`{argument}`" if _BARE_NUMBER.fullmatch(argument) else argument


def _key(name: str) -> str:
    return name.replace("_", "").lower()
