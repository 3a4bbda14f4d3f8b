"""The names of a rules file's `define`, and the writing out of expressions that use them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from handler.core.errors import ExpressionError
from handler.core.expressions.defines import (
    DEFINE,
    DefinedName,
    WriteOut,
    defined_in,
    label_of,
    name_at,
)
from handler.core.expressions.expression import Expression, check
from handler.core.expressions.syntax_tree import all_nodes, unparse
from handler.core.expressions.template import Text, Whole, expressions

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node


@dataclass(frozen=True, slots=True)
class Define:
    """A name: its template, of which each expression is labelled, and what is known of it.

    `roots` and `headers` are those that it reads, where None is all headers or an unknown one.
    `problems` are its own, which are reported where it stands.
    """

    name: str
    template: Whole | Text
    known: DefinedName
    roots: frozenset[str] = frozenset()
    headers: frozenset[str | None] = frozenset()
    problems: frozenset[str] = frozenset()


class WrittenOut(NamedTuple):
    """An expression without names; `defines` are those that it had, at every depth."""

    template: Whole | Text
    defines: tuple[Define, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Defines:
    """All names of a file, in its order once they are compiled."""

    by_name: dict[str, Define] = field(default_factory=dict)

    def written_out(self, expression: Expression) -> WrittenOut:
        """Return an expression with the expressions of its names in their place."""
        if not any(_is_root(node) for node in all_nodes(expression.tree)):
            return WrittenOut(Whole(expression))
        name = whole_name(expression.tree)
        alias = self.by_name.get(name) if name else None
        if alias is not None and isinstance(alias.template, Text):
            return WrittenOut(alias.template, self.of(*expressions(alias.template)))
        writing = WriteOut({key: one.known for key, one in self.by_name.items()})
        tree = writing.tree(expression.tree)
        problems = [*writing.problems, *(() if writing.problems else _broken(tree))]
        made = Expression(self._text(tree), tree, written=expression.text)
        return WrittenOut(Whole(made), self.of(made), tuple(problems))

    def of(self, *used_in: Expression) -> tuple[Define, ...]:
        """Return the names that expressions had, at every depth."""
        names = {name: None for one in used_in for name in defined_in(one.tree)}
        return tuple(self.by_name[name] for name in names if name in self.by_name)

    def why_text(self, expression: Expression) -> str:
        """Return why an expression that is the name of a text gives no value."""
        return self.by_name[whole_name(expression.tree) or ""].known.mend

    def _text(self, tree: "Node") -> str:
        label = label_of(tree)
        alias = self.by_name.get(label.name) if label else None
        whole = alias.template if alias is not None else None
        return whole.expression.text if isinstance(whole, Whole) else unparse(tree)


def whole_name(tree: "Node") -> str | None:
    """Return x if an expression is `define.x` and no more, else None."""
    steps = tree["children"] if tree["type"] == "subexpression" else []
    is_path = [one["type"] for one in steps] == ["field", "field"]
    return name_at(steps) if is_path else None


def names_in(tree: "Node") -> Iterator[str]:
    """Yield the names that a tree uses, before it is written out."""
    for node in all_nodes(tree):
        steps = node["children"] if node["type"] == "subexpression" else []
        names = (name_at(list(two)) for two in pairwise(steps))
        yield from (name for name in names if name is not None)


def _is_root(node: "Node") -> bool:
    return node["type"] == "field" and node["value"] == DEFINE


def _broken(tree: "Node") -> Iterator[str]:
    """Yield the mistake of an expression that only its names' own expressions show."""
    try:
        check(tree, strict=True)
    except ExpressionError as error:
        yield str(error)
