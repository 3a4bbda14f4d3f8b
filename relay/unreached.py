"""Which rules no sample event reaches, and why: often a type or a condition is misspelt."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from handler.core.models import Event
from handler.core.planning.match import match
from handler.core.rules.source import Rule, Source
from relay.paths import EVENTS
from relay.rules.webhooks import Given, events, verified
from relay.webhooks.samples import Sample

_SHOWN: Final = 3  # reasons, or types

Seen = list[tuple[str, Event]]


def seen_events(source: Source, samples: Iterable[Sample]) -> Seen:
    """Return the events of a source's samples, each with its sample's name."""
    return [
        (sample.name, event)
        for sample in samples
        if sample.source == source.name
        for event in events(verified(Given(sample), source), source)
    ]


def unreached(source: Source, seen: Seen) -> Iterator[str]:
    """Yield why a rule wants none of the samples' events; nothing without any."""
    for rule in source.rules if seen else ():
        if rule.enabled and (why := _why(rule, source, seen)):
            yield f"{source.name}/{rule.name}: {why}"


def _why(rule: Rule, source: Source, seen: Seen) -> str:
    fitting = [it for it in seen if rule.takes(it[1].type)]
    if not fitting:
        return _no_type(rule, list(dict.fromkeys(event.type for _, event in seen)))
    reasons = {name: _reason(rule, event, source) for name, event in fitting}
    if not all(reasons.values()):
        return ""
    told = [f"{why} ({name})" for name, why in reasons.items()]
    return f"no sample is wanted by this rule: {'; '.join(told[:_SHOWN])}"


def _no_type(rule: Rule, types: list[str]) -> str:
    near = [it for one in rule.types for it in get_close_matches(one, types, n=1)]
    hint = f"; did you mean {near[0]}?" if near else f" (there are: {', '.join(types[:_SHOWN])})"
    return f"no sample in {EVENTS.name}/ has type {' or '.join(rule.types)}{hint}"


def _reason(rule: Rule, event: Event, source: Source) -> str:
    """Return why a rule does not want an event; empty where it does, or where it fails."""
    return next((it.why for it in match(event, source).unmatched if it.rule == rule.name), "")
