"""Interpreter of expressions: the library's, with a budget, lazy functions, and records.

Sending, explaining and counting what cases cover evaluate by it, so that they cannot differ.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from jmespath.exceptions import JMESPathTypeError
from jmespath.visitor import Options, TreeInterpreter

from handler.core.errors import ExpressionError
from handler.core.expressions.defines import DEFINE, Outcome, Roots
from handler.core.expressions.functions import Functions
from handler.core.expressions.json_values import STEPS, Budget, missing, same
from handler.core.expressions.nulls import Nulls
from handler.core.expressions.syntax_tree import own_parts
from handler.core.json_types import JsonValue, kind

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

# Functions that evaluate their arguments up to the one whose value they give. `not_null` does so in
# the rules' dialect only: plain JMESPath's libraries evaluate all of its arguments.
FIRST_THERE: Final = ("coalesce", "not_null")
# All that the library, or Python beneath it, is known to raise on a hostile document.
FAILURES: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def is_true(value: object) -> bool:
    """Return JMESPath truth: null, false and what is empty are false; 0 is true."""
    return value is not None and value is not False and value not in ("", [], {})


def is_there(name: str, value: object) -> bool:
    """Return whether a function of `FIRST_THERE` gives this value, and looks no further."""
    return not missing(value) if name == "coalesce" else value is not None


@dataclass(slots=True)
class Step:
    """A node that was evaluated on the document itself, with its value and the steps within it."""

    node: "Node"
    value: JsonValue = None
    steps: "list[Step]" = field(default_factory=list)


class Interpreter(TreeInterpreter):
    """The library's interpreter, with a budget of steps.

    `of_nulls` are the steps that only a search for nulls pays.
    """

    finds_nulls = False
    of_nulls = 0

    def __init__(self, seen: JsonValue | Roots, budget: Budget, *, strict: bool) -> None:
        self.document = seen.values if isinstance(seen, Roots) else seen
        self._calls = Functions(self.document, budget, strict=strict)
        super().__init__(Options(custom_functions=self._calls))
        self._roots = seen if isinstance(seen, Roots) else None
        self.budget = budget
        self._strict = strict

    def find(self, tree: "Node") -> object:
        """Return the result of an expression on the document."""
        return self.visit(tree, self.document)

    def visit(self, node: "Node", *args: object, **kwargs: object) -> object:
        """Return the value of any node, for one step of the budget."""
        if DEFINE in node and self._roots is not None:
            return self._value_of(node, self._roots)
        self.budget.spend(1)
        return super().visit(node, *args, **kwargs)

    def visit_labelled(self, node: "Node") -> object:
        """Return the result of a node on the document, whatever name it has."""
        self.budget.spend(1)
        return super().visit(node, self.document)

    def _value_of(self, node: "Node", roots: Roots) -> object:
        """Return the value of a name: evaluated where it is used first, and paid for each time."""
        outcomes, key = roots.place(node[DEFINE])  # type: ignore[typeddict-item]  # a label of ours
        key = (*key, self.finds_nulls)
        outcome = outcomes.get(key)
        if outcome is None:
            outcome = outcomes[key] = self._outcome(node, roots)
        self._pay(outcome)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def _outcome(self, node: "Node", roots: Roots) -> Outcome:
        """Return the outcome of a name, evaluated with a budget of its own."""
        return _evaluated(node, Interpreter(roots, Budget(), strict=self._strict))

    def _pay(self, outcome: Outcome) -> None:
        self.budget.spend(outcome.steps)

    def visit_comparator(self, node: "Node", value: object) -> bool | None:
        """Return a comparison; in the rules' dialect ordering takes numbers or null."""
        left, right = (self.visit(child, value) for child in node["children"])
        if node["value"] == "eq":
            return same(left, right, self.budget)
        if node["value"] == "ne":
            return not same(left, right, self.budget)
        kinds = {kind(left), kind(right)}
        if self._strict and not kinds <= {"number", "null"}:
            raise ExpressionError(
                f"ordering takes numbers, and this compares {' with '.join(sorted(kinds))};"
                " to_number() makes a number of text"
            )
        if kinds not in ({"number"}, {"string"}):
            return None
        return bool(self.COMPARATOR_FUNC[node["value"]](left, right))

    def visit_function_expression(self, node: "Node", value: object) -> object:
        """Return the value of a call; a lazy function evaluates what it needs."""
        name = node["value"]
        if name == "if":
            condition, then, otherwise = node["children"]
            return self.visit(then if is_true(self.visit(condition, value)) else otherwise, value)
        if name == "coalesce" or (name == "not_null" and self._strict):
            return self._first_there(node, value)
        return super().visit_function_expression(node, value)

    def _first_there(self, node: "Node", value: object) -> object:
        name = node["value"]
        for at, child in enumerate(node["children"]):
            found = self._calls.argument(name, at, self.visit(child, value))
            if is_there(name, found):
                return found
        return None

    # The library builds these two lists at once, so they are paid for before they are in memory:
    # `items[].root().items[]` squares the size of a webhook.

    def visit_flatten(self, node: "Node", value: object) -> list[object] | None:
        """Return a list with its lists unfolded."""
        base = self.visit(node["children"][0], value)
        if not isinstance(base, list):
            return None
        self.budget.spend(sum(len(each) if isinstance(each, list) else 1 for each in base))
        return [one for each in base for one in (each if isinstance(each, list) else (each,))]

    def visit_slice(self, node: "Node", value: object) -> list[object] | None:
        """Return a part of a list."""
        if not isinstance(value, list):
            return None
        numbers: list[int | None] = list(node["children"])  # type: ignore[arg-type]  # of a slice they are
        self.budget.spend(len(range(*slice(*numbers).indices(len(value)))))
        return value[slice(*numbers)]


class NullFinder(Interpreter):
    """An interpreter that notes the nulls that a path has found, not those for an absent value."""

    finds_nulls = True

    def __init__(
        self, seen: JsonValue | Roots, budget: Budget, *, strict: bool, nulls: Nulls
    ) -> None:
        super().__init__(seen, budget, strict=strict)
        self.nulls = nulls

    def find(self, tree: "Node") -> object:
        """Return the result, and note whether it is a null of the document."""
        found = super().find(tree)
        self.nulls.whole = found is None and self._finds_null(tree, self.document)
        return found

    def _outcome(self, node: "Node", roots: Roots) -> Outcome:
        finder = NullFinder(roots, Budget(), strict=self._strict, nulls=Nulls())
        return _evaluated(node, finder, finder.nulls)

    def _pay(self, outcome: Outcome) -> None:
        self.budget.spend(outcome.steps + outcome.of_nulls)
        self.of_nulls += outcome.of_nulls
        if outcome.nulls is not None:
            self.nulls.take(outcome.nulls)

    def visit_multi_select_dict(self, node: "Node", value: object) -> object:
        """Return a made object, with its nulls noted."""
        made = super().visit_multi_select_dict(node, value)
        if isinstance(made, dict):
            parts = {one["value"]: one["children"][0] for one in node["children"]}
            empty = (key for key, part in made.items() if part is None)
            self.nulls.note(made, [one for one in empty if self._finds_null(parts[one], value)])
        return made

    def visit_multi_select_list(self, node: "Node", value: object) -> list[object] | None:
        """Return a made list, with its nulls noted."""
        made = super().visit_multi_select_list(node, value)
        if made is not None:
            empty = (at for at, part in enumerate(made) if part is None)
            said = [one for one in empty if self._finds_null(node["children"][one], value)]
            self.nulls.note(made, said)
        return made

    def visit_function_expression(self, node: "Node", value: object) -> object:
        """Return the value of a call: what it made has no null of the document."""
        made = super().visit_function_expression(node, value)
        if isinstance(made, dict | list) and node["value"] != "root":
            self.nulls.note(made)
        return made

    def _finds_null(self, node: "Node", value: object) -> bool:
        """Return whether a node is a path whose last step finds a null."""
        left, known = self.budget.left, self.of_nulls
        while node["type"] in ("subexpression", "index_expression", "pipe"):
            *before, node = node["children"]
            for step in before:
                value = self.visit(step, value)
        self.of_nulls = known + left - self.budget.left
        at = node.get("value")
        if node["type"] == "field" and isinstance(value, dict):
            return at in value and value[at] is None
        if node["type"] == "index" and isinstance(value, list):
            return -len(value) <= at < len(value) and value[at] is None
        return False


def _evaluated(node: "Node", by: Interpreter, nulls: Nulls | None = None) -> Outcome:
    """Return the outcome of a name; `by` has a budget of its own for it."""
    value, failure = None, None
    try:
        value = by.visit_labelled(node)
    except (ExpressionError, JMESPathTypeError, *FAILURES) as error:
        failure = error
    return Outcome(value, nulls, STEPS - by.budget.left - by.of_nulls, by.of_nulls, failure)


class Recorder(Interpreter):
    """An interpreter that records the steps that are evaluated on the document itself.

    Inside a filter or a projection a part has one value for each element, and no step. It is given
    a document, not `Roots`: names are evaluated in their places, and their steps recorded too.
    """

    step: Step | None = None
    _within: Step | None = None

    def visit(self, node: "Node", *args: object, **kwargs: object) -> object:
        """Return the value of any node, and record it where it is a part on the document."""
        outer, is_first = self._within, self.step is None
        is_own = outer is not None and any(one is node for one in own_parts(outer.node))
        self._within = inner = Step(node) if is_first or is_own else None
        if is_first:
            self.step = inner
        try:
            value = super().visit(node, *args, **kwargs)
        finally:
            self._within = outer
        if inner is not None:
            inner.value = value  # type: ignore[assignment]  # the whole is weighed: JSON alone
            if outer is not None:
                outer.steps.append(inner)
        return value


class NullRecorder(Recorder, NullFinder):
    """A recorder that notes the nulls that a path has found, too."""
