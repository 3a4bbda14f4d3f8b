"""Faults and how often they occur: the kinds of the simulation of the whole relay."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final, NamedTuple, TypeVar

from handler.core.braze.outcome import Outcome
from handler.core.reasons import Reason

T = TypeVar("T")
SECONDS: Final = 15.0  # all that a request may take


class Answer(NamedTuple):
    """What comes of a request: whether Braze applies it, after how long, and what is learned."""

    outcome: Outcome
    applied: bool
    seconds: float = 0.2
    dies: bool = False
    refuses_one: bool = False


ACCEPTED: Final = Outcome("accepted", Reason.ACCEPTED, 201)
REJECTED: Final = Outcome("rejected", Reason.REJECTED, 400)
UNKNOWN: Final = Outcome("unknown", Reason.INTERRUPTED)
_EDGE: Final = Outcome("unknown", Reason.SERVER_ERROR, 502)
_NOTICE: Final = Outcome("held", Reason.NOTICE, 201)
_REFUSED: Final = Outcome("not_sent", Reason.UNREACHABLE)
GOOD: Final = Answer(ACCEPTED, applied=True)
REFUSED: Final = Answer(_REFUSED, applied=False, seconds=0.1)
EDGE: Final = Answer(_EDGE, applied=False)
# Probabilities at each request.
ANSWERS: Final = (
    (Answer(UNKNOWN, applied=False, seconds=SECONDS), 0.01),
    (Answer(UNKNOWN, applied=True, seconds=SECONDS), 0.012),
    (Answer(UNKNOWN, applied=False), 0.005),
    (Answer(UNKNOWN, applied=True), 0.005),
    (REFUSED, 0.012),
    (Answer(Outcome("not_sent", Reason.RATE_LIMITED, 429, wait=7), applied=False), 0.007),
    (Answer(Outcome("not_sent", Reason.SERVER_ERROR, 500), applied=False), 0.01),
    (Answer(Outcome("not_sent", Reason.SERVER_ERROR, 503, wait=30), applied=False), 0.01),
    (EDGE, 0.005),
    (Answer(_EDGE, applied=True), 0.005),
    (Answer(_NOTICE, applied=True), 0.001),
    (Answer(ACCEPTED, applied=True, seconds=12.0), 0.01),
    (Answer(ACCEPTED, applied=True, refuses_one=True), 0.002),
    (Answer(UNKNOWN, applied=False, dies=True), 0.001),
    (Answer(UNKNOWN, applied=True, dies=True), 0.002),
)
# Probabilities at each call of DynamoDB or SQS. An `error` is not applied, of what is `lost` only
# the answer is; both are tried once more.
CALLS: Final = (
    ("error", 0.01),
    ("lost", 0.004),
    ("slow", 0.002),
    ("dies_before", 0.0005),
    ("dies_after", 0.0005),
)
MENDED: Final = 0.3  # of the bad ones are mended and redriven
STORMS: Final = 0.05  # of the scenes have all faults far more often
SKEW: Final = 60.0  # seconds by which a clock may be wrong, either way, where clocks are apart
LATER: Final = 600.0  # seconds in which a second message comes


def drawer(rates: Sequence[tuple[T, float]]) -> Callable[[float], T | None]:
    """Return what maps a number in [0, 1) to a fault; to None for most."""
    sums, kinds = [*accumulate(rate for _, rate in rates)], [kind for kind, _ in rates]
    total = sums[-1]

    def draw(chance: float) -> T | None:
        return None if chance >= total else kinds[bisect_right(sums, chance)]

    return draw


class Weather(NamedTuple):
    """What goes wrong in a scene: at each request and call, and the other probabilities.

    `copied` of the receives another worker receives the message within 5 s; `undone` are
    deletions, `repeated` deliveries that come in a second message, `bad` those that Braze refuses,
    `poison` those that kill the worker that sends them, `held` have `on_unknown: hold`. `outage` of
    the scenes begin in an outage of Braze of up to ten minutes, `down` see DynamoDB and SQS down
    at their beginning for up to 20 s.
    """

    answers: Callable[[float], Answer | None]
    calls: Callable[[float], str | None]
    copied: float
    undone: float
    repeated: float
    bad: float
    poison: float
    held: float
    outage: float
    down: float


def _times(rates: Sequence[tuple[T, float]], factor: float) -> list[tuple[T, float]]:
    return [(kind, factor * rate) for kind, rate in rates]


FAIR: Final = Weather(
    drawer(ANSWERS), drawer(CALLS), copied=0.005, undone=0.002, repeated=0.01, bad=0.01,
    poison=0.0005, held=0.15, outage=0.03, down=0.02,
)  # fmt: skip
# Where two or three faults have to meet. Deaths are the rarest, for five in a row are the mark of
# a delivery that kills its workers.
STORM: Final = Weather(
    drawer(_times(ANSWERS, 4)), drawer([*_times(CALLS[:3], 10), *_times(CALLS[3:], 6)]), copied=0.3,
    undone=0.3, repeated=0.5, bad=0.15, poison=0.005, held=0.4, outage=0.1, down=0.5,
)  # fmt: skip
