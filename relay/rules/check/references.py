"""Warnings on references: `event.reference` stands in logs, where nothing of a person may be."""

import re
from collections.abc import Iterator
from typing import Final

from handler.core.expressions.syntax_tree import paths_of, unparse
from handler.core.expressions.template import Problem
from handler.core.rules.source import Source

_PERSONAL: Final = re.compile(
    r"mail|phone|mobile|address|birth|(?:first|last|full|given|family|sur|nick|user)_?name",
    re.IGNORECASE,
)
_PERSON: Final = re.compile(
    r"customer|user|person|contact|billing|shipping|buyer|attendee|invitee|recipient|profile",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"(?:.*\.)?name", re.IGNORECASE)


def personal_references(source: Source) -> Iterator[Problem]:
    """Yield the references that read a person's name, address or telephone number."""
    for _, expression in source.event.references:
        for path in paths_of(expression.tree):
            text = unparse(path)
            if is_personal(text):
                why = "a log holds nothing of a person; take the number of the order"
                yield ("event", "reference"), f"reference reads {text}: {why}"


def is_personal(path: str) -> bool:
    """Return whether a path of a body sounds like what a person is called or reached by."""
    of_person = _NAME.fullmatch(path) and _PERSON.search(path)
    return bool(of_person or _PERSONAL.search(path))
