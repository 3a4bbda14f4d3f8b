"""Words of DynamoDB's expressions, and the paths and operands that they begin with."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from tests.simulation.reserved import RESERVED
from tests.simulation.values import Invalid, Item, Value

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<word>[#:]?[A-Za-z_0-9]+)|(?P<mark><>|<=|>=|[=<>(),.+\-\[\]]))", re.ASCII
)
_LONGEST: Final = 4096  # bytes of an expression
END: Final = ""

Path = tuple[str | int, ...]
Values = Mapping[str, Value]
Operand = Callable[[Item, Values], Value | None]


def find(item: Item, path: Path) -> Value | None:
    """Return what is at a path of an item; None for nothing."""
    value = item.get(str(path[0]))
    for step in path[1:]:
        if value is None:
            return None
        if isinstance(step, int):
            inside = value.get("L", [])
            value = inside[step] if step < len(inside) else None
        else:
            value = value.get("M", {}).get(step)
    found: Value | None = value
    return found


@dataclass
class Tokens:
    """An expression's words, read from left to right, and which placeholders were used.

    `kind` names the expression in errors, as `ConditionExpression`.
    """

    kind: str
    names: Mapping[str, str]
    known: frozenset[str]
    text: str
    used: set[str] = field(default_factory=set)
    words: list[str] = field(default_factory=list)
    at: int = 0

    def __post_init__(self) -> None:
        if not self.text:
            self.fail("The expression can not be empty;")
        if len(self.text.encode()) > _LONGEST:
            self.fail("Expression size has exceeded the maximum allowed size;")
        place = 0
        text = self.text.rstrip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                self.fail(f'Syntax error; token: "{text[place]}"')
            self.words.append(match["word"] or match["mark"])
            place = match.end()

    def fail(self, why: str) -> NoReturn:
        """Raise Invalid for this expression."""
        raise Invalid(f"Invalid {self.kind}: {why}")

    def peek(self, ahead: int = 0) -> str:
        """Return a word further on, without reading it; END behind the last."""
        place = self.at + ahead
        return self.words[place] if place < len(self.words) else END

    def take(self) -> str:
        """Read a word."""
        word = self.peek()
        if word == END:
            self.fail("Syntax error; token: <EOF>")
        self.at += 1
        return word

    def expect(self, mark: str) -> None:
        """Read this word, or fail."""
        found = self.take()
        if found != mark:
            self.fail(f'Syntax error; token: "{found}"')

    def takes(self, keyword: str) -> bool:
        """Read a keyword, in any case, if it is next; return whether it was."""
        if self.peek().upper() != keyword:
            return False
        self.at += 1
        return True

    def path(self) -> Path:
        """Read a document path, as `scopes.#scope` or `last[0]`."""
        steps: list[str | int] = [self._name()]
        while self.peek() in (".", "["):
            if self.take() == ".":
                steps.append(self._name())
                continue
            index = self.take()
            if not index.isdigit():
                self.fail(f'Syntax error; token: "{index}"')
            steps.append(int(index))
            self.expect("]")
        return tuple(steps)

    def _name(self) -> str:
        word = self.take()
        if word.startswith("#"):
            if word not in self.names:
                self.fail(
                    "An expression attribute name used in the document path is not defined; "
                    f"attribute name: {word}"
                )
            self.used.add(word)
            return self.names[word]
        if not (word[0].isalpha() or word[0] == "_"):
            self.fail(f'Syntax error; token: "{word}"')
        if word.lower() in RESERVED:
            self.fail(f"Attribute name is a reserved keyword; reserved keyword: {word}")
        return word

    def value(self) -> str:
        """Read the name of a value, as `:now`."""
        word = self.take()
        if not word.startswith(":"):
            self.fail(f'Syntax error; token: "{word}"')
        if word not in self.known:
            self.fail(
                "An expression attribute value used in expression is not defined; "
                f"attribute value: {word}"
            )
        self.used.add(word)
        return word


def value_at(path: Path) -> Operand:
    """Return the operand that reads a path."""
    if len(path) == 1:
        name = str(path[0])
        return lambda item, _values: item.get(name)
    return lambda item, _values: find(item, path)


def given(name: str) -> Operand:
    """Return the operand that is a given value."""
    return lambda _item, values: values[name]
