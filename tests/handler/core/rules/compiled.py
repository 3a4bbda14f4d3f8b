"""Sources that were written as compiled rules and read back, and what they are to the last type."""

from dataclasses import fields, is_dataclass
from typing import Any

from handler.core.rules.compiled_file import read_compiled
from handler.core.rules.encode_source import Variant, unpacked, write_compiled
from handler.core.rules.source import Source


def read_back(source: Source) -> Source:
    """Return a source as a function has it of a file of compiled rules."""
    content = write_compiled([Variant(source.name, None, source, source)], {}, {})
    found = read_compiled(content).sources("dev", broadcasts=False)[source.name]
    assert isinstance(found, Source)
    return found


def exact(value: Any) -> Any:
    """Return a value with the types of all its parts, and with the order of its keys."""
    kind = type(value).__name__
    if isinstance(value, Source):
        value = unpacked(value)
    if is_dataclass(value):
        return kind, {one.name: exact(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, dict):
        return kind, [(key, exact(one)) for key, one in value.items()]
    if isinstance(value, frozenset):
        return kind, sorted(value, key=str)
    return (kind, [exact(one) for one in value]) if isinstance(value, list | tuple) else repr(value)
