"""Braze in memory, as the worker's ports `post` and `get`: what it was sent, applied, and how it
failed.

Faults of its own, at `braze.post` and `braze.get`, are the kinds in `braze_faults.py`;
`dies_before` and `dies_after` as for AWS. In an outage (`outages`: begin, end, kind) all requests
fail alike.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from handler.core.braze.outcome import HttpResponse
from tests.simulation.braze_faults import NOT_APPLIED, failure
from tests.simulation.braze_objects import TAKES, WINDOWS, Refused, Refuses, breach, taken
from tests.simulation.clock import Time
from tests.simulation.faults import Calm, Fault, Faults
from tests.simulation.line import Died

HOUR: Final = 3_600
DAY: Final = 86_400
MAX_RECIPIENTS: Final = 50  # Braze, "API limits"
_CANVAS: Final = "/canvas/trigger/send"
_PATHS: Final = {"/campaigns/trigger/send": "campaign_id", _CANVAS: "canvas_id"}
_SLOW: Final = 29  # seconds left: calls since its turn may have taken the second to spare
_ENTRY: Final = 1  # second in which a user enters a Canvas once (Braze, "Race conditions")
_TRANSACTIONAL: Final = "/transactional/v1/campaigns/"
_QUEUED: Final = "The external reference has been queued.  Please retry to obtain send_id."
_DETAILS: Final = "/campaigns/details?campaign_id="
_LATENCY: Final = 0.2  # seconds of a good answer


class Applied(NamedTuple):
    """A request that Braze acted on, when, under which key, and its number among all requests.

    `because` is why it has reached nobody all the same; "" where it has.
    """

    at: float
    path: str
    body: dict[str, Any]
    key: str
    number: int
    because: str = ""


@dataclass(slots=True)
class Try:
    """A request as it left the worker; `unknown`: the worker cannot tell whether it was applied.

    `told`: its answer names objects that were left out.
    `doubtful` are those of its deliveries of which nothing is recorded, for the worker has died.
    `left` are the seconds that the worker had left.
    """

    at: float
    path: str
    body: dict[str, Any]
    unknown: bool = False
    doubtful: set[Any] = field(default_factory=set)
    left: float = float("inf")
    told: bool = False


class Pause(NamedTuple):
    """From `begin` until `end` a campaign is paused."""

    begin: float
    end: float
    campaign: str


class Ask(NamedTuple):
    """A request for a campaign's details, and when it ended; `active` is None where it failed."""

    at: float
    campaign: str
    active: bool | None


class Outage(NamedTuple):
    """From `begin` until `end` every request meets this fault."""

    begin: float
    end: float
    fault: Fault


@dataclass(slots=True)
class Braze:
    """A workspace. `keys` are the keys that hold; `rejects` says of a body whether it is a 400,
    and `kills` whether it is the end of its worker.

    `refuses` says of an object in an array why Braze leaves it out; `refused` are those.

    `tried` are all requests, whether they arrived or not; `breaches` are those that nobody should
    make. `begins` and `ends` are told of each, at its worker's end of the line.
    """

    clock: Time
    keys: set[str]
    faults: Faults = field(default_factory=Calm)
    outages: list[Outage] = field(default_factory=list)
    limit: int = 250_000
    rejects: Callable[[dict[str, Any]], bool] = field(default=lambda _: False)
    kills: Callable[[dict[str, Any]], bool] = field(default=lambda _: False)
    refuses: Refuses = field(default=lambda _array, _object: "")
    pauses: list[Pause] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    asked: list[Ask] = field(default_factory=list)
    applied: list[Applied] = field(default_factory=list)
    tried: list[Try] = field(default_factory=list)
    begins: Callable[[Try], None] = field(default=lambda _: None)
    ends: Callable[[Try], None] = field(default=lambda _: None)
    breaches: list[str] = field(default_factory=list)
    _entered: dict[tuple[str, str], Try] = field(default_factory=dict)
    _windows: dict[tuple[str, int], int] = field(default_factory=dict)
    _external: dict[str, float] = field(default_factory=dict)

    def post(self, url: str, body: bytes, key: str, seconds: float) -> HttpResponse:
        """Take one request as the worker's port does: `seconds` are all that it may take."""
        if seconds <= 0:
            return HttpResponse("not_connected", why="no_time")
        one = Try(self.clock(), "/" + url.split("/", 3)[3], json.loads(body), unknown=True)
        self.tried.append(one)
        self.begins(one)
        try:
            answer = self._meet(one, key, seconds)
        finally:
            self.ends(one)
        one.unknown = _is_silent(answer) or _is_from_an_edge(answer)
        one.told = b'"input_array"' in answer.body
        return answer

    def _meet(self, one: Try, key: str, seconds: float) -> HttpResponse:
        fault = self._fault("braze.post")
        if self.kills(one.body) or (fault is not None and fault.kind == "dies_before"):
            raise Died
        number = len(self.tried)

        def act(later: float) -> HttpResponse:
            return self._act(one, key, _Struck(number, later, fault))

        answer = self._answer(one.path, act, seconds, fault)
        if fault is not None and fault.kind == "dies_after":
            raise Died
        return answer

    def get(self, url: str, key: str, seconds: float) -> HttpResponse:
        """Tell of a campaign as the worker's port does."""
        campaign = url.partition(_DETAILS)[2]
        fault = self._fault("braze.get")
        if fault is not None and fault.kind == "dies_before":
            raise Died
        answer = self._answer(_DETAILS, lambda _later: self._details(campaign, key), seconds, fault)
        if fault is not None and fault.kind == "dies_after":
            raise Died
        self.asked.append(Ask(self.clock(), campaign, _active(answer)))
        return answer

    def _details(self, campaign: str, key: str) -> HttpResponse:
        now = self.clock()
        status, words = self._admitted(_DETAILS, key, now)
        if status == 201:
            status, words = 200, {"message": "success", "archived": False, "draft": False}
            words["enabled"] = self._paused(campaign, now) is None
        return self._said(_DETAILS, status, words)

    def _paused(self, target: str, at: float) -> Pause | None:
        found = (one for one in self.pauses if one.campaign == target)
        return next((one for one in found if one.begin <= at < one.end), None)

    def _fault(self, point: str) -> Fault | None:
        now = self.clock()
        for outage in self.outages:
            if outage.begin <= now < outage.end:
                return outage.fault
        return self.faults.at(point)

    def _answer(
        self, path: str, act: Callable[[float], HttpResponse], seconds: float, fault: Fault | None
    ) -> HttpResponse:
        failed = None if fault is None else failure(fault)
        if failed is None:
            self.clock.sleep(_LATENCY / 2)
            answer = act(0)
            self.clock.sleep(_LATENCY / 2)
            return answer
        takes = min(failed.seconds, seconds)
        self.clock.sleep(takes / 2)
        good = None if failed.applies is NOT_APPLIED else act(failed.later)
        self.clock.sleep(takes / 2)
        if failed.seconds >= seconds:  # the worker no longer waits
            return HttpResponse("interrupted", why="timeout")
        return failed.answer(good, self._limits(path, self.clock()))

    def _act(self, one: Try, key: str, struck: "_Struck") -> HttpResponse:
        """Do what was asked, perhaps later; return the answer of a good day."""
        now, number = self.clock(), struck.number
        status, words = self._verdict(one.path, one.body, key, now)
        if status == 201 and "notice" not in words:
            at = now + struck.later
            why = self._in_vain(one, at)
            body, said = self._kept(one, at, struck)
            if body:
                self.applied.append(Applied(at, one.path, body, key, number, why))
            words = {"message": "success", **said, **words}
        return self._said(one.path, status, words)

    def _kept(self, one: Try, at: float, struck: "_Struck") -> tuple[dict[str, Any], Any]:
        """Return what of a request is taken, and what an answer says of it."""
        if one.path not in TAKES:
            return one.body, {"dispatch_id": f"{struck.number:032x}"}
        found = taken(one.body, self.refuses, struck.fault)
        self.refused += (Refused(at, struck.number, array, one) for array, one in found.refused)
        return found.body, found.words

    def _said(self, path: str, status: int, words: Mapping[str, Any]) -> HttpResponse:
        limits = self._limits(path, self.clock())
        return HttpResponse("answered", status, limits, json.dumps(words).encode())

    def _in_vain(self, one: Try, at: float) -> str:
        """Return why a request that Braze takes does not reach all; "" where it does.

        Of the entries into a Canvas that begin within a second it lets one in of each user.
        """
        target = _target(one.path, one.body)
        if self._paused(target, at):
            return "paused"
        if one.path != _CANVAS:
            return ""
        entries = [(target, _who(each)) for each in recipients(one.body)]
        before = [self._entered[entry] for entry in entries if entry in self._entered]
        close = [each for each in before if abs(one.at - each.at) < _ENTRY]
        self._entered.update(dict.fromkeys(entries, one))
        slow = any(each.left < _SLOW for each in (*close, one))
        return "" if not close else "entered after a slow call" if slow else "entered"

    def _verdict(
        self, path: str, body: dict[str, Any], key: str, now: float
    ) -> tuple[int, dict[str, Any]]:
        status, words = self._admitted(path, key, now)
        return self._judged(path, body, now) if status == 201 else (status, words)

    def _admitted(self, path: str, key: str, now: float) -> tuple[int, dict[str, Any]]:
        window, limit, _ = self._window(path, now)
        self._windows[window] = self._windows.get(window, 0) + 1
        if key not in self.keys:
            return 401, {"message": "Error authenticating credentials"}
        if self._windows[window] > limit:
            return 429, {"message": "You have reached your rate limit"}
        return 201, {}

    def _window(self, path: str, now: float) -> tuple[tuple[str, int], int, int]:
        """Return the window in which a request counts, its limit, and when it ends."""
        seconds, limit = WINDOWS.get(path, (HOUR, self.limit))
        number = int(now // seconds)
        return (path if path in WINDOWS else "", number), limit, (number + 1) * seconds

    def _judged(self, path: str, body: dict[str, Any], now: float) -> tuple[int, dict[str, Any]]:
        if wrong := breach(path, body) if path in TAKES else _breach(path, body):
            self.breaches.append(wrong)
            return 400, {"message": wrong}
        if self.rejects(body):
            return 400, {"message": "Recipients invalid"}
        if "external_send_id" in body:
            return self._once(body["external_send_id"], now)
        return 201, {}

    def _once(self, name: str, now: float) -> tuple[int, dict[str, Any]]:
        if now - self._external.get(name, -DAY) < DAY:
            return 400, {"message": _QUEUED}
        self._external[name] = now
        return 201, {}

    def _limits(self, path: str, now: float) -> Mapping[str, str]:
        window, limit, ends = self._window(path, now)
        return {
            "content-type": "application/json",
            "x-ratelimit-limit": str(limit),
            "x-ratelimit-remaining": str(max(0, limit - self._windows.get(window, 0))),
            "x-ratelimit-reset": str(ends),
        }


class _Struck(NamedTuple):
    """A request as it is acted on: its number, so many seconds `later`, and its fault."""

    number: int
    later: float
    fault: Fault | None


def _active(answer: HttpResponse) -> bool | None:
    """Return whether an answer says that a campaign is active; None where it says nothing."""
    try:
        words = json.loads(answer.body) if answer.status == 200 else {}
    except ValueError:
        words = {}
    return words.get("enabled")


def _is_silent(answer: HttpResponse) -> bool:
    return answer.reached == "interrupted" and answer.status != 201


def _is_from_an_edge(answer: HttpResponse) -> bool:
    is_no_answer = answer.status == 200 or (answer.status or 0) >= 500
    return answer.reached == "answered" and is_no_answer and not answer.body.startswith(b"{")


def recipients(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the recipients of a request, whatever its endpoint."""
    return [body["recipient"]] if "recipient" in body else body.get("recipients", [])


def _target(path: str, body: Mapping[str, Any]) -> str:
    if path.startswith(_TRANSACTIONAL):
        return path.removeprefix(_TRANSACTIONAL).removesuffix("/send")
    return str(body.get(_PATHS.get(path, ""), ""))


def _breach(path: str, body: Mapping[str, Any]) -> str:
    """Return what no request of the relay's may be; "" for a good one."""
    if path not in _PATHS and not path.startswith(_TRANSACTIONAL):
        return "an endpoint that is none"
    if not _target(path, body):
        return "no campaign and no Canvas"
    if body.get("broadcast") or "audience" in body:
        return "a broadcast that nobody wrote"
    named = [_who(each) for each in recipients(body)]
    if not named or not all(named):
        return "no recipients, or one without an identifier"
    if len(named) > MAX_RECIPIENTS:
        return f"{len(named)} recipients"
    return "one user twice in a request" if len(set(named)) < len(named) else ""


def _who(recipient: Mapping[str, Any]) -> str:
    for name in ("external_user_id", "user_alias", "email"):
        if recipient.get(name):
            return json.dumps([name, recipient[name]])
    return ""
