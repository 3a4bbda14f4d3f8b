"""Compiles the expressions and templates of a rules file, and notes every mistake in them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from handler.core.braze.endpoints import LITERAL_KEYS
from handler.core.configuration.yaml12 import Document, Path
from handler.core.errors import ExpressionError, Finding
from handler.core.expressions.arguments import kind_problem, literal_problem
from handler.core.expressions.defines import MAX_NODES, TOO_LONG, defined_in
from handler.core.expressions.expression import Expression, compile_expression
from handler.core.expressions.functions import signature_of
from handler.core.expressions.pitfalls import VALUES, forgotten, traps
from handler.core.expressions.swapped_arguments import swapped_variable
from handler.core.expressions.syntax_tree import all_nodes, of_event, uses_whole
from handler.core.expressions.template import (
    REMEMBERED,
    Problem,
    Template,
    Text,
    Whole,
    compile_template,
    compile_text,
    expressions,
)
from handler.core.json_types import JsonValue
from handler.core.rules.defines import Defines
from handler.core.rules.source import ITEM
from handler.core.suggestions import closest
from handler.core.workspace import ANYBODY, DEFAULT, Reach

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

EVENT_ROOTS: Final = ("headers", "body")
ID_ROOTS: Final = (*EVENT_ROOTS, "digest")
ROOTS: Final = ("source", "type", "id", *EVENT_ROOTS, "vars", "occurred_at", "received_at")

BROKEN: Final = compile_expression("@")  # in place of one that did not compile
_PART: Final = re.compile(r"\$\{([^{}]*)\}")
_PLAIN: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
# `event.id` is what the event has beside its body.
_OWN_ROOT: Final = re.compile(
    r"(?<![\w.'\"])event\.(id|type|source|headers|vars|occurred_at|received_at)\b"
)
_CLOSE: Final = 0.7  # roots are short: below this, `paid` would be taken for `id`
_UNKNOWN: Final = "unknown"  # for a variable that a finding is about
# Roots that are not there at this place, or in this file.
_ELSEWHERE: Final = {
    "tables": "the file has no tables: write tables: {name: {key: value}} at its top",
    "item": "an event has no item: it is an element of for_each, which this rule does not have",
    "digest": "an event has no digest: event.id alone may read it",
    "secrets": "no secret is read by a rule: verify names the one that signs",
}
# What other languages call the three values that are no text and no number.
_VALUES: Final = {
    **dict.fromkeys(("undefined", "none", "nil", "null"), "null"),
    "true": "true",
    "false": "false",
}
_CONSTANT: Final = {"true": "leave when out", "false": "`enabled: false` switches a rule off"}
# What other tools call the webhook's JSON, and the values of a stage.
_CALLED: Final = {
    **dict.fromkeys(("event", "payload", "request", "webhook", "json", "trigger"), "body"),
    **dict.fromkeys(("input", "inputs", "params", "github"), "body"),
    **dict.fromkeys(("env", "var", "local", "variables"), "vars"),
    **dict.fromkeys(("header", "http_headers"), "headers"),
    **dict.fromkeys(("each", "element"), "item"),
}


@dataclass(frozen=True, slots=True)
class SourceContext:
    """The source that rules are compiled for: its tables' names, its workspace, its reach."""

    tables: tuple[str, ...] = ()
    workspace: str = DEFAULT
    reach: Reach = ANYBODY


class Compiler:
    """Compiles the parts of one file for one stage, and collects `findings`."""

    def __init__(
        self,
        document: Document,
        variables: Mapping[str, JsonValue],
        context: SourceContext = SourceContext(),
    ) -> None:
        self.findings: list[Finding] = []
        self.defines = Defines()
        self.roots = (*ROOTS, "tables") if context.tables else ROOTS
        self.workspace = context.workspace
        self.reach = context.reach
        self._document = document
        self._vars = variables
        self._tables = context.tables

    def line(self, path: Path) -> int:
        """Return the line of a path in the file."""
        return self._document.finding(path, "").line

    def find(self, path: Path, message: str) -> None:
        """Note a mistake."""
        self.findings.append(self._document.finding(path, message))

    def note(self, path: Path, problems: Sequence[Problem]) -> None:
        """Note mistakes whose paths are within `path`."""
        for inner, message in problems:
            self.find((*path, *inner), message)

    def note_else(self, path: Path, problems: Iterable[Problem]) -> None:
        """Note mistakes, except where there is a finding already, which is to be fixed first."""
        known = {(one.line, one.column) for one in self.findings}
        for inner, message in problems:
            found = self._document.finding((*path, *inner), message)
            self.findings += [] if (found.line, found.column) in known else [found]

    def expression(self, text: str, path: Path, roots: Sequence[str] | None = None) -> Expression:
        """Return an expression; the `${}` around it is optional."""
        if path[-1] == "when" and text.strip() in _CONSTANT:
            self.find(path, f"when is always {text.strip()}: {_CONSTANT[text.strip()]}")
            return BROKEN
        try:
            template = compile_text(text) if "${" in text else Whole(compile_expression(text))
        except ExpressionError as error:
            self.find(path, str(error))
            return BROKEN
        if not isinstance(template, Whole):
            self.find(path, f"{path[-1]} is one expression, with no text around it{_joined(text)}")
            return BROKEN
        named = self.named(template, path, roots or self.roots)
        if isinstance(named, Whole):
            return named.expression
        self.find(path, self.defines.why_text(template.expression))
        return BROKEN

    def template(self, value: JsonValue, path: Path, roots: Sequence[str]) -> Template:
        """Return a template."""
        problems: list[Problem] = []
        template = compile_template(value, problems)
        self.note(path, problems)
        for inner, leaf in leaves(template):
            for part in leaf.parts if isinstance(leaf, Text) else (leaf,):
                text = forgotten(part) if isinstance(part, str) else None
                self.note(path, [(inner, text)] if text else [])
        return self._named_within(template, path, roots)

    def _named_within(self, template: Template, path: Path, roots: Sequence[str]) -> Template:
        if isinstance(template, dict):
            parts = template.items()
            return {key: self._named_within(one, (*path, key), roots) for key, one in parts}
        if isinstance(template, list):
            places = enumerate(template)
            return [self._named_within(one, (*path, at), roots) for at, one in places]
        return self.named(template, path, roots) if isinstance(template, Whole | Text) else template

    def named(self, template: Whole | Text, path: Path, roots: Sequence[str]) -> Whole | Text:
        """Return a template with the names of `define` written out; note what is wrong in it."""
        if isinstance(template, Whole):
            return self._written_out(template.expression, path, roots)
        parts: list[str | Expression] = []
        for part in template.parts:
            made = part if isinstance(part, str) else self._written_out(part, path, roots)
            if isinstance(made, Text):
                parts += made.parts
            else:
                parts.append(made.expression if isinstance(made, Whole) else made)
        if len(parts) > len(template.parts) and _nodes(parts) > MAX_NODES:
            self.find(path, TOO_LONG)
            return template
        return Text(tuple(parts))

    def _written_out(
        self, expression: Expression, path: Path, roots: Sequence[str]
    ) -> Whole | Text:
        made = self.defines.written_out(expression)
        self.note(path, [((), text) for text in made.problems])
        known = {text for define in made.defines for text in define.problems}
        texts = [one.text for one in expressions(made.template)]
        for define in made.defines:
            for root in sorted(define.roots.difference(roots)):
                known |= {_unknown_root(root, roots, text) for text in texts}
                if root in (*self.roots, ITEM, *ID_ROOTS):  # else it is a mistake of the name's own
                    self.find(path, _out_of_place(define.name, root, roots))
        for one in expressions(made.template):
            for text in self._mistakes(one, roots):
                self.note(path, [] if text in known else [((), text)])
        return made.template

    def literal(
        self, template: Template, path: Path, fixed: Sequence[str] = LITERAL_KEYS
    ) -> Template:
        """Return a value that no event may change; `${vars.x}` is one, with this stage's value.

        `fixed` are the keys of such values here.
        """
        if isinstance(template, dict):
            return {key: self.literal(one, (*path, key), fixed) for key, one in template.items()}
        if isinstance(template, list):
            return [self.literal(one, (*path, at), fixed) for at, one in enumerate(template)]
        if not isinstance(template, Whole | Text):
            return template
        name = variable(template.expression.tree) if isinstance(template, Whole) else None
        if name is None or any(map(defined_in, (one.tree for one in expressions(template)))):
            keys = ", ".join(fixed)
            text = f"no webhook may change {keys}: write the value, or ${{vars.name}}"
            self.note_else(path, [((), text)])
            return _UNKNOWN
        found = self._vars.get(name, _UNKNOWN)
        return found if isinstance(found, str | int | float) else None

    def _mistakes(self, expression: Expression, roots: Sequence[str]) -> Iterator[str]:
        """Yield JMESPath's traps, and fields of the event that would silently be null."""
        yield from _traps(expression)
        for node in of_event(expression.tree):
            if node["type"] == "field" and node["value"] not in roots:
                yield _unknown_root(node["value"], roots, expression.text)
            for root, known in (("vars", self._vars), ("tables", self._tables)):
                name = _member(node, root)
                if name is not None and root in roots and name not in known:
                    yield _of_a_stage(node, known) or _unknown_member(root, name, known)
            yield from self._wrong_variables(node)

    def _wrong_variables(self, node: "Node") -> Iterator[str]:
        """Yield mistakes in a call's arguments that are `vars.x`: the file has their values too."""
        if node["type"] != "function_expression":
            return
        for at, argument in enumerate(node["children"]):
            name = variable(argument)
            if name is not None and name in self._vars:
                called = (node["value"], signature_of(node["value"]), at, self._vars[name])
                problem = kind_problem(*called) or literal_problem(*called)
                if problem:
                    yield f"vars.{name}: {problem}"
                elif at == 0:
                    yield from swapped_variable(node, self._vars[name])


def _traps(expression: Expression) -> Iterable[str]:
    """Return JMESPath's traps in an expression; the tree of a text with names is not its own."""
    return traps(expression.tree) if expression.written else _traps_in(expression.text)


@lru_cache(maxsize=REMEMBERED)
def _traps_in(text: str) -> tuple[str, ...]:
    return tuple(traps(compile_expression(text).tree))


def _joined(text: str) -> str:
    """Return how to write an expression that has `${}` around parts of it."""
    whole = _PART.sub(r"\1", text)
    try:
        compile_expression(whole)
    except ExpressionError:
        return ""
    return f"; write {whole}"


def variable(node: "Node") -> str | None:
    """Return x if an expression is `vars.x` and no more, else None."""
    return _member(node, "vars") if len(node["children"]) == 2 else None  # noqa: PLR2004 - vars, x


def _member(node: "Node", root: str) -> str | None:
    """Return x if an expression begins with `root.x`, else None."""
    if node["type"] != "subexpression":
        return None
    of, name = node["children"][:2]
    is_one = of["type"] == name["type"] == "field" and of["value"] == root
    return str(name["value"]) if is_one else None


def root_names(expression: Expression) -> set[str]:
    """Return the roots that an expression names."""
    return {str(node["value"]) for node in of_event(expression.tree) if node["type"] == "field"}


def header_names(expression: Expression) -> Iterator[str | None]:
    """Yield the headers that an expression reads; None where it reads all, or which is unknown."""
    whole = int(uses_whole(expression.tree))
    for node in of_event(expression.tree):
        if node["type"] == "field" and node["value"] == "headers":
            whole += 1
        children = node["children"]
        if node["type"] == "subexpression" and children[0].get("value") == "headers":
            whole -= 1
            yield str(children[1]["value"]) if children[1]["type"] == "field" else None
    yield from [None] * max(0, whole)


def leaves(template: Template, path: Path = ()) -> Iterator[tuple[Path, Template]]:
    """Yield the parts of a template that are neither object nor list, with their paths."""
    if isinstance(template, dict):
        for key, part in template.items():
            yield from leaves(part, (*path, key))
    elif isinstance(template, list):
        for at, part in enumerate(template):
            yield from leaves(part, (*path, at))
    else:
        yield path, template


def dotted(path: Path, place: str = "[{}]") -> str:
    """Return a path as people write it: `recipients[0].email`; `place` is a list's place."""
    steps = (place.format(one) if isinstance(one, int) else f".{one}" for one in path)
    return "".join(steps).removeprefix(".")


def _unknown_root(name: str, roots: Sequence[str], text: str) -> str:
    if value := name if name in VALUES else _VALUES.get(name.lower()):
        return f"a bare {name} is the name of a field; the value is `{value}`, in backticks"
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    called = _CALLED.get(name) or (name.lower() if name.lower() in roots else None)
    if called:
        wrapped = "value" if name == "each" else "event|body"
        own = _OWN_ROOT.sub(r"\1", text) if name == "event" else text
        own = re.sub(rf"(?<![\w.'\"]){name}\b(?:\.(?:{wrapped})\b)*", called, own)
        return f"an event has no {name}; write {own}"
    if not any(map(str.isalnum, name)):
        return (
            f"\"{name}\" in double quotes is a field; write '{name}' in single quotes for the text"
        )
    near = closest(name, roots, _CLOSE)
    field = name if _PLAIN.fullmatch(name) else f'"{name}"'
    hint = f"did you mean {near}, " if near else "did you mean "
    return (
        f"an event has no {name}; {hint}body.{field}, or '{name}' in single quotes for the text?"
        f" (there are: {', '.join(roots)})"
    )


def _nodes(parts: Iterable[str | Expression]) -> int:
    return sum(1 for one in parts if isinstance(one, Expression) for _ in all_nodes(one.tree))


def _out_of_place(name: str, root: str, roots: Sequence[str]) -> str:
    """Return the message for a name that reads a root which there is not where it stands."""
    there = {
        ITEM: "item is there in once and send of a rule with for_each",
        ID_ROOTS[-1]: f"{ID_ROOTS[-1]} is there in event.id",
    }
    only = f"here are only {', '.join(roots)}"
    return f"define.{name} reads {root}; {there.get(root, only)}"


def _of_a_stage(node: "Node", known: Iterable[str]) -> str:
    """Return the mend of a variable that names its stage: `vars.dev.campaign`."""
    of, stage, *rest = (one["value"] for one in node["children"] if one["type"] == "field")
    if of != "vars" or not rest or rest[0] not in known:
        return ""
    return f"vars has those of the stage alone: write vars.{rest[0]}, without {stage}"


def _unknown_member(root: str, name: str, known: Iterable[str]) -> str:
    near = closest(name, known)
    hint = f"; did you mean {root}.{near}?" if near else ""
    if root != "vars":
        return f"{root} has no {name}{hint}"
    return f"vars has no {name} for this stage{hint or f'; write {name} below each stage of vars'}"
