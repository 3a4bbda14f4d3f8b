"""The sender of a rules file: `verify`, `event` and their neighbours, over those of a preset."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, JsonValue

from handler.core.configuration.schema_errors import Name, read_block
from handler.core.configuration.yaml12 import Document
from handler.core.errors import Finding
from handler.core.rules.schema import WORDS, FileBlock
from handler.core.rules.sender_blocks import (
    BasicBlock,
    EventBlock,
    HashBlock,
    HmacBlock,
    SchemeBlock,
    StandardWebhooksBlock,
    TokenBlock,
)
from handler.core.rules.source import ReplyBody
from handler.core.suggestions import unknown_key
from handler.core.verification.handshake import Handshake
from handler.core.verification.presets.catalogue import PRESETS
from handler.core.verification.schemes import CREDENTIALS, Scheme

SCHEMES: Final[Mapping[str, type[SchemeBlock]]] = {
    "hmac": HmacBlock,
    "hash": HashBlock,
    "standard_webhooks": StandardWebhooksBlock,
    "token": TokenBlock,
    "basic": BasicBlock,
}


@dataclass(frozen=True, slots=True)
class Sender:
    """A source's sender: how it proves itself, and how its webhooks are read.

    `headers` is the closed list, in lower case, of the headers that an event carries.
    `content_types` are allowed besides `application/json` and `+json`. `answer` is the body of the
    relay's 200; `handshakes` are the sender's requests before, or beside, its webhooks.
    """

    scheme: Scheme
    event: EventBlock
    headers: tuple[str, ...]
    content_types: tuple[str, ...]
    answer: ReplyBody
    handshakes: tuple[Handshake, ...]


class _Named(BaseModel):
    model_config = ConfigDict(extra="forbid")

    secret: Name | None = None
    preset: str | None = None


def read_sender(block: FileBlock, document: Document) -> Sender | list[Finding]:
    """Return a file's sender, or all findings about it.

    Keys of `verify` and `event` in the file replace the preset's one by one, and null removes one
    (except `tolerance`, where null accepts any age). Headers and content types are added to the
    preset's.
    """
    written = dict(block.verify)
    named: dict[str, JsonValue] = {
        key: written.pop(key) for key in ("preset", "secret") if key in written
    }
    found = read_block(_Named, named, ("verify",), document, WORDS)
    if isinstance(found, list):
        return found
    if found.preset is not None and found.preset not in PRESETS:
        known = ", ".join(sorted(PRESETS))
        hint = unknown_key(found.preset, PRESETS).replace("unknown key", "there is no preset")
        return [document.finding(("verify", "preset"), f"{hint} (there are: {known})")]
    preset = PRESETS[found.preset] if found.preset else {}
    scheme = _scheme(_merged(preset.get("verify", {}), written), document)
    event = _event(_merged(preset.get("event", {}), block.event), document)
    wrong = [each for one in (scheme, event) if isinstance(one, list) for each in one]
    if wrong or isinstance(scheme, list) or isinstance(event, list):
        return wrong
    return _sender(preset, scheme, event, block, document)


def _merged(base: Mapping[str, Any], given: Mapping[str, JsonValue]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in given.items():
        before = merged.get(key)
        is_deeper = key in ("signature", "timestamp") and isinstance(before, Mapping)
        if isinstance(value, dict) and is_deeper:
            merged[key] = _merged(before or {}, value)
        else:
            merged[key] = value
    # A tolerance of null is a value: it accepts any age.
    return {key: one for key, one in merged.items() if one is not None or key == "tolerance"}


# Other names of the schemes, in small letters without signs and digits.
_MEANT: Final = {
    **dict.fromkeys(("hmacsha", "sha", "signature"), "hmac"),
    **dict.fromkeys(("bearer", "bearertoken", "oauth"), "scheme: token, with where: bearer"),
    **dict.fromkeys(("header", "apikey", "secret"), "scheme: token, with where: header and name"),
    **dict.fromkeys(("basicauth", "password", "userpassword"), "basic"),
}


def _scheme(merged: dict[str, Any], document: Document) -> Scheme | list[Finding]:
    name = merged.setdefault("scheme", "hmac")
    model = SCHEMES.get(name) if isinstance(name, str) else None
    if model is None:
        known = ", ".join(SCHEMES)
        meant = _MEANT.get(re.sub("[^a-z]", "", str(name).lower()), "")
        hint = f"; write {meant}" if meant else ""
        return [document.finding(("verify", "scheme"), f"scheme takes one of {known}{hint}")]
    found = read_block(model, merged, ("verify",), document, WORDS)
    return found if isinstance(found, list) else found.made()


def _event(merged: dict[str, Any], document: Document) -> EventBlock | list[Finding]:
    if not merged:
        text = "event is missing: without a preset it says where type, id and occurred_at stand"
        return [document.finding(("verify",), text)]
    return read_block(EventBlock, merged, ("event",), document, WORDS)


def _sender(
    preset: Mapping[str, Any],
    scheme: Scheme,
    event: EventBlock,
    block: FileBlock,
    document: Document,
) -> Sender | list[Finding]:
    added = [name.lower() for name in block.headers]
    if wrong := (CREDENTIALS | {scheme.credential}).intersection(added):
        text = f"an event never carries {', '.join(sorted(wrong))}"
        return [document.finding(("headers",), text)]
    media = [name.partition(";")[0].strip().lower() for name in block.content_types]
    return Sender(
        scheme=scheme,
        event=event,
        headers=tuple(dict.fromkeys([*preset.get("headers", ()), *added])),
        content_types=(*preset.get("content_types", ()), *media),
        answer=block.answer or preset.get("answer", "json"),
        handshakes=tuple(
            preset.get("handshakes", ()) if block.handshakes is None else block.handshakes
        ),
    )
