"""Queue messages as pydantic reads them: what `handler.core.message` is held equal to."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, JsonValue, TypeAdapter


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1, 2, 3, 4, 5]


class DeliveryMessage(_Exact):
    kind: Literal["delivery"]
    id: str
    source: str
    rule: str
    rules_version: str
    workspace: str
    path: str
    send: dict[str, JsonValue]
    recipient: dict[str, JsonValue] | None
    event_id: str
    event: str
    accepted_at: int
    expires_at: int | None
    on_unknown: Literal["retry", "hold"]
    once: str | None = None
    surge: tuple[int, int] | None = None
    event_version: int | float | None = None
    arrived_ms: int | None = None
    again_after: int | None = None
    priority: Literal["low"] | None = None
    guard: str | None = None
    delay: int | None = None
    refused_of: str | None = None


class EventMessage(_Exact):
    kind: Literal["event"]
    source: str
    rule: str | None
    rules_version: str
    event_id: str
    event: str
    accepted_at: int
    reason: Literal["malformed", "too_many", "unrenderable", "expired"]
    detail: str


_Message = Annotated[DeliveryMessage | EventMessage, Discriminator("kind")]
_MESSAGE: TypeAdapter[DeliveryMessage | EventMessage] = TypeAdapter(_Message)


def read(body: str) -> dict[str, Any]:
    """Return the fields of a message; raise ValueError where it is none."""
    document = json.loads(body)  # of a key that stands twice the last one counts
    exact = json.dumps(document, allow_nan=False)  # NaN, Infinity and 1e999 are no JSON
    found = _MESSAGE.validate_json(exact)
    return {name: it for name, it in found if name not in ("version", "kind")}
