"""Required values of a rule: paths in a request, without whose value nothing is sent.

A path names no place in a list: it stands for all items.
"""

from collections.abc import Mapping

from handler.core.expressions.json_values import missing
from handler.core.expressions.template import Template, Text, Whole
from handler.core.json_types import JsonValue
from handler.core.rules.source import Rule


def is_required(path: str, rule: Rule) -> bool:
    """Return whether a rule requires the value at a path, or one within it."""
    return any(f"{one}.".startswith(f"{path}.") for one in rule.required)


def has(value: JsonValue | Mapping[str, JsonValue], path: str) -> bool:
    """Return whether there is something to send at a path, in each item of the lists on its way."""
    key, _, rest = path.partition(".")
    if isinstance(value, list):
        return bool(value) and all(has(one, path) for one in value)
    if not isinstance(value, Mapping) or key not in value:
        return False
    part = value[key]
    return has(part, rest) if rest else not missing(part) and part not in ([], {})


def is_written(template: Template | Mapping[str, Template], path: str) -> bool:
    """Return whether a template has a path, or an expression that may make it."""
    if isinstance(template, Whole | Text):
        return True
    if isinstance(template, list):
        return any(is_written(one, path) for one in template)
    key, _, rest = path.partition(".")
    if not isinstance(template, Mapping) or key not in template:
        return False
    return not rest or is_written(template[key], rest)
