"""Expressions: JMESPath over an event, bounded, and failing with one error only.

The grammar is the `jmespath` library's (1.1, without `let`). On top of it: `root()` and the
functions added in `functions`, a budget of steps, equality that tells true from 1 at every
depth, and errors that never quote a value of the event.
"""

import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.lexer import Lexer
from jmespath.parser import Parser
from jmespath.visitor import Options, TreeInterpreter
from pydantic import JsonValue

from handler.core.budget import Budget, kind, same
from handler.core.errors import ExpressionError
from handler.core.functions import Functions, arity_problem

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

# All that the library, or Python beneath it, is known to raise on a hostile document.
_FAILURES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression: compiled once, evaluated for every event.

    `strict` is the rules' dialect: ordering takes numbers or null, where plain JMESPath would
    compare texts or silently answer null.
    """

    text: str
    tree: "Node"
    strict: bool = True

    def search(self, document: JsonValue) -> JsonValue:
        """Return what the expression finds; raise ExpressionError and nothing else."""
        budget = Budget()
        try:
            found = _Interpreter(document, budget, strict=self.strict).visit(self.tree, document)
            budget.weigh(found)
        except JMESPathTypeError as error:
            raise ExpressionError(_typed(error)) from None
        except RecursionError:
            raise ExpressionError("it is nested too deeply") from None
        except _FAILURES as error:
            raise ExpressionError(f"it cannot be evaluated ({type(error).__name__})") from None
        return found  # type: ignore[return-value]  # weigh has seen JSON values only


def compile_expression(text: str, *, strict: bool = True) -> Expression:
    """Return the parsed expression; raise ExpressionError, saying where, if there is none."""
    try:
        with warnings.catch_warnings():
            # Bare words in backticks are deprecated and legal (JEP-12).
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            tree = Parser().parse(text).parsed
        _check(tree)
    except RecursionError:
        raise ExpressionError("it is nested too deeply") from None
    except JMESPathError as error:
        raise ExpressionError(_syntax(text, error)) from None
    except _FAILURES as error:
        raise ExpressionError(f"it cannot be read ({type(error).__name__})") from None
    return Expression(text, tree, strict)


def search(expression: str, document: JsonValue) -> JsonValue:
    """Return what plain JMESPath finds in a document; raise ExpressionError."""
    return compile_expression(expression, strict=False).search(document)


def is_true(value: JsonValue) -> bool:
    """Return JMESPath truth: null, false and what is empty are false; 0 is true."""
    return value is not None and value is not False and value not in ("", [], {})


def closing_brace(text: str) -> int | None:
    """Return where the `}` stands that closes an expression at the start of `text`.

    JMESPath's own lexer reads along, so braces in its texts and its `{key: value}` are no end.
    None: it is never closed. Raise ExpressionError where the lexer gives up.
    """
    depth = 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            for token in Lexer().tokenize(text):
                depth += {"lbrace": 1, "rbrace": -1}.get(token["type"], 0)
                if depth < 0:
                    return token["start"]
    except JMESPathError as error:
        raise ExpressionError(_syntax(text, error)) from None
    except _FAILURES as error:
        raise ExpressionError(f"it cannot be read ({type(error).__name__})") from None
    return None


class _Interpreter(TreeInterpreter):
    """The library's interpreter, paying for each step."""

    def __init__(self, document: JsonValue, budget: Budget, *, strict: bool) -> None:
        super().__init__(Options(custom_functions=Functions(document, budget)))
        self._budget = budget
        self._strict = strict

    def visit(self, node: "Node", *args: object, **kwargs: object) -> object:
        self._budget.spend(1)
        return super().visit(node, *args, **kwargs)

    def visit_comparator(self, node: "Node", value: object) -> bool | None:
        left, right = (self.visit(child, value) for child in node["children"])
        if node["value"] == "eq":
            return same(left, right, self._budget)
        if node["value"] == "ne":
            return not same(left, right, self._budget)
        kinds = {kind(left), kind(right)}
        if self._strict and not kinds <= {"number", "null"}:
            raise ExpressionError(
                f"ordering takes numbers, and this compares {' with '.join(sorted(kinds))};"
                " to_number() makes a number of text"
            )
        if kinds not in ({"number"}, {"string"}):
            return None
        return bool(self.COMPARATOR_FUNC[node["value"]](left, right))

    def visit_flatten(self, node: "Node", value: object) -> object:
        return self._paid(super().visit_flatten(node, value))

    def visit_slice(self, node: "Node", value: object) -> object:
        return self._paid(super().visit_slice(node, value))

    def _paid(self, made: object) -> object:
        self._budget.spend(len(made) if isinstance(made, list) else 0)
        return made


def _check(node: "Node", *, argument: bool = False) -> None:
    """Refuse what else would fail on an event only: unknown functions, a stray `&`."""
    if node["type"] == "function_expression":
        _check_call(node["value"], len(node["children"]))
    if node["type"] == "expref" and not argument:
        raise ExpressionError("`&` stands only before an argument, as in sort_by(items, &price)")
    if node["type"] == "literal":
        Budget().weigh(node["value"])  # NaN is Python's, not JSON's
    for child in _children(node):
        _check(child, argument=node["type"] == "function_expression")


def _check_call(name: str, count: int) -> None:
    known = Functions.FUNCTION_TABLE
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}()?" if near else ""
        raise ExpressionError(f"there is no function {name}(){hint}")
    problem = arity_problem(name, count)
    if problem:
        raise ExpressionError(problem)


def _children(node: "Node") -> "list[Node]":
    return [] if node["type"] == "slice" else node["children"]  # a slice's are its three numbers


def _typed(error: JMESPathTypeError) -> str:
    wanted = " or ".join(error.expected_types)
    return f"{error.function_name}() takes {wanted}, not {error.actual_type}"


def _syntax(text: str, error: JMESPathError) -> str:
    position = getattr(error, "lex_position", getattr(error, "lexer_position", None))
    if not text.strip():
        return "it is empty"
    if not isinstance(position, int) or position < 0 or position >= len(text):
        return "it ends too early"
    return f"it cannot be read from character {position + 1} on: {text[position : position + 20]}"
