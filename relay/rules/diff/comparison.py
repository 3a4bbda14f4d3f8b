"""Differences between the requests that two versions of the rules make of the same webhooks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import JsonValue

from handler.core.braze.endpoints import ENDPOINTS
from handler.core.braze.identifiers import IDENTIFIERS
from handler.core.models import Delivery, Plan
from handler.core.rules.source import Source
from relay.rules.cases.result import is_same
from relay.rules.plan_document import delivered, parked
from relay.rules.webhooks import Given, planned

Kind = Literal["new id", "changed", "appears", "disappears", "fails now", "fails no more"]
Sources = Mapping[str, Source]
Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A request or a failure that only one version makes, or that differs.

    `new id`: the same rule match under another id; its recipient gets the message again. `why` is
    the operand that is false now, for a request that disappears and that no other rule makes.
    """

    kind: Kind
    webhook: str
    before: Shown
    after: Shown
    why: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes; `unseen` are the rules of either version that no webhook made a request of."""

    webhooks: int
    changes: tuple[Change, ...]
    unseen: tuple[str, ...]


def compare(base: Sources, new: Sources, webhooks: Mapping[str, Given]) -> Comparison:
    """Return the changes from one version of the rules to another; webhooks are by name."""
    changes: list[Change] = []
    seen: set[str] = set()
    known = {name: one for name, one in webhooks.items() if one.sample.source in {*base, *new}}
    for name, given in known.items():
        source = given.sample.source
        plans = [planned(given, of[source]) if source in of else Plan(0) for of in (base, new)]
        seen |= {f"{source}/{one.rule}" for plan in plans for one in plan.deliveries}
        changes += [*_requests(name, *plans), *_failures(name, *plans)]
    rules = (
        f"{one.name}/{rule.name}" for of in (base, new) for one in of.values() for rule in one.rules
    )
    unseen = tuple(one for one in dict.fromkeys(rules) if one not in seen)
    return Comparison(len(known), tuple(changes), unseen)


def _requests(webhook: str, base: Plan, new: Plan) -> Iterator[Change]:
    reasons = {one.rule: one.why for one in new.unmatched}
    for before, after in _paired(base.deliveries, new.deliveries):
        if before is None or after is None:
            kind: Kind = "appears" if before is None else "disappears"
        else:
            kind = "changed" if before.id == after.id else "new id"
        shown = _shown(before), _shown(after)
        if not is_same(*shown):
            yield Change(kind, webhook, *shown, "" if after else reasons.get(shown[0]["rule"], ""))


def _failures(webhook: str, base: Plan, new: Plan) -> Iterator[Change]:
    before, after = ([parked(one) for one in plan.parked] for plan in (base, new))
    yield from (Change("fails no more", webhook, one, {}) for one in before if one not in after)
    yield from (Change("fails now", webhook, {}, one) for one in after if one not in before)


def _paired(
    base: Sequence[Delivery], new: Sequence[Delivery]
) -> Iterator[tuple[Delivery | None, Delivery | None]]:
    """Yield the deliveries of both versions that correspond: by id, by rule, by target."""
    left, right = list(base), list(new)
    for likeness in _LIKENESSES:
        for one in tuple(left):
            other = next((each for each in right if likeness(each) == likeness(one)), None)
            if other is not None:
                left.remove(one)
                right.remove(other)
                yield one, other
    yield from ((one, None) for one in left)
    yield from ((None, one) for one in right)


def _who(delivery: Delivery) -> list[JsonValue]:
    return [(delivery.recipient or {}).get(name) for name in IDENTIFIERS]


def _target(delivery: Delivery) -> tuple[object, ...]:
    return (delivery.path, *(delivery.send.get(one.key) for one in ENDPOINTS))


_LIKENESSES: Final[tuple[Callable[[Delivery], object], ...]] = (
    lambda each: each.id,
    lambda each: (each.rule, _who(each)),
    lambda each: (_target(each), _who(each)),
)


def _shown(delivery: Delivery | None) -> Shown:
    """Return what a reviewer sees of a delivery: not the event that it carries."""
    if delivery is None:
        return {}
    kept = ("workspace", "on_unknown", "expires_at")
    return {**delivered(delivery), **{name: getattr(delivery, name) for name in kept}}
