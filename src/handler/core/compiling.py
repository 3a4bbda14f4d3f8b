"""Compiles the expressions and templates of a rules file, noting all that is wrong in them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from pydantic import JsonValue

from handler.core.errors import ExpressionError, Finding
from handler.core.expressions import Expression, compile_expression
from handler.core.template import (
    Problem,
    Template,
    Text,
    Whole,
    compile_template,
    compile_text,
    expressions,
)
from handler.core.trigger import LITERAL_KEYS
from handler.core.yaml12 import Document, Path

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

EVENT_ROOTS: Final = ("headers", "body")
ROOTS: Final = ("source", "type", "id", *EVENT_ROOTS, "vars", "occurred_at", "received_at")

_BROKEN: Final = compile_expression("@")  # stands for what did not compile, in a file refused
_CLOSE: Final = 0.7  # roots are short: below this, `paid` would be taken for `id`
_UNKNOWN: Final = "unknown"  # stands for a variable that a finding is about
_VALUES: Final = ("true", "false", "null")
# In these only the first child is evaluated where the node itself is.
_MOVING: Final = frozenset(
    {
        "subexpression",
        "index_expression",
        "pipe",
        "projection",
        "value_projection",
        "filter_projection",
    }
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a source gives to its rules: the names of its tables, and its workspace."""

    tables: tuple[str, ...] = ()
    workspace: str = "default"


class Compiler:
    """Compiles the parts of one file for one stage; `findings` fills up on the way."""

    def __init__(
        self, document: Document, variables: Mapping[str, JsonValue], scope: Scope = Scope()
    ) -> None:
        self.findings: list[Finding] = []
        self.roots = (*ROOTS, "tables") if scope.tables else ROOTS
        self.workspace = scope.workspace
        self._document = document
        self._vars = variables

    def find(self, path: Path, message: str) -> None:
        """Note a mistake."""
        self.findings.append(self._document.finding(path, message))

    def note(self, path: Path, problems: Sequence[Problem]) -> None:
        """Note mistakes whose paths are within `path`."""
        for inner, message in problems:
            self.find((*path, *inner), message)

    def expression(self, text: str, path: Path, roots: Sequence[str] | None = None) -> Expression:
        """Return an expression; the `${}` around it is optional."""
        try:
            template = compile_text(text) if "${" in text else Whole(compile_expression(text))
        except ExpressionError as error:
            self.find(path, str(error))
            return _BROKEN
        if not isinstance(template, Whole):
            self.find(path, f"{path[-1]} is one expression, with no text around it")
            return _BROKEN
        self.find_fields(template.expression, path, roots or self.roots)
        return template.expression

    def template(self, value: JsonValue, path: Path, roots: Sequence[str]) -> Template:
        """Return a template."""
        problems: list[Problem] = []
        template = compile_template(value, problems)
        self.note(path, problems)
        for inner, leaf in _leaves(template):
            for expression in expressions(leaf):
                self.find_fields(expression, (*path, *inner), roots)
        return template

    def literal(self, template: Template, path: Path) -> Template:
        """Return a value that no event may change; `${vars.x}` is one, as of this stage."""
        if isinstance(template, dict):
            return {key: self.literal(it, (*path, key)) for key, it in template.items()}
        if isinstance(template, list):
            return [self.literal(it, (*path, at)) for at, it in enumerate(template)]
        if not isinstance(template, Whole | Text):
            return template
        name = variable(template.expression.tree) if isinstance(template, Whole) else None
        if name is None:
            keys = ", ".join(LITERAL_KEYS)
            self.find(path, f"no webhook may change {keys}: write the value, or ${{vars.name}}")
            return _UNKNOWN
        found = self._vars.get(name, _UNKNOWN)
        return found if isinstance(found, str | int | float) else None

    def find_fields(self, expression: Expression, path: Path, roots: Sequence[str]) -> None:
        """Note fields of the event that there cannot be: they would silently be null."""
        if any(map(_binds_too_tightly, _all_nodes(expression.tree))):
            self.find(path, "!a.b reads as (!a).b, which is always null; write !(a.b)")
        for node in _event_nodes(expression.tree):
            if node["type"] == "field" and node["value"] not in roots:
                self.find(path, _unknown_root(node["value"], roots))
            name = variable(node)
            if name is not None and "vars" in roots and name not in self._vars:
                self.find(path, _unknown_variable(name, self._vars))


def _all_nodes(node: "Node") -> "Iterator[Node]":
    yield node
    if node["type"] != "slice":  # its children are numbers
        for child in node["children"]:
            yield from _all_nodes(child)


def _binds_too_tightly(node: "Node") -> bool:
    """Return whether a path is taken of a negation: nobody means that."""
    paths = ("subexpression", "index_expression")
    return node["type"] in paths and node["children"][0]["type"] == "not_expression"


def variable(node: "Node") -> str | None:
    """Return x if an expression is `vars.x` and no more, else None."""
    if node["type"] != "subexpression":
        return None
    fields = node["children"]
    if [it["type"] for it in fields] != ["field", "field"]:
        return None
    return str(fields[1]["value"]) if fields[0]["value"] == "vars" else None


def root_names(expression: Expression) -> set[str]:
    """Return the roots that an expression names."""
    return {str(node["value"]) for node in _event_nodes(expression.tree) if node["type"] == "field"}


def header_names(expression: Expression) -> Iterator[str | None]:
    """Return the headers that an expression reads; None where it reads all or cannot be told."""
    whole = 0
    for node in _event_nodes(expression.tree):
        if node["type"] == "field" and node["value"] == "headers":
            whole += 1
        children = node["children"]
        if node["type"] == "subexpression" and children[0].get("value") == "headers":
            whole -= 1
            yield str(children[1]["value"]) if children[1]["type"] == "field" else None
    yield from [None] * max(0, whole)


def _event_nodes(node: "Node") -> "Iterator[Node]":
    """Return the nodes that are evaluated where the current node is the event itself."""
    yield node
    if node["type"] in ("expref", "slice"):
        return
    children = node["children"]
    for child in children[:1] if node["type"] in _MOVING else children:
        yield from _event_nodes(child)


def _leaves(template: Template, path: Path = ()) -> Iterator[tuple[Path, Template]]:
    if isinstance(template, dict):
        for key, part in template.items():
            yield from _leaves(part, (*path, key))
    elif isinstance(template, list):
        for at, part in enumerate(template):
            yield from _leaves(part, (*path, at))
    else:
        yield path, template


def _unknown_root(name: str, roots: Sequence[str]) -> str:
    if name in _VALUES:
        return f"a bare {name} is the name of a field; the value is `{name}`, in backticks"
    near = get_close_matches(name, roots, n=1, cutoff=_CLOSE)
    hint = f"did you mean {near[0]}, " if near else "did you mean "
    return (
        f"an event has no {name}; {hint}body.{name}, or '{name}' in single quotes for the text?"
        f" (there are: {', '.join(roots)})"
    )


def _unknown_variable(name: str, known: Mapping[str, JsonValue]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"; did you mean vars.{near[0]}?" if near else ""
    return f"vars has no {name} for this stage{hint}"
