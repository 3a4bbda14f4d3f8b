"""Warnings on the order of events: consent and guards that nothing orders."""

from collections.abc import Iterator
from typing import Final

from handler.core.expressions.template import Problem
from handler.core.rules.source import Rule, Source
from handler.core.rules.terms import ORDER, is_ordered
from handler.core.rules.users import profiles

_CONSENT: Final = frozenset({"email_subscribe", "push_subscribe", "subscription_groups"})
_GUARD: Final = (
    "guard orders deliveries by event.version, and an event {} has none: write event: {{version:"
    " ...}}, at the top of the file"
)


def order_warnings(rule: Rule, source: Source) -> Iterator[Problem]:
    """Yield what an older event of a rule could undo, and a guard that keeps nothing back.

    `subscribe` without an order does not load.
    """
    free = [kind for kind in rule.types if not is_ordered(kind, source.event)]
    if not free:
        return
    if rule.guard not in (None, rule.name) and not rule.is_counted:
        yield ("guard",), _GUARD.format(" and ".join(free))
    for body, template in rule.bodies if rule.kind == "track" else ():
        for place, attributes in profiles(template, rule.kind):
            for name in sorted(_CONSENT & attributes.keys()):
                yield (*body, *place, name), f"{name}: {ORDER.format(' and '.join(free))}"
