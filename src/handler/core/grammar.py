"""The grammar of a rules file, and what is said about a file that does not keep to it.

Only the shape is settled here; expressions, templates and Braze's own keys come after.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from handler.core.budget import a
from handler.core.errors import Finding
from handler.core.models import OnUnknown
from handler.core.schemes import HmacScheme, Signature, Timestamp
from handler.core.sender import Answer, EventSpec, Handshake
from handler.core.shown import StandardWebhooksBlock, TokenScheme
from handler.core.trigger import unknown_key
from handler.core.yaml12 import Document, Path

SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Scalar = str | int | float | bool
Texts = Annotated[
    list[Annotated[str, Field(min_length=1)]],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
]
Duration = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}[smhd]$")]


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RuleBlock(_Block):
    """One rule as written. `expires_after` is a number and s, m, h or d (`6h`).

    `enabled: false` switches it off; `shadow: true` renders, logs and counts, and sends nothing.
    """

    name: Name
    description: str | None = None
    type: Annotated[Texts, Field(min_length=1)]
    when: str | None = None
    once: str | int | None = None
    for_each: str | None = None
    send: dict[str, JsonValue]
    required: Texts = []
    keep_empty: Texts = []
    expires_after: Duration | None = None
    on_unknown: OnUnknown = "retry"
    workspace: Name | None = None
    enabled: bool = True
    shadow: bool = False


class SourceBlock(_Block):
    """One of several sources of a file: what it has of its own."""

    secret: Name | None = None
    vars: dict[str, dict[str, Scalar]] = {}
    workspace: Name | None = None


class FileBlock(_Block):
    """A rules file as written; `verify` and `event` are read once their preset is known."""

    verify: dict[str, JsonValue]
    event: dict[str, JsonValue] = {}
    headers: Texts = []
    content_types: Texts = []
    answer: Answer | None = None
    handshakes: list[Handshake] | None = None
    vars: dict[str, dict[str, Scalar]] = {}
    tables: dict[str, dict[str, Scalar]] = {}
    sources: dict[Name, SourceBlock] = {}
    rules: Annotated[list[RuleBlock], Field(min_length=1)]


_B = TypeVar("_B", bound=BaseModel)
_KEYS: Final[Mapping[tuple[str, ...], tuple[str, ...]]] = {
    (): tuple(FileBlock.model_fields),
    ("rules",): tuple(RuleBlock.model_fields),
    ("sources",): tuple(SourceBlock.model_fields),
    ("event",): tuple(EventSpec.model_fields),
    ("verify",): (
        *("preset", "secret", *HmacScheme.model_fields),
        *(*StandardWebhooksBlock.model_fields, *TokenScheme.model_fields),
    ),
    ("verify", "signature"): tuple(Signature.model_fields),
    ("verify", "timestamp"): tuple(Timestamp.model_fields),
}
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
_PATTERNS: Final = {
    "name": "takes small letters, digits, - and _, at most 64",
    "secret": "takes small letters, digits, - and _, at most 64",
    "expires_after": "takes a number and s, m, h or d, such as 30m or 6h",
}
_ELSEWHERE: Final = {
    "campaign_id": "it belongs under send",
    "canvas_id": "it belongs under send",
    "recipients": "they belong under send",
    "secret": "it belongs under verify",
    "preset": "it belongs under verify",
    "trigger_properties": "they belong under send",
}


def read_file(document: Document) -> FileBlock | list[Finding]:
    """Return the file as written, or all findings about its shape."""
    return read_block(FileBlock, document.value, (), document)


def seconds(duration: str | None) -> int | None:
    """Return the seconds of a duration such as `6h`."""
    return None if duration is None else int(duration[:-1]) * SECONDS[duration[-1]]


def read_block(
    model: type[_B], value: JsonValue, at: Path, document: Document
) -> _B | list[Finding]:
    """Return a block of the file as its model, or all findings about its shape."""
    try:
        # From JSON, for strictness there tells text from numbers and yet takes lists for tuples.
        return model.model_validate_json(json.dumps(value), strict=True)
    except ValidationError as error:
        findings = [_finding(item, at, document) for item in error.errors(include_url=False)]
        return list(dict.fromkeys(findings))


def _finding(error: ErrorDetails, at: Path, document: Document) -> Finding:
    path: Path = (*at, *error["loc"])
    if error["type"] == "missing":
        where = ".".join(str(step) for step in path[:-1] if isinstance(step, str)) or "the file"
        return document.finding(path, f"{path[-1]} is missing in {where}{_why(path)}")
    if path not in document.places and path[:-1] in document.places:
        # A union complains once per member, under the member's name: one finding says it.
        return document.finding(path, f"{path[-2]} does not take {a(error['input'])}")
    return document.finding(path, _message(error, path))


def _why(path: Path) -> str:
    return ": a source without verification is not possible" if path == ("verify",) else ""


def _message(error: ErrorDetails, path: Path) -> str:
    kind = error["type"]
    name = next((step for step in reversed(path) if isinstance(step, str)), "the file")
    if kind == "extra_forbidden":
        block = tuple(step for step in path[:-1] if isinstance(step, str))
        hint = f" ({_ELSEWHERE[name]})" if name in _ELSEWHERE else ""
        return unknown_key(name, _KEYS.get(block, ())) + hint
    if kind == "string_pattern_mismatch":
        return f"{name} {_PATTERNS.get(name, 'is not written as it should be')}"
    if kind in ("literal_error", "enum"):
        return f"{name} takes {error['ctx']['expected']}"
    if kind == "value_error":
        return f"{name}: {error['ctx']['error']}"
    return f"{name} {_WORDS.get(kind, error['msg'])}"
