"""Warnings of `relay rules check` on orders that Braze may count twice, or mail about twice.

Braze, "Recommended events" and "Shopify data features": each `ecommerce.order_placed` adds to a
profile's revenue, whoever sends it, and begins the Canvases of the trigger "places order". Braze's
own Shopify integration sends these events itself.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from handler.core.braze.endpoints import TRACK
from handler.core.configuration.yaml12 import Document, Path
from handler.core.expressions.template import Problem
from handler.core.rules.source import Rule, Source
from relay.rules.check.shared_names import meet

ORDER_PLACED: Final = "ecommerce.order_placed"
COUNTED_BY: Final = "counted_by"
_TWICE: Final = (
    f"Braze counts every {ORDER_PLACED}, and its own Shopify integration sends them too: let one of"
    " the two send them. counted_by: relay, at the top of the file, says that it is this one"
)
_MAILED: Final = (
    f'{ORDER_PLACED} begins each Canvas and campaign of the trigger "places order", and {{}}, in'
    " line {}, sends a message for the same type: the buyer would get both. counted_by: relay, at"
    " the top of the file, says that only one of them writes"
)


def counted_orders(source: Source, document: Document) -> Iterator[Problem]:
    """Yield once that others may count the same orders, and the rules that mail beside one."""
    whole = document.value
    if isinstance(whole, dict) and whole.get(COUNTED_BY) is not None:
        return
    counting = [found for at, one in enumerate(source.rules) for found in _placed(at, one)]
    yield from ((path, _TWICE) for path, _ in counting[:1])
    yield from chain(*(_mailing(path, rule, source, document) for path, rule in counting))


def _placed(at: int, rule: Rule) -> Iterator[tuple[Path, Rule]]:
    """Yield a rule that counts orders, with the path of the event's name."""
    for body in rule.recipients if rule.enabled and rule.kind == TRACK.key else ():
        events = body.get("events")
        for place, one in enumerate(events if isinstance(events, list) else ()):
            if isinstance(one, dict) and one.get("name") == ORDER_PLACED:
                yield ("rules", at, TRACK.key, "events", place, "name"), rule


def _mailing(path: Path, counting: Rule, source: Source, document: Document) -> Iterator[Problem]:
    for at, rule in enumerate(source.rules):
        if rule.enabled and rule.kind == "send" and meet(counting, rule):
            line = document.finding(("rules", at, "name"), "").line
            yield path, _MAILED.format(rule.name, line)
