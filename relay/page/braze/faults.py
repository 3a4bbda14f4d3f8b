"""Faults that the page can switch on in the simulated Braze, and what the relay does about them.

Pure: what they are in Braze's control API is made here, and posted elsewhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_FOREVER: Final = "until switched off"
TIMES: Final[Mapping[str, str]] = {
    "1": "1 request",
    "3": "3 requests",
    "10": "10 requests",
    "": _FOREVER,
}
PATHS: Final[Mapping[str, str]] = {
    "": "every request to send",
    "/campaigns/trigger/send": "campaigns",
    "/canvas/trigger/send": "Canvases",
    "/users/track": "profiles and events",
    "/v2/subscription/status/set": "consent",
}


@dataclass(frozen=True, slots=True)
class Button:
    """A fault: its key, its name on the button, what happens, and what the relay does then.

    Those that are `rare` are not seen at first.
    """

    key: str
    name: str
    what: str
    fault: Mapping[str, Any]
    rare: bool = False


def _status(status: int, name: str, what: str, **more: Any) -> Button:
    fault = {"kind": "status", "status": status, **more}
    return Button(str(status), f"{status} {name}", what, fault)


_RETRIED: Final = "tried again after a wait"
_UNKNOWN: Final = f"nobody knows whether it was sent: {_RETRIED}, or held under on_unknown: hold"
BUTTONS: Final = (
    _status(500, "server error", f"Braze fails: {_RETRIED}; after some of them the breaker opens"),
    _status(503, "unavailable", f"Braze is down: {_RETRIED}; after some of them the breaker opens"),
    _status(
        429,
        "rate limited",
        "Braze takes no more for 5 seconds: sent after that",
        headers={"retry-after": "5"},
    ),
    _status(
        401,
        "key refused",
        "The API key is refused: waits until the key is right",
        body={"message": "Invalid API key"},
    ),
    _status(
        400,
        "refused",
        "The request is wrong: a dead letter at once",
        body={"message": "Invalid recipient"},
    ),
    _status(404, "wrong address", "BrazeEndpoint seems wrong: waits until it is right"),
    Button("hang", "No answer", f"Braze never answers: {_UNKNOWN}", {"kind": "hang"}),
    Button(
        "notice",
        "Canvas paused",
        "2xx with the notice that the Canvas is paused: waits until it is resumed",
        {"kind": "notice"},
    ),
    Button(
        "drip",
        "Byte by byte",
        "The answer comes a byte in half a second: its 201 counts, though the rest comes too late",
        {"kind": "drip", "seconds": 0.5, "after": True},
        rare=True,
    ),
    Button(
        "huge",
        "Huge answer",
        "50 MB of answer: read up to a bound, and a 201 counts",
        {"kind": "huge", "after": True},
        rare=True,
    ),
    Button(
        "headless",
        "Endless header",
        "A header that no client reads to its end: the 201 before it counts",
        {"kind": "headless", "after": True},
        rare=True,
    ),
    Button(
        "interim",
        "Interim answer",
        "A 103 before the answer, which comes 5 seconds later: accepted",
        {"kind": "interim"},
        rare=True,
    ),
    Button(
        "stray",
        "Second answer",
        "One more answer that nobody asked for: the first one counts",
        {"kind": "stray"},
        rare=True,
    ),
    Button(
        "errors",
        "Minor error",
        "2xx with an error beside it: accepted, with a warning in the log",
        {"kind": "errors"},
        rare=True,
    ),
    Button(
        "objects",
        "An object refused",
        "2xx that refuses the first object: the others are done, its dead letter holds it alone",
        {"kind": "errors", "objects": "first"},
        rare=True,
    ),
    Button(
        "unknown_notice",
        "Unknown notice",
        "2xx with a notice that the relay does not know: held",
        {"kind": "notice", "body": "Something has changed."},
        rare=True,
    ),
    Button(
        "page",
        "503 page of a proxy",
        f"An HTML page in Braze's place: {_UNKNOWN}",
        {"kind": "status", "status": 503, "body": "<html><h1>Maintenance</h1></html>"},
        rare=True,
    ),
    Button("slow", "Slow", "Braze answers after 5 seconds: accepted", {"kind": "slow"}),
    Button("reset", "Connection reset", f"The connection breaks: {_UNKNOWN}", {"kind": "reset"}),
    Button(
        "cut",
        "Answer cut",
        "The answer ends in its middle: a 201 counts, whatever follows it",
        {"kind": "cut", "after": True},
        rare=True,
    ),
)
_BY_KEY: Final = {one.key: one for one in BUTTONS}


class NoSuchFault(Exception):
    """The form names a fault, a number or a path that the page does not offer."""


def fault_of(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fault that a form asks for, as the control API takes it; raise NoSuchFault."""
    key, times, path = (str(form.get(one, "")) for one in ("fault", "times", "path"))
    if key not in _BY_KEY or times not in TIMES or path not in PATHS:
        raise NoSuchFault("no such fault")
    made = dict(_BY_KEY[key].fault)
    if times:
        made["times"] = int(times)
    if path:
        made["path"] = path
    if form.get("after"):
        made["after"] = True
    return made


def in_force(active: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the active faults in words, those that are used up left out."""
    return [_words(one) for one in active if one["times"] != 0]


def _words(fault: Mapping[str, Any]) -> str:
    left = _FOREVER if fault["times"] is None else f"{fault['times']} left"
    path = fault["path"]
    parts = [
        _name(fault),
        left,
        f"only {PATHS.get(path, path)}" if path else "",
        f"only {fault['target']}" if fault["target"] else "",
        "the request is carried out first" if fault["after"] else "",
        f"with a chance of {fault['probability']:.0%}" if fault["probability"] < 1 else "",
    ]
    return ", ".join(one for one in parts if one)


def _name(fault: Mapping[str, Any]) -> str:
    """Return the name of the button that makes such a fault; of another one its kind."""
    same = [one for one in BUTTONS if all(fault.get(k) == one.fault[k] for k in one.fault)]
    if same:
        return max(same, key=lambda one: len(one.fault)).name
    return f"{fault['kind']} {fault['status'] if fault['kind'] == 'status' else ''}".strip()
