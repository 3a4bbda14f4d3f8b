"""Ids of campaigns, Canvases and subscription groups in rules files: their places, and samples.

The form of a campaign's or Canvas's id is checked here; that of a group is Braze's contract.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from handler.core.braze.contract.subscription import GROUP
from handler.core.braze.endpoints import SENDS, SUBSCRIBE, TRACK
from handler.core.configuration.yaml12 import Document, Path
from handler.core.errors import ExpressionError, Finding
from handler.core.expressions.template import Whole, compile_text
from handler.core.rules.compiler import variable

# Braze, "API identifier types" and the export endpoints: each identifier shown is a UUID, of no
# certain version. Braze promises no form, so Lambda accepts any text and Braze decides.
_FORM: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_NONE: Final = (
    "takes an API identifier, as Braze's dashboard shows it with the campaign or Canvas:"
    " 417220e4-5a2a-b634-7f7d-9ec891532368, say"
)
_SAMPLE: Final = "is a sample of this project: put the API identifier of a {} of yours"
_TARGET: Final = "campaign or Canvas"
_GROUP: Final = "subscription group"
# Ids in this project's rules and pages, made up or Braze's own example: no workspace has them.
SAMPLES: Final = frozenset(
    {
        "2f9c7b16-6d40-4e8b-a3f5-90c1e7d2b864",
        "3b1c6f0e-2a57-4d98-b6e4-7f8091a2b3c4",
        "417220e4-5a2a-b634-7f7d-9ec891532368",
        "5a8d0f2e-93b1-4c62-8a7f-1d3b6e0c9f24",
        "8a1f6e6b-3f5c-4c0e-9d11-0c6f4f2b7a55",
        "9d2e7a1b-4c86-4f03-8a5d-6e7f8091a2b3",
        "c27b64d8-0e15-4f3a-b9c8-72a1d5e6f083",
        "e41d08a7-b35c-49f2-8c6e-5a7f13b9d020",
    }
)


@dataclass(frozen=True, slots=True)
class _Target:
    """An id, with the path that gives it: a variable of the stage, or the rule itself."""

    path: Path
    name: str
    id: str
    is_sent: bool
    of: str


def misshapen(document: Document, sources: Sequence[str], stages: Sequence[str]) -> list[Finding]:
    """Return the ids of a file, in any of these stages, that do not have an identifier's form."""
    targets = (one for stage in stages for one in _targets(document, sources, stage))
    found = (one for one in targets if one.of != _GROUP)
    wrong = [
        document.finding(one.path, f"{one.name} {_NONE}") for one in found if not is_id(one.id)
    ]
    return list(dict.fromkeys(wrong))


def samples(document: Document, sources: Sequence[str], stage: str) -> list[Finding]:
    """Return the sample ids of this project that a file would send with in a stage."""
    found = [one for one in _targets(document, sources, stage) if one.is_sent]
    wrong = [
        document.finding(one.path, f"{one.name} {_SAMPLE.format(one.of)}")
        for one in found
        if one.id in SAMPLES
    ]
    return list(dict.fromkeys(wrong))


def is_id(text: str) -> bool:
    """Return whether a text has the form of an identifier of a campaign or Canvas."""
    return bool(_FORM.fullmatch(text))


def _targets(document: Document, sources: Sequence[str], stage: str) -> Iterator[_Target]:
    file = document.value if isinstance(document.value, dict) else {}
    rules = file.get("rules")
    for at, rule in enumerate(rules if isinstance(rules, list) else []):
        if not isinstance(rule, dict):
            continue
        is_sent = rule.get("enabled") is not False and rule.get("shadow") is not True
        for own, given, of in (*_of_send(rule), *_of_groups(rule)):
            for path in _places(given, ("rules", at, *own), sources, stage):
                if isinstance(value := _at(file, path), str):
                    yield _Target(path, str(path[-1]), value.strip(), is_sent, of)


def _of_send(rule: Mapping[str, Any]) -> Iterator[tuple[Path, object, str]]:
    send = rule.get("send")
    if isinstance(send, dict):
        keys = {one.key for one in SENDS} & send.keys()
        yield from ((("send", key), send[key], _TARGET) for key in keys)


def _of_groups(rule: Mapping[str, Any]) -> Iterator[tuple[Path, object, str]]:
    """Yield the ids of subscription groups: those of `subscribe`, and those among attributes."""
    for kind in (TRACK.key, SUBSCRIBE.key):
        for path, value in _members(rule.get(kind), (kind,)):
            if path[-1] == GROUP:
                yield path, value, _GROUP


def _members(value: object, path: Path) -> Iterator[tuple[Path, object]]:
    inner = value.items() if isinstance(value, dict) else ()
    for key, one in enumerate(value) if isinstance(value, list) else inner:
        yield (*path, key), one
        yield from _members(one, (*path, key))


def _places(value: object, own: Path, sources: Sequence[str], stage: str) -> list[Path]:
    """Return the paths of an id for each source: a source may have variables of its own.

    Another expression is no id, and a mistake of its own.
    """
    name = _variable(value)
    if name is None:
        return [] if isinstance(value, str) and "${" in value else [own]
    return [("vars", stage, name), *(("sources", one, "vars", stage, name) for one in sources)]


def _variable(value: object) -> str | None:
    try:
        template = compile_text(value) if isinstance(value, str) else None
    except ExpressionError:
        return None
    return variable(template.expression.tree) if isinstance(template, Whole) else None


def _at(value: Any, path: Path) -> object:
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        else:
            value = value[step] if isinstance(value, list) and isinstance(step, int) else None
    return value
