"""Sending of a webhook again: the bytes that came, or the same thing with new ids."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qsl, urlencode

import requests

from handler.core.errors import Unavailable
from handler.core.rules.source import Source
from handler.core.secret_values import Secret, signing_secrets
from handler.core.verification.schemes import Scheme, TokenScheme
from relay.local.stack import Secrets
from relay.page.reading import Reading
from relay.send.new_ids import NoNewId, renewed
from relay.webhooks.post import send
from relay.webhooks.samples import Sample
from relay.webhooks.signer import SignedRequest, sign

# What the connection to the stack gave it, and not its sender.
_OF_THE_WAY: Final = frozenset({"host", "accept-encoding", "x-forwarded-for", "x-forwarded-proto"})


class NotSent(Exception):
    """A webhook that cannot be sent again; the text says why."""


@dataclass(frozen=True, slots=True)
class ServedSource:
    """A source as it is served now, and the secret that signs for it; both None where unknown."""

    source: Source | None
    secret: str | None

    @classmethod
    def of(cls, source: object, given: Secrets) -> "ServedSource":
        """Return the sender of a source's webhooks by the stack's secrets."""
        if not isinstance(source, Source):
            return cls(None, None)
        values = {name: one if isinstance(one, str) else [*one] for name, one in given.items()}
        try:
            return cls(source, signing_secrets(Secret("", "", values), source.secret)[0])
        except Unavailable:
            return cls(source, None)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request to be sent, and what is said of it before its answer."""

    request: SignedRequest
    words: tuple[str, ...]


def again(reading: Reading, sender: ServedSource, url: str) -> Prepared:
    """Return the very bytes of a webhook, signed anew where that is possible; raise NotSent."""
    _check(reading)
    return _signed(_unsigned(reading, url), sender)


def as_new(reading: Reading, sender: ServedSource, url: str) -> Prepared:
    """Return a webhook with new ids, which no rule has sent yet; raise NotSent."""
    _check(reading)
    if sender.source is None:
        raise NotSent("which field is its id is said by the rules of a source: it has none now")
    if sender.secret is None:
        raise NotSent("the stack has no signing secret of this source")
    given = _unsigned(reading, url)
    try:
        sample = Sample("", sender.source.name, given.headers, json.loads(given.body))
        made = renewed(sample, sender.source, secrets.choice)
    except ValueError:
        raise NotSent("its body is not JSON") from None
    except RecursionError:
        raise NotSent("its body is nested too deep") from None
    except NoNewId as error:
        raise NotSent(str(error)) from None
    body = json.dumps(made.sample.body).encode()
    prepared = _signed(replace(given, headers=made.sample.headers, body=body), sender)
    return Prepared(prepared.request, tuple(f"new {one}" for one in made.changes))


def posted(request: SignedRequest) -> requests.Response:
    """Post a request; raise NotSent where nothing answers."""
    try:
        with requests.Session() as session:
            return send(request, session)
    except ValueError:  # its text holds URL and headers
        raise NotSent("its path or a header of it is of characters that no client sends") from None
    except requests.RequestException as error:
        raise NotSent(f"the stack does not answer ({type(error).__name__})") from None


def _check(reading: Reading) -> None:
    if reading.webhook.method != "POST":
        raise NotSent(f"it is no webhook but a {reading.webhook.method}: only a POST is sent")


def _unsigned(reading: Reading, url: str) -> SignedRequest:
    headers = {
        name: one for name, one in reading.webhook.headers.items() if name not in _OF_THE_WAY
    }
    path = reading.answered.path
    return SignedRequest(f"{url}{path}", headers, reading.webhook.body, reading.webhook.query)


def _signed(given: SignedRequest, sender: ServedSource) -> Prepared:
    if sender.source is None or sender.secret is None:
        return Prepared(given, ("with the signature that it came with",))
    scheme = sender.source.scheme
    query = _without_credential(given.query, scheme)
    try:
        made = sign(replace(given, query=query), scheme, sender.secret, int(time.time()))
    except ValueError:  # its text could hold a part of the secret
        return Prepared(given, ("with the signature that it came with",))
    return Prepared(made, ("signed anew",))


def _without_credential(query: str, scheme: Scheme) -> str:
    """Return a query string without the parameter that proves the sender."""
    if not (isinstance(scheme, TokenScheme) and scheme.where == "query"):
        return query
    pairs = parse_qsl(query, keep_blank_values=True)
    return urlencode([(name, one) for name, one in pairs if name != scheme.name])


def counts_of(answer: requests.Response) -> Mapping[str, int]:
    """Return what an answer counts; nothing where it counts nothing."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
