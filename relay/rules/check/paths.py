"""Paths in a rule's expressions that no sample event has.

An expression is followed through all samples at once: a name that no object at its place has,
though there are objects, is probably misspelt.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from handler.core.configuration.yaml12 import Path
from handler.core.expressions.defines import DEFINE, label_of
from handler.core.expressions.expression import Expression
from handler.core.expressions.syntax_tree import leading, unparse
from handler.core.expressions.template import Problem, Template, expressions
from handler.core.json_types import kind
from handler.core.rules.compiler import ROOTS, leaves
from handler.core.rules.source import Rule
from handler.core.suggestions import closest
from relay.rules.check.text_lists import contained

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node


@dataclass(frozen=True, slots=True)
class _Seen:
    """The samples' values at a place; without values the place cannot be followed."""

    values: tuple[Any, ...] = ()
    path: str = ""

    def elements(self) -> "_Seen":
        lists = (each for each in self.values if isinstance(each, list))
        return _Seen(tuple(element for one in lists for element in one), f"{self.path}[]")


_NOTHING: Final = _Seen()
_FOLLOWED: Final = ("body.", "body[", "item.")
_SIZES: Final = ("length", "size", "count")
_NO_LISTS: Final = {"string": "text", "number": "a number", "object": "an object"}
_A: Final = {"string": "text", "number": "a number", "boolean": "true or false"}


def unseen(rule: Rule, documents: Sequence[Any]) -> Iterator[Problem]:
    """Yield the paths under body that none of the documents has; nothing without documents.

    A path of this rule is within the rule; one of a name of `define` begins with `define`.
    """
    walk = _Walk(_Seen(tuple(documents)))
    if rule.for_each is not None:
        items = walk.look(rule.for_each.tree, walk.event).elements().values
        yield from ((("for_each",), text) for text in walk.new_notes())
        yield from dict.fromkeys(walk.of_names)
        walk = _Walk(_Seen(tuple({**one, "item": item} for one in documents for item in items)))
    if rule.when is not None:
        walk.look(rule.when.tree, walk.event)
        yield from ((("when",), text) for text in walk.new_notes())
    for path, template in templates(rule):
        for expression in expressions(template):
            walk.look(expression.tree, walk.event)
        yield from ((path, text) for text in walk.new_notes())
    yield from dict.fromkeys(walk.of_names)


def unseen_of(expression: Expression, documents: Sequence[Any]) -> list[str]:
    """Return the paths of one expression that none of the documents has."""
    walk = _Walk(_Seen(tuple(documents)))
    walk.look(expression.tree, walk.event)
    return [*walk.new_notes(), *(text for _, text in dict.fromkeys(walk.of_names))]


def templates(rule: Rule) -> Iterator[tuple[Path, Template]]:
    """Yield the templates of a rule, each with its path."""
    yield ("once",), rule.once
    for path, leaf in (*leaves(dict(rule.send)), *leaves(dict(rule.varying))):
        yield ("send", *path), leaf
    for place, body in rule.bodies:
        for path, leaf in leaves(dict(body)):
            yield (*place, *path), leaf


@dataclass(slots=True)
class _Walk:
    """One walk through the samples, with a note on each path that none of them has.

    What is noted within a name of `define` is about the place of the name.
    """

    event: _Seen
    notes: list[str] = field(default_factory=list)
    of_names: list[tuple[Path, str]] = field(default_factory=list)

    def new_notes(self) -> list[str]:
        """Return the notes since the last call."""
        notes, self.notes = list(dict.fromkeys(self.notes)), []
        return notes

    def look(self, node: "Node", at: _Seen) -> _Seen:
        """Return the values that an expression finds in the samples."""
        before = len(self.notes)
        found = self._look(node, at)
        if label := label_of(node):
            name = list(label.names())[-1].name
            self.of_names += [((DEFINE, name), text) for text in self.notes[before:]]
            del self.notes[before:]
        return found

    def _look(self, node: "Node", at: _Seen) -> _Seen:
        step = _STEPS.get(node["type"])
        if step is not None:
            return step(self, node, at)
        for child in node["children"]:
            self.look(child, at)
        return _NOTHING

    def field(self, node: "Node", at: _Seen) -> _Seen:
        name = node["value"]
        objects = [one for one in at.values if isinstance(one, dict)]
        path = f"{at.path}.{name}" if at.path else name
        found = tuple(one[name] for one in objects if name in one)
        if found or not path.startswith(_FOLLOWED):
            return _Seen(found, path)
        if objects:
            near = closest(name, {key for one in objects for key in one})
            hint = f"; did you mean {near}?" if near else ""
            self.notes.append(f"no sample event has {path}{hint}")
        elif kinds := {kind(one) for one in at.values if one is not None}:
            self.notes += self._plain(kinds, at.path, name)
        return _Seen(found, path)

    def _is_of_event(self, node: "Node", at: _Seen) -> bool:
        """Return whether a path within a list begins with a root that no element has."""
        first = leading(node)
        if first["type"] != "field" or first["value"] not in ROOTS or not at.path.endswith("[]"):
            return False
        elements, events = (
            [first["value"] in one for one in seen.values if isinstance(one, dict)]
            for seen in (at, self.event)
        )
        return any(events) and bool(elements) and not any(elements)

    def _plain(self, kinds: set[str], path: str, name: str) -> Iterator[str]:
        """Yield a note on a name that is looked up where no sample has an object."""
        if name in _SIZES and kinds <= {"array", "string"}:
            yield f"{path} has no {name} of its own; write length({path})"
        elif kinds == {"array"}:
            yield f"{path} is a list in every sample; write {path}[].{name}, or {path}[0].{name}"
        elif len(kinds) == 1:
            last = path.rpartition(".")[2]
            near = next(
                (each for one in self.event.values for each in _places(one, last, name)), ""
            )
            hint = f"; did you mean {near}?" if near else ""
            yield f"{path} is {_A[kinds.pop()]} in every sample{hint}"

    def index(self, _node: "Node", at: _Seen) -> _Seen:
        if at.path.endswith("[]") and at.values and not any(map(_is_list, at.values)):
            each = at.path.removesuffix("[]")
            text = "takes the first of each element, and none is a list; write ...] | [0]"
            self.notes.append(f"[0] behind {each}[...] {text}")
        elif len(kinds := {kind(one) for one in at.values}) == 1 and kinds <= _NO_LISTS.keys():
            mend = "; behind a filter write | [0]" if "[]" in at.path else ""
            what = _NO_LISTS[kinds.pop()]
            self.notes.append(f"{at.path} is {what}, and [0] takes the first of a list{mend}")
        return at.elements()

    def slice(self, _node: "Node", at: _Seen) -> _Seen:
        kinds = {kind(one) for one in at.values}
        if len(kinds) == 1 and kinds <= {"string", "object"}:
            what = _NO_LISTS[kinds.pop()]
            self.notes.append(f"{at.path} is {what}, and [a:b] takes a part of a list alone")
        return at

    def row(self, node: "Node", at: _Seen) -> _Seen:
        if self._is_of_event(node, at):
            self.notes.append(
                f"within {at.path} {leading(node)['value']} is a field of each element; write"
                f" root().{unparse(node)}"
            )
            return _NOTHING
        for child in node["children"]:
            at = self.look(child, at)
        return at

    def projection(self, node: "Node", at: _Seen) -> _Seen:
        base = node["children"][0]
        found = self.look(base, at)
        if not any(one["type"] == "slice" for one in base["children"]):  # it has a note of its own
            self._note_no_list(found)
        elements = found.elements()
        for child in node["children"][2:]:  # a filter's condition
            self.look(child, elements)
        return _Seen((list(self.look(node["children"][1], elements).values),))

    def values(self, node: "Node", at: _Seen) -> _Seen:
        found = self.look(node["children"][0], at)
        objects = (one for one in found.values if isinstance(one, dict))
        inner = _Seen(tuple(value for one in objects for value in one.values()), f"{found.path}.*")
        return _Seen((list(self.look(node["children"][1], inner).values),))

    def flatten(self, node: "Node", at: _Seen) -> _Seen:
        found = self.look(node["children"][0], at)
        self._note_no_list(found)
        lists = (each for each in found.values if isinstance(each, list))
        flat = [
            part for each in lists for one in each for part in (one if _is_list(one) else [one])
        ]
        return _Seen((flat,), found.path)

    def _note_no_list(self, found: _Seen) -> None:
        """Note a value that is taken for a list: of an object, in whichever sample, it is null.

        PHP writes a list as {"0": ..., "2": ...} once an element was taken out of it.
        """
        kinds = {kind(one) for one in found.values if one is not None}
        if "object" in kinds:
            where = "every sample" if len(kinds) == 1 else "a sample"
            text = f"{found.path} is an object in {where}, and [] and [?...] take lists alone"
            self.notes.append(f"{text}; its values are {found.path}.*")
        elif len(kinds) == 1 and kinds <= _NO_LISTS.keys():
            text = f"{found.path} is {_NO_LISTS[kinds.pop()]} in every sample"
            self.notes.append(f"{text}, and [] and [?...] take lists alone")

    def call(self, node: "Node", at: _Seen) -> _Seen:
        if node["value"] == "root":
            return self.event
        given = [each for each in node["children"] if each["type"] != "expref"]
        taken = [self.look(each, at) for each in given]
        if node["value"] == "contains":
            self.notes += contained(node, self._texts(given[0], at))
        for child in node["children"]:
            if child["type"] == "expref":
                for one in taken:
                    self.look(child["children"][0], one.elements())
        return _NOTHING

    def _texts(self, node: "Node", at: _Seen) -> Iterator[object]:
        """Yield what an argument may be in the samples, each alternative of `||` too."""
        if node["type"] == "or_expression":
            for child in node["children"]:
                yield from self._texts(child, at)
        else:
            yield from self.look(node, at).values


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def _places(value: object, last: str, name: str, path: str = "") -> Iterator[str]:
    """Yield the paths of objects called `last` that have that name."""
    for key, part in value.items() if isinstance(value, dict) else ():
        inner = f"{path}.{key}" if path else key
        if key == last and isinstance(part, dict) and name in part:
            yield inner
        yield from _places(part, last, name, inner)


_STEPS: Final[dict[str, Callable[[_Walk, "Node", _Seen], _Seen]]] = {
    "field": _Walk.field,
    "subexpression": _Walk.row,
    "index_expression": _Walk.row,
    "pipe": _Walk.row,
    "projection": _Walk.projection,
    "filter_projection": _Walk.projection,
    "value_projection": _Walk.values,
    "flatten": _Walk.flatten,
    "function_expression": _Walk.call,
    "index": _Walk.index,
    "slice": _Walk.slice,
    "current": lambda _, __, at: at,
    "identity": lambda _, __, at: at,
}
