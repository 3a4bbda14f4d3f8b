"""Warnings on states that change: what nothing orders, and what is written only once.

A state is an attribute or a subscription: what a rule writes that Braze does not count.
"""

import re
from collections.abc import Iterator
from typing import Final

from handler.core.braze.contract.track import adding
from handler.core.braze.identifiers import CONSENT
from handler.core.expressions.syntax_tree import all_nodes
from handler.core.expressions.template import Problem, Template, expressions
from handler.core.rules.compiler import root_names
from handler.core.rules.creation import is_creation
from handler.core.rules.source import ITEM, Rule, Source
from handler.core.rules.terms import ORDER, is_ordered
from handler.core.rules.users import Path, objects, profiles

_GUARD: Final = (
    "guard orders deliveries by event.version, and an event {} has none: write event: {{version:"
    " ...}}, at the top of the file"
)
_ELEMENTS: Final = (
    "each element writes this to the same user, and nothing orders the elements of one event: any"
    " may be the last; name the user by the element, as in ${item.id}, or leave for_each out"
)
_FIRST_ALONE: Final = (
    "once is the same for each change, so the first one alone would be written; leave once out, and"
    " each event is written"
)
# Names of fields that tell one change from another.
_OF_CHANGE: Final = re.compile(
    r"(?:^|_)(?:at|on)$|[a-z](?:At|On)$"
    r"|(?i:time|date|version|revision|state|status|modif|chang|event)"
)


def order_warnings(rule: Rule, source: Source) -> Iterator[Problem]:
    """Yield what an older event of a rule could undo, and a guard that keeps nothing back.

    `subscribe` without an order does not load.
    """
    if _is_first_alone(rule):
        yield ("once",), _FIRST_ALONE
    if rule.for_each and not any(map(_reads_item, (one for _, one in rule.identifiers))):
        yield from ((path, _ELEMENTS) for path in _of_element(rule))
    free = [kind for kind in rule.types if not is_ordered(kind, source.event)]
    if not free:
        return
    if rule.guard not in (None, rule.name) and not rule.is_counted:
        yield ("guard",), _GUARD.format(" and ".join(free))
    for body, template in rule.bodies if rule.kind == "track" else ():
        for place, attributes in profiles(template, rule.kind):
            for name in sorted(attributes.keys() & CONSENT):
                yield (*body, *place, name), f"{name}: {ORDER.format(' and '.join(free))}"


def _of_element(rule: Rule) -> Iterator[Path]:
    """Yield the paths of the states that a rule takes from an element of `for_each`."""
    for body, template in rule.bodies if rule.kind != "send" else ():
        states = (one for one in objects(template, rule.kind) if one[0][0] != "events")
        for place, one in states:
            added = adding(one)
            own = (name for name in one if name not in added and _reads_item(one[name]))
            yield from ((*body, *place, name) for name in own)


def _reads_item(template: Template) -> bool:
    return any(ITEM in root_names(one) for one in expressions(template))


def _is_first_alone(rule: Rule) -> bool:
    """Return whether `once` of a state names a thing, and nothing that tells its changes apart."""
    is_state = rule.kind != "send" and not rule.is_counted
    if not is_state or rule.once is None or all(map(is_creation, rule.types)):
        return False
    made_of = list(expressions(rule.once))
    names = [
        str(node["value"])
        for one in made_of
        for node in all_nodes(one.tree)
        if node["type"] == "field"
    ]
    reads_id = any("id" in root_names(one) for one in made_of)
    return not reads_id and not any(_OF_CHANGE.search(name) for name in names)
