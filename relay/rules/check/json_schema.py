"""JSON Schema of rules files for editors, made of the models that read them.

It is published as docs/rules.schema.json. A file without mistakes in `relay rules check` fits it;
only the check sees mistakes in expressions, or in several places at once.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from pydantic import BaseModel

from handler.core.braze.contract.attributes import CHOICES, FORBIDDEN
from handler.core.braze.contract.fields import ATTACHMENT_KEYS, PRIORITIZATIONS
from handler.core.braze.contract.subscription import STATES, TWICE
from handler.core.braze.contract.track import NO_ATTRIBUTE
from handler.core.braze.contract.user_objects import PRIMARY, UPDATE
from handler.core.braze.endpoints import MAX_RECIPIENTS, SENDS, SUBSCRIBE, TRACK, Endpoint
from handler.core.braze.identifiers import ALIAS_KEYS, IDENTIFIERS
from handler.core.rules.compile_defines import NAME
from handler.core.rules.schema import FileBlock
from handler.core.rules.sender_blocks import HEADER, EventBlock
from handler.core.rules.source import KINDS
from handler.core.rules.users import IDENTIFYING
from handler.core.rules.verify_block import SCHEMES
from handler.core.verification.presets.catalogue import PRESETS
from relay.rules.check.editor_words import BLOCKS, WORDS
from relay.rules.check.request_words import Word

Schema = dict[str, Any]

_NAME: Final = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,63}$"}
_EXPRESSION: Final = {"type": "string", "pattern": r"\$\{"}
_HEX: Final = "[0-9a-fA-F]"
_VARIABLE: Final = r"""\$\{\s*vars\.([A-Za-z_]\w*|"[^"]+")\s*\}"""
# A path of the event without ${...}, in the notations of other languages.
_PATH: Final = (
    r"^\s*(\$\.[A-Za-z_][\w.]*|\$?body\.[A-Za-z_][\w.]*|\{[A-Za-z_][\w.]*\}|<%=\s*[\w.]+\s*%>)\s*$"
)
# The id of a campaign or Canvas: a UUID, or a variable.
_TARGET: Final = {
    "type": "string",
    "pattern": rf"^\s*({_VARIABLE}|{_HEX}{{8}}(-{_HEX}{{4}}){{3}}-{_HEX}{{12}})\s*$",
}
_SECRET: Final = _NAME | {"not": {"pattern": r"^whsec_|^[sp]k_(live|test)_|[0-9a-f]{20}"}}
_PARTIAL: Final = ("EventBlock", "SignatureBlock")
_TEXTS: Final[tuple[Schema, ...]] = tuple(
    {"items": {**one, "type": "string"}, "type": "array"}
    for one in ({"minLength": 1}, {"pattern": HEADER})
)


def rules_schema() -> str:
    """Return the schema as text, as it is published."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of rules files."""
    file = _texts(FileBlock.model_json_schema())
    parts = _parts(file.pop("$defs"))
    own = {"verify": _part("Verify"), "event": _part("EventBlock"), "define": _define()}
    file["properties"] |= own
    # With a preset each block may be partial.
    file["if"] = {"properties": {"verify": {"required": ["preset"]}}}
    file["else"] = _by_hand({name: parts[name].pop("required") for name in _PARTIAL})
    described = {name: _described(part, name) for name, part in parts.items()}
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rules file: how a source is verified, and which Braze requests it makes",
    }
    return head | _described(file, "FileBlock") | {"$defs": described}


def _parts(file_parts: Mapping[str, Schema]) -> dict[str, Schema]:
    parts = {**file_parts, "Verify": _verify(), "EventBlock": EventBlock.model_json_schema()}
    for model in SCHEMES.values():
        parts |= model.model_json_schema().get("$defs", {})
    parts["RuleBlock"] = _rule(parts["RuleBlock"])
    parts["SourceBlock"]["properties"]["secret"] = {"anyOf": [_SECRET, {"type": "null"}]}
    made = {"Send": _send(), "Recipient": _recipient(), "Attributes": _attributes()}
    of_users = {
        "Track": _arrays(TRACK, {"attributes": "Profile", "events": "UserEvent"}),
        "Profile": _profile(),
        "UserEvent": _user_event(),
        "Subscribe": _arrays(SUBSCRIBE, {"subscription_groups": "Subscription"}),
        "Subscription": _subscription(),
    }
    small = {"Attachment": _attachment(), "Alias": _alias(), "Value": _value()}
    return parts | made | of_users | small


def _rule(part: Schema) -> Schema:
    """Return a rule, with exactly one request; of events it says two things more."""
    requests = {kind: _part(kind.capitalize()) for kind in KINDS}
    counted = {"properties": {"track": {"required": ["events"]}}, "required": ["track"]}
    return part | {
        "properties": part["properties"] | requests,
        "oneOf": _one_of(KINDS),
        "if": counted,
        "then": {"required": ["once", "on_unknown"]},
    }


def _by_hand(needed: Mapping[str, list[str]]) -> Schema:
    """Return the additional requirements of a file without a preset."""
    verify = {
        "properties": {"signature": {"required": needed["SignatureBlock"]}},
        "anyOf": [_whole(one) for one in SCHEMES.items()],
    }
    event = {"required": needed["EventBlock"]}
    return {"required": ["event"], "properties": {"event": event, "verify": verify}}


def _whole(named: tuple[str, type[BaseModel]]) -> Schema:
    """Return the required keys of a scheme; hmac is the one without a name."""
    name, model = named
    needed = model.model_json_schema().get("required", [])
    return {
        "properties": {"scheme": {"const": name}},
        "required": needed if name == "hmac" else ["scheme", *needed],
    }


def _part(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _define() -> Schema:
    names = {"pattern": f"^{NAME.pattern}$"}
    return {"type": "object", "propertyNames": names, "additionalProperties": _EXPRESSION}


def _closed(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def _one_of(keys: Collection[str]) -> list[Schema]:
    return [{"required": [key]} for key in keys]


def _verify() -> Schema:
    """Return a preset, or any key of any scheme; null removes a preset's own."""
    choices: dict[str, list[Schema]] = {}
    for model in SCHEMES.values():
        for key, given in model.model_json_schema()["properties"].items():
            choice = {
                name: each for name, each in given.items() if name not in ("default", "title")
            }
            for one in choice.get("anyOf", [choice]):
                known = choices.setdefault(key, [{"type": "null"}])
                known += [] if one in known else [one]
    preset = {"enum": sorted(PRESETS)}
    keys = {key: {"anyOf": any_of} for key, any_of in choices.items()}
    return _closed({"preset": preset, "secret": _SECRET, **keys})


def _send() -> Schema:
    known: dict[str, Schema] = {key: {} for one in SENDS for key in one.keys}
    lists: Schema = {"type": "array", "minItems": 1, "maxItems": MAX_RECIPIENTS}
    given = {
        "recipients": lists | {"items": _part("Recipient")},
        "recipient": _part("Recipient"),
        "broadcast": {"anyOf": [{"type": "boolean"}, _EXPRESSION]},
        "audience": {"anyOf": [{"type": "object"}, _EXPRESSION]},
        "attachments": {"type": "array", "items": _part("Attachment")},
        **{one.key: _TARGET for one in SENDS},
        **_properties(),
    }
    return _closed(known | given) | {
        "anyOf": [
            *_one_of(["recipients", "recipient"]),
            {"required": ["broadcast"], "properties": {"broadcast": {"not": {"const": False}}}},
            {"required": ["broadcast", "audience"]},
        ],
        "oneOf": _one_of([one.key for one in SENDS]),
    }


def _recipient() -> Schema:
    known: dict[str, Schema] = {key: {} for one in SENDS for key in one.recipient_keys}
    given = {
        **{key: _EXPRESSION for key in IDENTIFIERS if key != "user_alias"},
        "user_alias": _part("Alias"),
        "prioritization": {
            "anyOf": [
                *({"const": list(one)} for one in PRIORITIZATIONS),
                {"type": "array", "contains": _EXPRESSION},
                _EXPRESSION,
            ]
        },
        "send_to_existing_only": {"anyOf": [{"type": "boolean"}, _EXPRESSION]},
        "attributes": {"anyOf": [_part("Attributes"), _EXPRESSION]},
        **_properties(),
    }
    return _closed(known | given) | {"oneOf": _one_of(IDENTIFIERS)}


def _alias() -> Schema:
    label: Schema = {"type": ["string", "integer"], "pattern": r"\S"}
    keys = dict(zip(ALIAS_KEYS, (_EXPRESSION, label), strict=True))
    return _closed(keys) | {"required": list(keys)}


def _arrays(at: Endpoint, of: Mapping[str, str]) -> Schema:
    """Return a request of arrays, whose objects are the named parts."""
    lists: Schema = {"type": "array", "minItems": 1, "maxItems": at.most}
    arrays = {name: lists | {"items": _part(one)} for name, one in of.items()}
    return _closed(arrays) | {"anyOf": _one_of(at.arrays)}


def _user() -> dict[str, Schema]:
    """Return the keys that say who is meant, and whether a profile is made of an unknown one."""
    ids = dict.fromkeys(PRIMARY, _EXPRESSION)
    switch: Schema = {"anyOf": [{"type": "boolean"}, {"type": "string", "pattern": _VARIABLE}]}
    return ids | {"user_alias": _part("Alias"), UPDATE: switch}


def _profile() -> Schema:
    own = _attributes(NO_ATTRIBUTE)
    return own | {
        "properties": own["properties"] | _user(),
        "required": [UPDATE],
        "anyOf": _one_of(IDENTIFYING[TRACK.key]),
    }


def _user_event() -> Schema:
    addresses = {"email": _EXPRESSION, "phone": _EXPRESSION}
    given: dict[str, Schema] = {
        "app_id": {"type": "string", "pattern": r"\S"},
        "name": {"type": "string", "minLength": 1, "maxLength": 255},
        "time": _EXPRESSION,
        "properties": {
            "anyOf": [{"type": "object", "additionalProperties": _part("Value")}, _EXPRESSION]
        },
    }
    return _closed(_user() | addresses | given) | {
        "required": ["name", "time", UPDATE],
        "anyOf": _one_of(IDENTIFYING[TRACK.key]),
    }


def _subscription() -> Schema:
    who: Schema = {"type": "array", "minItems": 1, "maxItems": 1, "items": _EXPRESSION}
    state = {"anyOf": [{"enum": list(STATES)}, _EXPRESSION]}
    keys: dict[str, Schema] = {
        "subscription_group_id": _TARGET,
        "subscription_state": state,
        **dict.fromkeys(IDENTIFYING[SUBSCRIBE.key], who),
        TWICE: {"anyOf": [{"type": "boolean"}, _EXPRESSION]},
    }
    return _closed(keys) | {
        "required": ["subscription_group_id", "subscription_state"],
        "oneOf": _one_of(IDENTIFYING[SUBSCRIBE.key]),
        "not": {"required": ["emails", TWICE]},
    }


def _attachment() -> Schema:
    keys: dict[str, Schema] = {key: {"type": "string", "pattern": r"\S"} for key in ATTACHMENT_KEYS}
    keys["url"] = {"type": "string", "pattern": r"^https://[^\s/?#\\@]|\$\{"}
    return _closed(keys) | {"required": list(ATTACHMENT_KEYS[:2])}


def _value() -> Schema:
    """Return what a property or an attribute may be: no text that means a path of the event."""
    inner = _part("Value")
    path: Schema = {"type": "string", "pattern": _PATH}
    return {"not": path, "items": inner, "additionalProperties": inner}


def _properties() -> dict[str, Schema]:
    known: Schema = {"type": "object", "additionalProperties": _part("Value")}
    objects: Schema = {"anyOf": [known, _EXPRESSION]}
    return {key: objects for one in SENDS for key in one.properties}


def _attributes(forbidden: Collection[str] = FORBIDDEN) -> Schema:
    known: dict[str, Any] = {key: _part("Value") for key in WORDS["Attributes"]}
    chosen = {key: {"anyOf": [{"enum": list(one)}, _EXPRESSION]} for key, one in CHOICES.items()}
    properties = known | chosen | dict.fromkeys(forbidden, False)
    others = _part("Value")
    return {"type": "object", "properties": properties, "additionalProperties": others}


def _texts(value: Any) -> Any:
    """Return a schema in which a list of texts may be one text, and patterns give all keys."""
    if isinstance(value, list):
        return [_texts(one) for one in value]
    if not isinstance(value, dict):
        return value
    for texts in _TEXTS:
        if value.items() >= texts.items():
            rest = {key: one for key, one in value.items() if key not in {*texts, "minItems"}}
            several = texts | {"minItems": value.get("minItems", 0)}
            return rest | {"anyOf": [texts["items"], several]}
    closed = {"additionalProperties": False} if "patternProperties" in value else {}
    return {key: _texts(one) for key, one in value.items()} | closed


def _described(part: Schema, name: str) -> Schema:
    """Return a block's schema with words for rule authors in the place of pydantic's."""
    described = {key: one for key, one in part.items() if key not in ("title", "description")}
    head: Schema = {"description": BLOCKS[name]} if name in BLOCKS else {}
    if "properties" in part:
        words = WORDS[name]
        described["properties"] = {
            key: one if one is False else _named(one) | _shown(words[key])
            for key, one in part["properties"].items()
        }
    return head | described


def _shown(word: Word) -> Schema:
    """Return what an editor shows of a key when the mouse rests on it."""
    return {"description": word.text, "examples": [word.example]}


def _named(one: Schema) -> Schema:
    kept = {key: each for key, each in one.items() if key not in ("title", "description")}
    return {
        key: each for key, each in kept.items() if key != "default" or each not in (None, [], {})
    }
