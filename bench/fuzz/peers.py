"""The libraries that senders hand out, asked about requests of their own kind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

from bench.fuzz.senders import secrets_of
from handler.core.rules.source import Source


@dataclass(frozen=True, slots=True)
class Peer:
    """A library; `refusal` is what it documents to raise for a request that is not genuine."""

    name: str
    verify: Callable[[bytes, Mapping[str, str]], object]
    refusal: type[Exception]


def peers(sources: Mapping[str, Source]) -> dict[str, Peer]:
    """Return the peers by the source whose requests they verify. Only these need the libraries."""
    secrets = {name: secrets_of(sources[name]).current for name in ("standard_webhooks", "stripe")}
    standard, stripe = import_module("standardwebhooks"), import_module("stripe")

    def verify_header(body: bytes, headers: Mapping[str, str]) -> object:
        header = headers.get("stripe-signature")
        return stripe.WebhookSignature.verify_header(body, header, secrets["stripe"], 300)

    return {
        "standard_webhooks": Peer(
            "standardwebhooks",
            standard.Webhook(secrets["standard_webhooks"]).verify,
            standard.WebhookVerificationError,
        ),
        "stripe": Peer("stripe", verify_header, stripe.SignatureVerificationError),
    }
