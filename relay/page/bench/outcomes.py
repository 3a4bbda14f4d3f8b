"""Outcomes: what a draft of the rules makes of an event, beside what is served.

It is the plan of the relay, and the explanation of `relay rules explain`, which is made anew only
for the rules that have changed.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Final

from handler.core.errors import RulesError
from handler.core.models import Plan
from handler.core.rules.source import Source
from relay.page.bench.drafts import Draft
from relay.page.bench.recent import Recent
from relay.rules.diff.comparison import changes_of
from relay.rules.diff.differences import Difference, differences
from relay.rules.explain.explanation import JsonObject, explained_plan
from relay.rules.webhooks import Given, planned, verified

_MOST: Final = 2_000  # rules explained
_MOST_PLANS: Final = 20  # of what is served


@dataclass(frozen=True, slots=True)
class Asked:
    """An event that rules are tried on; `key` tells it from others."""

    given: Given
    key: str

    @property
    def source(self) -> str:
        """The name of its source."""
        return self.given.sample.source


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """The result of an event; `why_not` says why there is nothing, as for a body of no JSON.

    `differences` are those to what is served, None where they are not compared.
    """

    plan: Plan | None = None
    explanation: JsonObject | None = None
    differences: tuple[Difference, ...] | None = None
    why_not: str = ""


@dataclass(slots=True)
class Outcomes:
    """The explanations that were made last, by rule and event, and plans of what is served."""

    _rules: Recent[list[JsonObject]] = field(default_factory=lambda: Recent(_MOST))
    _events: Recent[JsonObject] = field(default_factory=lambda: Recent(_MOST_PLANS))
    _served: Recent[Plan] = field(default_factory=lambda: Recent(_MOST_PLANS))

    def of(self, asked: Asked, draft: Draft, served: Source | None) -> EventOutcome:
        """Return what a draft makes of an event, beside the source as it is served."""
        if draft.source is None:
            return EventOutcome(why_not="no rule of this file loads")
        try:
            made = planned(asked.given, draft.source)
            explanation = self._explained(asked, draft, draft.source, made)
            told = None
            if served is not None and not draft.left_out:
                plans = self._plan_served(asked, served), made
                changes = changes_of(asked.given.sample.name, plans, draft.source)
                told = tuple(differences(changes))
        except RulesError as error:
            return EventOutcome(why_not=error.findings[0].message)
        return EventOutcome(made, explanation, told)

    def _plan_served(self, asked: Asked, served: Source) -> Plan:
        key = (asked.key, served.name, served.version)
        if key not in self._served:
            self._served[key] = planned(asked.given, served)
        return self._served[key]

    def _explained(self, asked: Asked, draft: Draft, source: Source, plan: Plan) -> JsonObject:
        keys = [(asked.key, one) for one in draft.keys]
        fresh = [at for at, key in enumerate(keys) if key not in self._rules]
        rest: Hashable = (asked.key, source.name, draft.rest)
        if fresh or rest not in self._events:
            rules = tuple(source.rules[at] for at in fresh)
            webhook = verified(asked.given, source)
            made = explained_plan(webhook, replace(source, rules=rules), plan)
            for place, at in enumerate(fresh):
                self._rules[keys[at]] = [event["rules"][place] for event in made["events"]]
            self._events[rest] = made
        return _joined(self._events[rest], [self._rules[key] for key in keys])


def _joined(explanation: JsonObject, rules: list[list[JsonObject]]) -> JsonObject:
    """Return an explanation with these rules: of each one, what is said for every event."""
    events = [
        {**event, "rules": [one[at] for one in rules]}
        for at, event in enumerate(explanation["events"])
    ]
    return {**explanation, "events": events}
