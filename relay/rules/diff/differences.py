"""Differences of requests, field by field: each is told once, with the webhooks that show it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from relay.rules.cases.result import is_same
from relay.rules.diff.comparison import Change, Kind

_ABSENT: Final = object()
_SAID: Final = frozenset({"id", "rule"})  # in the heading
_RECIPIENTS: Final = "recipients"


@dataclass(slots=True)
class FieldChange:
    """A field that is added, removed or changed: its first values, and the webhooks that show it.

    `is_one` says that all of them have these values.
    """

    path: str
    before: Any
    after: Any
    webhooks: list[str] = field(default_factory=list)
    is_one: bool = True

    @property
    def sort(self) -> Literal["added", "removed", "changed"]:
        """What becomes of the field."""
        if self.before is _ABSENT:
            return "added"
        return "removed" if self.after is _ABSENT else "changed"

    def json(self) -> dict[str, Any]:
        """Return it as JSON; without `before` it is added, without `after` removed."""
        values = {"before": self.before, "after": self.after}
        given = {key: one for key, one in values.items() if one is not _ABSENT}
        return {"path": self.path, **given, "same": self.is_one, "webhooks": self.webhooks}


@dataclass(slots=True)
class Difference:
    """The change of a rule's requests, in all webhooks; `rules` are its old and new name."""

    kind: Kind
    rules: tuple[str, ...]
    why: str
    webhooks: list[str] = field(default_factory=list)
    fields: list[FieldChange] = field(default_factory=list)

    def json(self) -> dict[str, Any]:
        """Return it as JSON."""
        given = {"kind": self.kind, "rules": list(self.rules), "why": self.why}
        return {**given, "webhooks": self.webhooks, "fields": [one.json() for one in self.fields]}


def differences(changes: Iterable[Change]) -> list[Difference]:
    """Return the changes of single requests as differences of rules."""
    found: dict[tuple[Kind, tuple[str, ...], str], Difference] = {}
    fields: dict[tuple[int, str, str], FieldChange] = {}
    for change in changes:
        rules = tuple(
            dict.fromkeys(f"{change.source}/{one['rule']}" for one in _sides(change) if one)
        )
        why = change.why or _failure(change)
        one = found.setdefault((change.kind, rules, why), Difference(change.kind, rules, why))
        _add(one.webhooks, change.webhook)
        for each in _fields(change):
            known = fields.setdefault((id(one), each.path, each.sort), each)
            if known is each:
                one.fields.append(each)
            same = _is_same(known.before, each.before) and _is_same(known.after, each.after)
            known.is_one = known.is_one and same
            _add(known.webhooks, change.webhook)
    return list(found.values())


def _sides(change: Change) -> tuple[dict[str, Any], dict[str, Any]]:
    return change.before, change.after


def _add(webhooks: list[str], name: str) -> None:
    if name not in webhooks[-1:]:  # two requests of one webhook
        webhooks.append(name)


def _failure(change: Change) -> str:
    """Return why a rule fails, or failed."""
    one = change.before or change.after
    return f"{one['reason']}: {one['detail']}" if "reason" in one else ""


def _fields(change: Change) -> Iterator[FieldChange]:
    """Yield the fields in which a request differs; none of a failure, whose reason says it."""
    if _failure(change):
        return
    before, after = (_flat(one, change.place) for one in _sides(change))
    yield from _differing(before, after, "")


def _flat(shown: dict[str, Any], place: int) -> dict[str, Any]:
    """Return a request's fields beside what else is known of it, the recipient at its place."""
    body = dict(shown.get("body", {}))
    if _RECIPIENTS in body:
        (only,) = body[_RECIPIENTS]
        body[f"{_RECIPIENTS}[{place}]"] = only
        del body[_RECIPIENTS]
    rest = {key: one for key, one in shown.items() if key not in (*_SAID, "body")}
    return body | rest


def _differing(before: Any, after: Any, path: str) -> Iterator[FieldChange]:
    if _is_inner(before, after, dict):
        for key in dict.fromkeys([*_or_empty(before), *_or_empty(after)]):
            step = f"{path}.{key}" if path else key
            yield from _differing(_part(before, key), _part(after, key), step)
    elif _is_inner(before, after, list) and len(before) == len(after):
        for at, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differing(old, new, f"{path}[{at}]")
    elif not _is_same(before, after):
        yield FieldChange(path, before, after)


def _is_same(before: Any, after: Any) -> bool:
    """Return whether two values are the same JSON: a field that is absent is like no other."""
    if isinstance(before, dict | list) and isinstance(after, dict | list):
        return is_same({"": before}, {"": after})
    return type(before) is type(after) and bool(before == after)


def _is_inner(before: Any, after: Any, kind: type) -> bool:
    """Return whether the parts of two values are compared, and not the values themselves."""
    if kind is list:
        return isinstance(before, list) and isinstance(after, list)
    there = [one for one in (before, after) if one is not _ABSENT]
    return all(isinstance(one, dict) for one in there) and any(there)


def _or_empty(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _part(value: Any, key: str) -> Any:
    return _ABSENT if value is _ABSENT else value.get(key, _ABSENT)
