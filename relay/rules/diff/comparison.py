"""Differences between the requests that two versions of the rules make of the same webhooks."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Literal

from handler.core.braze.endpoints import SENDS
from handler.core.braze.identifiers import user_of
from handler.core.models import Delivery, Plan
from handler.core.rules.source import Source
from relay.rules.cases.result import is_same
from relay.rules.diff.unchanged import Alike, Pair
from relay.rules.plan_document import delivered, parked
from relay.rules.webhooks import Given

Kind = Literal["new id", "changed", "appears", "disappears", "fails now", "fails no more"]
Sources = Mapping[str, Source]
Shown = dict[str, Any]
_ALIKE: Final[Alike] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Change:
    """A request or a failure that only one version makes, or that differs.

    `new id`: the same rule match under another id; its recipient gets the message again, or Braze
    counts the event again. `why` is the operand that is false now, for a request that disappears
    and that no other rule makes, or that its rule is, or was, in shadow. `place` is that of the
    recipient in the rule.
    """

    kind: Kind
    webhook: str
    before: Shown
    after: Shown
    why: str = ""
    source: str = ""
    place: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes; `unseen` are the rules of either version that no webhook made a request of."""

    webhooks: int
    changes: tuple[Change, ...]
    unseen: tuple[str, ...]


def compare(
    base: Sources, new: Sources, webhooks: Mapping[str, Given], same: Alike = _ALIKE
) -> Comparison:
    """Return the changes from one version of the rules to another; webhooks are by name.

    `same` are the rules that both write alike, by source.
    """
    changes: list[Change] = []
    seen: set[str] = set()
    known = {name: one for name, one in webhooks.items() if one.sample.source in {*base, *new}}
    many = [
        {one.name: {rule.name: len(rule.recipients) for rule in one.rules} for one in of.values()}
        for of in (base, new)
    ]
    pairs = {one: Pair(base.get(one), new.get(one), same.get(one, ())) for one in {*base, *new}}
    for name, given in known.items():
        source = given.sample.source
        plans = pairs[source].plans(given)
        seen |= {f"{source}/{one.rule}" for plan in plans for one in plan.deliveries}
        if plans[0] is not plans[1]:
            places = {
                key: at
                for plan, of in zip(plans, many, strict=True)
                for key, at in _places(plan, of.get(source, {}))
            }
            made = [*_requests(name, *plans, places), *_failures(name, *plans)]
            changes += [replace(one, source=source) for one in made]
    rules = (
        f"{one.name}/{rule.name}" for of in (base, new) for one in of.values() for rule in one.rules
    )
    unseen = tuple(one for one in dict.fromkeys(rules) if one not in seen)
    return Comparison(len(known), tuple(changes), unseen)


def _places(plan: Plan, many: Mapping[str, int]) -> Iterator[tuple[int, int]]:
    """Yield the recipient's place in its rule, of each delivery by its `id()`.

    `many` are the numbers of recipients by rule; a broadcast has none.
    """
    made = Counter[tuple[str, str]]()
    for one in plan.deliveries:
        yield id(one), made[one.event_id, one.rule] % (many.get(one.rule) or 1)
        made[one.event_id, one.rule] += 1


def _requests(webhook: str, base: Plan, new: Plan, places: Mapping[int, int]) -> Iterator[Change]:
    came = {one.rule: "it was in shadow" for one in base.shadow}
    gone = {one.rule: one.why for one in new.unmatched}
    gone |= {one.rule: "it is in shadow" for one in new.shadow}
    for before, after in _paired(base.deliveries, new.deliveries):
        if before is None or after is None:
            kind: Kind = "appears" if before is None else "disappears"
        else:
            kind = "changed" if before.id == after.id else "new id"
        shown = _shown(before), _shown(after)
        if not is_same(*shown):
            one = shown[0] or shown[1]
            reasons = {"appears": came, "disappears": gone}.get(kind, {})
            why = reasons.get(one["rule"], "")
            yield Change(kind, webhook, *shown, why, place=places[id(after or before)])


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


def _target(delivery: Delivery) -> tuple[object, ...]:
    return (delivery.path, *(delivery.send.get(one.key) for one in SENDS))


_LIKENESSES: Final[tuple[Callable[[Delivery], object], ...]] = (
    lambda each: each.id,
    lambda each: (each.rule, user_of(each)),
    lambda each: (_target(each), user_of(each)),
)


def _shown(delivery: Delivery | None) -> Shown:
    """Return what a reviewer sees of a delivery: not the event that it carries."""
    if delivery is None:
        return {}
    kept = ("workspace", "on_unknown", "expires_at")
    given = {name: getattr(delivery, name) for name in kept}
    given["priority"] = delivery.priority or "normal"
    if delivery.guard not in (None, delivery.rule):
        given["guard"] = delivery.guard
    if delivery.delay:
        given["delay"] = delivery.delay
    return {**delivered(delivery), **given}


def changes_of(webhook: str, plans: tuple[Plan, Plan], source: Source) -> list[Change]:
    """Return the changes from one plan of a webhook to another; `source` is as it is now."""
    many: Mapping[str, int] = {one.name: len(one.recipients) for one in source.rules}
    places = {key: at for plan in plans for key, at in _places(plan, many)}
    made = [*_requests(webhook, *plans, places), *_failures(webhook, *plans)]
    return [replace(one, source=source.name) for one in made]
