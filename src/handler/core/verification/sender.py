"""Senders: how a sender proves itself, and where its webhooks state what happened."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from handler.core.configuration.schema_errors import Duration
from handler.core.verification.schemes import Scheme

# An expression, or expressions by glob of the event's type: the first glob that fits decides.
ByType = str | dict[str, str]
ReplyBody = Literal["json", "empty"]

Handshake = Literal["get", "challenge", "okta", "woocommerce", "github", "url_verification"]


class EventSpec(BaseModel):
    """Where an event's type, id and time stand: JMESPath over the roots `headers` and `body`.

    `events` gives the list of events of a webhook that holds many; each of them is then `body`.
    `id` and `occurred_at` may stand only on what the sender signs. An `id` that is absent or
    gives null means the digest of the body. `occurred_at` gives ISO 8601 text, or seconds or
    milliseconds since the epoch; absent or null, the time of receipt counts. `bind` ties a type
    that is not signed to the body: by glob of the type, what must be true of a genuine one.
    `version` gives a number, or a time, that grows with every change of what the event tells of:
    older attributes then never overwrite newer ones. It stands only on what is signed.
    `id` may also read `digest`, the SHA-256 of the event's bytes in hex. `repeats_for` is how long
    the sender repeats a webhook, where an id is that digest alone: the same bytes that come later
    tell of something that has happened again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: str
    type_signed: bool
    events: str | None = None
    id: ByType | None = None
    occurred_at: ByType | None = None
    bind: dict[str, str] = {}
    version: ByType | None = None
    repeats_for: Duration = "3d"


@dataclass(frozen=True, slots=True)
class Sender:
    """A source's sender: how it proves itself, and how its webhooks are read.

    `headers` is the closed list, in lower case, of the headers that an event carries.
    `content_types` are allowed besides `application/json` and `+json`. `answer` is the body of the
    relay's 200; `handshakes` are the sender's requests before, or beside, its webhooks.
    """

    scheme: Scheme
    event: EventSpec
    headers: tuple[str, ...]
    content_types: tuple[str, ...]
    answer: ReplyBody
    handshakes: tuple[Handshake, ...]
