"""Constant parts of templates: an identifier of them alone is one person for all events."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from handler.core.expressions.syntax_tree import all_nodes, event_nodes, of_event, results, unparse
from handler.core.expressions.template import Template, Text, Whole, expressions

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

# The roots that tell one event from another; `source`, `type`, `vars` and `tables` do not.
_VARYING: Final = frozenset(
    {"id", "headers", "body", "digest", "item", "occurred_at", "received_at"}
)
_MADE_OF_ALL: Final = ("function_expression", "multi_select_list")


def fixed(template: Template) -> Iterator[str]:
    """Yield the parts, as text, with which a template may be the same for all events.

    A text has none as long as one of its expressions always depends on the event.
    """
    parts = [[unparse(each) for each in _fixed(one.tree)] for one in expressions(template)]
    if parts and all(parts):
        yield from (text for of_one in parts for text in of_one)


def varies(template: Template) -> bool:
    """Return whether any value that a template may have depends on the event."""
    return any(
        _reads_event(result) for one in expressions(template) for result in results(one.tree)
    )


def is_template(value: object) -> bool:
    """Return whether a value is an expression, or text with expressions in it."""
    return isinstance(value, Whole | Text)


def _fixed(node: "Node") -> "Iterator[Node]":
    """Yield the results of an expression that are present, and the same for every event."""
    for result in results(node):
        if result["type"] == "literal":
            yield from [result] if result["value"] not in (None, "", False) else []
        elif result["type"] == "pipe":
            left, right = result["children"]
            yield from [result] if any(_fixed(left)) and not _takes_root(right) else []
        elif result["type"] in _MADE_OF_ALL:
            given = [one for one in result["children"] if one["type"] != "expref"]
            yield from [result] if given and all(any(_fixed(one)) for one in given) else []
        elif not _reads_event(result):
            yield result


def _reads_event(node: "Node") -> bool:
    names = {one["value"] for one in of_event(node) if one["type"] == "field"}
    whole = any(one["type"] == "current" for one in event_nodes(node))
    return whole or _takes_root(node) or bool(_VARYING & names)


def _takes_root(node: "Node") -> bool:
    return any(
        one["type"] == "function_expression" and one["value"] == "root" for one in all_nodes(node)
    )
