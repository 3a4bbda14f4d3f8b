"""Checks of values in an event's properties: texts, and dates in lists. Each can be left out.

Source: braze.com/docs/api/objects_filters/event_object.
"""

import re
from collections.abc import Iterator
from typing import Final

from handler.core.braze.contract.breaches import Breach
from handler.core.braze.contract.custom_attributes import MAX_TEXT
from handler.core.expressions.template import Template

_PLAIN: Final = frozenset({bool, int, float, type(None)})
# Whatever begins as one of Braze's forms of a date: also one that no calendar has.
_DATED: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ].*)?|\d{2}/\d{2}/\d{4}|[A-Z][a-z]{2} \d{2} \d{2} \d{2}:.*",
    re.ASCII,
)


def is_plain(value: object) -> bool:
    """Return whether a value is a scalar that any property takes: most are, and need no more."""
    return len(value) <= MAX_TEXT if isinstance(value, str) else type(value) in _PLAIN


def value_breaches(name: str, value: Template) -> Iterator[Breach]:
    """Yield the values within a property that Braze does not take; `name` is for messages."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        yield Breach((), f"{name}: text has {MAX_TEXT} characters at most", is_vital=False)
    elif isinstance(value, dict):
        for key, part in value.items():
            if not is_plain(part):
                yield from (one.below(key) for one in value_breaches(name, part))
    elif isinstance(value, list):
        yield from _of_list(name, value)


def _of_list(name: str, items: list[Template]) -> Iterator[Breach]:
    texts = [one for one in items if isinstance(one, str)]
    if any(len(one) > MAX_TEXT for one in texts):
        yield Breach((), f"{name}: text has {MAX_TEXT} characters at most", is_vital=False)
    elif any(map(_DATED.fullmatch, texts)):
        text = f"{name}: a list in an event holds no dates; send them as epoch() or one by one"
        yield Breach((), text, is_vital=False)
    for at, item in enumerate(items):
        if not is_plain(item) and not isinstance(item, str):  # texts have been looked at
            yield from (one.below(at) for one in value_breaches(name, item))
