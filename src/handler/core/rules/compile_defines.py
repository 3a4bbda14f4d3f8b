"""Compiles `define`: each name after those that it is made of."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from handler.core.configuration.yaml12 import Path
from handler.core.errors import ExpressionError
from handler.core.expressions.defines import (
    TOO_LONG,
    Defined,
    DefinedName,
    is_of_view,
    label_of,
    labelled,
)
from handler.core.expressions.expression import Expression, compile_expression
from handler.core.expressions.placeholders import placeholder
from handler.core.expressions.syntax_tree import all_nodes, uses_whole
from handler.core.expressions.template import Text, Whole, compile_text, expressions
from handler.core.json_types import JsonValue, a
from handler.core.rules.compiler import ID_ROOTS, Compiler, header_names, root_names
from handler.core.rules.defines import Define, names_in
from handler.core.rules.source import ITEM

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}", re.ASCII)
_NAME_TAKES: Final = "a name takes letters, digits and _, at most 64, and no digit first"
# Of a name with a mistake: it reads the event, so that nothing follows from it.
_BROKEN: Final = compile_expression("body")


def compile_defines(block: Mapping[str, JsonValue], compiler: Compiler) -> None:
    """Compile all names of a file into `compiler.defines`; their mistakes are noted there."""
    read = {name: _read(name, value, compiler) for name, value in block.items()}
    ordered = _Ordered(read, compiler)
    for name in block:
        ordered.compile(name, ())
    found = compiler.defines.by_name
    ready = {name: found[name] for name in block}
    found.clear()
    found.update(ready)


class _Ordered:
    """One walk through the names, those first that others are made of."""

    def __init__(self, read: Mapping[str, Whole | Text | None], compiler: Compiler) -> None:
        self._read = read
        self._compiler = compiler

    def compile(self, name: str, above: tuple[str, ...]) -> None:
        """Compile a name, unless it is compiled already; `above` are made of it."""
        known = self._compiler.defines.by_name
        template = self._read.get(name)
        if name in known or name not in self._read:
            return
        if name in above:
            self._find_circle(above[above.index(name) :])
            return
        if template is None:
            known[name] = _broken(name)
            return
        for expression in expressions(template):
            for inner in names_in(expression.tree):
                self.compile(inner, (*above, name))
        if name not in known:  # it is no part of a circle
            known[name] = _compiled(name, template, self._compiler)

    def _find_circle(self, names: tuple[str, ...]) -> None:
        first = min(names, key=lambda one: self._compiler.line(("define", one)))
        begin = names.index(first)
        ring = (*names[begin:], *names[:begin])
        lines = [f"{one} (line {self._compiler.line(('define', one))})" for one in ring]
        text = f"define.{first} is made of itself: {' -> '.join([*lines, first])}"
        self._compiler.find(("define", first), text)
        for one in names:
            self._compiler.defines.by_name[one] = _broken(one)


def _broken(name: str) -> Define:
    return Define(name, Whole(_BROKEN), DefinedName(_BROKEN.tree))


def _read(name: str, value: JsonValue, compiler: Compiler) -> Whole | Text | None:
    """Return the template of a name as it is written; None where it is none."""
    path: Path = ("define", name)
    if not NAME.fullmatch(name):
        compiler.find(path, f"{name}: {_NAME_TAKES}")
        return None
    if not isinstance(value, str):
        mend = "; an object or a list is one expression too, as in ${{city: body.city}}"
        compiler.find(path, f"{name} takes text with ${{...}}, not {a(value)}{mend}")
        return None
    try:
        template = compile_text(value)
    except ExpressionError as error:
        compiler.find(path, str(error))
        return None
    if isinstance(template, str):
        compiler.find(path, _constant(name, template))
        return None
    return template


def _constant(name: str, text: str) -> str:
    """Return the message for a text without an expression in it."""
    if path := placeholder(text):
        return f"{name} holds no ${{...}}: write {path}"
    try:
        is_expression = compile_expression(text.strip()).tree["type"] not in ("field", "literal")
    except ExpressionError:
        is_expression = False
    if is_expression:
        return f"{name} holds no ${{...}}: write ${{{text.strip()}}}"
    return f"{name} holds no ${{...}}: what is the same for every event stands under vars"


def _compiled(name: str, template: Whole | Text, compiler: Compiler) -> Define:
    path: Path = ("define", name)
    before = len(compiler.findings)
    roots = (*compiler.roots, ITEM, ID_ROOTS[-1])
    made = compiler.named(template, path, roots)
    problems = frozenset(one.message for one in compiler.findings[before:])
    if TOO_LONG in problems:  # once is enough: not for each name that is made of it
        return _broken(name)
    named = _named(made, Defined(name, _written(template)))
    every = list(expressions(named))
    return Define(
        name,
        template=named,
        known=_known(name, named),
        roots=frozenset(root for one in every for root in root_names(one)),
        headers=frozenset(header for one in every for header in header_names(one)),
        problems=problems,
    )


def _named(template: Whole | Text, defined: Defined) -> Whole | Text:
    """Return a template whose expressions are labelled."""
    if isinstance(template, Whole):
        return Whole(_labelled(template.expression, defined))
    return Text(
        tuple(
            one if isinstance(one, str) else _labelled(one, replace(defined, part=at))
            for at, one in enumerate(template.parts)
        )
    )


def _known(name: str, template: Whole | Text) -> DefinedName:
    if isinstance(template, Whole):
        tree = template.expression.tree
        return DefinedName(tree, sum(1 for _ in all_nodes(tree)))
    no_value = f"define.{name} is text with ${{...}} in it, and no value of an expression"
    return DefinedName(None, mend=f"{no_value}{_concat(template)}")


def _concat(text: Text) -> str:
    """Return how to write a text as one expression."""
    pieces = [f"'{one}'" if isinstance(one, str) else f"text({one.text})" for one in text.parts]
    return f": write it as one, ${{concat({', '.join(pieces)})}}"


def _labelled(expression: Expression, defined: Defined) -> Expression:
    reads = root_names(expression)
    whole = uses_whole(expression.tree)
    label = replace(
        defined,
        is_of_item=whole or ITEM in reads,
        is_of_view=whole or is_of_view(frozenset(reads)),
        inner=label_of(expression.tree),
    )
    return replace(expression, tree=labelled(expression.tree, label))


def _written(template: Whole | Text) -> str:
    if isinstance(template, Whole):
        return f"${{{template.expression.text}}}"
    return "".join(one if isinstance(one, str) else f"${{{one.text}}}" for one in template.parts)
