"""Encodes sources as a file of compiled rules: a build does, and `compiled_file` reads it.

What is encoded is decoded at once and compared, so that no source is ever served as another one.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from handler.core.errors import RulesError
from handler.core.expressions.defines import DEFINE, label_of
from handler.core.expressions.expression import Expression
from handler.core.expressions.syntax_tree import all_nodes
from handler.core.expressions.template import Template, Text, Whole
from handler.core.rules.compiled_file import digest, head
from handler.core.rules.decode_source import BY_TYPE, FIRST, OF_STAGE, SHARED, decode_source
from handler.core.rules.defines import Define
from handler.core.rules.source import ByType, EventReader, Rule, Source
from handler.core.verification.schemes import (
    BasicScheme,
    HashScheme,
    HmacScheme,
    Scheme,
    TokenScheme,
)

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

_KINDS: Final[Mapping[type[Scheme], str]] = {
    HmacScheme: "hmac",
    HashScheme: "hash",
    TokenScheme: "token",
    BasicScheme: "basic",
}


class Variant(NamedTuple):
    """A source in a stage, None for any: without broadcasts, and with them."""

    name: str
    stage: str | None
    without: Source | RulesError
    broadcasting: Source | RulesError


class NotEncodable(Exception):
    """A source that would not be decoded as what it is."""


class SourceLines:
    """The lines of a file, each once; `texts` begins with the place of the index."""

    def __init__(self) -> None:
        self.texts = [b""]
        self._known: dict[bytes, int] = {}

    def add(self, value: object) -> int:
        """Return the index of the line that holds a value; raise ValueError where JSON has none."""
        text = json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")
        at = self._known.setdefault(text, len(self.texts))
        if at == len(self.texts):
            self.texts.append(text)
        return at


def write_compiled(
    variants: Iterable[Variant], rules: Mapping[str, bytes], code: Mapping[str, bytes]
) -> bytes:
    """Return the content of a file, of sources and what they are made of and by.

    Raise NotEncodable for a source that cannot be in it.
    """
    lines = SourceLines()
    sources: dict[str, list[list[object]]] = {}
    for one in variants:
        at = [encode_source(each, lines) for each in (one.without, one.broadcasting)]
        sources.setdefault(one.name, []).append([one.stage, *at])
    index = {
        "rules": {name: digest(text) for name, text in sorted(rules.items())},
        "code": {name: digest(text) for name, text in sorted(code.items())},
        "sources": sources,
    }
    body = b"\n".join([json.dumps(index).encode("ascii"), *lines.texts[1:]])
    return head(body) + body


def encode_source(source: Source | RulesError, lines: SourceLines) -> int:
    """Return the index of the line of a source, or of an error; raise NotEncodable."""
    if isinstance(source, RulesError):
        given = [[one.file, one.line, one.column, one.message] for one in source.findings]
        return lines.add({"findings": given})
    try:
        at = _encoded(source, lines)
        decoded = decode_source(lines.texts, at)
        if isinstance(decoded, Source) and _is_same(unpacked(decoded), source, lines, at):
            return at
    except (TypeError, ValueError, RecursionError) as error:
        raise NotEncodable(f"{source.name}: {type(error).__name__}") from None
    raise NotEncodable(f"{source.name}: it would be read as another one")


def _is_same(decoded: Source, source: Source, lines: SourceLines, at: int) -> bool:
    """Return whether sources are equal, also in what `==` does not tell apart: 1, 1.0 and true."""
    return decoded == source and _encoded(decoded, lines) == at


def unpacked(source: Source) -> Source:
    """Return a source that was decoded as a loaded one: all its rules are there."""
    names = [one.name for one in fields(Rule)]
    rules = (Rule(**{name: getattr(rule, name) for name in names}) for rule in source.rules)
    return replace(source, rules=tuple(rules), defines=dict(source.defines))


def _encoded(source: Source, lines: SourceLines) -> int:
    names = {name: _define(one) for name, one in source.defines.items()}
    values = {one.name: getattr(source, one.name) for one in fields(Source)}
    return lines.add(
        values
        | {
            "scheme": _scheme(source.scheme),
            "event": _reader(source.event),
            "rules": [_rule(one, lines) for one in source.rules],
            "defines": lines.add(names) if names else None,
        }
    )


def _rule(rule: Rule, lines: SourceLines) -> list[object]:
    first = [getattr(rule, name) for name in FIRST]
    own = (
        {name: _ENCODERS.get(name, _same)(getattr(rule, name)) for name in names}
        for names in (OF_STAGE, SHARED)
    )
    return [*first, *map(lines.add, own)]


def _same(value: object) -> object:
    return value


def _expression(one: Expression | None) -> list[object] | None:
    return None if one is None else _parts(one)


def _parts(expression: Expression) -> list[object]:
    """Return the arguments of `decode_expression`."""
    tree = expression.tree
    labelled = any(DEFINE in node for node in all_nodes(tree))
    if not (labelled or expression.written):
        return [expression.text, tree]
    return [expression.text, _tree(tree), expression.written, labelled]


def _tree(node: "Node") -> dict[str, object]:
    """Return a tree with its labels as objects."""
    children: list[Any] = node["children"]
    if node["type"] != "slice":  # its children are numbers
        children = [_tree(one) for one in children]
    label = label_of(node)
    return {**node, "children": children} | ({DEFINE: asdict(label)} if label else {})


def _template(template: Template) -> object:
    if isinstance(template, Whole):
        return ["whole", *_parts(template.expression)]
    if isinstance(template, Text):
        return ["text", *(one if isinstance(one, str) else _parts(one) for one in template.parts)]
    if isinstance(template, dict):
        return {key: _template(one) for key, one in template.items()}
    return ["list", *map(_template, template)] if isinstance(template, list) else template


_ENCODERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "when": _expression,
    "for_each": _expression,
    "once": _template,
    "send": _template,
    "varying": _template,
    "recipients": lambda templates: [_template(one) for one in templates],
    "keep_empty": sorted,
}


def _define(define: Define) -> dict[str, object]:
    tree = define.known.tree
    return {
        "template": _template(define.template),
        "known": {
            "tree": None if tree is None else _tree(tree),
            "nodes": define.known.nodes,
            "mend": define.known.mend,
        },
        "roots": sorted(define.roots),
        "headers": sorted(define.headers, key=str),
        "problems": sorted(define.problems),
    }


def _reader(reader: EventReader) -> dict[str, object]:
    values = {one.name: getattr(reader, one.name) for one in fields(EventReader)}
    by_type = {name: _by_type(getattr(reader, name)) for name in BY_TYPE}
    return values | by_type | {name: _expression(values[name]) for name in ("type", "events")}


def _by_type(by_type: ByType) -> list[object]:
    return [[glob, _parts(one)] for glob, one in by_type]


def _scheme(scheme: Scheme) -> list[object]:
    return [_KINDS[type(scheme)], scheme._asdict()]
