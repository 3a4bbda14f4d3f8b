"""Closures of expressions: each node of a parsed expression becomes a small function, once.

`_MAKERS` has the maker of each kind of node: it has the parts of the node compiled, and returns the
function that evaluates it. What is wanted beside the value is added by another compiler, which
wraps some of the functions and makes them by the same table: so sending, explaining and counting
what cases cover cannot differ. No text of a rule becomes code of Python.

The value and its price are those of the tree interpreter of the `jmespath` library: one step for
each node that is evaluated. To visit the nodes took 5 times as long: a look-up of the method, and
of all that a node says of itself, for each node of each event.
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from handler.core.errors import ExpressionError
from handler.core.expressions.closures_calls import call, reference
from handler.core.expressions.defines import label_of
from handler.core.expressions.evaluation import Evaluation, is_true
from handler.core.expressions.json_values import same
from handler.core.json_types import kind

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

    from handler.core.expressions.evaluation import Closure

    _Maker = Callable[[Node, "ExpressionCompiler"], Closure]

_ORDERINGS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
}


class ExpressionCompiler:
    """The compiler of what is only evaluated; `strict` is the rules' dialect."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict

    def closure(self, node: "Node") -> "Closure":
        """Return the closure of a node; that of a name takes the value that the name has."""
        own = self.unnamed(node, self)
        label = label_of(node)
        if label is None:
            return own

        def named(value: object, evaluation: Evaluation) -> object:
            if evaluation.roots is None:
                return own(value, evaluation)
            return evaluation.named(label, own, evaluation.roots)

        return named

    def unnamed(self, node: "Node", parts: "ExpressionCompiler") -> "Closure":
        """Return the closure of a node, whatever name it has; `parts` compiles its parts."""
        return _MAKERS[node["type"]](node, parts)

    def closures(self, nodes: "Sequence[Node]") -> "list[Closure]":
        """Return the closures of nodes."""
        return [self.closure(one) for one in nodes]

    def names(self, nodes: "Sequence[Node]") -> list[str] | None:
        """Return the names of fields, where the nodes are such and nothing else is wanted of them.

        Most of what rules read are paths of fields. By one function for all of its fields a path
        takes less than half of the time that it takes by one for each.
        """
        are_fields = all(one["type"] == "field" and label_of(one) is None for one in nodes)
        return [one["value"] for one in nodes] if are_fields else None


def _field(node: "Node", _compiler: ExpressionCompiler) -> "Closure":
    name = node["value"]

    def field(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        return value.get(name) if isinstance(value, dict) else None

    return field


def _index(node: "Node", _compiler: ExpressionCompiler) -> "Closure":
    at: int = node["value"]

    def index(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        return value[at] if isinstance(value, list) and -len(value) <= at < len(value) else None

    return index


def _slice(node: "Node", _compiler: ExpressionCompiler) -> "Closure":
    numbers: list[int | None] = list(node["children"])  # type: ignore[arg-type]  # of a slice they are
    part = slice(*numbers)

    def sliced(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        if not isinstance(value, list):
            return None
        # It is made at once, so it is paid for before it is in memory.
        evaluation.spend(len(range(*part.indices(len(value)))))
        return value[part]

    return sliced


def _same_value(_node: "Node", _compiler: ExpressionCompiler) -> "Closure":
    def same_value(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        return value

    return same_value


def _literal(node: "Node", _compiler: ExpressionCompiler) -> "Closure":
    constant = node["value"]

    def literal(_value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        return constant

    return literal


def _row(node: "Node", compiler: ExpressionCompiler) -> "Closure":
    """Return the closure of steps in a row: each is evaluated on the value of the one before."""
    names = compiler.names(node["children"])
    if names is not None:
        return _path(names)
    steps = compiler.closures(node["children"])

    def row(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        for step in steps:
            value = step(value, evaluation)
        return value

    return row


def _path(names: Sequence[str]) -> "Closure":
    price = 1 + len(names)

    def path(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(price)
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    return path


def _flatten(node: "Node", compiler: ExpressionCompiler) -> "Closure":
    (base,) = compiler.closures(node["children"])

    def flatten(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        found = base(value, evaluation)
        if not isinstance(found, list):
            return None
        # It is made at once, so it is paid for before it is in memory: `items[].root().items[]`
        # squares the size of a webhook.
        if list not in map(type, found):  # most lists hold objects, and are as they will be
            evaluation.spend(len(found))
            return found.copy()
        evaluation.spend(sum(len(one) if isinstance(one, list) else 1 for one in found))
        return [one for each in found for one in (each if isinstance(each, list) else (each,))]

    return flatten


def _projection(node: "Node", compiler: ExpressionCompiler) -> "Closure":
    base, each = compiler.closures(node["children"])
    is_of_object = node["type"] == "value_projection"

    def project(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        found = base(value, evaluation)
        if is_of_object:
            found = [*found.values()] if isinstance(found, dict) else None
        if not isinstance(found, list):
            return None
        return [one for element in found if (one := each(element, evaluation)) is not None]

    return project


def _filter(node: "Node", compiler: ExpressionCompiler) -> "Closure":
    base, each, condition = compiler.closures(node["children"])

    def filtered(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        found = base(value, evaluation)
        if not isinstance(found, list):
            return None
        return [
            one
            for element in found
            if is_true(condition(element, evaluation))
            and (one := each(element, evaluation)) is not None
        ]

    return filtered


def _object(node: "Node", compiler: ExpressionCompiler) -> "Closure":
    keys = [one["value"] for one in node["children"]]
    values = [one["children"][0] for one in node["children"]]
    names = compiler.names(values)
    if names is not None:
        return _picked([*zip(keys, names, strict=True)])
    parts = [*zip(keys, compiler.closures(values), strict=True)]
    price = 1 + len(parts)  # the library's tree has a node for each pair of key and value

    def make(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1 if value is None else price)
        return None if value is None else {key: part(value, evaluation) for key, part in parts}

    return make


def _picked(fields: Sequence[tuple[str, str]]) -> "Closure":
    """Return the closure of an object that is made of fields: `{title: title, n: quantity}`."""
    price = 1 + 2 * len(fields)

    def pick(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1 if value is None else price)
        if isinstance(value, dict):
            return {key: value.get(name) for key, name in fields}
        return None if value is None else {key: None for key, _ in fields}

    return pick


def _list(node: "Node", compiler: ExpressionCompiler) -> "Closure":
    parts = compiler.closures(node["children"])

    def make(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        return None if value is None else [part(value, evaluation) for part in parts]

    return make


def _or(node: "Node", compiler: ExpressionCompiler) -> "Closure":
    left, right = compiler.closures(node["children"])

    def either(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        found = left(value, evaluation)
        return found if is_true(found) else right(value, evaluation)

    return either


def _and(node: "Node", compiler: ExpressionCompiler) -> "Closure":
    left, right = compiler.closures(node["children"])

    def both(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        found = left(value, evaluation)
        return right(value, evaluation) if is_true(found) else found

    return both


def _not(node: "Node", compiler: ExpressionCompiler) -> "Closure":
    (inner,) = compiler.closures(node["children"])

    def negated(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        return not is_true(inner(value, evaluation))

    return negated


def _comparator(node: "Node", compiler: ExpressionCompiler) -> "Closure":
    left, right = compiler.closures(node["children"])
    sign, strict = node["value"], compiler.strict

    def equality(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        sides = left(value, evaluation), right(value, evaluation)
        return same(*sides, evaluation) is (sign == "eq")

    def ordering(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        return _ordered(sign, left(value, evaluation), right(value, evaluation), strict=strict)

    return ordering if sign in _ORDERINGS else equality


def _ordered(sign: str, left: object, right: object, *, strict: bool) -> bool | None:
    """Return a comparison by order; in the rules' dialect it takes numbers or null."""
    kinds = {kind(left), kind(right)}
    if strict and not kinds <= {"number", "null"}:
        raise ExpressionError(
            f"ordering takes numbers, and this compares {' with '.join(sorted(kinds))};"
            " to_number() makes a number of text"
        )
    return _ORDERINGS[sign](left, right) if kinds in ({"number"}, {"string"}) else None


_MAKERS: "Final[Mapping[str, _Maker]]" = {
    "and_expression": _and,
    "comparator": _comparator,
    "current": _same_value,
    "expref": reference,
    "field": _field,
    "filter_projection": _filter,
    "flatten": _flatten,
    "function_expression": call,
    "identity": _same_value,
    "index": _index,
    "index_expression": _row,
    "literal": _literal,
    "multi_select_dict": _object,
    "multi_select_list": _list,
    "not_expression": _not,
    "or_expression": _or,
    "pipe": _row,
    "projection": _projection,
    "slice": _slice,
    "subexpression": _row,
    "value_projection": _projection,
}
