"""YAML as rules files use it: plain JSON values, and the place of each in the file.

The core schema of YAML 1.2.2 (section 10.3.2) and not 1.1's: `on`, `no`, `12:30`, `1_000`,
dates and numbers with leading zeros are text. Mappings have unique text keys. Tags, aliases and
merge keys are refused: each rule is read, and reviewed, where it is written.
"""

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from handler.core.errors import Finding, RulesError
from handler.core.invisible import INVISIBLE, blank_name
from handler.core.json_types import JsonValue

if TYPE_CHECKING:
    from yaml import SafeLoader as _BaseLoader
else:
    _BaseLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Path = tuple[str | int, ...]

_PLAIN: Final = "plain"
_UNTAGGED: Final = {
    _PLAIN,
    "tag:yaml.org,2002:map",
    "tag:yaml.org,2002:seq",
    "tag:yaml.org,2002:str",
}
_CONSTANTS: Final[dict[str, JsonValue]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}
_NOT_BLANK: Final = re.compile(r"\S")
_YES_AND_NO: Final = frozenset(
    word for one in ("yes", "no", "on", "off") for word in (one, one.title(), one.upper())
)
_NOTHING: Final = frozenset({"None", "nil", "undefined"})  # null, in other languages
_RUBY: Final = re.compile(r"\s*#\{([^{}]+)\}")  # Ruby's interpolation
_GLUED: Final = re.compile(f"(?:^|\\s)[A-Za-z_]\\w*:({INVISIBLE.pattern})")
_GLUED_KEY: Final = re.compile(r"([A-Za-z_][\w-]*):([^\s/].*)")
_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_BASED: Final = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_JSON: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
# Keys of these are senders' data: languages that need joiners write them, in quotes or without.
_OF_SENDERS: Final = ("tables",)
_DIGITS: Final = 18  # what surely fits 64 bits
_DEEPEST: Final = 64  # levels, as many as of a webhook
_OPENINGS: Final = ("[", "{", "- ")  # what nests on one line
_FEW: Final = 5_000  # of these cannot exhaust the stack
_MOST: Final = 1_000_000  # characters; some 20,000 rules
_QUOTE: Final = "put the whole value in double quotes"
_LIQUID: Final = (
    "YAML reads {{ as an object within an object: a value of the event is written ${...}; "
    f"if Braze is to fill it in, {_QUOTE}"
)


class Place(NamedTuple):
    """A place in a file; line and column are counted from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Document:
    """A file's value, and the place of every path in it: of its key, or of a list's item."""

    file: str
    value: JsonValue = None
    places: dict[Path, Place] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    empty: list[Path] = field(default_factory=list)  # keys and items without any value
    # Text here, and true, false or null in other YAML or languages.
    foreign_words: dict[Path, str] = field(default_factory=dict)

    def finding(self, path: Path, message: str) -> Finding:
        """Return a finding at a path, or at the nearest of its parents that the file has."""
        if message.endswith("takes an object") and (text := self._text(path)):
            found = _GLUED_KEY.fullmatch(text)
            message += f": a blank belongs after the colon: {found[1]}: {found[2]}" if found else ""
        while path and path not in self.places:
            path = path[:-1]
        return Finding(self.file, *self.places.get(path, Place(1, 1)), message)

    def _text(self, path: Path) -> str:
        """Return the text at a path, or none."""
        value: Any = self.value
        for step in path:
            try:
                value = value[step]
            except (LookupError, TypeError):
                return ""
        return value if isinstance(value, str) else ""


def load(text: str, file: str) -> Document:
    """Return a YAML text's value with its places; raise RulesError with every mistake."""
    document = Document(file)
    if len(text) > _MOST:
        raise RulesError([Finding(file, 1, 1, f"the file is longer than {_MOST:,} characters")])
    try:
        if sum(map(text.count, _OPENINGS)) > _FEW:
            _find_depth(text)
        node = yaml.compose(text, Loader=_Loader)
        if node is None:
            raise RulesError([Finding(file, 1, 1, "the file is empty")])
        document.value = _Reading(document, text).value(node, ())
    except yaml.YAMLError as error:
        from handler.core.configuration.shown_lines import without_secrets  # noqa: PLC0415 - for mistakes
        from handler.core.configuration.yaml_errors import unreadable  # noqa: PLC0415 - for mistakes

        raise RulesError(without_secrets([unreadable(error, text, file)], text)) from None
    except RecursionError:
        raise RulesError([Finding(file, 1, 1, "the file is nested too deeply")]) from None
    if document.findings:
        raise RulesError(document.findings)
    return document


def _find_depth(text: str) -> None:
    """Raise RecursionError before the parser, which is written in C, would end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _FEW:
            raise RecursionError


class _Loader(_BaseLoader):
    """A loader that leaves every untagged scalar, quoted or not, to `_Reading`."""

    DEFAULT_SCALAR_TAG = _PLAIN  # type: ignore[misc]  # final in the stubs, an option in the code
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own name and shape


class _Reading:
    """One walk over the composed nodes."""

    def __init__(self, document: Document, text: str) -> None:
        self._document = document
        self._lines = [*text.splitlines(), ""]  # the end of a file can be after its last line
        self._seen: set[int] = set()

    def value(self, node: yaml.Node, path: Path) -> JsonValue:
        self._document.places.setdefault(path, _place(node))
        if id(node) in self._seen:
            self._find(node, "aliases are not used in rules files: write the block out")
            return None
        self._seen.add(id(node))
        if len(path) > _DEEPEST:
            self._find(node, f"the file is nested too deeply: it has at most {_DEEPEST} levels")
            return None
        if node.tag not in _UNTAGGED:
            self._find(node, f"YAML reads {node.tag} as a tag, because of the leading !: {_QUOTE}")
        if self._lines[node.start_mark.line].startswith("&", node.start_mark.column):
            self._find(node, f"YAML drops the word behind a leading & as an anchor: {_QUOTE}")
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, at)) for at, item in enumerate(node.value)]
        if node.tag != _PLAIN or getattr(node, "style", None):
            return str(node.value)
        return self._plain(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, JsonValue]:
        result: dict[str, JsonValue] = {}
        for at, (key, item) in enumerate(node.value):
            if not isinstance(key, yaml.ScalarNode):
                is_liquid = isinstance(key, yaml.MappingNode)
                self._find(key, _LIQUID if is_liquid else "a key is one line of text")
                continue
            if key.value in result:
                first = self._document.places[*path, key.value]
                self._find(key, f"{key.value} stands here twice, first in line {first.line}")
                continue
            if not key.style and path[:1] != _OF_SENDERS and (found := INVISIBLE.search(key.value)):
                name = blank_name(found[0])
                self._find(key, f"there is {name} in this key: write ordinary blanks, or none")
            if self._is_without_colon(node, at):
                self._find_commas(node, at, next(reversed(result.items()), None))
            if key.value == "<<" and not key.style:
                self._find(key, "merge keys are not used in rules files: write the block out")
            self._document.places[*path, key.value] = _place(key)
            result[key.value] = self.value(item, (*path, key.value))
        return result

    def _find_commas(
        self, node: yaml.MappingNode, at: int, before: tuple[str, JsonValue] | None
    ) -> None:
        """Note the rest of a value that has commas: at its first comma, with the whole value."""
        key, value = node.value[at][0], before[1] if before else None
        if at > 1 and self._is_without_colon(node, at - 1):
            return  # it is told with the first one
        rests = [key.value]
        while at + 1 < len(node.value) and self._is_without_colon(node, at + 1):
            at += 1
            rests.append(node.value[at][0].value)
        text = f"within {{ }} a comma ends a value, and {key.value} has none"
        if before is not None and value is not None and not isinstance(value, (dict, list)):
            text += f': write {before[0]}: "{", ".join([str(value), *rests])}"'
        self._find(key, text)

    def _is_without_colon(self, node: yaml.MappingNode, at: int) -> bool:
        """Return whether a key is the rest of a value that has a comma: `{note: Hello, you}`."""
        key, item = node.value[at]
        if not at or not node.flow_style or not isinstance(key, yaml.ScalarNode):
            return False
        is_empty = isinstance(item, yaml.ScalarNode) and not item.value and not item.style
        return is_empty and self._next(key) != ":"

    def _plain(self, node: yaml.Node, path: Path) -> JsonValue:
        text: str = node.value
        self._find_comment(node, text)
        self._find_foreign(node, path, text)
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INTEGER.fullmatch(text) or _BASED.fullmatch(text):
            if len(text) > _DIGITS:
                self._find(node, f"this number is too long: as an id, {_QUOTE}")
                return None
            return int(text, 0)
        if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
        if _FLOAT.fullmatch(text) or _NOT_JSON.fullmatch(text):
            self._find(node, f"JSON has no such number: if text is meant, {_QUOTE}")
        return text

    def _next(self, node: yaml.Node) -> str:
        """Return the character behind a node and its blanks; a long line is not copied for it."""
        line, column = self._lines[node.end_mark.line], node.end_mark.column
        found = _NOT_BLANK.search(line, column)
        return found[0] if found else ""

    def _rest(self, node: yaml.Node) -> str:
        return self._lines[node.end_mark.line][node.end_mark.column :]

    def _find_comment(self, node: yaml.Node, text: str) -> None:
        """Note a value, or a part of one, that YAML drops as a comment."""
        if self._next(node) == "#" and "${" in self._rest(node):
            self._find(node, f"YAML drops what follows ' #' as a comment: {_QUOTE}")
        elif not text and (found := _RUBY.match(self._rest(node))):
            mend = f"for the event's value write ${{{found[1].strip()}}}"
            self._find(node, f"YAML drops {found[0].strip()} as a comment: {mend}")

    def _find_foreign(self, node: yaml.Node, path: Path, text: str) -> None:
        """Note invisible characters for blanks, no value at all, and others' booleans and null."""
        if found := _GLUED.search(text):
            name = blank_name(found[1])
            self._find(node, f"there is {name} after a colon: write an ordinary blank, or {_QUOTE}")
        if not text:
            self._document.empty.append(path)
        if text in _YES_AND_NO or text in _NOTHING:
            self._document.foreign_words[path] = text

    def _find(self, node: yaml.Node, message: str) -> None:
        self._document.findings.append(Finding(self._document.file, *_place(node), message))


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
