"""Lines that show a comparison to people: each difference once, with the webhooks that show it."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import typer

from relay.console.format import counted, few
from relay.rules.diff.comparison import Change, Comparison
from relay.rules.diff.differences import Difference, FieldChange

_TWICE: Final = (
    "New ids: {count}. A rule was renamed, or its once changed: a recipient of the old message\n"
    "gets the new one too when another webhook reports the same event."
)
_COUNTED_TWICE: Final = (
    "Events among them: {count}. Braze counts such an event a second time, with its revenue, when\n"
    "another webhook reports it."
)
_SHOWN: Final = 200  # characters of a value; --json has all
_FEW: Final = 10  # fields of a difference
_COLOURS: Final = {"new id": "red", "fails now": "red", "disappears": "yellow"}


def lines(found: Comparison, told: Sequence[Difference]) -> Iterator[str]:
    """Yield a comparison as lines in colour; typer.echo drops the colour without a terminal."""
    for one in told:
        yield from _difference(one)
    kinds = Counter(change.kind for change in found.changes)
    counts = ", ".join(f"{kind}: {count}" for kind, count in kinds.items()) or "nothing changes"
    yield f"{counted(found.webhooks, 'webhook')} compared; {counts}"
    if found.unseen:
        yield f"no webhook makes a request of: {', '.join(found.unseen)}"
    if kinds["new id"]:
        yield typer.style(_TWICE.format(count=kinds["new id"]), fg="red", bold=True)
    of_events = [one for one in found.changes if one.kind == "new id" and _has_events(one)]
    if of_events:
        yield typer.style(_COUNTED_TWICE.format(count=len(of_events)), fg="red", bold=True)


def _has_events(change: Change) -> bool:
    return "events" in change.after.get("body", {})


def brief(found: Comparison, told: Sequence[Difference]) -> Iterator[str]:
    """Yield a comparison in few lines: no fields of requests that appear or disappear."""
    if not told:
        yield f"no request of {found.webhooks} samples and cases changes"
    for one in told:
        yield f"{_heading(one)} ({len(one.webhooks)} of {found.webhooks} samples and cases)"
        fields = one.fields if one.kind in {"changed", "new id"} else []
        yield from map(_field, fields[:_FEW])
        if len(fields) > _FEW:
            yield f"  and {len(fields) - _FEW} more fields"


def _difference(one: Difference) -> Iterator[str]:
    yield _heading(one)
    yield typer.style(f"  shown by {few(one.webhooks)}", fg="bright_black")
    for each in one.fields:
        yield _field(each)
        if each.webhooks != one.webhooks:
            yield typer.style(f"    shown by {few(each.webhooks)}", fg="bright_black")
    yield ""


def _heading(one: Difference) -> str:
    line = f"{' -> '.join(one.rules)}: {one.kind}"
    line += f", {one.why}" if one.why else ""
    return typer.style(line, fg=_COLOURS.get(one.kind), bold=True)


def _field(each: FieldChange) -> str:
    return f"  {each.path}: {'' if each.is_one else 'for example '}{_values(each)}"


def _values(change: FieldChange) -> str:
    given = change.json()
    sides = [_written(given[side]) if side in given else None for side in ("before", "after")]
    if sides[0] is None:
        return f"+ {sides[1]}"
    return f"- {sides[0]}" if sides[1] is None else f"{sides[0]} -> {sides[1]}"


def _written(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
