"""Expressions of a call, compiled once for each text of them and then kept."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from tests.simulation.conditions import Condition, Test, Wants
from tests.simulation.tokens import Path, Tokens, Values, find
from tests.simulation.updates import Change, Update
from tests.simulation.values import Invalid, Item, kind_of

_WORDS: Final = {
    "S": "STRING", "N": "NUMBER", "B": "BINARY", "BOOL": "BOOLEAN", "NULL": "NULL", "M": "MAP",
    "L": "LIST", "SS": "STRING_SET", "NS": "NUMBER_SET", "BS": "BINARY_SET",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Program:
    """A condition (None: always), the changes of an update, and the paths that they write."""

    test: Test | None
    changes: tuple[Change, ...]
    paths: tuple[Path, ...]
    wants: tuple[Wants, ...]

    def check(self, values: Values) -> None:
        """Raise Invalid where a given value is of a type that its operator never takes."""
        for operator, name, kinds in self.wants:
            kind = kind_of(values[name])
            if kind not in kinds:
                raise Invalid(
                    "Incorrect operand type for operator or function; operator or function: "
                    f"{operator}, operand type: {_WORDS[kind]}"
                )

    def part(self, item: Item) -> Item:
        """Return of an item only what the update writes, as UPDATED_OLD and UPDATED_NEW do."""
        found: Item = {}
        for path in self.paths:
            value: Any = find(item, path)
            if value is None:
                continue
            for step in reversed(path[1:]):
                value = {"L": [value]} if isinstance(step, int) else {"M": {step: value}}
            name = str(path[0])
            if "M" in value and name in found:
                value = {"M": {**found[name]["M"], **value["M"]}}
            found[name] = value
        return found


def program(given: Mapping[str, Any], values: Values) -> Program:
    """Return what a call's parameters ask for; raise Invalid for what DynamoDB refuses."""
    names = given.get("ExpressionAttributeNames")
    return _compiled(
        given.get("UpdateExpression"),
        given.get("ConditionExpression"),
        tuple(names.items()) if names is not None else None,
        tuple(values) if "ExpressionAttributeValues" in given else None,
    )


@lru_cache(maxsize=1024)
def _compiled(
    update: str | None,
    condition: str | None,
    pairs: tuple[tuple[str, str], ...] | None,
    values: tuple[str, ...] | None,
) -> Program:
    names, known = dict(pairs or ()), frozenset(values or ())
    _check_placeholders(pairs, "Names", "#")
    _check_placeholders(values, "Values", ":")
    used: set[str] = set()
    changes: tuple[Change, ...] = ()
    paths: tuple[Path, ...] = ()
    wants: list[Wants] = []
    test = None
    if update is not None:
        writer = Update(Tokens("UpdateExpression", names, known, update, used))
        changes, paths = writer.parse(), tuple(writer.paths)
        wants += writer.wants
    if condition is not None:
        reader = Condition(Tokens("ConditionExpression", names, known, condition, used))
        test = reader.parse()
        wants += reader.wants
    _check_used(names, used, "Names")
    _check_used(known, used, "Values")
    return Program(test, changes, paths, tuple(wants))


def _check_placeholders(
    given: tuple[tuple[str, str], ...] | tuple[str, ...] | None, what: str, mark: str
) -> None:
    if given is None:
        return
    if not given:
        raise Invalid(f"ExpressionAttribute{what} must not be empty")
    for each in given:
        word = each if isinstance(each, str) else each[0]
        if not word.startswith(mark) or not word[1:].replace("_", "a").isalnum():
            raise Invalid(
                f'ExpressionAttribute{what} contains invalid key: Syntax error; key: "{word}"'
            )


def _check_used(given: Collection[str], used: set[str], what: str) -> None:
    unused = [name for name in given if name not in used]
    if unused:
        raise Invalid(
            f"Value provided in ExpressionAttribute{what} unused in expressions: "
            f"keys: {{{', '.join(unused)}}}"
        )
