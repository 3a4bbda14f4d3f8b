"""The one generic HMAC scheme: how a sender signs, as a value.

Presets are values of it, and a user writes the same block by hand for a sender without one.
What cannot prove anything (a body that is not signed, a tolerance on a time that is not)
does not load.
"""

import re
from functools import lru_cache
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

HeaderName = Annotated[
    str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", to_lower=True)
]
Text = Annotated[str, Field(min_length=1)]
PartKind = Literal["text", "body", "timestamp", "id", "method", "header"]

_PLACEHOLDERS: Final[dict[str, PartKind]] = {
    "{body}": "body",
    "{timestamp}": "timestamp",
    "{id}": "id",
    "{method}": "method",
}
_HEADER: Final = re.compile(r"\{header:([!#$%&'*+.^_`|~0-9A-Za-z-]+)\}")
_KNOWN: Final = ", ".join([*_PLACEHOLDERS, "{header:Name}"])
# Which of prefix, separator and key a format may have, and which it cannot do without.
_ALLOWED: Final = {
    "plain": set[str](),
    "prefix": {"prefix"},
    "pairs": {"separator", "key"},
    "list": {"separator", "prefix"},
}
_NEEDED: Final = {"plain": set[str](), "prefix": {"prefix"}, "pairs": {"key"}, "list": set[str]()}


class Part(NamedTuple):
    """One piece of a `signed` template; `text` is the literal, or the header's name."""

    kind: PartKind
    text: str = ""


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
    tolerance: Annotated[int, Field(strict=True, ge=1)] | None = 300

    @model_validator(mode="after")
    def _stands_in_one_place(self) -> Self:
        if (self.header is None) == (self.key is None):
            raise ValueError("timestamp stands either in a header or under a key of the pairs")
        return self


class HmacScheme(_Block):
    """How a sender signs its webhooks with a shared secret.

    `signed` is the text whose bytes are signed, with {body}, {timestamp}, {id}, {method} and
    {header:Name} in it; `id_header` is what {id} stands for. The first of `secret_prefixes`
    that a secret begins with is cut off, then the rest is decoded. What a prefix means is the
    sender's affair: `whsec_` introduces base64 in Standard Webhooks, and belongs to the key
    itself at Stripe.
    """

    scheme: Literal["hmac"] = "hmac"
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"]
    signature: Signature
    signed: str = "{body}"
    id_header: HeaderName | None = None
    timestamp: Timestamp | None = None
    secret_encoding: Literal["utf8", "base64", "hex"] = Field(default="utf8")
    secret_prefixes: tuple[Text, ...] = ()

    @model_validator(mode="after")
    def _proves_something(self) -> Self:
        kinds = {part.kind for part in template(self.signed)}
        if "body" not in kinds:
            raise ValueError("signed must hold {body}: without it nothing proves the body")
        _both_or_none(
            "timestamp", is_signed="timestamp" in kinds, is_given=self.timestamp is not None
        )
        _both_or_none("id_header", is_signed="id" in kinds, is_given=self.id_header is not None)
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
        """The headers, in lower case, whose values a good signature proves."""
        named = {part.text for part in template(self.signed) if part.kind == "header"}
        stamp = self.timestamp.header if self.timestamp else None
        return frozenset(named | {name for name in (self.id_header, stamp) if name is not None})


@lru_cache
def template(signed: str) -> tuple[Part, ...]:
    """Return the parts of a `signed` template; raise ValueError if a placeholder is unknown."""
    pieces = re.split(r"(\{[^{}]*\})", signed)
    return tuple(_part(piece) for piece in pieces if piece)


def _part(piece: str) -> Part:
    if piece in _PLACEHOLDERS:
        return Part(_PLACEHOLDERS[piece])
    if header := _HEADER.fullmatch(piece):
        return Part("header", header[1].lower())
    if "{" in piece or "}" in piece:
        raise ValueError(f"signed: {piece} is none of {_KNOWN}")
    return Part("text", piece)


def _both_or_none(field: str, *, is_signed: bool, is_given: bool) -> None:
    placeholder = {"timestamp": "{timestamp}", "id_header": "{id}"}[field]
    if is_signed and not is_given:
        raise ValueError(f"signed holds {placeholder}, but {field} is not given")
    if is_given and not is_signed:
        raise ValueError(
            f"{field} is given, but signed does not hold {placeholder}: nobody signs it"
        )
