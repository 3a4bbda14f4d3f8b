"""Posts a signed webhook to a relay, as its sender would."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

from relay.webhooks.samples import Address, Sample
from relay.webhooks.signer import SignedRequest

_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Posted:
    """A sample, the relay's answer to it, and the time of sending in epoch seconds."""

    sample: Sample
    status: int
    answer: Mapping[str, Any]
    at: int = 0


def post(address: Address, sample: Sample) -> Posted:
    """Sign a sample and post it to a relay."""
    now = int(time.time())
    with requests.Session() as session:
        answer = send(address.signed(sample.headers, sample.content(now), now), session)
    return Posted(sample, answer.status_code, answer.json() if answer.content else {}, now)


def send(request: SignedRequest, session: requests.Session) -> requests.Response:
    """Post a request as it is: without redirects, and without credentials of a netrc file."""
    return session.post(
        f"{request.url}?{request.query}" if request.query else request.url,
        data=request.body,
        headers=request.headers,
        timeout=_SECONDS,
        allow_redirects=False,
        auth=_unchanged,
    )


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
