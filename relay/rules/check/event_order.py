"""Warnings on states that change: what nothing orders, and what is written only once.

A state is an attribute or a subscription: what a rule writes that Braze does not count.
"""

import re
from collections.abc import Iterator
from typing import Final

from handler.core.braze.identifiers import CONSENT
from handler.core.expressions.syntax_tree import all_nodes
from handler.core.expressions.template import Problem, expressions
from handler.core.rules.compiler import root_names
from handler.core.rules.creation import is_creation
from handler.core.rules.source import Rule, Source
from handler.core.rules.terms import ORDER, is_ordered
from handler.core.rules.users import profiles

_GUARD: Final = (
    "guard orders deliveries by event.version, and an event {} has none: write event: {{version:"
    " ...}}, at the top of the file"
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
    free = [kind for kind in rule.types if not is_ordered(kind, source.event)]
    if not free:
        return
    if rule.guard not in (None, rule.name) and not rule.is_counted:
        yield ("guard",), _GUARD.format(" and ".join(free))
    for body, template in rule.bodies if rule.kind == "track" else ():
        for place, attributes in profiles(template, rule.kind):
            for name in sorted(attributes.keys() & CONSENT):
                yield (*body, *place, name), f"{name}: {ORDER.format(' and '.join(free))}"


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
