"""The blocks `verify` and `event` of a rules file, as models: presets are such values, too.

A scheme that cannot prove anything (an unsigned body, a tolerance on an unsigned time) does not
load. Each block of a scheme makes the plain value that the functions verify by.
"""

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from handler.core.configuration.schema_errors import Duration
from handler.core.verification.schemes import (
    BasicScheme,
    HashScheme,
    HmacScheme,
    Signature,
    Timestamp,
    TokenScheme,
    separator,
    template,
)

HEADER: Final = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
HeaderName = Annotated[str, StringConstraints(pattern=HEADER, to_lower=True)]
Text = Annotated[str, Field(min_length=1)]
_LONGEST: Final = 2_592_000  # seconds: 30 days; the retries of senders take some days
Tolerance = Annotated[int, Field(strict=True, ge=1, le=_LONGEST)]
TOLERANCE_TAKES: Final = f"takes 1 to {_LONGEST:,} seconds, or null for any age"
# An expression, or expressions by glob of the event's type: the first glob that fits decides.
ByTypeBlock = str | dict[str, str]
# Of prefix, separator and key: those that a format may have, and those that it needs.
_ALLOWED: Final = {
    "plain": set[str](),
    "prefix": {"prefix"},
    "pairs": {"separator", "key"},
    "list": {"separator", "prefix"},
}
_NEEDED: Final = {"plain": set[str](), "prefix": {"prefix"}, "pairs": {"key"}, "list": set[str]()}
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class _Block(BaseModel):
    # Most blocks are only ever a part of another one, which has their validator within its own.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class SignatureBlock(_Block):
    """The place of the signatures: see `Signature`."""

    header: HeaderName
    format: Literal["plain", "prefix", "pairs", "list"] = "plain"
    prefix: Text | None = None
    separator: Text | None = None
    key: Text | None = None

    @model_validator(mode="after")
    def _fits_the_format(self) -> Self:
        given = {name for name in ("prefix", "separator", "key") if getattr(self, name) is not None}
        if missing := _NEEDED[self.format] - given:
            raise ValueError(f"format {self.format} needs {', '.join(sorted(missing))}")
        if surplus := given - _ALLOWED[self.format]:
            raise ValueError(f"format {self.format} has no {', '.join(sorted(surplus))}")
        if self.format == "list" and separator("list", self.separator) in (self.prefix or ""):
            raise ValueError("prefix holds the separator, so no item could ever begin with it")
        return self


class TimestampBlock(_Block):
    """The time of signing: see `Timestamp`."""

    header: HeaderName | None = None
    key: Text | None = None
    unit: Literal["s", "ms"] = "s"
    tolerance: Tolerance | None = 300

    @model_validator(mode="after")
    def _stands_in_one_place(self) -> Self:
        if (self.header is None) == (self.key is None):
            raise ValueError("timestamp stands either in a header or under a key of the pairs")
        return self


class SignedBlock(_Block):
    """The base of the schemes with a signature: see `SignedScheme`."""

    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"]
    signature: SignatureBlock
    signed: str = "{body}"
    id_header: HeaderName | None = None
    timestamp: TimestampBlock | None = None
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s?#/@]+(/[^\s?#]*)?$")] | None = None
    decode_url: bool = False

    @model_validator(mode="after")
    def _proves_something(self) -> Self:
        kinds = {part.kind for part in template(self.signed)}
        if "body" not in kinds:
            raise ValueError("signed must hold {body}: without it nothing proves the body")
        for field, kind in (("timestamp", "timestamp"), ("id_header", "id")):
            if kind in kinds and getattr(self, field) is None:
                raise ValueError(f"signed holds {{{kind}}}, but {field} is not given")
        for field, kind in (("timestamp", "timestamp"), ("id_header", "id"), ("public_url", "url")):
            if kind not in kinds and getattr(self, field) is not None:
                raise ValueError(
                    f"{field} is given, but signed does not hold {{{kind}}}: nobody signs it"
                )
        if self.decode_url and "url" not in kinds:
            raise ValueError("decode_url is given, but signed does not hold {url}")
        return self

    @model_validator(mode="after")
    def _finds_the_timestamp(self) -> Self:
        key = self.timestamp.key if self.timestamp else None
        if key is not None and self.signature.format != "pairs":
            raise ValueError("timestamp has a key, but the signature's format is not pairs")
        if key is not None and key == self.signature.key:
            raise ValueError("timestamp and signature cannot stand under the same key")
        return self

    def _values(self) -> dict[str, Any]:
        """Return the fields of the scheme that this block is."""
        stamp = self.timestamp
        values = {name: one for name, one in self if name != "scheme"}
        return values | {
            "signature": Signature(**dict(self.signature)),
            "timestamp": None if stamp is None else Timestamp(**dict(stamp)),
        }


class HmacBlock(SignedBlock):
    """A keyed hash of what is signed: see `HmacScheme`."""

    scheme: Literal["hmac"] = "hmac"
    secret_encoding: Literal["utf8", "base64", "hex"] = Field(default="utf8")
    secret_prefixes: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _keeps_the_secret_out(self) -> Self:
        if any(part.kind == "secret" for part in template(self.signed)):
            raise ValueError("signed holds {secret}: that is scheme: hash")
        return self

    def made(self) -> HmacScheme:
        """Return the scheme."""
        return HmacScheme(**self._values())


class HashBlock(SignedBlock):
    """A plain hash over a text that holds the secret: see `HashScheme`."""

    scheme: Literal["hash"] = "hash"

    @model_validator(mode="after")
    def _holds_the_secret(self) -> Self:
        if not any(part.kind == "secret" for part in template(self.signed)):
            raise ValueError("signed must hold {secret}: without it anybody could make the hash")
        return self

    def made(self) -> HashScheme:
        """Return the scheme."""
        return HashScheme(**self._values())


class TokenBlock(_Block):
    """A secret that is sent with every webhook, and compared whole: see `TokenScheme`."""

    scheme: Literal["token"] = "token"
    where: Literal["header", "bearer", "query"]
    name: Text | None = None

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        if (self.where == "bearer") != (self.name is None):
            needs = "has no name" if self.where == "bearer" else "needs the name"
            raise ValueError(f"where: {self.where} {needs}")
        if self.where == "header" and not _HEADER.fullmatch(self.name or ""):
            raise ValueError("name is no name of a header")
        return self

    def made(self) -> TokenScheme:
        """Return the scheme."""
        return TokenScheme(self.where, self.name)


class BasicBlock(_Block):
    """User and password: see `BasicScheme`."""

    scheme: Literal["basic"] = "basic"

    def made(self) -> BasicScheme:
        """Return the scheme."""
        return BasicScheme()


class StandardWebhooksBlock(_Block):
    """Standard Webhooks 1.0.0 in short form: it stands for the HMAC of the specification.

    `headers` is the prefix of the three headers' names; `secret_encoding` is utf8 where a sender
    uses the bytes of the secret as they are.
    """

    scheme: Literal["standard_webhooks"] = "standard_webhooks"
    headers: Literal["webhook", "svix"] = "webhook"
    tolerance: Tolerance | None = 300
    secret_encoding: Literal["base64", "utf8"] = Field(default="base64")

    def made(self) -> HmacScheme:
        """Return the scheme that this stands for."""
        is_base64 = self.secret_encoding == "base64"  # noqa: S105 - the name of an encoding
        return HmacScheme(
            encoding="base64",
            signature=Signature(f"{self.headers}-signature", "list", prefix="v1,"),
            signed="{id}.{timestamp}.{body}",
            id_header=f"{self.headers}-id",
            timestamp=Timestamp(f"{self.headers}-timestamp", tolerance=self.tolerance),
            secret_encoding=self.secret_encoding,
            secret_prefixes=("v1,whsec_", "whsec_") if is_base64 else (),
        )


SchemeBlock = HmacBlock | HashBlock | StandardWebhooksBlock | TokenBlock | BasicBlock


class EventBlock(_Block):
    """The places of an event's type, id and time: JMESPath over the roots `headers` and `body`.

    `events` gives the list of events of a webhook that holds many; each of them is then `body`.
    `id` and `occurred_at` may stand only on what the sender signs. An `id` that is absent or
    gives null means the digest of the body. `occurred_at` gives ISO 8601 text, or seconds or
    milliseconds since the epoch; absent or null, the time of receipt counts. `bind` ties a type
    that is not signed to the body: by glob of the type, what must be true of a genuine one.
    `version` gives a number, or a time, that grows with every change of what the event tells of:
    older attributes then never overwrite newer ones. It stands only on what is signed.
    `id` may also read `digest`, the SHA-256 of the event's bytes in hex. `repeats_for` is how long
    the sender repeats a webhook, where an id is that digest alone: the same bytes that come later
    tell of something that has happened again. `reference` gives what people call the object of an
    event by, such as an order's number: a label for logs, which decides nothing.
    """

    type: str
    type_signed: bool
    events: str | None = None
    id: ByTypeBlock | None = None
    occurred_at: ByTypeBlock | None = None
    bind: dict[str, str] = {}
    version: ByTypeBlock | None = None
    repeats_for: Duration = "3d"
    reference: ByTypeBlock | None = None
