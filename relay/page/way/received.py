"""Received: the request as it came, without what proves its sender."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from handler.core.rules.source import Source
from handler.core.verification.schemes import Scheme, TokenScheme
from relay.page.reading import HIDDEN, Reading
from relay.page.way.docs_words import table

_TAKEN: Final = 200
# Parts of names of headers and parameters, without dashes; `author` is none.
_PROOFS: Final = (
    *("signature", "hmac", "token", "secret", "apikey", "accesskey", "password", "passwd"),
    *("auth", "credential", "session", "jwt"),
)
MOST: Final = 32_000  # characters of a body that are shown


@dataclass(frozen=True, slots=True)
class Received:
    """A request: its target with the query string, its headers, its body and the answer.

    `size` is in bytes. `cut` is how many characters of the body are left out.
    `check` is the check that it failed, if it is refused.
    """

    at: float
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: str
    size: int
    cut: int
    status: int
    answer: str
    check: str = ""


def received(reading: Reading) -> Received:
    """Return the first step of a webhook."""
    answered, webhook = reading.answered, reading.webhook
    scheme = reading.rules.scheme if isinstance(reading.rules, Source) else None
    body = laid_out(webhook.body)
    query = _query(webhook.query, scheme)
    return Received(
        at=reading.arrival.at,
        method=webhook.method,
        target=f"{answered.path}?{query}" if query else answered.path,
        headers=tuple(_headers(reading, scheme)),
        body=body[:MOST],
        size=len(webhook.body),
        cut=max(len(body) - MOST, 0),
        status=answered.status,
        answer=answered.answer[:MOST],
        check=_check(answered.status),
    )


def _check(status: int) -> str:
    """Return the check that is answered with a status, in the words of the documentation."""
    if status == _TAKEN:
        return ""
    checks = table("answers.md", "Checks and their answers", "check")
    return next((one for one, (answer,) in checks.items() if answer.startswith(f"{status}")), "")


def laid_out(body: bytes) -> str:
    """Return a body as text: JSON with indents, anything else as it is."""
    text = body.decode("utf-8", "backslashreplace")
    try:
        found = json.loads(text, object_pairs_hook=_once_each, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return text
    return json.dumps(found, indent=2, ensure_ascii=False)


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object; raise ValueError for a repeated key, which must be seen as it is."""
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _headers(reading: Reading, scheme: Scheme | None) -> Iterator[tuple[str, str]]:
    """Yield the headers by name; a signature is no secret, and is hidden all the same."""
    proof = scheme.credential if scheme else ""
    for name, value in sorted(reading.shown_headers.items()):
        yield name, HIDDEN if name == proof or _is_signature(name) else value


def _is_signature(name: str) -> bool:
    """Return whether a header looks like a proof: of a source that is not known nobody says it."""
    plain = name.replace("-", "").replace("_", "").replace("author", "")
    return any(word in plain for word in _PROOFS)


def _query(query: str, scheme: Scheme | None) -> str:
    """Return a query string without the values that may prove the sender."""
    if not query:
        return ""
    secret = scheme.name if isinstance(scheme, TokenScheme) and scheme.where == "query" else None
    return "&".join(_parameter(one, secret) for one in query.split("&"))


def _parameter(item: str, secret: str | None) -> str:
    name, mark, _ = item.partition("=")
    known = unquote_plus(name)
    is_proof = known == secret or _is_signature(known.lower()) or known.lower() in ("key", "sig")
    return f"{name}{mark}{HIDDEN}" if mark and is_proof else item
