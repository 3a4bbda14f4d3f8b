"""Update expressions, parsed once into a function from an item and values to the next item.

DynamoDB guide, "Using update expressions in DynamoDB".
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from tests.simulation.conditions import Wants
from tests.simulation.tokens import END, Operand, Path, Tokens, Values, find, given, value_at
from tests.simulation.values import SETS, Invalid, Item, Value, kind_of, total

Change = Callable[[Item, Values, Item], None]
_ADDED: Final = ("N", *SETS)
_WRONG_TYPE: Final = "An operand in the update expression has an incorrect data type"
_NO_PARENT: Final = "The document path provided in the update expression is invalid for update"


@dataclass
class Update:
    """Parses one update; `paths` are those that it writes, `wants` as a condition's."""

    tokens: Tokens
    wants: list[Wants] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)

    def parse(self) -> tuple[Change, ...]:
        clauses: dict[str, list[Change]] = {}
        readers = {
            "SET": self._set, "REMOVE": self._remove, "ADD": self._add, "DELETE": self._delete,
        }  # fmt: skip
        while self.tokens.peek() != END:
            word = self.tokens.take()
            clause = word.upper()
            if clause not in readers:
                self.tokens.fail(f'Syntax error; token: "{word}"')
            if clause in clauses:
                self.tokens.fail(
                    f'The "{clause}" section can only be used once in an update expression;'
                )
            clauses[clause] = [readers[clause]()]
            while self.tokens.takes(","):
                clauses[clause].append(readers[clause]())
        return tuple(change for clause in readers for change in clauses.get(clause, []))

    def _target(self) -> Path:
        path = self.tokens.path()
        for other in self.paths:
            shorter = min(len(path), len(other))
            if path[:shorter] == other[:shorter]:
                self.tokens.fail(
                    "Two document paths overlap with each other; must remove or rewrite one of "
                    f"these paths; path one: {_shown(other)}, path two: {_shown(path)}"
                )
        self.paths.append(path)
        return path

    def _set(self) -> Change:
        path = self._target()
        self.tokens.expect("=")
        operand = self._sum()

        def change(before: Item, values: Values, after: Item) -> None:
            value = operand(before, values)
            if value is None:
                raise Invalid(
                    "The provided expression refers to an attribute that does not exist in the item"
                )
            put(after, path, value)

        return change

    def _sum(self) -> Operand:
        start = self.tokens.at
        left = self._operand()
        sign = self.tokens.peek()
        if sign not in ("+", "-"):
            return left
        self.tokens.take()
        right = self._operand()
        factor = 1 if sign == "+" else -1
        self.wants += [(sign, name, ("N",)) for name in self._read(start)]

        def operand(item: Item, values: Values) -> Value | None:
            first, second = left(item, values), right(item, values)
            if first is None or second is None:
                return None
            return _sum_of(first, second, factor)

        return operand

    def _read(self, start: int) -> list[str]:
        """Return the values among the words from a place on."""
        words = self.tokens.words[start : self.tokens.at]
        return [word for word in words if word.startswith(":")]

    def _operand(self) -> Operand:
        word = self.tokens.peek()
        if word.startswith(":"):
            return given(self.tokens.value())
        if self.tokens.peek(1) != "(":
            return value_at(self.tokens.path())
        self.tokens.take()
        self.tokens.expect("(")
        if word == "if_not_exists":
            path = self.tokens.path()
            self.tokens.expect(",")
            operand = _first_of(path, self._operand())
        elif word == "list_append":
            first = self._operand()
            self.tokens.expect(",")
            operand = _joined(first, self._operand())
        else:
            self.tokens.fail(f"Invalid function name; function: {word}")
        self.tokens.expect(")")
        return operand

    def _remove(self) -> Change:
        path = self._target()
        return lambda _before, _values, after: take_away(after, path)

    def _add(self) -> Change:
        path, name = self._target(), self.tokens.value()
        self.wants.append(("ADD", name, _ADDED))
        return lambda before, values, after: put(
            after, path, _added(find(before, path), values[name])
        )

    def _delete(self) -> Change:
        path, name = self._target(), self.tokens.value()
        self.wants.append(("DELETE", name, SETS))

        def change(before: Item, values: Values, after: Item) -> None:
            value, less = find(before, path), values[name]
            if value is None:
                return
            kind = kind_of(less)
            if kind_of(value) != kind:
                raise Invalid(_WRONG_TYPE)
            left = [each for each in value[kind] if each not in less[kind]]
            if left:
                put(after, path, {kind: left})
            else:
                take_away(after, path)

        return change


def put(item: Item, path: Path, value: Value) -> None:
    """Put a value at a path of an item whose top level is its own; copy what is changed below."""
    if len(path) == 1:
        item[str(path[0])] = value
        return
    parent = find(item, path[:-1])
    step = path[-1]
    if parent is None or kind_of(parent) != ("L" if isinstance(step, int) else "M"):
        raise Invalid(_NO_PARENT)
    if isinstance(step, int):
        inside = [*parent["L"]]
        inside[step : step + 1] = [value]  # beyond the end: it is put at the end
        put(item, path[:-1], {"L": inside})
    else:
        put(item, path[:-1], {"M": {**parent["M"], step: value}})


def take_away(item: Item, path: Path) -> None:
    """Take away what is at a path; nothing is there: nothing happens, if its parent is there."""
    if len(path) == 1:
        item.pop(str(path[0]), None)
        return
    parent = find(item, path[:-1])
    step = path[-1]
    if parent is None or kind_of(parent) != ("L" if isinstance(step, int) else "M"):
        raise Invalid(_NO_PARENT)
    kind, inside = kind_of(parent), parent[kind_of(parent)]
    if isinstance(step, int):
        put(item, path[:-1], {kind: inside[:step] + inside[step + 1 :]})
    else:
        put(item, path[:-1], {kind: {name: inside[name] for name in inside if name != step}})


def _shown(path: Path) -> str:
    return f"[{', '.join(map(str, path))}]"


def _sum_of(first: Value, second: Value, factor: int) -> Value:
    if "N" not in first or "N" not in second:
        raise Invalid(_WRONG_TYPE)
    return total(first, second, factor)


def _first_of(path: Path, otherwise: Operand) -> Operand:
    def operand(item: Item, values: Values) -> Value | None:
        found = find(item, path)
        return otherwise(item, values) if found is None else found

    return operand


def _joined(first: Operand, second: Operand) -> Operand:
    def operand(item: Item, values: Values) -> Value | None:
        left, right = first(item, values), second(item, values)
        if left is None or right is None:
            return None
        if "L" not in left or "L" not in right:
            raise Invalid(_WRONG_TYPE)
        return {"L": left["L"] + right["L"]}

    return operand


def _added(value: Value | None, more: Value) -> Value:
    if value is None:
        return more
    kind = kind_of(more)
    if kind_of(value) != kind:
        raise Invalid(_WRONG_TYPE)
    if kind == "N":
        return _sum_of(value, more, 1)
    return {kind: sorted({*value[kind], *more[kind]})}
