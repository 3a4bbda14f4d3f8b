"""Expressions: JMESPath over an event, bounded, and failing with one error only.

The grammar is the `jmespath` library's (1.1, without `let`). On top of it: `root()` and the
functions added in `functions`, a budget of steps, equality that tells true from 1 at every
depth, and errors that never quote a value of the event.
"""

import json
import re
import warnings
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from jmespath.exceptions import JMESPathError, JMESPathTypeError, ParseError
from jmespath.lexer import Lexer
from jmespath.parser import Parser

from handler.core.errors import ExpressionError, OverBudget
from handler.core.expressions.arguments import (
    arity_problem,
    literal_kind_problem,
    literal_problem,
)
from handler.core.expressions.closures import ExpressionCompiler
from handler.core.expressions.defines import Roots
from handler.core.expressions.evaluation import FAILURES, EvaluatedNode, Evaluation
from handler.core.expressions.foreign_calls import (
    completed,
    is_of_list,
    meant_call,
    not_there,
    translated,
)
from handler.core.expressions.functions import Functions, signature_of
from handler.core.expressions.json_values import Budget
from handler.core.expressions.nulls import Nulls
from handler.core.expressions.observers import NullFinder, Recorder
from handler.core.expressions.swapped_arguments import reordered
from handler.core.expressions.syntax_tree import unparse
from handler.core.json_types import JsonValue
from handler.core.suggestions import closest

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

    from handler.core.expressions.evaluation import Closure

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_DEPTH: Final = 100  # far above what people write, far below what Python's stack takes
# Tokens of the library that end a value, and those that begin one: no operator between them.
_NAMES: Final = ("unquoted_identifier", "quoted_identifier", "literal", "current")
_ENDING: Final = frozenset({*_NAMES, "rparen", "rbracket", "rbrace", "flatten"})
_BEGINNING: Final = frozenset({*_NAMES, "not", "expref", "lbrace"})
_PROJECTIONS: Final = ("projection", "filter_projection", "value_projection")
# An element of a projection.
_EACH: Final["Node"] = {"type": "identity", "value": None, "children": []}


def check(node: "Node", *, strict: bool, argument: bool = False, depth: int = 0) -> None:
    """Raise ExpressionError for a mistake that would otherwise fail on an event, or give null.

    `argument` says that the node is an argument of a call; `strict`, that literals are checked.
    """
    if depth > _DEPTH:
        raise ExpressionError("it is nested too deeply")
    called = node["value"] if node["type"] == "function_expression" else None
    if called is not None:
        _check_call(node, strict=strict)
    if node["type"] in ("pipe", "subexpression"):
        _check_methods(node, strict=strict)
    _check_projected(node, strict=strict)
    if node["type"] == "expref" and not argument:
        raise ExpressionError("`&` stands only before an argument, as in sort_by(items, &price)")
    if node["type"] == "literal":
        Budget().weigh(node["value"])  # NaN is Python's, not JSON's
    if _SURROGATE.search(_written(node)):
        raise ExpressionError("half of a surrogate pair is no character: write both, or none")
    for child in _children(node):
        is_argument = called not in (None, "if", "coalesce")
        check(child, strict=strict, argument=is_argument, depth=depth + 1)


def _written(node: "Node") -> str:
    """Return a node's own text of the file: a literal, or the name of a field or key."""
    value = node.get("value")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _check_call(node: "Node", *, strict: bool) -> None:
    problem = _call_problem(node, strict=strict)
    if problem and node["value"] not in Functions.FUNCTION_TABLE:
        meant = meant_call(node["value"], [unparse(one) for one in node["children"]])
        near = closest(node["value"], Functions.FUNCTION_TABLE)
        hint = not_there(node["value"]) or (f"did you mean {near}()?" if near else "")
        hint = f"write {meant}" if meant else hint
        if node["value"].lower() in Functions.FUNCTION_TABLE:
            hint = f"write {node['value'].lower()}(), in small letters"
        raise ExpressionError(f"{problem}; {hint}" if hint else problem)
    if problem:
        if strict and (order := reordered(node)):
            raise ExpressionError(f"{problem.partition('; ')[0]}; write {order}")
        meant = completed(node["value"], [unparse(one) for one in node["children"]])
        hint = f"write {meant}" if meant else _form(node)
        raise ExpressionError(f"{problem}; {hint}" if hint else problem)


def _form(node: "Node") -> str:
    """Return the form of a call that has too few arguments, or too many."""
    from handler.core.expressions.call_forms import FORMS  # noqa: PLC0415 - for mistakes

    name, given = node["value"], len(node["children"])
    is_of_another_number = arity_problem(name, signature_of(name), given)
    return f"it is written {FORMS[name]}" if is_of_another_number and name in FORMS else ""


def _check_methods(node: "Node", *, strict: bool) -> None:
    """Raise ExpressionError for a call that lacks the value before it: `x.upper()`."""
    for at, right in enumerate(node["children"]):
        call = right["children"][0] if right["type"] == "index_expression" else right
        if not at or call["type"] != "function_expression":
            continue
        problem = _call_problem(call, strict=strict)
        value = unparse({**node, "children": node["children"][:at]})
        given = [unparse(one) for one in call["children"]]
        if problem and (meant := translated(call["value"], value, given)):
            whole = unparse(right).replace(unparse(call), meant, 1)
            raise ExpressionError(f"{problem}; write {whole}")


def _check_projected(node: "Node", *, strict: bool) -> None:
    """Raise ExpressionError for such a call behind a list: `items[].name.join(', ')`."""
    of, inner = _projection(node)
    if inner is None:
        return
    left, right, *condition = inner["children"]
    *before, call = right["children"] if right["type"] == "subexpression" else [right]
    problem = _call_problem(call, strict=strict) if call["type"] == "function_expression" else None
    if not problem:
        return
    left = {**node, "children": [*of, left]} if of else left
    path: Node = {**right, "type": "subexpression", "children": before} if before else _EACH
    each, row = (unparse({**inner, "children": [left, one, *condition]}) for one in (_EACH, path))
    given = [unparse(one) for one in call["children"]]
    if is_of_list(call["value"]):
        raise ExpressionError(f"{problem}; write {translated(call['value'], row, given)}")
    if before and (meant := translated(call["value"], unparse(path), given)):
        raise ExpressionError(f"{problem}; write {each}.{meant}")


def _projection(node: "Node") -> "tuple[list[Node], Node | None]":
    """Return what stands before a list's elements within a path, and the node of the elements."""
    if node["type"] in _PROJECTIONS:
        return [], node
    *of, last = node["children"] if node["type"] == "subexpression" else [node]
    return of, last if last["type"] in _PROJECTIONS else None


def _call_problem(node: "Node", *, strict: bool) -> str | None:
    name, children = node["value"], node["children"]
    if name not in Functions.FUNCTION_TABLE:
        return f"there is no function {name}()"
    arguments = signature_of(name)
    problem = arity_problem(name, arguments, len(children))
    written = [(at, one) for at, one in enumerate(children) if strict and one["type"] == "literal"]
    for at, literal in written:
        given = (name, arguments, at, literal["value"])
        problem = problem or literal_kind_problem(*given) or literal_problem(*given)
    return problem


def _children(node: "Node") -> "list[Node]":
    return [] if node["type"] == "slice" else node["children"]  # a slice's are three numbers


@dataclass(frozen=True)
class Expression:
    """A parsed expression: compiled once, evaluated for every event.

    `strict` is the rules' dialect. Ordering takes numbers or null, where plain JMESPath would
    compare texts or silently give null. A literal argument must be one that the function can use,
    where a value of the event would give null. Names of `define` are written out in `text` and
    `tree`; `written` is the text of the file where it has such names.
    """

    text: str
    tree: "Node"
    strict: bool = True
    written: str = ""

    @property
    def in_file(self) -> str:
        """The text of the file, in which names of `define` are names."""
        return self.written or self.text

    def search(self, document: JsonValue | Roots, nulls: Nulls | None = None) -> JsonValue:
        """Return the result of the expression; raise ExpressionError and nothing else.

        `nulls` is filled with the nulls of the result that are the document's own. With `Roots`
        names of `define` that have a value already are not evaluated again.
        """
        evaluation = Evaluation(document, nulls)
        try:
            closure = self._closure if nulls is None else self._null_finder
            found = closure(evaluation.document, evaluation)
            evaluation.weigh(found)
        except _CAUGHT as error:
            raise _failure(error) from None
        return found  # type: ignore[no-any-return]  # weigh has seen JSON values only

    def record(self, seen: JsonValue | Roots, nulls: Nulls | None = None) -> EvaluatedNode:
        """Return the steps of one evaluation, the outermost of which has the result of `search`."""
        document = seen.values if isinstance(seen, Roots) else seen
        evaluation = Evaluation(document, nulls)
        try:
            found = self._recorder(nulls)(document, evaluation)
            evaluation.weigh(found)
        except _CAUGHT as error:
            raise _failure(error) from None
        return evaluation.steps[0]

    # Compiled when they are first wanted: most rules of a file never see an event of their type
    # while an execution environment lives.

    @cached_property
    def _closure(self) -> "Closure":
        return ExpressionCompiler(strict=self.strict).closure(self.tree)

    @cached_property
    def _null_finder(self) -> "Closure":
        finder = NullFinder(strict=self.strict)
        return finder.whole(self.tree, finder.closure(self.tree))

    def _recorder(self, nulls: Nulls | None) -> "Closure":
        if nulls is None:
            return Recorder(ExpressionCompiler(strict=self.strict), [self.tree]).closure(self.tree)
        finder = NullFinder(strict=self.strict)
        return finder.whole(self.tree, Recorder(finder, [self.tree]).closure(self.tree))


_CAUGHT: Final = (JMESPathTypeError, RecursionError, *FAILURES)


def _failure(error: Exception) -> ExpressionError:
    """Return what an evaluation has failed by, without a value of the document."""
    if isinstance(error, JMESPathTypeError):
        wanted = " or ".join(error.expected_types)
        return ExpressionError(f"{error.function_name}() takes {wanted}, not {error.actual_type}")
    if isinstance(error, RecursionError):
        return OverBudget("it is nested too deeply")
    return ExpressionError(f"it cannot be evaluated ({type(error).__name__})")


def compile_expression(text: str, *, strict: bool = True) -> Expression:
    """Return the parsed expression; raise ExpressionError with the place of the mistake."""
    try:
        with warnings.catch_warnings():
            # Bare words in backticks are deprecated and legal (JEP-12).
            warnings.simplefilter("ignore", PendingDeprecationWarning)
            tree = Parser().parse(text).parsed
            _check_commas(text)
        check(tree, strict=strict)
    except RecursionError:
        raise ExpressionError("it is nested too deeply") from None
    except JMESPathError as error:
        raise ExpressionError(_worded(text, error)) from None
    except FAILURES as error:
        raise ExpressionError(f"it cannot be read ({type(error).__name__})") from None
    return Expression(text, tree, strict)


def search(expression: str, document: JsonValue) -> JsonValue:
    """Return the result of plain JMESPath on a document; raise ExpressionError."""
    return compile_expression(expression, strict=False).search(document)


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
        raise ExpressionError(_worded(text, error, is_embedded=True)) from None
    except FAILURES as error:
        raise ExpressionError(f"it cannot be read ({type(error).__name__})") from None
    return None


def _check_commas(text: str) -> None:
    """Raise ParseError for `f(a b)` and `f(a, )`, which the library's parser takes for calls."""
    before = ""
    for token in Lexer().tokenize(text):
        kind = token["type"]
        is_surplus = before == "comma" and kind == "rparen"
        if is_surplus or (before in _ENDING and kind in _BEGINNING):
            mend = "the , before it is one too many" if is_surplus else "a , belongs before it"
            raise ParseError(token["start"], token["value"], kind, mend)
        before = kind


def _worded(text: str, error: JMESPathError, *, is_embedded: bool = False) -> str:
    """Return the message for a text that cannot be read; `is_embedded`: more may follow it."""
    from handler.core.expressions import failed_place, syntax_errors  # noqa: PLC0415 - for mistakes

    if not is_embedded:
        return syntax_errors.worded(text, error)
    own = failed_place.extent(text)
    return f"${{{own}}}: {syntax_errors.worded(own, error)}"
