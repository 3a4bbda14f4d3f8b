"""Changes of a request, such as accidents and attackers make them; each is one function.

They take the request, another genuine one to cut pieces from, and the randomness.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Final

from bench.fuzz.pieces import MEDIA, METHODS, NASTY, NUMBERS, OPTIONAL, QUERIES, WIDE
from bench.fuzz.requests import Request

Mutation = Callable[[Request, Request, Random], Request]


def _bytes(body: bytes, rng: Random) -> bytes:
    """Return a body with a byte more, less or other, cut off, or with a piece twice."""
    at, end = sorted((rng.randrange(len(body) + 1), rng.randrange(len(body) + 1)))
    before, one, rest = body[:at], body[at : at + 1], body[at + 1 :]
    flipped = bytes(byte ^ 1 << rng.randrange(8) for byte in one)
    more = rng.choice((bytes((rng.randrange(256),)), b"\n", b"\0", b"\xef\xbb\xbf"))
    changed = (
        *(before + flipped + rest, before + more + one + rest, before + rest, before),
        *(body[:end] + body[at:], body + more, more + body),
    )
    return rng.choice(changed)


def _text(text: str, rng: Random) -> str:
    """Return a text with one character more, less, other or twice."""
    at = rng.randrange(len(text) + 1)
    some = rng.choice((chr(rng.randrange(32, 127)), chr(rng.randrange(0x250)), *",=. \0é"))
    rest = text[at + 1 :]
    return text[:at] + rng.choice(
        (some + rest, some + text[at:], rest, text[at : at + 1] + text[at:])
    )


def _named(request: Request, name: str, value: str) -> Request:
    """Return the request with one header set, whatever the case of the one that was there."""
    others = {key: it for key, it in request.headers.items() if key.lower() != name.lower()}
    return replace(request, headers={**others, name: value})


def _any(request: Request, rng: Random) -> str:
    """Return the name of a header; mostly of those that prove something, which come last."""
    names = [*request.headers]
    return rng.choice(names[-3:] if rng.random() < 0.7 else names) if names else "x"


def change_body(request: Request, _: Request, rng: Random) -> Request:
    """Change some bytes."""
    return replace(request, body=_bytes(request.body, rng))


def change_header(request: Request, _: Request, rng: Random) -> Request:
    """Change a character of a header."""
    name = _any(request, rng)
    return _named(request, name, _text(request.headers.get(name, ""), rng))


def change_query(request: Request, _: Request, rng: Random) -> Request:
    """Change or replace the query string."""
    return replace(request, query=rng.choice((_text(request.query, rng), *QUERIES)))


def set_nasty(request: Request, _: Request, rng: Random) -> Request:
    """Give a header a value that breaks parsers."""
    return _named(request, _any(request, rng), rng.choice(NASTY))


def add_nasty(request: Request, _: Request, rng: Random) -> Request:
    """Put such a value before or behind what a header holds, as a list would."""
    name = _any(request, rng)
    items = rng.sample((request.headers.get(name, ""), rng.choice(NASTY)), 2)
    return _named(request, name, rng.choice((" ", ",", ";", ", ", "")).join(items))


def remove_header(request: Request, _: Request, rng: Random) -> Request:
    """Leave a header out."""
    gone = _any(request, rng)
    others = {key: it for key, it in request.headers.items() if key != gone}
    return replace(request, headers=others)


def rename_header(request: Request, other: Request, rng: Random) -> Request:
    """Give a header another name, or its name in capitals."""
    gone = _any(request, rng)
    name = rng.choice((gone.upper(), gone.title(), gone + "x", f" {gone}", _any(other, rng)))
    others = {key: it for key, it in request.headers.items() if key != gone}
    return _named(replace(request, headers=others), name, request.headers.get(gone, ""))


def spell_anew(request: Request, _: Request, rng: Random) -> Request:
    """Write a value as another encoder would: padding, alphabet, case, spare bits, blanks."""
    name = _any(request, rng)
    text = request.headers.get(name, "")
    spare = re.sub(r"[A-Za-z0-9](?==)", lambda it: chr(ord(it[0]) + 1), text)
    forms = (
        *(text + "=", text.rstrip("="), text.replace("+", "-").replace("/", "_"), spare),
        *(text.upper(), text.lower(), f" {text} ", f"{text},{text}", " ".join([text] * 20)),
        *(text.replace(",", ", "), text.replace("=", " = "), text.translate(WIDE)),
    )
    return _named(request, name, rng.choice(forms))


def move_time(request: Request, _: Request, rng: Random) -> Request:
    """Move or spoil a number that looks like a time, wherever it stands in a header."""
    name = _any(request, rng)
    by = rng.choice((-1, 1)) * rng.choice((1, 299, 301, 10_000, 300_000, 10**9))
    another = rng.choice((None, rng.choice(NUMBERS)))
    moved = re.sub(
        r"\d{10,13}", lambda it: another or str(int(it[0]) + by), request.headers.get(name, "")
    )
    return _named(request, name, moved)


def splice_body(request: Request, other: Request, _: Random) -> Request:
    """Put another genuine body under this signature."""
    return replace(request, body=other.body)


def splice_headers(request: Request, other: Request, rng: Random) -> Request:
    """Put some or all headers of another genuine request on this one."""
    taken = {k: v for k, v in other.headers.items() if rng.random() < rng.choice((0.5, 1))}
    return replace(request, headers={**request.headers, **taken})


def splice_source(request: Request, other: Request, _: Random) -> Request:
    """Send it, as it is, to another source."""
    return replace(request, source=other.source, path=other.path)


def split_anew(request: Request, _: Request, rng: Random) -> Request:
    """Move the border between id, time and body, which dots part."""
    stamp, dot, body = request.body.partition(b".")
    names = [name for name in request.headers if name.endswith("-timestamp")]
    ids = [name for name in request.headers if name.endswith("-id")]
    if not (dot and names and ids):
        return change_body(request, request, rng)
    longer = f"{request.headers[ids[-1]]}.{request.headers[names[-1]]}"
    moved = _named(_named(request, ids[-1], longer), names[-1], stamp.decode("latin-1"))
    return replace(moved, body=body)


def change_call(request: Request, _: Request, rng: Random) -> Request:
    """Change the method, the path, the media type, or what the gateway says of it."""
    return rng.choice(
        (
            replace(request, method=rng.choice(METHODS)),
            replace(request, path=_text(request.path, rng)),
            _named(request, "content-type", rng.choice(MEDIA)),
            _named(request, rng.choice(("host", "x-forwarded-proto")), rng.choice(NASTY)),
            replace(request, is_flag_wrong=not request.is_flag_wrong),
            replace(request, without=request.without | {rng.choice(OPTIONAL)}),
        )
    )


def ask(request: Request, _: Request, rng: Random) -> Request:
    """Turn it into something like a handshake."""
    if rng.random() < 0.5:
        asked = replace(request, method=rng.choice(("GET", "HEAD")), query="challenge=abc")
        return _named(asked, "x-okta-verification-challenge", rng.choice(("abc", *NASTY)))
    form = _named(request, "content-type", "application/x-www-form-urlencoded")
    body = rng.choice((b"webhook_id=12", b"webhook_id=", b"webhook_id=1&a=b", request.body))
    bare = {k: v for k, v in form.headers.items() if k != "x-wc-webhook-topic"}
    return replace(form, body=body, headers=rng.choice((bare, form.headers)))


MUTATIONS: Final[tuple[Mutation, ...]] = (
    *(change_body, change_header, change_query, change_call, set_nasty, add_nasty, ask),
    *(remove_header, rename_header, spell_anew, move_time, split_anew),
    *(splice_body, splice_headers, splice_source),
)


def mutate(request: Request, other: Request, rng: Random) -> Request:
    """Return the request after one to three changes."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3))):
        request = rng.choice(MUTATIONS)(request, other, rng)
    return request
