"""Decides whether a request is genuine, by what the senders' documents say they sign.

It knows no keyed hash and no scheme of the relay: it remembers what was really signed, piece by
piece, and which signature came of it. A request is genuine if its pieces were signed together,
the signature that came of them stands in its header, and its time is within the tolerance.
"""

import re
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from bench.fuzz.requests import event_of
from bench.fuzz.senders import Good, Secrets
from bench.fuzz.signers import SHOWN, SIGNERS, Facts, Seen, bytes_of

# base64 may be written in the alphabet of URLs, and without its padding (RFC 4648).
_OF_URLS: Final = str.maketrans("-_", "+/")
_SIGNATURE: Final = re.compile(r"[0-9A-Za-z+/]{40,}=*")


@dataclass(frozen=True, slots=True)
class Oracle:
    """Remembers what each sender signed, and the secrets that are in force."""

    now: int
    _signed: dict[tuple[str, Facts], set[str]] = field(default_factory=lambda: defaultdict(set))
    _secrets: dict[str, tuple[str, str]] = field(default_factory=dict)

    def learn(self, source: str, secrets: Secrets, goods: Iterable[Good]) -> None:
        """Remember the genuine requests of a source."""
        self._secrets[source] = (secrets.current, secrets.previous)
        signer = SIGNERS.get(source)
        for good in goods:
            if good.is_in_force and signer:
                seen = _readings(event_of(good.request))[0]
                proof = _SIGNATURE.findall(seen.header(signer.header))[-1]
                self._signed[source, signer.facts(seen)].add(proof)

    def is_genuine(self, event: Mapping[str, Any]) -> bool:
        """Tell whether the sender whose URL was called has made this request, and not too long ago.

        A body that is marked as base64 may be read as either: the signature decides.
        """
        source = (event.get("pathParameters") or {}).get("source", "")
        return any(self._is_genuine(source, seen) for seen in _readings(event))

    def _is_genuine(self, source: str, seen: Seen) -> bool:
        if source in SHOWN:
            return SHOWN[source](seen) in self._secrets[source]
        signer = SIGNERS[source]
        facts, header = signer.facts(seen), seen.header(signer.header)
        proofs = self._signed.get((source, facts), set())
        plain = header.translate(_OF_URLS)
        is_proven = any(proof.rstrip("=") in plain or proof in plain.lower() for proof in proofs)
        if signer.tolerance is None or not is_proven:
            return is_proven
        return abs(self.now - int(facts[0]) / signer.per_second) <= signer.tolerance


def is_handshake(event: Mapping[str, Any]) -> bool:
    """Tell whether this is a question that a sender may ask without proof, and nothing comes of."""
    source, method = event["pathParameters"]["source"], event["requestContext"]["http"]["method"]
    (seen, *_) = _readings(event)
    if source == "okta":
        return method == "GET" and "x-okta-verification-challenge" in seen.headers
    media = seen.header("content-type").strip().lower()
    is_ping = source == "woocommerce" and media.startswith("application/x-www-form-urlencoded")
    return is_ping and bool(re.fullmatch(rb"webhook_id=\d+", seen.body))


def _readings(event: Mapping[str, Any]) -> list[Seen]:
    headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
    url = f"{headers.get('x-forwarded-proto', 'https')}://{headers.get('host', '')}"
    query = event.get("rawQueryString", "")
    text = event.get("body", "")
    bodies = [bytes_of(text)]
    if event.get("isBase64Encoded"):
        with suppress(ValueError):
            bodies.insert(0, b64decode(text))
    return [
        Seen(
            event["requestContext"]["http"]["method"],
            headers,
            url + event.get("rawPath", ""),
            f"?{query}" if query else "",
            body,
        )
        for body in bodies
    ]
