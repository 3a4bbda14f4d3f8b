"""Renders one recipient of a rule, and refuses what Braze would refuse or not send."""

import json
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from handler.core.budget import missing
from handler.core.errors import Unrenderable
from handler.core.source import Rule
from handler.core.template import Template, fill
from handler.core.trigger import (
    ALIAS_KEYS,
    IDENTIFIERS,
    MAX_IDENTIFIER_BYTES,
    MAX_PROPERTIES_BYTES,
    PROPERTIES,
)

# What other systems make of a missing id on its way into text. Nobody is called that.
_NOBODY: Final = frozenset({"0", "null", "None", "undefined"})

Recipient = dict[str, JsonValue]


def fill_recipient(template: Mapping[str, Template], rule: Rule, document: JsonValue) -> Recipient:
    """Return a recipient, with what varies of the request's properties; raise Unrenderable."""
    recipient = fill_object(template, document, rule.keep_empty)
    for name, properties in fill_object(rule.folded, document, rule.keep_empty).items():
        own = recipient.get(name, {})
        if not isinstance(properties, dict) or not isinstance(own, dict):
            raise Unrenderable(name, "it is not an object")
        if properties or own:
            recipient[name] = {**properties, **own}
    for name in IDENTIFIERS:
        if name in template:
            recipient[name] = _identifier(name, recipient.get(name))
    return recipient


def fill_object(
    template: Mapping[str, Template], document: JsonValue, keep: frozenset[str]
) -> dict[str, JsonValue]:
    """Return a filled object; raise Unrenderable."""
    filled = fill(dict(template), document, keep)
    return filled if isinstance(filled, dict) else {}


def _identifier(name: str, value: JsonValue) -> JsonValue:
    if name == "user_alias":
        alias = value if isinstance(value, dict) else {}
        return {key: _identity(f"{name}.{key}", alias.get(key)) for key in ALIAS_KEYS}
    return _identity(name, value)


def _identity(path: str, value: JsonValue) -> str:
    """Return an identifier as text; raise Unrenderable where it names nobody."""
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise Unrenderable(path, "an identifier is text or a whole number")
    text = "" if value is None else str(value)
    if missing(text) or text.strip() in _NOBODY:
        raise Unrenderable(path, "it is missing, and without it nobody can be reached")
    if len(text.encode("utf-8", "surrogatepass")) > MAX_IDENTIFIER_BYTES:
        raise Unrenderable(path, f"it is longer than {MAX_IDENTIFIER_BYTES} bytes")
    return text


def check_recipient(recipient: Recipient, send: Mapping[str, JsonValue], rule: Rule) -> None:
    """Refuse what Braze would refuse, or accept and not send."""
    for path in rule.required:
        if not (_has(recipient, path) or _has(send, path)):
            raise Unrenderable(path, "it is required, and missing")
    attributes = recipient.get("attributes", {})
    if not isinstance(attributes, dict):
        raise Unrenderable("attributes", "it is not an object")
    existing_only = recipient.get("send_to_existing_only", True)
    if not isinstance(existing_only, bool):
        raise Unrenderable("send_to_existing_only", "it is neither true nor false")
    if not existing_only and not attributes:
        raise Unrenderable("attributes", "there are none, and Braze creates no profile without")
    for name, properties in _properties(recipient, send):
        if (
            len(json.dumps(properties, ensure_ascii=False).encode("utf-8", "replace"))
            > MAX_PROPERTIES_BYTES
        ):
            raise Unrenderable(name, f"it is larger than {MAX_PROPERTIES_BYTES:,} bytes")


def _properties(
    recipient: Recipient, send: Mapping[str, JsonValue]
) -> Iterator[tuple[str, JsonValue]]:
    for name in PROPERTIES:
        shared, own = send.get(name, {}), recipient.get(name, {})
        if not isinstance(own, dict) or not isinstance(shared, dict):
            raise Unrenderable(name, "it is not an object")
        yield name, {**shared, **own}


def _has(value: JsonValue | Mapping[str, JsonValue], path: str) -> bool:
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return not missing(value) and value not in ([], {})
