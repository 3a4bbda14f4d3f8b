"""Everything of a letter as a page for people: times, causes and JSON as they are read."""

import json
from collections.abc import Mapping
from typing import Any, Final

from relay.console.format import minute
from relay.letters.letter import Letter
from relay.rules.texts import written

_TIMES: Final = ("expires", "since", "dead_at", "lease_until", "at", "time", "accepted_at")
# How an answer stayed away, in the words of deliver's client.
_INTERRUPTED: Final[Mapping[str, str]] = {
    "interrupted": "no answer of Braze's came back",
    "interrupted: broken": "the connection broke after the request began",
    "interrupted: timeout": "no answer came in time",
}


def told_detail(letter: Letter) -> str:
    """Return why a letter is here, for people: an interrupted request's cause as a sentence."""
    return _INTERRUPTED.get(letter.detail, letter.detail)


def page(told: Mapping[str, Any]) -> str:
    """Return everything of a letter as YAML for people; no sign of it can steer a terminal."""
    shown = {key: it for key, it in told.items() if it is not None}
    if "detail" in shown:
        shown["detail"] = _INTERRUPTED.get(shown["detail"], shown["detail"])
    if isinstance(event := shown.get("event"), dict) and isinstance(event.get("raw"), str):
        shown["event"] = {**event, "raw": _laid_out(event["raw"])}
    return written(_dated(shown))


def _laid_out(raw: str) -> Any:
    """Return the value of a webhook's own JSON, to be laid out; what is none as it stands."""
    try:
        return json.loads(raw, object_pairs_hook=_once_each)
    except (ValueError, RecursionError):
        return raw


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object; raise ValueError where a key is in it twice: that is to be seen."""
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return found


def _dated(value: Any, name: str = "") -> Any:
    """Return a value with its times as people read them; those of the event stay as they came."""
    if isinstance(value, dict):
        return {
            key: it if key in ("event", "request") else _dated(it, key) for key, it in value.items()
        }
    if isinstance(value, list):
        return [_dated(it, name) for it in value]
    is_time = name in _TIMES or name.endswith("_at")
    return minute(value) if is_time and isinstance(value, int) else value
