"""Verification schemes, as values: presets are such values, and rule authors write others by hand.

A scheme that cannot prove anything (an unsigned body, a tolerance on an unsigned time) does not
load. There is no scheme without proof: a sender that cannot sign gets `token`.
"""

import re
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

PartKind = Literal["text", "body", "timestamp", "id", "method", "url", "secret", "header"]

_PLACEHOLDERS: Final[dict[str, PartKind]] = {
    "{body}": "body",
    "{timestamp}": "timestamp",
    "{id}": "id",
    "{method}": "method",
    "{url}": "url",
    "{secret}": "secret",
}
_HEADER_PART: Final = re.compile(r"\{header:([!#$%&'*+.^_`|~0-9A-Za-z-]+)\}")
_WITH_DOLLAR: Final = re.compile(r"\$(\{[^{}]*\})")
_KNOWN: Final = ", ".join([*_PLACEHOLDERS, "{header:Name}"])
HEADER: Final = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
HeaderName = Annotated[str, StringConstraints(pattern=HEADER, to_lower=True)]
Text = Annotated[str, Field(min_length=1)]
_LONGEST: Final = 2_592_000  # seconds: 30 days; the retries of senders take some days
Tolerance = Annotated[int, Field(strict=True, ge=1, le=_LONGEST)]
TOLERANCE_TAKES: Final = f"takes 1 to {_LONGEST:,} seconds, or null for any age"
# Headers that no event carries and no id is made of: credentials.
CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
# Of prefix, separator and key: those that a format may have, and those that it needs.
_ALLOWED: Final = {
    "plain": set[str](),
    "prefix": {"prefix"},
    "pairs": {"separator", "key"},
    "list": {"separator", "prefix"},
}
_NEEDED: Final = {"plain": set[str](), "prefix": {"prefix"}, "pairs": {"key"}, "list": set[str]()}
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Part(NamedTuple):
    """One piece of a `signed` template; `text` is the literal, or the header's name."""

    kind: PartKind
    text: str = ""


@lru_cache
def template(signed: str) -> tuple[Part, ...]:
    """Return the parts of a `signed` template; raise ValueError if a placeholder is unknown."""
    if found := _WITH_DOLLAR.search(signed):
        raise ValueError(f"signed: a $ would be signed, too: write {found[1]}, without $")
    pieces = re.split(r"(\{[^{}]*\})", signed)
    return tuple(_part(piece) for piece in pieces if piece)


def _part(piece: str) -> Part:
    if piece in _PLACEHOLDERS:
        return Part(_PLACEHOLDERS[piece])
    if header := _HEADER_PART.fullmatch(piece):
        return Part("header", header[1].lower())
    if "{" in piece or "}" in piece:
        raise ValueError(f"signed: {piece} is none of {_KNOWN}")
    return Part("text", piece)


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Signature(_Block):
    """Where the signatures stand.

    plain: the whole header is one. prefix: one after `prefix` (`sha256=`).
    pairs: `key=value` items, every value of `key` is one (`t=1,v1=...`; blanks are trimmed).
    list: every item that begins with `prefix` is one (`v1,... v1,...`).
    `separator` is a comma for pairs and a blank for lists unless given.
    """

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
        if self.format == "list" and self.splits_at in (self.prefix or ""):
            raise ValueError("prefix holds the separator, so no item could ever begin with it")
        return self

    @property
    def splits_at(self) -> str:
        """The separator in force."""
        return self.separator or ("," if self.format == "pairs" else " ")


class Timestamp(_Block):
    """When the sender signed: a header of its own, or a key of the pairs.

    `tolerance` is in seconds and holds for the past and the future; null accepts any age,
    which leaves replays to the ledger alone.
    """

    header: HeaderName | None = None
    key: Text | None = None
    unit: Literal["s", "ms"] = "s"
    tolerance: Tolerance | None = 300

    @model_validator(mode="after")
    def _stands_in_one_place(self) -> Self:
        if (self.header is None) == (self.key is None):
            raise ValueError("timestamp stands either in a header or under a key of the pairs")
        return self


class SignedScheme(_Block):
    """The base of the schemes with a signature.

    `signed` is the text whose bytes are signed, with {body}, {timestamp}, {id}, {method}, {url}
    and {header:Name} in it; `id_header` is what {id} stands for. {url} is `public_url`
    and then the raw query string; without `public_url` it is the called URL. With `decode_url` the
    same URL counts, too, with the escapes decoded that HubSpot decodes before it signs.
    """

    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"]
    signature: Signature
    signed: str = "{body}"
    id_header: HeaderName | None = None
    timestamp: Timestamp | None = None
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

    @property
    def signed_headers(self) -> frozenset[str]:
        """The headers, in lower case, whose values a good signature covers.

        Headers signed side by side are left out: the signature does not tell where one ends and the
        next begins, so that a replayed webhook could move characters between them.
        """
        stamp = self.timestamp.header if self.timestamp else None
        names = {"id": self.id_header, "timestamp": stamp}
        signed = [(each.kind, names.get(each.kind, each.text)) for each in template(self.signed)]
        free = [(kind, name) for kind, name in signed if kind != "text"]
        glued = {
            name
            for (one, first), (two, second) in pairwise(free)
            if {one, two} <= {"header", "id"}
            for name in (first, second)
        }
        named = {name for kind, name in free if name and kind in ("header", "id", "timestamp")}
        return frozenset(named - glued)

    def proves(self, header: str) -> bool:
        """Return whether a good signature covers a header, named in lower case."""
        return header in self.signed_headers

    @property
    def credential(self) -> str:
        """The header, in lower case, that proves the sender: it is never carried on."""
        return self.signature.header


class HmacScheme(SignedScheme):
    """A keyed hash of what is signed (RFC 2104).

    The first of `secret_prefixes` that a secret begins with is cut off, then the rest is decoded.
    Senders differ in the meaning of a prefix: `whsec_` introduces base64 in Standard Webhooks, and
    belongs to the key itself at Stripe.
    """

    scheme: Literal["hmac"] = "hmac"
    secret_encoding: Literal["utf8", "base64", "hex"] = Field(default="utf8")
    secret_prefixes: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _keeps_the_secret_out(self) -> Self:
        if any(part.kind == "secret" for part in template(self.signed)):
            raise ValueError("signed holds {secret}: that is scheme: hash")
        return self


class HashScheme(SignedScheme):
    """A plain hash over a text that holds the secret, as some senders used before HMAC."""

    scheme: Literal["hash"] = "hash"

    @model_validator(mode="after")
    def _holds_the_secret(self) -> Self:
        if not any(part.kind == "secret" for part in template(self.signed)):
            raise ValueError("signed must hold {secret}: without it anybody could make the hash")
        return self


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def credential(self) -> str:
        """The header, in lower case, that proves the sender: it is never carried on."""
        return "authorization"

    def proves(self, header: str) -> bool:
        """Return True but for credentials: a sender that shows the secret vouches for the rest."""
        return header not in CREDENTIALS | {self.credential}


class TokenScheme(_Shown):
    """A secret that is sent with every webhook, and compared whole.

    header: the value of the header `name`. bearer: `Authorization: Bearer <secret>`.
    query: the value of the parameter `name` of the query string.
    """

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

    @property
    def credential(self) -> str:
        """The header, in lower case, that proves the sender: it is never carried on."""
        return (self.name or "").lower() if self.where == "header" else "authorization"


class BasicScheme(_Shown):
    """User and password (RFC 7617); the secret is `user:password`."""

    scheme: Literal["basic"] = "basic"


class StandardWebhooksBlock(BaseModel):
    """Standard Webhooks 1.0.0 in short form: it stands for the HMAC of the specification.

    `headers` is the prefix of the three headers' names; `secret_encoding` is utf8 where a sender
    uses the bytes of the secret as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scheme: Literal["standard_webhooks"] = "standard_webhooks"
    headers: Literal["webhook", "svix"] = "webhook"
    tolerance: Tolerance | None = 300
    secret_encoding: Literal["base64", "utf8"] = Field(default="base64")

    def expand(self) -> HmacScheme:
        """Return the scheme that this stands for."""
        is_base64 = self.secret_encoding == "base64"  # noqa: S105 - the name of an encoding
        return HmacScheme.model_validate(
            {
                "encoding": "base64",
                "signature": {
                    "header": f"{self.headers}-signature",
                    "format": "list",
                    "prefix": "v1,",
                },
                "signed": "{id}.{timestamp}.{body}",
                "id_header": f"{self.headers}-id",
                "timestamp": {"header": f"{self.headers}-timestamp", "tolerance": self.tolerance},
                "secret_encoding": self.secret_encoding,
                "secret_prefixes": ("v1,whsec_", "whsec_") if is_base64 else (),
            }
        )


Scheme = HmacScheme | HashScheme | TokenScheme | BasicScheme
