"""The ways in which a request to Braze goes wrong, by name.

An answer that carries Braze's JSON says that nothing was sent, below 200 excepted; one without it
comes from something in between, and the request was applied or not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from handler.core.braze.outcome import HttpResponse
from tests.simulation.faults import Fault
from tests.simulation.wired import Told, interim, read, written

Headers = Mapping[str, str]
Making = Callable[[HttpResponse | None, Headers], HttpResponse]
_FOREVER: Final = 1e9  # seconds: longer than any request may take


class Applies(Enum):
    """Whether Braze does what a request asks before it goes wrong."""

    NO = 0
    YES = 1


NOT_APPLIED: Final = Applies.NO
APPLIED: Final = Applies.YES


@dataclass(frozen=True, slots=True)
class Failure:
    """One way: whether it is applied, how many seconds `later`, how long it takes, its answer."""

    applies: Applies
    answer: Making
    seconds: float = 0.1
    later: float = 0.0


def failure(fault: Fault) -> Failure | None:
    """Return what a fault of this name does; None for those that a good answer goes with."""
    if fault.kind in ("dies_before", "dies_after"):
        return None
    if fault.kind == "slow":
        return Failure(APPLIED, _good, fault.seconds)
    if fault.kind == "late":  # it times out, and is applied after that
        return Failure(APPLIED, _good, _FOREVER, fault.seconds)
    return FAILURES.get(fault.kind) or OF_ARRAYS[fault.kind]


def _good(answer: HttpResponse | None, _limits: Headers) -> HttpResponse:
    assert answer is not None
    return answer


def _never(reached: str, why: str) -> Making:
    def making(_answer: HttpResponse | None, _limits: Headers) -> HttpResponse:
        if reached == "interrupted":
            return HttpResponse("interrupted", why=why)
        return HttpResponse("not_connected", why=why)

    return making


def _says(status: int, body: bytes, headers: Headers | None = None) -> Making:
    """Answer so; with the usual headers, or with these alone."""

    def making(_answer: HttpResponse | None, limits: Headers) -> HttpResponse:
        return HttpResponse("answered", status, limits if headers is None else headers, body)

    return making


def _with(body: bytes) -> Making:
    """Answer as on a good day, but with this body, unless the answer was not a good one."""

    def making(answer: HttpResponse | None, limits: Headers) -> HttpResponse:
        if answer is None or answer.status != 201:
            return _good(answer, limits)
        return HttpResponse("answered", answer.status, limits, body)

    return making


def _cut(answer: HttpResponse | None, _limits: Headers) -> HttpResponse:
    good = _good(answer, {})
    return HttpResponse(
        "answered", good.status, good.headers, good.body[:10], cut=True, why="broken"
    )


def _after(before: bytes) -> Making:
    """Answer as on a good day, after interim answers; what is read of it is the client's own."""

    def making(answer: HttpResponse | None, limits: Headers) -> HttpResponse:
        return read(Told(before + written(_good(answer, limits)), ends=True))

    return making


def _raw(raw: bytes) -> Making:
    """Say this, and end the connection."""
    return lambda _answer, _limits: read(Told(raw, ends=True))


def _headless(answer: HttpResponse | None, limits: Headers) -> HttpResponse:
    """Answer with more headers than the client reads."""
    status = _good(answer, limits).status
    return read(Told(f"HTTP/1.1 {status} S\r\n".encode() + b"X: 1\r\n" * 120, ends=True))


_LIMITED: Final = b'{"message": "You have reached your rate limit"}'
_SORRY: Final = b'{"message": "Internal server error"}'
_HTML: Final = b"<html><body>Bad gateway</body></html>"
_UNKNOWN_ID: Final = b'{"message": "Invalid Campaign ID"}'

FAILURES: Final[Mapping[str, Failure]] = {
    "refused": Failure(NOT_APPLIED, _never("not_connected", "refused")),
    "dns": Failure(NOT_APPLIED, _never("not_connected", "dns")),
    "timeout": Failure(NOT_APPLIED, _never("interrupted", "timeout"), _FOREVER),
    "timeout_applied": Failure(APPLIED, _good, _FOREVER),
    "reset": Failure(NOT_APPLIED, _never("interrupted", "broken")),
    "reset_applied": Failure(APPLIED, _never("interrupted", "broken")),
    "limited": Failure(NOT_APPLIED, _says(429, _LIMITED)),
    "limited_seconds": Failure(NOT_APPLIED, _says(429, _LIMITED, {"retry-after": "7"})),
    "limited_mad": Failure(NOT_APPLIED, _says(429, _LIMITED, {"x-ratelimit-reset": "nan"})),
    "limited_bare": Failure(NOT_APPLIED, _says(429, _LIMITED, {})),
    "server_error": Failure(NOT_APPLIED, _says(500, _SORRY)),
    "unavailable": Failure(NOT_APPLIED, _says(503, _SORRY, {"retry-after": "30"})),
    "edge": Failure(NOT_APPLIED, _says(502, _HTML, {})),
    "edge_applied": Failure(APPLIED, _says(504, _HTML, {})),
    "page": Failure(NOT_APPLIED, _says(200, _HTML, {})),
    "page_applied": Failure(APPLIED, _says(200, _HTML, {})),
    "interim": Failure(APPLIED, _after(interim(103))),
    "interim_many": Failure(APPLIED, _after(interim(102, 103, 100, 103))),
    "interim_alone": Failure(NOT_APPLIED, _raw(interim(103))),
    "interim_alone_applied": Failure(APPLIED, _raw(interim(102, 103))),
    "headless": Failure(APPLIED, _headless),
    "unknown_target": Failure(NOT_APPLIED, _says(400, _UNKNOWN_ID)),
    "key_refused": Failure(NOT_APPLIED, _says(401, b'{"message": "Unknown REST API Key"}')),
    "forbidden": Failure(NOT_APPLIED, _says(403, b'{"message": "Access denied"}')),
    "not_found": Failure(NOT_APPLIED, _says(404, b'{"message": "Not found"}')),
    "cut": Failure(APPLIED, _cut),
    "unreadable": Failure(APPLIED, _with(b"\x1f\x8b")),
    "errors": Failure(
        APPLIED, _with(b'{"message": "success", "dispatch_id": "d", "errors": [{"type": "x"}]}')
    ),
    "notice": Failure(
        APPLIED, _with(b'{"notice": "The campaign looks new to us", "dispatch_id": "d"}')
    ),
}
# Of requests that hold arrays: see `braze_objects.taken`. Others are answered as on a good day.
OF_ARRAYS: Final[Mapping[str, Failure]] = dict.fromkeys(
    ("errors_some", "errors_all", "errors_nowhere"), Failure(APPLIED, _good)
)
