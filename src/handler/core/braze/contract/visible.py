"""Visible results of expressions: objects, lists and literals that they write out, as templates.

`body.items[].{id: id}` gives a list of objects with `id`: a list of one of them stands for all.
So a mistake in what is computed is found when the file is loaded, where it can be seen at all.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, Literal

from handler.core.expressions.expression import Expression
from handler.core.expressions.syntax_tree import PROJECTING, results, unparse
from handler.core.expressions.template import Template, Text, Whole

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

Kind = Literal["text", "number", "truth"]
# What calls give, where it is always one type, or null.
GIVES: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("money", "minor_units", "text", "to_string", "concat", "join"), "text"),
    **dict.fromkeys(("lower", "upper", "title", "trim", "replace", "plain", "phone"), "text"),
    **dict.fromkeys(("unescape_html", "sha256", "time", "time_add", "type"), "text"),
    **dict.fromkeys(("to_number", "round", "multiply", "divide", "add", "sum"), "number"),
    **dict.fromkeys(("avg", "epoch", "epoch_ms", "length", "abs", "ceil", "floor"), "number"),
    **dict.fromkeys(("contains", "starts_with", "ends_with"), "truth"),
}
_TRUTHS: Final = ("comparator", "not_expression")
_SAME_ITEMS: Final = ("sort_by", "reverse", "sort", "to_array")
# Roots that are numbers of seconds.
_TIMES: Final = ("occurred_at", "received_at")


def visible(template: Template) -> Iterator[Template]:
    """Yield what a template may give; what cannot be seen is an expression, as in the template.

    A null that an expression may give is left out: its key is then absent.
    """
    if not isinstance(template, Whole):
        yield template
        return
    for node in results(template.expression.tree):
        built = _built(node)
        if built is not None:
            yield built


def kind_of(template: Template) -> Kind | None:
    """Return the type of what an expression gives, where it is certain."""
    if isinstance(template, Text):
        return "text"
    if not isinstance(template, Whole):
        return None
    node = template.expression.tree
    if node["type"] == "function_expression":
        return GIVES.get(node["value"])
    if node["type"] == "field" and node["value"] in _TIMES:
        return "number"
    return "truth" if node["type"] in _TRUTHS else None


def _built(node: "Node") -> Template:
    kind, children = node["type"], node["children"]
    if kind == "literal":
        value: Template = node["value"]
        return value
    if kind == "multi_select_dict":
        return {one["value"]: _whole(one["children"][0]) for one in children}
    if kind == "multi_select_list":
        return [_whole(one) for one in children]
    if kind in PROJECTING:
        return [_built(children[1])]
    if kind in ("subexpression", "pipe"):
        last = _built(children[-1])
        return _whole(node) if isinstance(last, Whole) else last
    return _of_call(node) if kind == "function_expression" else _whole(node)


def _of_call(node: "Node") -> Template:
    first = next(iter(node["children"]), node)
    if node["value"] == "map" and first["type"] == "expref":
        return [_built(first["children"][0])]
    if node["value"] in _SAME_ITEMS and isinstance(listed := _built(first), list):
        return listed
    return _whole(node)


def _whole(node: "Node") -> Whole:
    return Whole(Expression(unparse(node), node))
