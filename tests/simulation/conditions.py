"""Condition expressions, parsed once into a function of an item and the values.

DynamoDB guide, "Condition and filter expressions, operators, and functions".
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.simulation.tokens import END, Operand, Path, Tokens, Values, find, given, value_at
from tests.simulation.values import ORDERED, SETS, Item, equal, kind_of, ordered

Test = Callable[[Item, Values], bool]

_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_COMPARATORS: Final = ("=", "<>", *_ORDER)
# A value in this place must be of one of these types, whatever the item holds.
Wants = tuple[str, str, tuple[str, ...]]


@dataclass
class Condition:
    """Parses one condition; `wants` are (operator, value, types) to be checked at each call."""

    tokens: Tokens
    wants: list[Wants] = field(default_factory=list)

    def parse(self) -> Test:
        test = self._any()
        if self.tokens.peek() != END:
            self.tokens.fail(f'Syntax error; token: "{self.tokens.peek()}"')
        return test

    def _any(self) -> Test:
        tests = [self._all()]
        while self.tokens.takes("OR"):
            tests.append(self._all())
        return tests[0] if len(tests) == 1 else _any_of(tuple(tests))

    def _all(self) -> Test:
        tests = [self._not()]
        while self.tokens.takes("AND"):
            tests.append(self._not())
        return tests[0] if len(tests) == 1 else _all_of(tuple(tests))

    def _not(self) -> Test:
        if not self.tokens.takes("NOT"):
            return self._one()
        test = self._not()
        return lambda item, values: not test(item, values)

    def _one(self) -> Test:
        if self.tokens.peek() == "(":
            return self._in_parentheses()
        if self.tokens.peek(1) == "(" and self.tokens.peek() != "size":
            return self._function(self.tokens.take())
        left, name = self._operand()
        word = self.tokens.take()
        if word in _COMPARATORS:
            return self._comparison(left, word, name)
        if word.upper() == "IN":
            return self._in(left)
        return self.tokens.fail(f'Syntax error; token: "{word}"')

    def _in_parentheses(self) -> Test:
        self.tokens.expect("(")
        doubled = self.tokens.peek() == "("
        start = self.tokens.at
        test = self._any()
        if doubled and _closes(self.tokens.words, start) == self.tokens.at - 1:
            self.tokens.fail("The expression has redundant parentheses;")
        self.tokens.expect(")")
        return test

    def _operand(self) -> tuple[Operand, str | None]:
        """Read an operand; return it, and the value's name if it is one."""
        word = self.tokens.peek()
        if word.startswith(":"):
            name = self.tokens.value()
            return given(name), name
        if word == "size" and self.tokens.peek(1) == "(":
            self.tokens.take()
            self.tokens.expect("(")
            path = self.tokens.path()
            self.tokens.expect(")")
            return _size_of(path), None
        return value_at(self.tokens.path()), None

    def _comparison(self, left: Operand, word: str, name: str | None) -> Test:
        right, other = self._operand()
        if word in _ORDER:
            self.wants += [(word, each, ORDERED) for each in (name, other) if each]
            test = _ORDER[word]
            return lambda item, values: ordered(left(item, values), right(item, values), test)
        if word == "=":
            return lambda item, values: equal(left(item, values), right(item, values))
        return lambda item, values: not equal(left(item, values), right(item, values))

    def _in(self, value: Operand) -> Test:
        self.tokens.expect("(")
        choices = [self._operand()[0]]
        while self.tokens.takes(","):
            choices.append(self._operand()[0])
        self.tokens.expect(")")
        return lambda item, values: any(
            equal(value(item, values), choice(item, values)) for choice in choices
        )

    def _function(self, name: str) -> Test:
        self.tokens.expect("(")
        path = self.tokens.path()
        test: Test
        if name == "attribute_exists":
            test = _exists(path)
        elif name == "attribute_not_exists":
            exists = _exists(path)
            test = lambda item, values: not exists(item, values)  # noqa: E731 - one of four
        elif name in ("contains", "begins_with"):
            self.tokens.expect(",")
            operand, value = self._operand()
            if name == "begins_with" and value:
                self.wants.append((name, value, ("S", "B")))
            test = (_contains if name == "contains" else _begins)(value_at(path), operand)
        else:
            self.tokens.fail(f"Invalid function name; function: {name}")
        self.tokens.expect(")")
        return test


def _closes(words: list[str], start: int) -> int:
    """Return where the parenthesis that opens at `start` is closed."""
    depth = 0
    for place in range(start, len(words)):
        depth += {"(": 1, ")": -1}.get(words[place], 0)
        if not depth:
            return place
    return len(words)


def _any_of(tests: tuple[Test, ...]) -> Test:
    def test(item: Item, values: Values) -> bool:
        for each in tests:  # noqa: SIM110 - a generator costs more than the tests
            if each(item, values):
                return True
        return False

    return test


def _all_of(tests: tuple[Test, ...]) -> Test:
    def test(item: Item, values: Values) -> bool:
        for each in tests:  # noqa: SIM110 - as above
            if not each(item, values):
                return False
        return True

    return test


def _exists(path: Path) -> Test:
    if len(path) == 1:
        name = path[0]
        return lambda item, _values: name in item
    return lambda item, _values: find(item, path) is not None


def _contains(left: Operand, right: Operand) -> Test:
    def test(item: Item, values: Values) -> bool:
        whole, part = left(item, values), right(item, values)
        if whole is None or part is None:
            return False
        kind, inside = kind_of(whole), kind_of(part)
        if kind == "L":
            return any(equal(each, part) for each in whole["L"])
        if kind in SETS:
            return kind[0] == inside and part[inside] in whole[kind]
        return kind == inside and kind in ("S", "B") and part[kind] in whole[kind]

    return test


def _begins(left: Operand, right: Operand) -> Test:
    def test(item: Item, values: Values) -> bool:
        whole, part = left(item, values), right(item, values)
        if whole is None or part is None or kind_of(whole) != kind_of(part):
            return False
        kind = kind_of(whole)
        return kind in ("S", "B") and bool(whole[kind].startswith(part[kind]))

    return test


def _size_of(path: Path) -> Operand:
    def operand(item: Item, _values: Values) -> dict[str, str] | None:
        value = find(item, path)
        if value is None or kind_of(value) in ("N", "BOOL", "NULL"):
            return None
        content = value[kind_of(value)]
        return {"N": str(len(content.encode() if isinstance(content, str) else content))}

    return operand
