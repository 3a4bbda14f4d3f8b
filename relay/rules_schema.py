"""The JSON Schema of rules files: made of the models that read them, for editors.

It is published as docs/rules.schema.json. A file in which `relay rules check` finds no mistake fits
it; what only shows in expressions, or in several places at once, the check alone sees.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from pydantic import BaseModel

from handler.core.braze.contract.attributes import CHOICES, FORBIDDEN
from handler.core.braze.contract.trigger import ENDPOINTS
from handler.core.braze.identifiers import ALIAS_KEYS, IDENTIFIERS
from handler.core.braze.request import MAX_RECIPIENTS
from handler.core.rules.schema import FileBlock
from handler.core.rules.verify_block import SCHEMES
from handler.core.verification.presets.catalogue import PRESETS
from handler.core.verification.sender import EventSpec
from relay.rules_words import WORDS

Schema = dict[str, Any]

_NAME: Final = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}
_EXPRESSION: Final = {"type": "string", "pattern": r"\$\{"}
_HEX: Final = "[0-9a-fA-F]"
# The id of a campaign or Canvas: a UUID, or a variable.
_TARGET: Final = {
    "type": "string",
    "pattern": rf"^\s*(\$\{{.*\}}|{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}})\s*$",
}
_SECRET: Final = _NAME | {"not": {"pattern": r"^whsec_|^[sp]k_(live|test)_|[0-9a-f]{20}"}}
_PARTIAL: Final = ("EventSpec", "Signature")
_TEXTS: Final = {"items": {"minLength": 1, "type": "string"}, "type": "array"}


def rules_schema() -> str:
    """Return the schema as text, as it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of rules files."""
    file = _texts(FileBlock.model_json_schema())
    parts = _parts(file.pop("$defs"))
    file["properties"] |= {"verify": _part("Verify"), "event": _part("EventSpec")}
    # With a preset each block may say a part only.
    file["if"] = {"properties": {"verify": {"required": ["preset"]}}}
    file["else"] = _by_hand({name: parts[name].pop("required") for name in _PARTIAL})
    described = {name: _described(part, WORDS.get(name, {})) for name, part in parts.items()}
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rules file: how a source is verified, and which Braze requests it makes",
    }
    return head | _described(file, WORDS["FileBlock"]) | {"$defs": described}


def _parts(file_parts: Mapping[str, Schema]) -> dict[str, Schema]:
    parts = {**file_parts, "Verify": _verify(), "EventSpec": EventSpec.model_json_schema()}
    for model in SCHEMES.values():
        parts |= model.model_json_schema().get("$defs", {})
    parts["RuleBlock"]["properties"]["send"] = _part("Send")
    parts["SourceBlock"]["properties"]["secret"] = {"anyOf": [_SECRET, {"type": "null"}]}
    return parts | {"Send": _send(), "Recipient": _recipient(), "Attributes": _attributes()}


def _by_hand(needed: Mapping[str, list[str]]) -> Schema:
    """Return what a file without a preset has besides."""
    verify = {
        "properties": {"signature": {"required": needed["Signature"]}},
        "anyOf": [_whole(it) for it in SCHEMES.items()],
    }
    event = {"required": needed["EventSpec"]}
    return {"required": ["event"], "properties": {"event": event, "verify": verify}}


def _whole(named: tuple[str, type[BaseModel]]) -> Schema:
    """Return what a scheme cannot do without; hmac is the one without a name."""
    name, model = named
    needed = model.model_json_schema().get("required", [])
    return {
        "properties": {"scheme": {"const": name}},
        "required": needed if name == "hmac" else ["scheme", *needed],
    }


def _part(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _closed(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def _one_of(keys: Collection[str]) -> list[Schema]:
    return [{"required": [key]} for key in keys]


def _verify() -> Schema:
    """Return a preset, or any key of any scheme; null takes a preset's own away."""
    choices: dict[str, list[Schema]] = {}
    for model in SCHEMES.values():
        for key, given in model.model_json_schema()["properties"].items():
            choice = {name: it for name, it in given.items() if name not in ("default", "title")}
            for one in choice.get("anyOf", [choice]):
                known = choices.setdefault(key, [{"type": "null"}])
                known += [] if one in known else [one]
    preset = {"enum": sorted(PRESETS)}
    keys = {key: {"anyOf": any_of} for key, any_of in choices.items()}
    return _closed({"preset": preset, "secret": _SECRET, **keys})


def _send() -> Schema:
    known: dict[str, Schema] = {key: {} for it in ENDPOINTS for key in it.keys}
    lists: Schema = {"type": "array", "minItems": 1, "maxItems": MAX_RECIPIENTS}
    given = {
        "recipients": lists | {"items": _part("Recipient")},
        "recipient": _part("Recipient"),
        "broadcast": {"anyOf": [{"type": "boolean"}, _EXPRESSION]},
        **{it.key: _TARGET for it in ENDPOINTS},
        **_properties(),
    }
    return _closed(known | given) | {
        "anyOf": _one_of(["recipients", "recipient", "broadcast"]),
        "oneOf": _one_of([it.key for it in ENDPOINTS]),
    }


def _recipient() -> Schema:
    known: dict[str, Schema] = {key: {} for it in ENDPOINTS for key in it.recipient_keys}
    alias: dict[str, Schema] = {key: {} for key in ALIAS_KEYS} | {"alias_name": _EXPRESSION}
    given = {
        **{key: _EXPRESSION for key in IDENTIFIERS if key != "user_alias"},
        "user_alias": _closed(alias) | {"required": list(alias)},
        "send_to_existing_only": {"anyOf": [{"type": "boolean"}, _EXPRESSION]},
        "attributes": {"anyOf": [_part("Attributes"), _EXPRESSION]},
        **_properties(),
    }
    return _closed(known | given) | {"oneOf": _one_of(IDENTIFIERS)}


def _properties() -> dict[str, Schema]:
    objects: Schema = {"anyOf": [{"type": "object"}, _EXPRESSION]}
    return {key: objects for it in ENDPOINTS for key in it.properties}


def _attributes() -> Schema:
    known: dict[str, Any] = {key: {} for key in WORDS["Attributes"]}
    chosen = {key: {"anyOf": [{"enum": list(it)}, _EXPRESSION]} for key, it in CHOICES.items()}
    forbidden = dict.fromkeys(FORBIDDEN, False)
    return {"type": "object", "properties": known | chosen | forbidden}


def _texts(value: Any) -> Any:
    """Return a schema in which a list of texts may be one text, and pattern keys are all."""
    if isinstance(value, list):
        return [_texts(it) for it in value]
    if not isinstance(value, dict):
        return value
    if value.items() >= _TEXTS.items():
        rest = {key: it for key, it in value.items() if key not in _TEXTS and key != "minItems"}
        return rest | {"anyOf": [_TEXTS["items"], _TEXTS | {"minItems": value.get("minItems", 0)}]}
    closed = {"additionalProperties": False} if "patternProperties" in value else {}
    return {key: _texts(it) for key, it in value.items()} | closed


def _described(part: Schema, words: Mapping[str, str]) -> Schema:
    """Return a block's schema with words for each key, and without pydantic's titles."""
    told = {key: it for key, it in part.items() if key != "title"}
    if "properties" in part:
        told["properties"] = {
            key: it if it is False else _named(it) | {"description": words[key]}
            for key, it in part["properties"].items()
        }
    return told


def _named(one: Schema) -> Schema:
    kept = {key: it for key, it in one.items() if key != "title"}
    return {key: it for key, it in kept.items() if key != "default" or it not in (None, [], {})}
