"""Reading of a webhook that a local stack has answered: what it is for people, and its verdict.

It is made by the rules that were served then, and only where somebody looks.
"""

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal

from handler.core.errors import Malformed, NotJson, RulesError, Unavailable, Unverified
from handler.core.models import LoggedEvent, Plan, Verified, Webhook
from handler.core.planning.parse import parse, split
from handler.core.planning.plan import plan
from handler.core.rules.source import Source
from handler.core.secret_values import Secret, signing_secrets
from handler.core.verification.handshake import greet, greet_signed
from handler.core.verification.schemes import CREDENTIALS, SignedScheme
from handler.core.verification.verify import verify
from relay.console.format import FEW, counted, few
from relay.local.stack import Secrets
from relay.local.webhook_feed import Answered
from relay.page.journal import Arrival
from relay.webhooks.samples import sample_secrets

Kind = Literal["good", "wait", "bad", "quiet"]
HIDDEN: Final = "(hidden)"
_PREFIX: Final = "/webhooks/"
_OK, _UNVERIFIED, _UNKNOWN, _FAILED = 200, 401, 404, 500
_KEPT: Final = 32  # readings, which hold bodies and requests
_LONGEST: Final = 300  # characters of an answer that is no JSON
_CLAIMING: Final = 1_000_000  # bytes: what a larger body says of itself is not worked out
# As ingest does in a stack whose LedgerDays is the default, 400, which local stacks have.
_OLDEST: Final = 399 * 86_400


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a webhook in a few words, its kind, and what explains it, if anything does."""

    words: str
    kind: Kind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A webhook as people know it.

    `rules` are the source's as they were served: with a mistake its error, None for no source.
    `plan` is what they make of it, None where it was refused, or is a handshake. `unverified` is
    why its sender is not proven, an UnverifiedReason; empty where that is not known. `claimed` are
    the events of one that was refused, as it names them itself: whoever sent it is not proven.
    """

    arrival: Arrival
    answered: Answered = field(repr=False)
    webhook: Webhook = field(repr=False)
    rules: Source | RulesError | None = field(repr=False)
    plan: Plan | None = field(repr=False)
    unverified: str
    verdict: Verdict
    claimed: tuple[LoggedEvent, ...] = ()

    @property
    def source(self) -> str:
        """The name in the URL; empty for a path that is not /webhooks/SOURCE."""
        return self.webhook.source

    @property
    def types(self) -> str:
        """The types of its events."""
        return few([one.type for one in self._events if one.type])

    @property
    def references(self) -> str:
        """The objects' own names, such as #1042."""
        return few([one.reference for one in self._events if one.reference])

    @property
    def _events(self) -> Sequence[LoggedEvent]:
        return self.plan.logged if self.plan else self.claimed

    @property
    def credentials(self) -> frozenset[str]:
        """The names of headers that prove a sender by a secret."""
        if isinstance(self.rules, Source) and not isinstance(self.rules.scheme, SignedScheme):
            return CREDENTIALS | {self.rules.scheme.credential}
        return CREDENTIALS

    @property
    def shown_headers(self) -> dict[str, str]:
        """The headers, without the values that prove a sender by a secret."""
        hidden, headers = self.credentials, self.webhook.headers
        return {name: HIDDEN if name in hidden else one for name, one in headers.items()}


def read(arrival: Arrival, secrets: Secrets | None) -> Reading:
    """Return the reading of an arrival; `secrets` are None where those of the samples sign."""
    answered = arrival.webhook
    webhook = webhook_of(answered, arrival.at)
    rules = arrival.served.sources.get(webhook.source)
    planned, why = None, ""
    if isinstance(rules, Source) and answered.status == _OK:
        planned = _planned(webhook, rules)
    if isinstance(rules, Source) and answered.status == _UNVERIFIED:
        given = sample_secrets(arrival.served.sources) if secrets is None else secrets
        why = _unverified(webhook, rules, given)
    claimed = _claimed(webhook, rules) if answered.status != _OK else ()
    verdict = _verdict(answered, rules, planned, why)
    return Reading(arrival, answered, webhook, rules, planned, why, verdict, claimed)


def webhook_of(answered: Answered, at: float) -> Webhook:
    """Return the request as ingest was given it."""
    name = answered.path.removeprefix(_PREFIX).removesuffix("/")
    is_source = answered.path.startswith(_PREFIX) and "/" not in name
    host = f"{answered.headers.get('x-forwarded-proto')}://{answered.headers.get('host')}"
    return Webhook(
        source=name if is_source else "",
        method=answered.method,
        headers=answered.headers,
        query=answered.query,
        body=answered.body,
        received_at=int(at),
        url=f"{host}{answered.path}",
        arrived_ms=int(at * 1000),
    )


def _planned(webhook: Webhook, source: Source) -> Plan | None:
    """Return the plan of a webhook that was taken; None for a handshake."""
    verified = Verified(webhook)
    with suppress(NotJson):  # it was taken by other rules, a moment before these
        if not (greet(webhook, source.handshakes) or greet_signed(verified, source.handshakes)):
            return plan(verified, source, _OLDEST)
    return None


def _claimed(webhook: Webhook, rules: Source | RulesError | None) -> tuple[LoggedEvent, ...]:
    """Return the events that a webhook says it has; none where nothing can be read of it."""
    if not isinstance(rules, Source) or len(webhook.body) > _CLAIMING:
        return ()
    verified = Verified(webhook)
    with suppress(NotJson, Malformed):
        parts, _ = split(verified, rules)
        events = [parse(one, verified, rules) for one in parts[:FEW]]
        return tuple(LoggedEvent(one.id, one.type, one.reference) for one in events)
    return ()


def _unverified(webhook: Webhook, source: Source, secrets: Secrets) -> str:
    """Return why a webhook does not prove its sender; empty where it does by now."""
    values = {name: one if isinstance(one, str) else [*one] for name, one in secrets.items()}
    try:
        verify(webhook, source.scheme, signing_secrets(Secret("", "", values), source.secret))
    except (Unverified, Unavailable) as error:
        return error.reason if isinstance(error, Unverified) else ""
    return ""


def _verdict(
    answered: Answered, rules: Source | RulesError | None, planned: Plan | None, unverified: str
) -> Verdict:
    if answered.status == _OK:
        return _of_plan(planned) if planned else _of_answer(answered)
    if answered.status >= _FAILED:
        detail = str(rules) if isinstance(rules, RulesError) else ""
        why = "its rules file has a mistake" if detail else "the sender is to try again"
        return Verdict(f"unavailable {answered.status}: {why}", "bad", detail)
    why = unverified.replace("_", " ") or _said(answered)
    if answered.status == _UNKNOWN and rules is None:
        name = webhook_of(answered, 0).source
        why = f"there is no source {name}" if name else "the path is not /webhooks/SOURCE"
    return Verdict(f"refused {answered.status}: {why}", "bad")


def _of_plan(planned: Plan) -> Verdict:
    sent = counted(len(planned.deliveries), "delivery")
    if planned.parked:
        first = planned.parked[0]
        words = f"parked: {first.reason.replace('_', ' ')}"
        detail = f"{first.rule}: {first.detail}" if first.rule else first.detail
        return Verdict(f"{sent}, {words}" if planned.deliveries else words, "bad", detail)
    if planned.deliveries:
        return Verdict(sent, "good")
    if planned.shadow:
        rules = few([one.rule for one in planned.shadow])
        return Verdict("not sent: its rule is in shadow", "quiet", rules)
    if not planned.events:
        return Verdict("no event in it", "quiet")
    why = "; ".join(f"{one.rule}: {one.why}" for one in planned.unmatched)
    return Verdict("no rule wanted it", "quiet", why)


def _of_answer(answered: Answered) -> Verdict:
    """Return the verdict on what was taken, and has no plan."""
    made = _document(answered).get("deliveries")
    if isinstance(made, int):
        return Verdict(counted(made, "delivery"), "good" if made else "quiet")
    return Verdict("handshake answered", "quiet")


def _said(answered: Answered) -> str:
    """Return the words of an answer."""
    document = _document(answered)
    said = document.get("error", document.get("message"))
    return said if isinstance(said, str) else " ".join(answered.answer.split())[:_LONGEST]


def _document(answered: Answered) -> Mapping[str, object]:
    with suppress(ValueError):
        found = json.loads(answered.answer)
        return found if isinstance(found, dict) else {}
    return {}


@dataclass(slots=True)
class Readings:
    """The readings that were looked at last; used in the loop that serves the page."""

    _kept: OrderedDict[int, Reading] = field(default_factory=OrderedDict)

    def forget(self, left_out: int) -> None:
        """Let the readings go of the webhooks that the journal has left out."""
        for number in [one for one in self._kept if one <= left_out]:
            del self._kept[number]

    def of(self, arrival: Arrival, secrets: Secrets | None) -> Reading:
        """Return the reading of an arrival; it is made once as long as it is kept."""
        found = self._kept.get(arrival.number) or read(arrival, secrets)
        self._kept[arrival.number] = found
        self._kept.move_to_end(arrival.number)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return found
