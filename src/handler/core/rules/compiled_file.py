"""The file of compiled rules: what it is made of, and the sources that it has for a deployment.

It is JSON Lines. The first line is the SHA-256 of all that follows, the second the index: digests
of the rules files and of the code that it was made by, and each source's line by stage. A source
whose file has no `vars` is the same in every stage, which is null then.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from handler.core.errors import RulesError
from handler.core.rules.decode_source import decode_source
from handler.core.rules.source import Source

# The module that reads what is compiled: without its text, nothing tells which code this is.
READER: Final = "core/rules/decode_source.py"
_KEYS: Final = ("rules", "code", "sources")  # of the index
_CHARACTERS: Final = 16  # of a digest: it tells versions of a file apart, and proves nothing


class NotUsable(Exception):
    """Compiled rules that are not of these rules files, this code and this deployment."""


@dataclass(frozen=True, slots=True)
class CompiledFile:
    """The content of a file of compiled rules; `lines` are those from the index on."""

    index: Mapping[str, Any]
    lines: list[bytes]

    def check(self, rules: Mapping[str, bytes], code: Mapping[str, bytes]) -> None:
        """Raise NotUsable unless it was made of these files, by name, and by this code.

        A package need not have all of the code: it lacks what its function does not reach.
        """
        made_of, made_by = self.index["rules"], self.index["code"]
        others = sorted(made_of.keys() ^ rules.keys())
        others += [name for name, one in rules.items() if made_of.get(name) != digest(one)]
        if others:
            raise NotUsable(f"they are of other rules: {', '.join(dict.fromkeys(others))}")
        changed = [name for name in made_by if name in code and made_by[name] != digest(code[name])]
        if changed or READER not in code:
            raise NotUsable(f"they are of another relay: {', '.join(changed) or READER}")

    def sources(self, stage: str, *, broadcasts: bool) -> dict[str, Source | RulesError]:
        """Return the sources by name; raise NotUsable where one is not there for the stage."""
        found: dict[str, Source | RulesError] = {}
        for name, variants in self.index["sources"].items():
            try:
                lines = [one[1:] for one in variants if one[0] in (None, stage)]
                if lines:
                    found[name] = decode_source(self.lines, lines[0][broadcasts])
            except (AttributeError, LookupError, TypeError, ValueError):  # edited by hand
                raise NotUsable(f"they are of another relay: {name} cannot be decoded") from None
            if not lines:
                raise NotUsable(f"{name} is not there for stage {stage}")
        return found


def read_compiled(content: bytes) -> CompiledFile:
    """Return what a file holds; raise NotUsable where it is not what was written, whole."""
    begin = content.find(b"\n") + 1
    if content[:begin] != head(memoryview(content)[begin:]):
        raise NotUsable("they are damaged: what was written differs")
    _, *lines = content.split(b"\n")
    try:
        index = json.loads(lines[0])
    except ValueError:
        index = None
    if not isinstance(index, dict) or not all(isinstance(index.get(key), dict) for key in _KEYS):
        raise NotUsable("they are of another relay: their index differs")
    return CompiledFile(index, lines)


def head(body: bytes | memoryview) -> bytes:
    """Return the first line of a file, by all that follows it."""
    return b'"%s"\n' % sha256(body).hexdigest().encode("ascii")


def digest(text: bytes) -> str:
    """Return the digest of a rules file, or of a file of code."""
    return sha256(text).hexdigest()[:_CHARACTERS]
