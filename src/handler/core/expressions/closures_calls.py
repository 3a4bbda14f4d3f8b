"""Closures of calls of functions, and of the references that some functions take."""

from typing import TYPE_CHECKING, Any

from handler.core.expressions.evaluation import Evaluation, is_there, is_true
from handler.core.expressions.functions import Functions, argument_of

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

    from handler.core.expressions.closures import ExpressionCompiler
    from handler.core.expressions.evaluation import Closure


def call(node: "Node", compiler: "ExpressionCompiler") -> "Closure":
    """Return the closure of a call; a lazy function evaluates what it needs."""
    name, strict = node["value"], compiler.strict
    parts = compiler.closures(node["children"])
    if name == "if":
        return _if(*parts)
    arguments = [argument_of(name, at, strict=strict) for at in range(len(parts))]
    if name == "coalesce" or (name == "not_null" and strict):
        return _first_there(name, [*zip(parts, arguments, strict=True)])
    function = Functions.FUNCTION_TABLE[name]["function"]
    if len(parts) == 1:
        return _of_one(function, parts[0], arguments[0], strict=strict)

    def called(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        given = [part(value, evaluation) for part in parts]
        taken = [take(one, evaluation) for take, one in zip(arguments, given, strict=True)]
        # Not kept: what refers to the evaluation, and it to that, would live until the next search
        # for garbage, with the whole document.
        return function(Functions(evaluation.document, evaluation, strict=strict), *taken)

    return called


def _of_one(function: Any, part: "Closure", take: Any, *, strict: bool) -> "Closure":  # noqa: ANN401 - of the library's table
    """Return the closure of a call with one argument: most have one, and lists took their time."""

    def called(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        taken = take(part(value, evaluation), evaluation)
        return function(Functions(evaluation.document, evaluation, strict=strict), taken)

    return called


def _if(condition: "Closure", then: "Closure", otherwise: "Closure") -> "Closure":
    def choose(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        return (then if is_true(condition(value, evaluation)) else otherwise)(value, evaluation)

    return choose


def _first_there(name: str, options: "list[tuple[Closure, Any]]") -> "Closure":
    def first_there(value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        for option, take in options:
            found = take(option(value, evaluation), evaluation)
            if is_there(name, found):
                return found
        return None

    return first_there


def reference(node: "Node", compiler: "ExpressionCompiler") -> "Closure":
    """Return the closure of `&expression`, an argument of some functions."""
    (inner,) = compiler.closures(node["children"])

    def refer(_value: object, evaluation: Evaluation) -> object:
        evaluation.spend(1)
        return _Reference(inner, evaluation)

    return refer


class _Reference:
    """`&expression` as an argument: the functions of the library evaluate it on each element."""

    def __init__(self, closure: "Closure", evaluation: Evaluation) -> None:
        self.expression = None  # of the library's interpreter; its functions pass it on to `visit`
        self._closure = closure
        self._evaluation = evaluation

    def visit(self, _expression: None, element: object) -> object:
        return self._closure(element, self._evaluation)
