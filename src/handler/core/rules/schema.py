"""The grammar of a rules file, and the words for mistakes in its shape.

Expressions, templates and Braze's own keys are checked later, when rules are compiled.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from handler.core.configuration.schema_errors import (
    DURATION_TAKES,
    NAME_TAKES,
    SECONDS,
    SECRET_TAKES,
    Duration,
    Name,
    Words,
    read_block,
)
from handler.core.configuration.yaml12 import Document
from handler.core.errors import Finding
from handler.core.models import OnUnknown, Priority
from handler.core.rules.sender_blocks import (
    HEADER,
    TOLERANCE_TAKES,
    EventBlock,
    HmacBlock,
    SignatureBlock,
    StandardWebhooksBlock,
    TimestampBlock,
    TokenBlock,
)
from handler.core.rules.source import KINDS, Kind, ReplyBody
from handler.core.verification.handshake import Handshake

Scalar = str | int | float | bool
Texts = Annotated[
    list[Annotated[str, Field(min_length=1)]],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
]
HeaderNames = Annotated[
    list[Annotated[str, Field(pattern=HEADER)]],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
]
SurgeLimit = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,6}/[1-9][0-9]{0,5}[smhd]$")]


class _Block(BaseModel):
    # Most blocks are only ever a part of another one, which has their validator within its own.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class RuleBlock(_Block):
    """One rule as written, with exactly one of `send`, `track` and `subscribe`.

    `expires_after` is a number and s, m, h or d (`6h`), and so is `delay`, of 15 minutes at most.

    `surge: 200/10m` lets 200 deliveries pass in ten minutes; what exceeds them waits for a person.
    `priority: low` has them wait in a queue of their own, in no other rule's way.

    `enabled: false` switches it off; `shadow: true` renders, logs and counts, and sends nothing;
    `allow_broadcast: true` lets `send` say `broadcast: true`. `guard` is the name under which the
    versions of what a rule writes are ordered: rules that write the same share one.
    """

    name: Name
    description: str | None = None
    type: Annotated[Texts, Field(min_length=1)]
    when: str | None = None
    once: str | int | None = None
    for_each: str | None = None
    send: dict[str, JsonValue] = {}
    track: dict[str, JsonValue] = {}
    subscribe: dict[str, JsonValue] = {}
    required: Texts = []
    keep_empty: Texts = []
    expires_after: Duration | None = None
    delay: Duration | None = None
    guard: Name | None = None
    surge: SurgeLimit | None = None
    priority: Priority = "normal"
    on_unknown: OnUnknown = "retry"
    workspace: Name | None = None
    enabled: bool = True
    shadow: bool = False
    allow_broadcast: bool = False

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of request that are written: one in a rule without mistakes."""
        return tuple(one for one in KINDS if one in self.model_fields_set)

    @property
    def kind(self) -> Kind:
        """The kind of request; `send` in a rule that has none."""
        return next(iter(self.kinds), "send")

    def says(self, key: str) -> bool:
        """Return whether a key is written."""
        return key in self.model_fields_set


class SourceBlock(_Block):
    """One of several sources of a file: what it has of its own."""

    secret: Name | None = None
    vars: dict[str, dict[str, Scalar]] = {}
    workspace: Name | None = None


class FileBlock(_Block):
    """A rules file as written; `verify` and `event` are read once their preset is known.

    `counted_by: relay` says that nothing else sends Braze these orders; it is for `relay rules
    check` alone.
    """

    verify: dict[str, JsonValue]
    counted_by: Literal["relay"] | None = None
    event: dict[str, JsonValue] = {}
    headers: HeaderNames = []
    content_types: Texts = []
    answer: ReplyBody | None = None
    handshakes: list[Handshake] | None = None
    vars: dict[str, dict[str, Scalar]] = {}
    tables: dict[str, dict[str, Scalar]] = {}
    define: dict[str, JsonValue] = {}
    sources: dict[Name, SourceBlock] = {}
    rules: Annotated[list[RuleBlock], Field(min_length=1)]


_IN_NO_FILE: Final = "a secret stands in no file: `relay secrets set` takes it"
_RETRY: Final = "deliveries are tried again without it; expires_after ends that"
_TYPE: Final = "a sender's topic is its type: write type"
_WHEN: Final = "a condition is written when: body.active"
_ONCE: Final = "what happens only once is written once: ${body.id}"
_SEND: Final = "write send: {campaign_id: ..., recipients: [...]}"
WORDS: Final = Words(
    keys={
        (): tuple(FileBlock.model_fields),
        ("rules",): tuple(RuleBlock.model_fields),
        ("sources",): tuple(SourceBlock.model_fields),
        ("event",): tuple(EventBlock.model_fields),
        ("verify",): (
            *("preset", "secret", *HmacBlock.model_fields),
            *(*StandardWebhooksBlock.model_fields, *TokenBlock.model_fields),
        ),
        ("verify", "signature"): tuple(SignatureBlock.model_fields),
        ("verify", "timestamp"): tuple(TimestampBlock.model_fields),
    },
    elsewhere={
        "tolerance": "it belongs under timestamp, as in timestamp: {tolerance: 600}",
        "campaign_id": "it belongs under send",
        "canvas_id": "it belongs under send",
        "recipients": "they belong under send",
        "broadcast": "it belongs under send",
        "secret": "it belongs under verify",
        "preset": "it belongs under verify",
        "topic": _TYPE,
        "retry": _RETRY,
        "trigger_properties": "they belong under send",
        "attributes": "they belong under track, or to a recipient under send",
        "events": "they belong under track",
        "purchases": "track the event ecommerce.order_placed under events",
        "subscription_groups": "they belong under subscribe",
        "delay_seconds": "write delay: 5m",
        "timestamp": "the time of an event is occurred_at; one that is signed belongs under verify",
        **dict.fromkeys(("if", "unless", "condition", "conditions", "where", "filter"), _WHEN),
        **dict.fromkeys(("idempotency_key", "dedupe", "deduplicate", "unique", "key"), _ONCE),
        **dict.fromkeys(("trigger", "campaign", "canvas", "action", "then", "message"), _SEND),
        **dict.fromkeys(("on", "event", "event_type"), _TYPE),
        **dict.fromkeys(("ttl", "timeout", "max_age"), "write expires_after: 6h"),
        **dict.fromkeys(("send_campaign", "send_canvas", "send_message"), _SEND),
        **dict.fromkeys(("retries", "max_retries", "attempts"), _RETRY),
        **dict.fromkeys(("encoding", "algorithm", "signed"), "it belongs under verify"),
        "disabled": "write enabled: false",
        **dict.fromkeys(
            ("password", "username", "signing_secret", "webhook_secret", "api_key"), _IN_NO_FILE
        ),
    },
    takes={
        "name": NAME_TAKES,
        "secret": SECRET_TAKES,
        "workspace": NAME_TAKES,
        "when": "is one expression as text, or left out; conditions are joined by && and ||",
        "expires_after": DURATION_TAKES,
        "delay": "takes a number and s or m, 15m at most, such as 30s or 5m",
        "guard": NAME_TAKES,
        "repeats_for": DURATION_TAKES,
        "tolerance": TOLERANCE_TAKES,
        "public_url": "takes https://host/path, without user, password and query",
        "surge": "takes a number of deliveries and a time, such as 200/10m",
    },
    items={"headers": "takes names of headers, without their values"},
    objects={
        "verify": "write {{preset: {text}}}",
        "signature": "write {{header: {text}}}",
        "timestamp": "write {{header: {text}}}",
        "vars": "vars has those of each stage: dev: {{{key}: ...}} and prod: {{{key}: ...}}",
        "tables": "each table has a name, such as tables: {{words: {{{key}: ...}}}}",
    },
    lists={
        "rules": "begin each rule with a dash, - name: ...",
        "headers": "names of headers, without their values",
    },
    missing={("verify",): ": a source without verification is not possible"},
)


def read_file(document: Document) -> FileBlock | list[Finding]:
    """Return the file as written, or all findings about its shape."""
    return read_block(FileBlock, document.value, (), document, WORDS)


def surge_limit(surge: str | None) -> tuple[int, int] | None:
    """Return a surge limit, as (deliveries, seconds), of text such as `200/10m`."""
    if surge is None:
        return None
    count, _, time = surge.partition("/")
    return int(count), int(time[:-1]) * SECONDS[time[-1]]
