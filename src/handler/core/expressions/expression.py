"""Expressions: JMESPath over an event, bounded, and failing with one error only.

The grammar is the `jmespath` library's (1.1, without `let`). On top of it: `root()` and the
functions added in `functions`, a budget of steps, equality that tells true from 1 at every
depth, and errors that never quote a value of the event.
"""

import json
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jmespath.exceptions import JMESPathError, JMESPathTypeError
from jmespath.lexer import Lexer
from jmespath.parser import Parser
from jmespath.visitor import Options, TreeInterpreter
from pydantic import JsonValue

from handler.core.errors import ExpressionError, OverBudget
from handler.core.expressions.arguments import arity_problem, kind_problem, literal_problem
from handler.core.expressions.functions import Functions, signature_of
from handler.core.expressions.json_values import Budget, same
from handler.core.expressions.nulls import Nulls
from handler.core.json_types import kind
from handler.core.suggestions import closest

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node


_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DEPTH: Final = 100  # far above what people write, far below what Python's stack takes
# All that the library, or Python beneath it, is known to raise on a hostile document.
_FAILURES = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_NUMBER = re.compile(r"(?<!\.)-?\d+(\.\d+)?")
_WORD = re.compile(r"(?:and|or|not|is|in)\b|[=/+]")
_QUOTES = "'\"`"
_TEXT = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?:\\.|[^`\\])*`""", re.DOTALL)
_MEANT = {
    "and": "`and` is written &&",
    "or": "`or` is written ||",
    "not": "`not` is written !( )",
    "is": "`is` is written ==, and null stands in backticks: `null`",
    "in": "`in` is written contains(list, value)",
    "=": "equal is written ==",
    "/": "`/` is written multiply() or minor_units()",
    "+": "`+` is written add() or concat()",
}


def check(node: "Node", *, strict: bool, argument: bool = False, depth: int = 0) -> None:
    """Raise ExpressionError for a mistake that would otherwise fail on an event, or give null.

    `argument` says that the node is an argument of a call; `strict`, that literals are checked.
    """
    if depth > _DEPTH:
        raise ExpressionError("it is nested too deeply")
    called = node["value"] if node["type"] == "function_expression" else None
    if called is not None:
        _check_call(called, node["children"], strict=strict)
    if node["type"] == "expref" and not argument:
        raise ExpressionError("`&` stands only before an argument, as in sort_by(items, &price)")
    if node["type"] == "literal":
        Budget().weigh(node["value"])  # NaN is Python's, not JSON's
    if _SURROGATE.search(_written(node)):
        raise ExpressionError("half of a surrogate pair is no character: write both, or none")
    for child in _children(node):
        is_argument = called not in (None, "if")
        check(child, strict=strict, argument=is_argument, depth=depth + 1)


def _written(node: "Node") -> str:
    """Return a node's own text of the file: a literal, or the name of a field or key."""
    value = node.get("value")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _check_call(name: str, children: "list[Node]", *, strict: bool) -> None:
    known = Functions.FUNCTION_TABLE
    if name not in known:
        near = closest(name, known)
        hint = f"; did you mean {near}()?" if near else ""
        raise ExpressionError(f"there is no function {name}(){hint}")
    arguments = signature_of(name)
    problem = arity_problem(name, arguments, len(children))
    written = [(at, one) for at, one in enumerate(children) if strict and one["type"] == "literal"]
    for at, literal in written:
        given = (name, arguments, at, literal["value"])
        problem = problem or kind_problem(*given) or literal_problem(*given)
    if problem:
        raise ExpressionError(problem)


def _children(node: "Node") -> "list[Node]":
    return [] if node["type"] == "slice" else node["children"]  # a slice's are three numbers


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression: compiled once, evaluated for every event.

    `strict` is the rules' dialect. Ordering takes numbers or null, where plain JMESPath would
    compare texts or silently give null. A literal argument must be one that the function can use,
    where a value of the event would give null.
    """

    text: str
    tree: "Node"
    strict: bool = True

    def search(self, document: JsonValue, nulls: Nulls | None = None) -> JsonValue:
        """Return the result of the expression; raise ExpressionError and nothing else.

        `nulls` is filled with the nulls of the result that are the document's own.
        """
        budget = Budget()
        interpreter = _Interpreter(document, budget, strict=self.strict)
        if nulls is not None:
            interpreter = _NullFinder(document, budget, strict=self.strict, nulls=nulls)
        try:
            found = interpreter.find(self.tree, document)
            budget.weigh(found)
        except JMESPathTypeError as error:
            raise ExpressionError(_typed(error)) from None
        except RecursionError:
            raise OverBudget("it is nested too deeply") from None
        except _FAILURES as error:
            raise ExpressionError(f"it cannot be evaluated ({type(error).__name__})") from None
        return found  # type: ignore[return-value]  # weigh has seen JSON values only


def compile_expression(text: str, *, strict: bool = True) -> Expression:
    """Return the parsed expression; raise ExpressionError with the place of the mistake."""
    try:
        with warnings.catch_warnings():
            # Bare words in backticks are deprecated and legal (JEP-12).
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            tree = Parser().parse(text).parsed
        check(tree, strict=strict)
    except RecursionError:
        raise ExpressionError("it is nested too deeply") from None
    except JMESPathError as error:
        raise ExpressionError(_syntax(text, error)) from None
    except _FAILURES as error:
        raise ExpressionError(f"it cannot be read ({type(error).__name__})") from None
    return Expression(text, tree, strict)


def search(expression: str, document: JsonValue) -> JsonValue:
    """Return the result of plain JMESPath on a document; raise ExpressionError."""
    return compile_expression(expression, strict=False).search(document)


def is_true(value: object) -> bool:
    """Return JMESPath truth: null, false and what is empty are false; 0 is true."""
    return value is not None and value is not False and value not in ("", [], {})


def closing_brace(text: str) -> int | None:
    """Return the position of the `}` that closes an expression at the start of `text`, or None.

    JMESPath's own lexer looks for it, so that braces in texts and in `{key: value}` are no end.
    Raise ExpressionError where the lexer fails.
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
    """The library's interpreter, with a budget of steps."""

    def __init__(self, document: JsonValue, budget: Budget, *, strict: bool) -> None:
        super().__init__(Options(custom_functions=Functions(document, budget, strict=strict)))
        self._budget = budget
        self._strict = strict

    def find(self, tree: "Node", document: JsonValue) -> object:
        """Return the result of an expression on the document."""
        return self.visit(tree, document)

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

    def visit_function_expression(self, node: "Node", value: object) -> object:
        if node["value"] != "if":
            return super().visit_function_expression(node, value)
        condition, then, otherwise = node["children"]
        return self.visit(then if is_true(self.visit(condition, value)) else otherwise, value)

    # The library builds these two lists at once, so they are paid for before they are in memory:
    # `items[].root().items[]` squares the size of a webhook.

    def visit_flatten(self, node: "Node", value: object) -> list[object] | None:
        base = self.visit(node["children"][0], value)
        if not isinstance(base, list):
            return None
        self._budget.spend(sum(len(each) if isinstance(each, list) else 1 for each in base))
        return [one for each in base for one in (each if isinstance(each, list) else (each,))]

    def visit_slice(self, node: "Node", value: object) -> list[object] | None:
        if not isinstance(value, list):
            return None
        numbers: list[int | None] = list(node["children"])  # type: ignore[arg-type]  # of a slice they are
        self._budget.spend(len(range(*slice(*numbers).indices(len(value)))))
        return value[slice(*numbers)]


class _NullFinder(_Interpreter):
    """An interpreter that notes the nulls that a path has found, not those for an absent value."""

    def __init__(self, document: JsonValue, budget: Budget, *, strict: bool, nulls: Nulls) -> None:
        super().__init__(document, budget, strict=strict)
        self._nulls = nulls

    def find(self, tree: "Node", document: JsonValue) -> object:
        found = super().find(tree, document)
        self._nulls.whole = found is None and self._finds_null(tree, document)
        return found

    def visit_multi_select_dict(self, node: "Node", value: object) -> object:
        made = super().visit_multi_select_dict(node, value)
        if isinstance(made, dict):
            parts = {one["value"]: one["children"][0] for one in node["children"]}
            empty = (key for key, part in made.items() if part is None)
            self._nulls.note(made, [one for one in empty if self._finds_null(parts[one], value)])
        return made

    def visit_multi_select_list(self, node: "Node", value: object) -> list[object] | None:
        made = super().visit_multi_select_list(node, value)
        if made is not None:
            empty = (at for at, part in enumerate(made) if part is None)
            said = [one for one in empty if self._finds_null(node["children"][one], value)]
            self._nulls.note(made, said)
        return made

    def visit_function_expression(self, node: "Node", value: object) -> object:
        made = super().visit_function_expression(node, value)
        if isinstance(made, dict | list) and node["value"] != "root":
            self._nulls.note(made)
        return made

    def _finds_null(self, node: "Node", value: object) -> bool:
        """Return whether a node is a path whose last step finds a null."""
        while node["type"] in ("subexpression", "index_expression", "pipe"):
            *before, node = node["children"]
            for step in before:
                value = self.visit(step, value)
        at = node.get("value")
        if node["type"] == "field" and isinstance(value, dict):
            return at in value and value[at] is None
        if node["type"] == "index" and isinstance(value, list):
            return -len(value) <= at < len(value) and value[at] is None
        return False


def _typed(error: JMESPathTypeError) -> str:
    wanted = " or ".join(error.expected_types)
    return f"{error.function_name}() takes {wanted}, not {error.actual_type}"


def _syntax(text: str, error: JMESPathError) -> str:
    position = getattr(error, "lex_position", getattr(error, "lexer_position", None))
    if not text.strip():
        return "it is empty"
    if not isinstance(position, int) or position < 0 or position >= len(text):
        return f"it ends too early{_unclosed(text)}"
    rest = text[position : position + 20]
    return f"it cannot be read from character {position + 1} on: {rest}{_hint(text, position)}"


def _hint(text: str, position: int) -> str:
    """Return a hint where the text has another language's syntax."""
    if number := _NUMBER.match(text, position):
        return f"; a number stands in backticks: `{number[0]}`"
    if text[position] in _QUOTES and text.find(text[position], position + 1) < 0:
        return f"; a {text[position]} is not closed"
    word = _WORD.match(text, position)
    return f"; {_MEANT[word[0]]}" if word else _unclosed(text)


def _unclosed(text: str) -> str:
    """Return a hint where, outside of texts, more brackets are opened than closed."""
    bare = _TEXT.sub("", text)
    return "; a ) is missing" if bare.count("(") > bare.count(")") else ""
