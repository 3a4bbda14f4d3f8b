"""Verification schemes, as values: how a sender proves that a webhook is its own.

A rules file's `verify`, and each preset, is checked where it is read (`handler.core.rules.
sender_blocks`). There is no scheme without proof: a sender that cannot sign gets `token`.
"""

import re
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal, NamedTuple

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
# Headers that no event carries and no id is made of: credentials.
CREDENTIALS: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_AUTHORIZATION: Final = "authorization"


class TemplatePart(NamedTuple):
    """One piece of a `signed` template; `text` is the literal, or the header's name."""

    kind: PartKind
    text: str = ""


@lru_cache
def template(signed: str) -> tuple[TemplatePart, ...]:
    """Return the parts of a `signed` template; raise ValueError if a placeholder is unknown."""
    if found := _WITH_DOLLAR.search(signed):
        raise ValueError(f"signed: a $ would be signed, too: write {found[1]}, without $")
    pieces = re.split(r"(\{[^{}]*\})", signed)
    return tuple(_part(piece) for piece in pieces if piece)


def _part(piece: str) -> TemplatePart:
    if piece in _PLACEHOLDERS:
        return TemplatePart(_PLACEHOLDERS[piece])
    if header := _HEADER_PART.fullmatch(piece):
        return TemplatePart("header", header[1].lower())
    if "{" in piece or "}" in piece:
        raise ValueError(f"signed: {piece} is none of {_KNOWN}")
    return TemplatePart("text", piece)


class Signature(NamedTuple):
    """The place of the signatures.

    plain: the whole header is one. prefix: one after `prefix` (`sha256=`).
    pairs: `key=value` items, every value of `key` is one (`t=1,v1=...`; blanks are trimmed).
    list: every item that begins with `prefix` is one (`v1,... v1,...`).
    `separator` is a comma for pairs and a blank for lists unless given.
    """

    header: str
    format: Literal["plain", "prefix", "pairs", "list"] = "plain"
    prefix: str | None = None
    separator: str | None = None
    key: str | None = None

    @property
    def splits_at(self) -> str:
        """The separator in force."""
        return separator(self.format, self.separator)


def separator(form: str, given: str | None) -> str:
    """Return what stands between the items of a signature's header, by its format."""
    return given or ("," if form == "pairs" else " ")


class Timestamp(NamedTuple):
    """The time of signing: a header of its own, or a key of the pairs.

    `tolerance` is in seconds and holds for the past and the future; null accepts any age,
    which leaves replays to the ledger alone.
    """

    header: str | None = None
    key: str | None = None
    unit: Literal["s", "ms"] = "s"
    tolerance: int | None = 300


class SignedScheme(NamedTuple):
    """A scheme with a signature: one of the two kinds below, HmacScheme or HashScheme.

    `signed` is the text whose bytes are signed, with {body}, {timestamp}, {id}, {method}, {url}
    and {header:Name} in it; `id_header` is what {id} stands for. {url} is `public_url`
    and then the raw query string; without `public_url` it is the called URL. With `decode_url` the
    same URL counts, too, with the escapes decoded that HubSpot decodes before it signs.
    `secret_encoding` and `secret_prefixes` are those of HmacScheme.
    """

    encoding: Literal["hex", "base64"]
    signature: Signature
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    signed: str = "{body}"
    id_header: str | None = None
    timestamp: Timestamp | None = None
    public_url: str | None = None
    decode_url: bool = False
    secret_encoding: Literal["utf8", "base64", "hex"] = "utf8"  # noqa: S105 - the name of an encoding
    secret_prefixes: tuple[str, ...] = ()

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

    __slots__ = ()


class HashScheme(SignedScheme):
    """A plain hash over a text that holds the secret, as some senders used before HMAC."""

    __slots__ = ()


class TokenScheme(NamedTuple):
    """A secret that is sent with every webhook, and compared whole.

    header: the value of the header `name`. bearer: `Authorization: Bearer <secret>`.
    query: the value of the parameter `name` of the query string.
    """

    where: Literal["header", "bearer", "query"]
    name: str | None = None

    @property
    def credential(self) -> str:
        """The header, in lower case, that proves the sender: it is never carried on."""
        return (self.name or "").lower() if self.where == "header" else _AUTHORIZATION

    def proves(self, header: str) -> bool:
        """Return True but for credentials: a sender that shows the secret vouches for the rest."""
        return header not in CREDENTIALS | {self.credential}


class BasicScheme(NamedTuple):
    """User and password (RFC 7617); the secret is `user:password`."""

    credential: str = _AUTHORIZATION

    def proves(self, header: str) -> bool:
        """Return True but for credentials: a sender that shows the secret vouches for the rest."""
        return header not in CREDENTIALS


Scheme = HmacScheme | HashScheme | TokenScheme | BasicScheme
