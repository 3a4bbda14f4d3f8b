"""What a rule would send, and no sample event has: a field that nobody may ever have seen."""

from collections.abc import Iterable, Iterator
from typing import Final

from pydantic import JsonValue

from handler.core.expressions.template import Template, is_literal
from handler.core.models import Plan
from handler.core.rules.source import Rule, Source

_EACH: Final = "[]"  # behind a list's path: that of its elements


def missing_fields(source: Source, plans: Iterable[Plan]) -> Iterator[str]:
    """Yield the templated fields of rules that are missing in all that was made of the samples.

    A rule that no sample reaches says nothing.
    """
    made = [one for plan in plans for one in (*plan.deliveries, *plan.shadow)]
    for rule in source.rules:
        # Of a broadcast it is the request itself that the event fills.
        recipients = [one.recipient or one.send for one in made if one.rule == rule.name]
        seen = {path for recipient in recipients for path in _present(recipient)}
        for path in dict.fromkeys(_templated(rule)) if recipients else ():
            if path not in seen:
                yield f"{source.name}/{rule.name}: {path.replace(_EACH, '')} is missing"


def _templated(rule: Rule) -> Iterator[str]:
    """Yield the paths, as they come to be in what is sent, of all that an event decides."""
    for recipient in (*rule.recipients, rule.folded):
        yield from _paths(dict(recipient))


def _paths(template: Template, path: str = "") -> Iterator[str]:
    if isinstance(template, dict):
        for key, part in template.items():
            yield from _paths(part, _join(path, key))
    elif isinstance(template, list):
        for part in template:
            yield from _paths(part, f"{path}{_EACH}")
    elif not is_literal(template):
        yield path


def _present(value: JsonValue, path: str = "") -> Iterator[str]:
    """Yield the paths of a value, also of an empty list or object: it is sent."""
    yield path
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _present(part, _join(path, key))
    elif isinstance(value, list):
        for part in value:
            yield from _present(part, f"{path}{_EACH}")


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
