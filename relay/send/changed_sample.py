"""Changes of a sample: a value at a path, as rules write it (`body.line_items[0].quantity`)."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pydantic import JsonValue

from handler.core.suggestions import closest
from relay.webhooks.samples import Sample

# A step of a path: a name, a quoted name, or an index.
_STEP: Final = re.compile(
    r'(?:^|\.)([A-Za-z_]\w*)|(?:^|\.)"((?:[^"\\]|\\.)+)"|\[(\d{1,6})\]', re.ASCII
)
_SHOWN: Final = 60  # characters of a value
Step = str | int
Path = tuple[Step, ...]


class WrongChange(Exception):
    """A change that cannot be made; the text says why, and what was probably meant."""


@dataclass(frozen=True, slots=True)
class Override:
    """A value to be set at a path, both as typed."""

    path: str
    value: str

    @classmethod
    def of(cls, text: str) -> "Override":
        """Return the change in PATH=VALUE; raise WrongChange."""
        path, sign, value = text.partition("=")
        if not sign:
            raise WrongChange(f"{text}: takes PATH=VALUE, such as body.total_price=5")
        return cls(path.strip(), value)


def steps_of(path: str) -> Path | None:
    """Return the steps of a plain path, from its root on; None for any other expression."""
    found: list[Step] = []
    at = 0
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None or (step[3] and not found):
            return None
        try:
            quoted = json.loads(f'"{step[2]}"') if step[2] else step[1]
        except ValueError:  # an escape that JSON does not have
            return None
        found.append(int(step[3]) if step[3] else quoted)
        at = step.end()
    return tuple(found) if len(found) > 1 else None


def value_at(sample: Sample, path: Path) -> JsonValue:
    """Return the value at a path; None where there is none."""
    value: JsonValue = _whole(sample)
    for step in path:
        value = _child(value, step)
    return value


def put(sample: Sample, path: Path, value: JsonValue) -> Sample:
    """Return the sample with a value at a path whose parents are there."""
    root, *rest = path
    new = _put(_whole(sample)[str(root)], tuple(rest), value)
    if root == "body":
        return replace(sample, body=new)
    texts = {name: str(one) for name, one in new.items()} if isinstance(new, dict) else {}
    return replace(sample, headers=texts)


def changed(sample: Sample, changes: Iterable[Override]) -> tuple[Sample, list[str]]:
    """Return the sample with all changes made, and notes on what was not there before.

    Raise WrongChange where a path leads nowhere, or a value is of another kind than the old one.
    """
    notes: list[str] = []
    for one in changes:
        path = steps_of(one.path)
        if path is None or path[0] not in ("body", "headers"):
            raise WrongChange(f"{one.path}: a path begins with body. or headers., as in rules")
        _check(sample, path)
        old = value_at(sample, path)
        if old is None and path[-1] not in _keys(value_at(sample, path[:-1])):
            notes.append(_added(sample, path, one.path))
        sample = put(sample, path, _typed(one, old, is_header=path[0] == "headers"))
    return sample, notes


def _whole(sample: Sample) -> dict[str, JsonValue]:
    headers: dict[str, JsonValue] = {name.lower(): one for name, one in sample.headers.items()}
    return {"headers": headers, "body": sample.body}


def _child(value: JsonValue, step: Step) -> JsonValue:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int):
        return value[step] if step < len(value) else None
    return None


def _put(value: JsonValue, path: Path, new: JsonValue) -> JsonValue:
    if not path:
        return new
    step, *rest = path
    inner = _put(_child(value, step), tuple(rest), new)
    if isinstance(value, list) and isinstance(step, int):
        return [*value[:step], inner, *value[step + 1 :]]
    return {**(value if isinstance(value, dict) else {}), str(step): inner}


def _keys(value: JsonValue) -> list[Step]:
    if isinstance(value, list):
        return list(range(len(value)))
    return list(value) if isinstance(value, dict) else []


def _check(sample: Sample, path: Path) -> None:
    """Raise WrongChange where the parent of a path's last step is not there."""
    for at in range(1, len(path)):
        inner, step = value_at(sample, path[:at]), path[at]
        is_last = at == len(path) - 1
        if isinstance(step, int):
            if not isinstance(inner, list) or step >= len(inner):
                size = len(inner) if isinstance(inner, list) else 0
                raise WrongChange(
                    f"{written(path[: at + 1])}: {written(path[:at])} has {size} items"
                )
        elif not isinstance(inner, dict) or (not is_last and step not in inner):
            near = _near(str(step), inner)
            raise WrongChange(f"the sample has no {written(path[: at + 1])}{near}")


def _near(name: str, value: JsonValue) -> str:
    near = closest(name, [str(one) for one in _keys(value)])
    return f"; did you mean {near}?" if near else ""


def _added(sample: Sample, path: Path, text: str) -> str:
    near = _near(str(path[-1]), value_at(sample, path[:-1]))
    return f"the sample had no {text}: it is added{near}"


def written(path: Path) -> str:
    """Return a path as rules write it."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step if re.fullmatch(r"[A-Za-z_]\w*", step, re.ASCII) else json.dumps(step)
            text += f".{name}" if text else name
    return text


def _typed(change: Override, old: JsonValue, *, is_header: bool) -> JsonValue:
    """Return the value that was typed: text stays text, a number a number; null is always null."""
    try:
        value: JsonValue = json.loads(change.value)
    except ValueError:
        value = change.value
    if is_header:
        return change.value
    if isinstance(old, str):
        return value if value is None or isinstance(value, str) else change.value
    if old is not None and value is not None and _kind(value) != _kind(old):
        problem = f"{change.path} is {_kind(old)} ({json.dumps(old)[:_SHOWN]}), not {_kind(value)}"
        raise WrongChange(problem)
    return value


def _kind(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true or false"
    kinds: Mapping[type, str] = {str: "text", int: "a number", float: "a number", list: "a list"}
    return kinds.get(type(value), "an object")
