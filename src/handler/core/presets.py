"""What is known of each sender: how it signs, and where its webhooks say what happened."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from handler.core.schemes import HmacScheme, Signature, Timestamp

# An expression, or expressions by glob of the event's type: the first glob that fits decides.
ByType = str | dict[str, str]
LowerCase = Annotated[str, StringConstraints(pattern=r"^[^A-Z]+$")]

_NEVER_CARRIED: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EventSpec(_Block):
    """Where an event's type, id and time stand: JMESPath over the roots `headers` and `body`.

    `id` and `occurred_at` may stand only on what the sender signs. An `id` that is absent or
    gives null means the digest of the body. `occurred_at` gives ISO 8601 text or seconds since
    the epoch; absent or null, the time of receipt counts.
    """

    type: str
    type_signed: bool
    id: ByType | None = None
    occurred_at: ByType | None = None


class Preset(_Block):
    """A sender. `document` is the vendor's page that all the rest was taken from.

    `headers` is the closed list, in lower case, of what an event carries on; `content_types`
    are allowed besides `application/json` and `+json`; `answer` is the body of our 200.
    """

    document: str
    scheme: HmacScheme
    event: EventSpec
    headers: tuple[LowerCase, ...] = ()
    content_types: tuple[LowerCase, ...] = ()
    answer: Literal["json", "empty"] = "json"

    @model_validator(mode="after")
    def _carries_no_credential(self) -> Self:
        if wrong := (_NEVER_CARRIED | {self.scheme.signature.header}).intersection(self.headers):
            raise ValueError(f"an event never carries {', '.join(sorted(wrong))}")
        return self


# The topic is not signed, so a webhook can be played again under another one. The id and time
# of a creation therefore come from what does not change afterwards: whoever plays an update
# again as a creation only repeats the creation's own id.
_SHOPIFY: Final = Preset(
    document="https://shopify.dev/docs/apps/build/webhooks/delivery-structure",
    scheme=HmacScheme(
        encoding="base64",
        signature=Signature(header="x-shopify-hmac-sha256"),
    ),
    event=EventSpec(
        type='headers."x-shopify-topic"',
        type_signed=False,
        id={
            "*/create": "text(body.id)",
            # Deletions and privacy requests have no updated_at: null, hence the body's digest.
            "*": "concat(text(body.id), '@', text(body.updated_at))",
        },
        occurred_at={
            "*/create": "body.created_at",
            # Not created_at: an old order that changes today happened today.
            "*": "body.updated_at",
        },
    ),
    headers=(
        "x-shopify-topic",
        "x-shopify-shop-domain",
        "x-shopify-webhook-id",
        "x-shopify-event-id",
        "x-shopify-triggered-at",
        "x-shopify-api-version",
    ),
)

_STANDARD_WEBHOOKS: Final = Preset(
    document="https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md",
    scheme=HmacScheme(
        encoding="base64",
        signature=Signature(header="webhook-signature", format="list", prefix="v1,"),
        signed="{id}.{timestamp}.{body}",
        id_header="webhook-id",
        timestamp=Timestamp(header="webhook-timestamp", tolerance=300),
        secret_encoding="base64",  # noqa: S106 - the name of an encoding
        secret_prefixes=("v1,whsec_", "whsec_"),
    ),
    event=EventSpec(
        type="body.type",
        type_signed=True,
        id='headers."webhook-id"',
        occurred_at="body.timestamp",
    ),
    headers=("webhook-id", "webhook-timestamp"),
)

PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {"shopify": _SHOPIFY, "standard_webhooks": _STANDARD_WEBHOOKS}
)
