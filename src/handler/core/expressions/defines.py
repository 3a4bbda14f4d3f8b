"""Names for expressions: `define.user` is the expression that the file's `define` has for `user`.

A parsed expression is written out before anything looks at it: in place of the name stands the
tree of what it names, and the first node of that carries a label, a `Defined`. All checks see
through names by that. Only the evaluation reads the label: a name has its value once an event.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from handler.core.expressions.nulls import Nulls
from handler.core.expressions.syntax_tree import MOVING, all_nodes, gives_each, is_root, leading
from handler.core.json_types import JsonValue
from handler.core.suggestions import closest

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

DEFINE: Final = "define"  # the root of these names, and the key of the label in a node
MAX_NODES: Final = 2_000  # of one expression, written out; people write some 20
TOO_LONG: Final = f"written out, it has more than {MAX_NODES:,} parts"
_OF_VIEW: Final = frozenset({"headers", "type", "occurred_at", "received_at"})


@dataclass(frozen=True, slots=True)
class Defined:
    """The label of a name on the tree that it stands for.

    `text` is what the file has for the name. `is_of_item` says that the value can differ between
    the elements of `for_each`, `is_of_view` between an event and its signed part. `part`
    is the place in a text, `inner` the name that this one is another name for.
    """

    name: str
    text: str
    is_of_item: bool = False
    is_of_view: bool = False
    part: int = 0
    inner: "Defined | None" = None

    def names(self) -> "Iterator[Defined]":
        """Yield the label, and those that it is another name for."""
        one: Defined | None = self
        while one is not None:
            yield one
            one = one.inner


class DefinedName(NamedTuple):
    """The meaning of a name: its labelled tree; None where it can stand in no expression.

    `mend` says how to write it so that it can. `nodes` is the size of the tree.
    """

    tree: "Node | None"
    nodes: int = 1
    mend: str = ""


class DefinedValue(NamedTuple):
    """The value of a name on an event, or its failure, and the steps that it costs.

    `of_nulls` are the steps that only a search for nulls pays; without one there are no `nulls`.
    """

    value: object
    nulls: Nulls | None
    steps: int
    of_nulls: int
    error: Exception | None = None


Outcomes = dict[tuple[object, ...], DefinedValue]


@dataclass(frozen=True, slots=True)
class Roots:
    """The roots that expressions see, with the values that names already have on this event.

    `is_signed` says that they are the signed part of it. `of_item` holds the values of those names
    that read the element of `for_each`: it ends with the element.
    """

    values: dict[str, JsonValue]
    is_signed: bool = False
    outcomes: Outcomes = field(default_factory=dict)
    of_item: Outcomes = field(default_factory=dict)

    def place(self, defined: Defined) -> tuple[Outcomes, tuple[object, ...]]:
        """Return where the value of a name is kept, and its key: all that share it have one."""
        *_, last = defined.names()
        view = self.is_signed if last.is_of_view else None
        return self.of_item if last.is_of_item else self.outcomes, (last.name, last.part, view)


# In place of a name with a mistake: no further finding follows from it.
_NOTHING: "Final[Node]" = {"type": "field", "value": "body", "children": []}


class WriteOut:
    """The writing out of one expression; `problems` are those of the names in it."""

    def __init__(self, known: Mapping[str, DefinedName]) -> None:
        self.problems: list[str] = []
        self._known = known
        self._nodes = 0

    def tree(self, node: "Node", *, here: bool = True) -> "Node":
        """Return a tree with the trees of its names; `here` says that it sees the event."""
        if node["type"] == "slice":
            return node
        if node["type"] == "subexpression":
            return self._path(node, here=here)
        if node["type"] == "pipe":
            left, right = node["children"]
            passes = _passes(left, here=here)
            both = [self.tree(left, here=here), self.tree(right, here=passes)]
            return {**node, "children": both}
        if here and node["type"] == "field" and node["value"] == DEFINE:
            self.problems.append("define holds names: write the name too, as in define.user")
            return _NOTHING
        inner = here and node["type"] != "expref"
        children = [
            self.tree(child, here=inner and (at == 0 or node["type"] not in MOVING))
            for at, child in enumerate(node["children"])
        ]
        return {**node, "children": children}

    def _path(self, node: "Node", *, here: bool) -> "Node":
        """Return a path with the tree of a name that it begins with, or that follows `root()`."""
        steps = node["children"]
        at = 1 if _passes(steps[0], here=here) else 0  # the steps that only lead to the event
        name = name_at(steps[at : at + 2])
        if name is None:
            return {**node, "children": [*self._steps(steps, here=here)]}
        if not (here or at):
            if self._known:  # else a field of that name is nothing special
                known = name in self._known
                self.problems.append(_within(name) if known else unknown(name, self._known))
            return {**node, "children": [*self._steps(steps, here=False)]}
        found = self._within_step(steps[at + 1], self._found(name))
        if at:
            found = {"type": "pipe", "children": [steps[0], found]}  # type: ignore[typeddict-item] # value is not read
        rest = [self.tree(one, here=False) for one in steps[at + 2 :]]
        if gives_each(found) and rest:
            self.problems.append(_of_list(name))
        return {**node, "children": [found, *rest]} if rest else found

    def _within_step(self, step: "Node", found: "Node") -> "Node":
        """Return a step with the tree of the name that it begins with: `x[0]` of `define.x[0]`."""
        if step["type"] == "field":
            return found
        first, *rest = step["children"]
        written = [self.tree(one, here=False) for one in rest]
        return {**step, "children": [self._within_step(first, found), *written]}

    def _steps(self, steps: "list[Node]", *, here: bool) -> "Iterator[Node]":
        sees = here
        for step in steps:
            yield self.tree(step, here=sees)
            sees = _passes(step, here=sees)

    def _found(self, name: str) -> "Node":
        known = self._known.get(name)
        if known is None:
            self.problems.append(unknown(name, self._known))
        elif known.tree is None:
            self.problems.append(known.mend)
        elif self._nodes + known.nodes > MAX_NODES:
            self.problems.append(TOO_LONG)
        else:
            self._nodes += known.nodes
            return known.tree
        return _NOTHING


def unknown(name: str, known: Mapping[str, object]) -> str:
    """Return the message for a name that the file does not define."""
    if not known:
        return f"there is no define.{name}: names stand under define, at the top of the file"
    near = closest(name, known)
    hint = f"; did you mean define.{near}?" if near else f" (there are: {', '.join(known)})"
    return f"there is no define.{name}{hint}"


def labelled(tree: "Node", defined: Defined) -> "Node":
    """Return a tree with a label on its first node."""
    return {**tree, DEFINE: defined}  # type: ignore[typeddict-unknown-key] # of ours


def label_of(node: "Node") -> Defined | None:
    """Return the label of a node, or None."""
    return node.get(DEFINE)  # type: ignore[return-value]  # of ours


def unlabelled(node: "Node") -> "Node":
    """Return a tree without labels, for comparisons."""
    children = node["children"]
    if node["type"] != "slice":  # its children are numbers
        children = [unlabelled(one) for one in children]
    bare = {key: one for key, one in node.items() if key != DEFINE}
    return {**bare, "children": children}  # type: ignore[typeddict-item] # a node


def defined_in(tree: "Node") -> dict[str, Defined]:
    """Return the names in a tree, the outermost first, with their labels."""
    labels = (label_of(node) for node in all_nodes(tree))
    return {one.name: one for label in labels if label is not None for one in label.names()}


def is_of_view(roots: frozenset[str]) -> bool:
    """Return whether a value that is made of these roots may differ in the signed part."""
    return bool(_OF_VIEW & roots)


def name_at(steps: "list[Node]") -> str | None:
    """Return the name that the first two steps of a path are, or None."""
    if len(steps) < 2 or steps[0]["type"] != "field" or steps[0]["value"] != DEFINE:  # noqa: PLR2004 - define, and the name
        return None
    first = leading(steps[1])
    return str(first["value"]) if first["type"] == "field" else None


def _passes(node: "Node", *, here: bool) -> bool:
    return is_root(node) or (here and node["type"] == "current")


def _of_list(name: str) -> str:
    return (
        f"define.{name} gives a list, which has no such field: write define.{name}[] before it for"
        f" each of its elements, define.{name} | [0] for the first"
    )


def _within(name: str) -> str:
    return (
        f"define.{name} is a field of each element here: write root().define.{name},"
        f" or @.define.{name} for the field"
    )
