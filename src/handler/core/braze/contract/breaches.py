"""Breaches of what Braze takes in an object: where, why, and what then becomes of the object."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from handler.core.expressions.template import Problem, Template, Text

_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][0-9A-Za-z_-]{0,63}")

_ABSENT: Final = Text(())

Place = tuple[str | int, ...]


class Breach(NamedTuple):
    """A value that Braze does not take, at a place within an object.

    `is_vital` says that the object is nothing without it; any other value can be left out.
    """

    place: Place
    text: str
    is_vital: bool = True

    def below(self, *place: str | int) -> "Breach":
        """Return the breach as it is seen from further above."""
        return self._replace(place=(*place, *self.place))


def problems(
    breaches: Iterable[Breach], template: Template, *place: str | int
) -> Iterator[Problem]:
    """Yield breaches of a template with their places in the file, where an expression is one."""
    for breach in breaches:
        kept, within = place, template
        for step in breach.place:
            part = _part(within, step)
            if part is _ABSENT:
                break
            kept, within = (*kept, step), part
        yield kept, breach.text


def _part(within: Template, step: str | int) -> Template:
    """Return the part of an object or a list that is written at a step."""
    if isinstance(within, dict) and isinstance(step, str):
        return within.get(step, _ABSENT)
    if isinstance(within, list) and isinstance(step, int) and step < len(within):
        return within[step]
    return _ABSENT


def shown(name: str) -> str:
    """Return a name for messages; `*` for one that a webhook may have made up."""
    return name if _PLAIN_NAME.fullmatch(name) else "*"


def dotted(place: Place) -> str:
    """Return a place for messages: `events.properties.products[2].price`."""
    steps = (f".{shown(step)}" if isinstance(step, str) else f"[{step}]" for step in place)
    return "".join(steps).removeprefix(".")
