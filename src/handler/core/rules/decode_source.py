"""Decodes sources from the lines of a file of compiled rules, as `encode_source` wrote them.

A line is JSON. A source is decoded whole but for its rules and its names of `define`, which have
lines of their own: of a rule, what an event is matched with first is there, and the rest is decoded
when it is first asked for. Most rules never see an event of their type while an environment lives.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from handler.core.errors import Finding, RulesError
from handler.core.expressions.defines import DEFINE, Defined, DefinedName
from handler.core.expressions.expression import Expression
from handler.core.expressions.syntax_tree import all_nodes
from handler.core.expressions.template import Template, Text, Whole
from handler.core.json_types import JsonValue
from handler.core.rules.defines import Define
from handler.core.rules.source import ByType, EventReader, Rule, Source
from handler.core.verification.schemes import (
    BasicScheme,
    HashScheme,
    HmacScheme,
    Scheme,
    Signature,
    Timestamp,
    TokenScheme,
)

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

# Of a rule: what stands in its source's line, in a line of its own, and in one that all stages
# share, for ids of campaigns differ and nothing else does.
FIRST: Final = ("name", "types", "enabled")
OF_STAGE: Final = ("send",)
SHARED: Final = tuple(one.name for one in fields(Rule) if one.name not in {*FIRST, *OF_STAGE})
BY_TYPE: Final = ("ids", "times", "binds", "versions", "references")  # of an EventReader
_LATER: Final = frozenset((*OF_STAGE, *SHARED))


def decode_source(lines: Sequence[bytes], at: int) -> Source | RulesError:
    """Return the source, or the error, whose line is at an index of the file's lines."""
    read = json.loads(lines[at])
    if "findings" in read:
        return RulesError([Finding(*one) for one in read["findings"]])
    defines = read["defines"]
    return Source(
        **read
        | {
            "scheme": _scheme(read["scheme"]),
            "event": _reader(read["event"]),
            "rules": tuple(_packed(lines, one) for one in read["rules"]),
            "defines": {} if defines is None else PackedDefines(lines[defines]),
            **{name: tuple(read[name]) for name in ("headers", "content_types", "handshakes")},
        }
    )


class PackedRule(Rule):
    """A rule whose fields but for FIRST are not set until one of them is asked for.

    Python calls `__getattr__` for what is not set; once it is, it is read as any other. A rule
    has no defaults: one would be read in the place of what is not decoded yet.
    """

    __slots__ = ("_lines",)
    _lines: tuple[bytes, ...]

    def __getattr__(self, name: str) -> object:
        """Return a field of the rule: all are decoded."""
        if name not in _LATER:
            raise AttributeError(name)
        for line in self._lines:
            for field, value in json.loads(line).items():
                object.__setattr__(self, field, _DECODERS.get(field, _same)(value))
        return object.__getattribute__(self, name)


class PackedDefines(Mapping[str, Define]):
    """The names of a file's `define`, decoded when one is asked for: no webhook needs them."""

    def __init__(self, line: bytes) -> None:
        self._line = line

    @cached_property
    def _by_name(self) -> dict[str, Define]:
        return {name: _define(name, one) for name, one in json.loads(self._line).items()}

    def __getitem__(self, name: str) -> Define:
        """Return what a name stands for."""
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        """Return the names, in the order of the file."""
        return iter(self._by_name)

    def __len__(self) -> int:
        """Return how many names there are."""
        return len(self._by_name)


def _packed(lines: Sequence[bytes], row: list[Any]) -> Rule:
    """Return a rule of its row in its source's line: FIRST, and the indexes of its two lines."""
    name, types, enabled, *own = row
    rule = object.__new__(PackedRule)
    for field, value in zip(FIRST, (name, tuple(types), enabled), strict=True):
        object.__setattr__(rule, field, value)
    object.__setattr__(rule, "_lines", tuple(lines[at] for at in own))
    return rule


def _same(value: object) -> object:
    return value


def _tuple(value: list[Any] | None) -> tuple[Any, ...] | None:
    return None if value is None else tuple(value)


def _expression(written: list[Any] | None) -> Expression | None:
    return None if written is None else decode_expression(*written)


def decode_expression(
    text: str,
    tree: "Node",
    in_file: str = "",
    labelled: bool = False,  # noqa: FBT001, FBT002 - the items of a list
) -> Expression:
    """Return an expression: its tree needs no parsing. `labelled`, names of `define` are in it."""
    return Expression(text, _relabelled(tree) if labelled else tree, written=in_file)


def _relabelled(tree: "Node") -> "Node":
    """Return a tree just decoded, with its labels as values."""
    for node in all_nodes(tree):
        if DEFINE in node:
            node[DEFINE] = _defined(node[DEFINE])  # type: ignore[typeddict-item] # of ours
    return tree


def _defined(label: dict[str, Any]) -> Defined:
    inner = label["inner"]
    return Defined(**label | {"inner": None if inner is None else _defined(inner)})


def decode_template(written: JsonValue) -> Template:
    """Return a template: in what is written, a list begins with the word for what it is."""
    if isinstance(written, dict):
        return {key: decode_template(one) for key, one in written.items()}
    if not isinstance(written, list):
        return written
    kind: JsonValue = written[0]
    parts: list[Any] = written[1:]
    if kind == "whole":
        return Whole(decode_expression(*parts))
    if kind == "text":
        made = (one if isinstance(one, str) else decode_expression(*one) for one in parts)
        return Text(tuple(made))
    return [decode_template(one) for one in parts]


_DECODERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "when": _expression,
    "for_each": _expression,
    "once": decode_template,
    "send": decode_template,
    "varying": decode_template,
    "recipients": lambda written: tuple(map(decode_template, written)),
    "required": _tuple,
    "keep_empty": frozenset,
    "surge": _tuple,
}


def _define(name: str, written: dict[str, Any]) -> Define:
    known = written["known"]
    tree = known["tree"]
    return Define(
        name,
        decode_template(written["template"]),  # type: ignore[arg-type] # Whole or Text
        DefinedName(**known | {"tree": None if tree is None else _relabelled(tree)}),
        **{name: frozenset(written[name]) for name in ("roots", "headers", "problems")},
    )


def _reader(written: dict[str, Any]) -> EventReader:
    by_type = {name: _by_type(written[name]) for name in BY_TYPE}
    one = {name: _expression(written[name]) for name in ("type", "events")}
    return EventReader(**written | by_type | one)


def _by_type(written: list[list[Any]]) -> ByType:
    return tuple((glob, decode_expression(*one)) for glob, one in written)


def _scheme(written: list[Any]) -> Scheme:
    kind, given = written
    if kind == "token":
        return TokenScheme(**given)
    if kind == "basic":
        return BasicScheme()
    stamp = given["timestamp"]
    values = given | {
        "signature": Signature(*given["signature"]),
        "timestamp": None if stamp is None else Timestamp(*stamp),
        "secret_prefixes": tuple(given["secret_prefixes"]),
    }
    return HmacScheme(**values) if kind == "hmac" else HashScheme(**values)
