"""Observers of evaluations: compilers that add to some closures what is wanted beside the value."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from handler.core.expressions.closures import ExpressionCompiler
from handler.core.expressions.evaluation import EvaluatedNode, Evaluation
from handler.core.expressions.syntax_tree import own_parts

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

    from handler.core.expressions.evaluation import Closure

_Finds = Callable[[Any, Evaluation], bool]
_ROWS: Final = ("subexpression", "index_expression", "pipe")


class NullFinder(ExpressionCompiler):
    """A compiler that adds the search for nulls: those that a path has found in the document."""

    def whole(self, node: "Node", closure: "Closure") -> "Closure":
        """Return the closure of a whole expression, which also notes whether its null is found."""
        finds = self._finds_null(node)

        def noting(value: object, evaluation: Evaluation) -> object:
            found = closure(value, evaluation)
            if evaluation.nulls is not None:
                evaluation.nulls.whole = found is None and finds(value, evaluation)
            return found

        return noting

    def unnamed(self, node: "Node", parts: ExpressionCompiler) -> "Closure":
        """Return the closure of a node, which notes the nulls in an object or a list it makes."""
        make = super().unnamed(node, parts)
        finds: dict[str | int, _Finds] = {}
        if node["type"] == "multi_select_dict":
            finds = {one["value"]: self._finds_null(one["children"][0]) for one in node["children"]}
        elif node["type"] == "multi_select_list":
            finds = dict(enumerate(map(self._finds_null, node["children"])))
        elif node["type"] != "function_expression" or node["value"] == "root":
            return make

        def noting(value: object, evaluation: Evaluation) -> object:
            made = make(value, evaluation)
            if isinstance(made, dict | list) and evaluation.nulls is not None:
                empty = [key for key in finds if made[key] is None]  # type: ignore[index]  # its own keys
                said = [key for key in empty if finds[key](value, evaluation)]
                evaluation.nulls.note(made, said)
            return made

        return noting

    def _finds_null(self, node: "Node") -> "_Finds":
        """Return a function that tells whether a node is a path whose last step finds a null."""
        before: list[Closure] = []
        while node["type"] in _ROWS:
            *steps, node = node["children"]
            before += self.closures(steps)
        at, is_field, is_index = node.get("value"), node["type"] == "field", node["type"] == "index"

        def finds(value: Any, evaluation: Evaluation) -> bool:  # noqa: ANN401 - JSON as it comes
            left, known = evaluation.left, evaluation.of_nulls
            for step in before:
                value = step(value, evaluation)
            evaluation.of_nulls = known + left - evaluation.left
            if is_field and isinstance(value, dict):
                return at in value and value[at] is None
            if is_index and isinstance(value, list):
                return -len(value) <= at < len(value) and value[at] is None
            return False

        return finds


class Recorder(ExpressionCompiler):
    """A compiler that adds the recording of steps: of `nodes`, and of their own parts.

    Inside a filter or a projection a part has one value for each element, and no step. `other`
    compiles what is not recorded.
    """

    def __init__(self, other: ExpressionCompiler, nodes: "Sequence[Node]") -> None:
        super().__init__(strict=other.strict)
        self._other = other
        self._nodes = nodes

    def closure(self, node: "Node") -> "Closure":
        """Return the closure of a node; a name is evaluated in its place."""
        if not any(one is node for one in self._nodes):
            return self._other.closure(node)
        evaluate = self._other.unnamed(node, Recorder(self._other, own_parts(node)))

        def recording(value: object, evaluation: Evaluation) -> object:
            outer, step = evaluation.steps, EvaluatedNode(node)
            evaluation.steps = step.steps
            try:
                step.value = evaluate(value, evaluation)
            finally:
                evaluation.steps = outer
            outer.append(step)
            return step.value

        return recording

    def names(self, nodes: "Sequence[Node]") -> list[str] | None:
        """Return the names of fields, where no step is recorded of them."""
        is_recorded = any(one is node for one in self._nodes for node in nodes)
        return None if is_recorded else self._other.names(nodes)
