"""JSON Schema of rules files for editors, made of the models that read them.

It is published as docs/rules.schema.json. A file without mistakes in `relay rules check` fits it;
only the check sees mistakes in expressions, or in several places at once.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

from pydantic import BaseModel

from handler.core.braze.contract.attributes import CHOICES, FORBIDDEN
from handler.core.braze.endpoints import ENDPOINTS, MAX_RECIPIENTS
from handler.core.braze.identifiers import ALIAS_KEYS, IDENTIFIERS
from handler.core.rules.schema import FileBlock
from handler.core.rules.verify_block import SCHEMES
from handler.core.verification.presets.catalogue import PRESETS
from handler.core.verification.sender import EventSpec

_RULE: Final = {
    "name": "Small letters, digits, - and _. A renamed rule sends again what it has sent before.",
    "description": "For people.",
    "type": "The event's type, a list of types, or a quoted glob such as 'orders/*'.",
    "when": "A condition in JMESPath; a rule without one wants every event of its type.",
    "once": "What happens only once, such as ${body.id}; the event's id if left out.",
    "for_each": "JMESPath that gives a list: each element makes deliveries, and is `item`.",
    "send": "Braze's own request body; ${...} holds JMESPath over the event.",
    "required": "Paths within the recipient without which nothing is sent: a dead letter.",
    "keep_empty": "Paths at which empty text, or a null, of the event is sent all the same.",
    "expires_after": "A number and s, m, h or d, such as 6h, counted from when it happened.",
    "on_unknown": "retry: rather twice than never. hold: never twice, and an operator decides.",
    "workspace": "The Braze workspace, of those in workspaces.yaml.",
    "enabled": "false switches the rule off.",
    "surge": "A surge limit, such as 200/10m: what exceeds it waits until an operator releases it.",
    "shadow": "true renders, logs and counts, and sends nothing.",
    "allow_broadcast": "true lets send say broadcast: true; the deployment must allow it, too.",
}
_FILE: Final = {
    "verify": "How the sender proves itself; it cannot be left out.",
    "event": "Where type, id and time of an event are; a preset has this.",
    "headers": "Headers, besides the preset's, that expressions may read.",
    "content_types": "Content types that are taken besides JSON's.",
    "answer": "The body of the answer 200: json counts, empty is empty.",
    "handshakes": "What the sender asks before its first webhook.",
    "vars": "By stage: values for ${vars.name}, fixed when the file is loaded.",
    "tables": "Named tables of values for lookup(tables.name, key).",
    "sources": "Several senders of one kind, served by the same rules, each at its own URL.",
    "rules": "The rules; each that fits an event makes its own request.",
}
_SOURCE: Final = {
    "secret": "Key of this source among the signing secrets; its name if left out.",
    "vars": "By stage: values that override the file's.",
    "workspace": "The Braze workspace of this source's rules.",
}
_EVENT: Final = {
    "type": "JMESPath over headers and body that gives the event's type.",
    "type_signed": "Whether the sender signs what the type is read from.",
    "events": "JMESPath that gives the list of events, where a webhook holds many.",
    "id": "JMESPath (also over digest), or JMESPath by glob of the type; else the body's digest.",
    "occurred_at": "JMESPath, or JMESPath by glob of the type: ISO 8601, or the epoch's s or ms.",
    "bind": "By glob of the type: what must be true of a genuine event of such a type.",
    "version": "JMESPath, or JMESPath by glob of the type: a number or a time that only grows.",
    "repeats_for": "How long the sender repeats a webhook whose id is only the digest of its body.",
}
_VERIFY: Final = {
    "preset": "A known sender, by name; keys beside it override the preset's.",
    "secret": "Key of this source among the signing secrets; the file's name if left out.",
    "scheme": "hmac, hash, standard_webhooks, token or basic.",
    "algorithm": "The hash that is used.",
    "encoding": "How the signature is written.",
    "signature": "The header that holds the signatures, and how.",
    "signed": "What is signed: {body}, {timestamp}, {id}, {method}, {url}, {header:Name}.",
    "id_header": "The header that {id} stands for.",
    "timestamp": "When the sender signed.",
    "public_url": "The URL that the sender knows, where {url} is signed.",
    "decode_url": "true tries the URL also as HubSpot signs it, with some escapes decoded.",
    "secret_encoding": "How the secret is written.",
    "secret_prefixes": "What is cut off the secret before it is decoded.",
    "headers": "How the three headers of Standard Webhooks begin.",
    "tolerance": "Seconds that a signature may be old or ahead; null accepts any age.",
    "where": "Where the secret is: a header, Authorization: Bearer, or the query string.",
    "name": "Name of the header, or of the parameter of the query string.",
}
_SIGNATURE: Final = {
    "header": "Name of the header.",
    "format": "plain: all of it. prefix: after prefix. pairs: key=value. list: several.",
    "prefix": "Text before a signature.",
    "separator": "Text between items: a comma in pairs, a blank in lists.",
    "key": "The key whose values are signatures.",
}
_TIMESTAMP: Final = {
    "header": "Name of the header.",
    "key": "The key of the pairs that holds the time.",
    "unit": "Seconds or milliseconds.",
    "tolerance": "Seconds, past and future; null accepts any age.",
}
_SEND: Final = {
    "campaign_id": "API identifier of an API-triggered campaign; or ${vars.name}.",
    "canvas_id": "API identifier of an API-triggered Canvas; or ${vars.name}.",
    "recipients": "Who is written to, 1 to 50.",
    "broadcast": "true: in place of recipients, the whole audience; with allow_broadcast only.",
    "audience": "Braze's connected audience, which narrows who is reached; no ${...} of the event.",
    "trigger_properties": "For the campaign's Liquid: {{api_trigger_properties.${key}}}.",
    "context": "For the Canvas's Liquid: {{context.${key}}}.",
    "canvas_entry_properties": "The older name of context; give one of the two.",
    "send_id": "For Braze's analytics; made beforehand in Braze.",
    "attachments": "Files beside an e-mail, as Braze documents them.",
    "transactional_campaign_id": "API identifier of a transactional campaign; or ${vars.name}.",
    "recipient": "Who a transactional campaign is for: external_user_id or user_alias.",
}
_RECIPIENT: Final = {
    "external_user_id": "The id of the profile in Braze. What is missing reaches nobody.",
    "user_alias": "alias_name and alias_label; the alias must exist already.",
    "email": "Finds a profile that exists, by prioritization.",
    "prioritization": "With email: which of several profiles, as Braze documents it.",
    "send_to_existing_only": "false lets Braze create the profile, with these attributes.",
    "attributes": "Written to the profile before the send; null deletes one.",
}
_ATTRIBUTES: Final = {
    "email": "The address; a profile takes over the consent of an address that Braze knows.",
    "email_subscribe": "Consent of the address: Braze copies it to all profiles with it.",
    "push_subscribe": "Consent to push, of this profile alone.",
    "gender": "As Braze writes it.",
    "phone": "E.164: +15043277269, as phone() gives it.",
    "first_name": "What strangers type is best written ${plain(body.first_name, `40`)}.",
    "last_name": "As first_name.",
    "country": "ISO 3166-1 alpha-2.",
    "language": "ISO 639-1.",
    "time_zone": "IANA name, such as Europe/Berlin.",
    "dob": "YYYY-MM-DD.",
    "home_city": "Name of the city.",
    "subscription_groups": "As Braze documents them; copied by address and by phone number.",
}
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "FileBlock": _FILE,
    "RuleBlock": _RULE,
    "SourceBlock": _SOURCE,
    "EventSpec": _EVENT,
    "Verify": _VERIFY,
    "Signature": _SIGNATURE,
    "Timestamp": _TIMESTAMP,
    "Send": _SEND,
    "Recipient": _RECIPIENT | {key: _SEND[key] for key in list(_SEND)[5:8]},
    "Attributes": _ATTRIBUTES,
}


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
    # With a preset each block may be partial.
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
    """Return the additional requirements of a file without a preset."""
    verify = {
        "properties": {"signature": {"required": needed["Signature"]}},
        "anyOf": [_whole(one) for one in SCHEMES.items()],
    }
    event = {"required": needed["EventSpec"]}
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
    known: dict[str, Schema] = {key: {} for one in ENDPOINTS for key in one.keys}
    lists: Schema = {"type": "array", "minItems": 1, "maxItems": MAX_RECIPIENTS}
    given = {
        "recipients": lists | {"items": _part("Recipient")},
        "recipient": _part("Recipient"),
        "broadcast": {"anyOf": [{"type": "boolean"}, _EXPRESSION]},
        **{one.key: _TARGET for one in ENDPOINTS},
        **_properties(),
    }
    return _closed(known | given) | {
        "anyOf": _one_of(["recipients", "recipient", "broadcast"]),
        "oneOf": _one_of([one.key for one in ENDPOINTS]),
    }


def _recipient() -> Schema:
    known: dict[str, Schema] = {key: {} for one in ENDPOINTS for key in one.recipient_keys}
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
    return {key: objects for one in ENDPOINTS for key in one.properties}


def _attributes() -> Schema:
    known: dict[str, Any] = {key: {} for key in WORDS["Attributes"]}
    chosen = {key: {"anyOf": [{"enum": list(one)}, _EXPRESSION]} for key, one in CHOICES.items()}
    forbidden = dict.fromkeys(FORBIDDEN, False)
    return {"type": "object", "properties": known | chosen | forbidden}


def _texts(value: Any) -> Any:
    """Return a schema in which a list of texts may be one text, and patterns give all keys."""
    if isinstance(value, list):
        return [_texts(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.items() >= _TEXTS.items():
        rest = {key: one for key, one in value.items() if key not in _TEXTS and key != "minItems"}
        return rest | {"anyOf": [_TEXTS["items"], _TEXTS | {"minItems": value.get("minItems", 0)}]}
    closed = {"additionalProperties": False} if "patternProperties" in value else {}
    return {key: _texts(one) for key, one in value.items()} | closed


def _described(part: Schema, words: Mapping[str, str]) -> Schema:
    """Return a block's schema with a description of each key, and without pydantic's titles."""
    described = {key: one for key, one in part.items() if key != "title"}
    if "properties" in part:
        described["properties"] = {
            key: one if one is False else _named(one) | {"description": words[key]}
            for key, one in part["properties"].items()
        }
    return described


def _named(one: Schema) -> Schema:
    kept = {key: each for key, each in one.items() if key != "title"}
    return {
        key: each for key, each in kept.items() if key != "default" or each not in (None, [], {})
    }
