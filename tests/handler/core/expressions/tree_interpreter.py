"""The reference of evaluation: the library's tree interpreter, in the rules' dialect, with a price.

It visits the tree for each document, by the library's own code where the dialect is not different.
"""

from typing import TYPE_CHECKING, Any

from jmespath.visitor import Options, TreeInterpreter

from handler.core.errors import ExpressionError
from handler.core.expressions.functions import Functions, argument_of
from handler.core.expressions.json_values import STEPS, Budget, same
from handler.core.json_types import kind

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node


class _Functions(Functions):
    """The functions, called as the library calls its own."""

    def call_function(self, function_name: str, resolved_args: Any) -> Any:
        given = [self.argument(function_name, at, one) for at, one in enumerate(resolved_args)]
        return self.FUNCTION_TABLE[function_name]["function"](self, *given)

    def argument(self, name: str, at: int, value: Any) -> Any:
        return argument_of(name, at, strict=self._strict)(value, self._budget)


class Reference(TreeInterpreter):
    """An interpreter that pays one step for each node that it visits, and for what it makes."""

    def __init__(self, document: Any, *, strict: bool) -> None:
        self._budget = Budget()
        self._calls = _Functions(document, self._budget, strict=strict)
        self._strict = strict
        self._document = document
        super().__init__(Options(custom_functions=self._calls))

    @property
    def price(self) -> int:
        return STEPS - self._budget.left

    def find(self, tree: "Node") -> Any:
        return self.visit(tree, self._document)

    def visit(self, node: "Node", *args: Any, **kwargs: Any) -> Any:
        self._budget.spend(1)
        return super().visit(node, *args, **kwargs)

    def visit_comparator(self, node: "Node", value: Any) -> Any:
        left, right = (self.visit(child, value) for child in node["children"])
        if node["value"] in ("eq", "ne"):
            return same(left, right, self._budget) is (node["value"] == "eq")
        kinds = {kind(left), kind(right)}
        if self._strict and not kinds <= {"number", "null"}:
            raise ExpressionError("ordering takes numbers")
        if kinds not in ({"number"}, {"string"}):
            return None
        return self.COMPARATOR_FUNC[node["value"]](left, right)

    def visit_function_expression(self, node: "Node", value: Any) -> Any:
        name, children = node["value"], node["children"]
        if name == "if":
            condition = self.visit(children[0], value)
            is_false = condition is None or condition is False or condition in ("", [], {})
            return self.visit(children[2 if is_false else 1], value)
        if name not in ("coalesce", "not_null") or (name == "not_null" and not self._strict):
            return super().visit_function_expression(node, value)
        for at, child in enumerate(children):
            found = self._calls.argument(name, at, self.visit(child, value))
            is_blank = name == "coalesce" and isinstance(found, str) and not found.strip()
            if found is not None and not is_blank:
                return found
        return None

    def visit_flatten(self, node: "Node", value: Any) -> Any:
        made = super().visit_flatten(node, value)
        self._budget.spend(len(made or []))
        return made

    def visit_slice(self, node: "Node", value: Any) -> Any:
        made = super().visit_slice(node, value)
        self._budget.spend(len(made or []))
        return made
