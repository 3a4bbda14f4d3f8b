"""What can come of one sender's webhook on its way, or of somebody else's pretending."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from tests.senders.posting import BODY, Letter, Post
from tests.senders.vendors import Kind, Vendor

ACCEPTED = "accepted"
SHOWN = ("token", "bearer", "basic")
WRONG = dict.fromkeys(SHOWN, "wrong_credential")
BROKEN = WRONG | {"basic": "malformed_credential"}
MISSING = dict.fromkeys(SHOWN, "no_credential")
# Who only shows a secret proves nothing of the body: that is the transport's to keep.
UNPROVEN = dict.fromkeys(SHOWN, ACCEPTED)
# Where a format has no room for two, two of them are a header that stands twice.
TWO = {"pairs": ACCEPTED, "list": ACCEPTED, **BROKEN}
CHANGED = BODY.replace("paid", "pAid").encode()


@dataclass(frozen=True, slots=True)
class Row:
    """`reason` is the verdict; `reasons` say of which kinds of header it is another."""

    make: Callable[[Vendor], Post]
    reason: str = ACCEPTED
    reasons: Mapping[str, str] | None = None
    secrets: Callable[[Vendor], list[str]] = lambda vendor: [vendor.secret]

    def expected(self, kind: Kind) -> str:
        return (self.reasons or {}).get(kind, self.reason)


def post(vendor: Vendor) -> Post:
    return Letter(vendor).post()


def with_value(change: Callable[[str], str]) -> Callable[[Vendor], Post]:
    def make(vendor: Vendor) -> Post:
        sent = post(vendor)
        return replace(
            sent, headers={**sent.headers, vendor.header: change(sent.headers[vendor.header])}
        )

    return make


def with_signature(change: Callable[[str], str]) -> Callable[[Vendor], Post]:
    def make(vendor: Vendor) -> Post:
        letter = Letter(vendor)
        return replace(letter, signatures=[change(letter.signature)]).post()

    return make


def signed_by(*which: Literal["secret", "other"]) -> Callable[[Vendor], Post]:
    def make(vendor: Vendor) -> Post:
        made = {
            "secret": Letter(vendor).signature,
            "other": Letter(vendor, secret=vendor.other).signature,
        }
        return Letter(vendor, signatures=[made[one] for one in which]).post()

    return make


def unsigned(vendor: Vendor) -> Post:
    sent = post(vendor)
    kept = {name: value for name, value in sent.headers.items() if name != vendor.header}
    return replace(sent, headers=kept)


def named(change: Callable[[str], str]) -> Callable[[Vendor], Post]:
    def make(vendor: Vendor) -> Post:
        sent = post(vendor)
        return replace(sent, headers={change(name): it for name, it in sent.headers.items()})

    return make


def with_body(body: bytes) -> Callable[[Vendor], Post]:
    return lambda vendor: replace(post(vendor), body=body)


def second(vendor: Vendor) -> list[str]:
    return [vendor.other, vendor.secret]


def retired(vendor: Vendor) -> list[str]:
    return [vendor.other]


ROWS: Final[Mapping[str, Row]] = {
    "good": Row(post),
    "as base64": Row(lambda vendor: replace(post(vendor), is_base64=True)),
    "names of headers in capitals": Row(named(str.upper)),
    "names of headers in small letters": Row(named(str.lower)),
    "second of two secrets": Row(post, secrets=second),
    "retired secret": Row(post, "wrong_signature", WRONG, secrets=retired),
    "unsigned": Row(unsigned, "no_signature", MISSING),
    "blank header": Row(with_value(lambda _: " "), "no_signature", MISSING),
    "empty signature": Row(
        with_signature(lambda _: ""),
        "malformed_signature",
        {"plain": "no_signature", **MISSING},
    ),
    "no signature at all": Row(
        with_value(lambda _: "!"),
        "malformed_signature",
        BROKEN | {"bearer": "malformed_credential"},
    ),
    "malformed": Row(with_signature(lambda _: "%zz~"), "malformed_signature", BROKEN),
    # What is left of base64 is short of its padding and of spare bits, of hex it is no whole byte.
    "cut by one character": Row(
        with_signature(lambda it: f"{it.rstrip('=')[:-1]}"), "malformed_signature", BROKEN
    ),
    "cut by four characters": Row(with_signature(lambda it: it[:-4]), "wrong_signature", WRONG),
    "signature of another secret": Row(signed_by("other"), "wrong_signature", WRONG),
    "not ASCII": Row(with_signature(lambda it: f"ü{it[1:]}"), "malformed_signature", BROKEN),
    "tab inside": Row(
        with_signature(lambda it: f"{it[:8]}\t{it[8:]}"), "malformed_signature", BROKEN
    ),
    "lone surrogate": Row(
        with_signature(lambda it: f"\udcfc{it[1:]}"), "malformed_signature", BROKEN
    ),
    "10 KB": Row(with_signature(lambda _: "a" * 10_240), "wrong_signature", WRONG),
    "good and bad": Row(signed_by("secret", "other"), "duplicate_header", TWO),
    "bad and good": Row(signed_by("other", "secret"), "duplicate_header", TWO),
    "bad and bad": Row(
        signed_by("other", "other"),
        "duplicate_header",
        {"pairs": "wrong_signature", "list": "wrong_signature", **BROKEN},
    ),
    "malformed and good": Row(
        lambda vendor: Letter(vendor, signatures=["%", Letter(vendor).signature]).post(),
        "duplicate_header",
        TWO,
    ),
    "header twice": Row(with_value(lambda it: f"{it},{it}"), "duplicate_header", BROKEN),
    "seventeen signatures": Row(
        lambda vendor: Letter(vendor, signatures=[Letter(vendor).signature] * 17).post(),
        "duplicate_header",
        {"pairs": "too_many_signatures", "list": "too_many_signatures", **BROKEN},
    ),
    "one byte changed": Row(with_body(CHANGED), "wrong_signature", UNPROVEN),
    "one byte more": Row(with_body(BODY.encode() + b"\n"), "wrong_signature", UNPROVEN),
}
