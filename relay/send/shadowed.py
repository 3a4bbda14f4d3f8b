"""Samples that a stack would log and not send: each rule that matches is in shadow. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from handler.core.errors import NotJson, RulesError, Unavailable
from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.source import Source
from handler.core.secret_values import Secret, signing_secrets
from relay.webhooks.samples import Address, Sample
from relay.webhooks.signer import SignedRequest

_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Served:
    """The rules of a stack: its sources, as its package has them, and how it plans with them.

    `url` is where senders post to, without the source; `ledger_days` is its LedgerDays.
    """

    url: str
    sources: Mapping[str, Source | RulesError]
    secret: Secret
    ledger_days: int


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A signed sample that only rules in shadow match: their names, by delivery id."""

    sample: Sample
    request: SignedRequest
    rules: Mapping[str, str]


def shadowed(sample: Sample, served: Served, now: int) -> Shadowed | str:
    """Return a sample, signed at `now`, or why it must not be posted."""
    source = served.sources.get(sample.source)
    if source is None or isinstance(source, RulesError):
        return f"the stack serves no {sample.source}"
    try:
        secret = signing_secrets(served.secret, source.secret)[0]
        address = Address(f"{served.url}/{source.name}", source, secret)
        request = address.signed(sample.headers, sample.content(now), now)
    except Unavailable:
        return f"the stack has no signing secret {source.secret}"
    except ValueError:  # its text could hold a part of the secret
        return f"the signing secret {source.secret} cannot be decoded as the scheme says"
    webhook = Webhook(source.name, "POST", request.headers, request.query, request.body, now)
    try:
        made = plan(Verified(webhook), source, (served.ledger_days - 1) * _DAY)
    except NotJson:
        return "its body is not JSON"
    why = ", ".join(_sent(made, source.name))
    rules = {one.id: f"{source.name}/{one.rule}" for one in made.shadow}
    return why or Shadowed(sample, request, rules)


def _sent(made: Plan, source: str) -> Iterator[str]:
    """Yield what would come of a webhook besides a line of the log."""
    for one in made.deliveries:
        yield f"{source}/{one.rule} would send it"
    for parked in made.parked:
        rule = f"{source}/{parked.rule}" if parked.rule else "it"
        yield f"{rule} would be a dead letter ({parked.reason}: {parked.detail})"
    if not (made.deliveries or made.parked or made.shadow):
        yield "no rule matches it"
