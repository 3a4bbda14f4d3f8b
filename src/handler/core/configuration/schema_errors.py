"""Reads blocks of a YAML file into their models, and words the mistakes in their shape."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from handler.core.configuration.yaml12 import Document, Path
from handler.core.errors import Finding
from handler.core.json_types import a
from handler.core.suggestions import unknown_key

NAME: Final = r"^[a-z0-9][a-z0-9_-]{0,63}$"
NAME_TAKES: Final = "takes small letters, digits, - and _, at most 64"
SECRET_TAKES: Final = f"{NAME_TAKES}: it is the name of a secret, and not the secret itself"
Name = Annotated[str, Field(pattern=NAME)]
DURATION_TAKES: Final = "takes a number and s, m, h or d, such as 30m or 6h"
DURATION: Final = r"^[1-9][0-9]{0,5}[smhd]$"
Duration = Annotated[str, Field(pattern=DURATION)]
SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

_FORMS: Final = {
    *("string_pattern_mismatch", "string_type", "list_type", "dict_type", "model_type"),
    *("greater_than_equal", "less_than_equal"),
}
_B = TypeVar("_B", bound=BaseModel)
_WORDS: Final = {
    "string_type": "takes text",
    "int_type": "takes a whole number",
    "float_type": "takes a number",
    "bool_type": "takes true or false",
    "list_type": "takes a list",
    "tuple_type": "takes a list",
    "dict_type": "takes an object",
    "model_type": "takes an object",
    "too_short": "is empty",
    "string_too_short": "is empty",
}


@dataclass(frozen=True, slots=True)
class Words:
    """Words for the mistakes in one kind of file.

    `keys` are the keys of each block. `elsewhere` says where a misplaced key belongs, `takes` which
    form the text of a key has, `items` which form the items of a list have,
    `missing` why a key cannot be left out, `lists` how a list begins.
    `objects` say how a text is meant that stands in the place of an object: {text} is that text,
    and {key} its key.
    """

    keys: Mapping[tuple[str, ...], tuple[str, ...]]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[Path, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    objects: Mapping[str, str] = field(default_factory=dict)


def seconds(duration: str) -> int:
    """Return the seconds of a duration such as `6h`."""
    return int(duration[:-1]) * SECONDS[duration[-1]]


def read_block(
    model: type[_B], value: JsonValue, at: Path, document: Document, words: Words
) -> _B | list[Finding]:
    """Return a block of the file as its model, or all findings about its shape."""
    try:
        # From JSON: strict mode there tells text from numbers, and still takes lists for tuples.
        return model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        items = error.errors(include_url=False)
        return list(dict.fromkeys(_finding(item, at, document, words) for item in items))


def _finding(error: ErrorDetails, at: Path, document: Document, words: Words) -> Finding:
    path: Path = (*at, *error["loc"])
    if error["type"] == "missing":
        where = ".".join(str(step) for step in path[:-1] if isinstance(step, str)) or "the file"
        why = words.missing.get(path, "")
        return document.finding(path, f"{path[-1]} is missing in {where}{why}")
    if path not in document.places and path[:-1] in document.places:
        # A union reports one error per member, under the member's name: one finding is enough.
        return document.finding(path, f"{path[-2]} does not take {a(error['input'])}")
    return document.finding(path, _message(error, path, words))


def _message(error: ErrorDetails, path: Path, words: Words) -> str:
    kind = error["type"]
    name = next((step for step in reversed(path) if isinstance(step, str)), "the file")
    if kind == "extra_forbidden":
        block = tuple(step for step in path[:-1] if isinstance(step, str))
        known = words.keys.get(block, ())
        is_misplaced = name in words.elsewhere and name not in known
        hint = f" ({words.elsewhere[name]})" if is_misplaced else ""
        return unknown_key(name, known) + hint
    if kind in _FORMS:
        return f"{name} {_form(error, path, name, words)}"
    if kind in ("literal_error", "enum"):
        return f"{name} takes {error['ctx']['expected']}"
    if kind == "value_error":
        return f"{name}: {error['ctx']['error']}"
    return f"{name} {_WORDS.get(kind, error['msg'])}"


def _object(text: object, path: Path, words: Words) -> str:
    """Return how an object is written, where a text that could be a name stands in its place."""
    if isinstance(text, list) and text and all(isinstance(one, dict) for one in text):
        return ": leave out the dashes"
    name = next((str(one) for one in reversed(path) if one in words.objects), "")
    is_name = isinstance(text, str) and re.fullmatch(r"[\w -]+", text)
    mend = words.objects.get(name, "") if is_name else ""
    return f": {mend.format(text=text, key=path[-1])}" if mend else ""


def _form(error: ErrorDetails, path: Path, name: str, words: Words) -> str:
    """Return the form that a value has."""
    kind = error["type"]
    if kind == "list_type":
        return _WORDS[kind] + (f": {words.lists[name]}" if name in words.lists else "")
    if kind in ("dict_type", "model_type"):
        return _WORDS[kind] + _object(error["input"], path, words)
    if name in words.takes and path[-1] == name:
        return _with_unit(words.takes[name], error["input"])
    return words.items.get(name) or _WORDS.get(kind, "is not written as it should be")


def _with_unit(takes: str, given: object) -> str:
    """Return what a key takes, for a duration without its unit with that very number."""
    is_number = takes == DURATION_TAKES and isinstance(given, int) and not isinstance(given, bool)
    written = _durations(given) if is_number and isinstance(given, int) else ""
    return takes.replace("30m or 6h", written) if written else takes


def _durations(number: int) -> str:
    """Return a number in the units that may be meant: few are hours, many are seconds."""
    if number < SECONDS["m"]:
        return f"{number}m or {number}h" if number > 0 else ""
    unit = next(one for one in "dhms" if number % SECONDS[one] == 0)
    ways = dict.fromkeys((f"{number}s", f"{number // SECONDS[unit]}{unit}"))
    return " or ".join(one for one in ways if re.fullmatch(DURATION, one))
