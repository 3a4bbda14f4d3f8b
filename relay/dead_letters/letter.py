"""A letter: an unchanged message of the dead letter queue, and the reason why it is there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Literal, Self

from handler.core.errors import UnknownVersion, UnreadableMessage
from handler.core.message import decode
from handler.core.models import Delivery, Parked
from handler.core.reasons import Reason, standing
from relay.stacks.selection import RELAY

Kind = Literal["dead", "held"]
NAMES: Final[Mapping[Kind, str]] = {"dead": "dead letter", "held": "held delivery"}
COMMANDS: Final[Mapping[Kind, str]] = {
    "dead": f"{RELAY} dead-letters",
    "held": f"{RELAY} held",
}
AGAIN: Final[Mapping[Kind, str]] = {"dead": "redrive", "held": "release"}
REASONS: Final[Mapping[Kind, frozenset[Reason]]] = {
    "dead": standing("dead"),
    "held": standing("held"),
}
SHORT: Final = 12


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of the dead letter queue: a dead letter or a held delivery.

    `sent_at` is when it was buried, in epoch seconds. `content` is the decoded body; None where
    this version cannot read it, and `unreadable` has the reason. `attributes` are the message's, in
    SQS's form.
    """

    message_id: str
    body: str = field(repr=False)
    attributes: Mapping[str, Any] = field(repr=False)
    sent_at: float
    content: Delivery | Parked | None = field(repr=False)
    unreadable: str = ""

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> Self:
        """Return the letter in a received message, with all its attributes."""
        content, unreadable = _read(message["Body"])
        return cls(
            message_id=message["MessageId"],
            body=message["Body"],
            attributes=message.get("MessageAttributes", {}),
            sent_at=int(message["Attributes"]["SentTimestamp"]) / 1000,
            content=content,
            unreadable=unreadable,
        )

    @property
    def happening(self) -> str:
        """Key of one occurrence: the id, and where that is a digest the time as well."""
        content = self.content
        if isinstance(content, Delivery) and content.again_after is not None:
            return f"{self.id}@{content.accepted_at}"
        return self.id

    @property
    def id(self) -> str:
        """The delivery's id; for anything else the SHA-256 of the body, in hex."""
        if isinstance(self.content, Delivery):
            return self.content.id
        return sha256(self.body.encode()).hexdigest()

    @property
    def short(self) -> str:
        """The first characters of the id: enough for --id."""
        return self.id[:SHORT]

    @property
    def reason(self) -> str:
        """The reason, as one word."""
        given = self._attribute("reason")
        return given or (self.content.reason if isinstance(self.content, Parked) else Reason.BY_SQS)

    @property
    def status(self) -> int | None:
        """Braze's HTTP status, where Braze has answered."""
        given = self._attribute("status")
        return int(given) if given.isascii() and given.isdigit() else None

    @property
    def detail(self) -> str:
        """Braze's or the relay's text, without anything of the request."""
        own = self.content.detail if isinstance(self.content, Parked) else self.unreadable
        return self._attribute("detail") or own

    @property
    def kind(self) -> Kind:
        """`held` where an operator has to decide, else `dead`."""
        return "held" if self.reason in REASONS["held"] else "dead"

    @property
    def source(self) -> str:
        """The source's name; empty where the letter cannot be read."""
        return self.content.source if self.content else ""

    @property
    def rule(self) -> str:
        """The rule's name; empty where no rule saw the event, or the letter cannot be read."""
        return (self.content.rule or "") if self.content else ""

    @property
    def origin(self) -> str:
        """Source and rule, as far as they are known."""
        return "/".join(one for one in (self.source, self.rule) if one) or "?"

    @property
    def accepted_at(self) -> int:
        """When its webhook was accepted; where it cannot be read, when it was buried."""
        return self.content.accepted_at if self.content else int(self.sent_at)

    def _attribute(self, name: str) -> str:
        return str(self.attributes.get(name, {}).get("StringValue", ""))


def _read(body: str) -> tuple[Delivery | Parked | None, str]:
    try:
        return decode(body), ""
    except UnreadableMessage as error:
        return None, f"unreadable: {error}"
    except UnknownVersion:
        return None, "written by a newer relay than this command's"
