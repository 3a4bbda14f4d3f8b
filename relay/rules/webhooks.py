"""Webhooks of samples and cases, and their plans, made offline."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import JsonValue

from handler.core.errors import Finding, Malformed, NotJson, RulesError
from handler.core.models import Event, Plan, Verified, Webhook
from handler.core.planning.parse import parse, split
from handler.core.planning.plan import plan
from handler.core.rules.source import Source
from relay.webhooks.samples import Sample

# Time of an event that has none: cases give the same on every day.
DEFAULT: Final = 1_767_268_800  # 2026-01-01T12:00:00Z
_LAST: Final = 253_402_300_000  # in the last hour of the year 9999: no time is later


@dataclass(frozen=True, slots=True)
class Given:
    """A webhook of a file; without `received_at` it counts as received when it happened."""

    sample: Sample
    received_at: int | None = None


def verified(given: Given, source: Source) -> Verified:
    """Return the webhook as if its sender had signed it."""
    if given.received_at is not None:
        return _verified(given.sample, source, given.received_at, given.received_at)
    first = _verified(given.sample, source, _LAST, DEFAULT)
    times = [one.occurred_at for one in events(first, source) if one.occurred_at is not None]
    return _verified(given.sample, source, max(times, default=DEFAULT), DEFAULT)


def planned(given: Given, source: Source) -> Plan:
    """Return the plan of a webhook; raise RulesError where its body is not JSON."""
    return plans(given, source)[0]


def plans(given: Given, *sources: Source) -> list[Plan]:
    """Return the plans of a webhook by sources that read it alike, as `planned` does."""
    try:
        webhook = verified(given, sources[0])
        return [plan(webhook, source) for source in sources]
    except NotJson as error:
        raise RulesError([Finding(given.sample.name, 1, 1, error.answer)]) from None


def events(webhook: Verified, source: Source) -> list[Event]:
    """Return the events of a webhook, without those that cannot be read."""
    found: list[Event] = []
    try:
        parts, _ = split(webhook, source)
    except (Malformed, NotJson):
        return found
    for part in parts:
        try:
            found.append(parse(part, webhook, source))
        except Malformed:
            continue
    return found


def merged(value: JsonValue, change: JsonValue) -> JsonValue:
    """Return a value with a change applied: objects key by key, anything else replaced."""
    if not isinstance(value, dict) or not isinstance(change, dict):
        return change
    return {**value, **{key: merged(value.get(key), one) for key, one in change.items()}}


def _verified(sample: Sample, source: Source, received_at: int, now: int) -> Verified:
    headers: Mapping[str, str] = {name.lower(): one for name, one in sample.headers.items()}
    body = sample.content(now)
    return Verified(Webhook(source.name, "POST", headers, "", body, received_at))
