"""Figures of a run, which add up over runs."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from tests.simulation.clock import START
from tests.simulation.invariants import lost
from tests.simulation.objects import Key
from tests.simulation.outcome import Outcome, times_of
from tests.simulation.world import World

Figures = Mapping[str, float]

_HELD: Final = frozenset({"unknown", "notice"})
DEAD: Final = "dead: "


def figures(world: World, seconds: float) -> Figures:
    """Return the counts of a run that took so many seconds of a processor's real time.

    A double is a send beyond the first: `avoidable` ones are more than the unknown outcomes and
    the unrecorded ones account for. `lost` are deliveries; `dead: ...` are letters by reason.
    """
    outcome = Outcome(world)
    wishes = outcome.wishes
    sends = {key: times_of(outcome.sent[key]) for key in wishes if key in outcome.sent}
    return {
        "webhooks": world.setting.webhooks,
        "accepted deliveries": len(wishes),
        "deliveries sent": len(sends),
        "requests": len(world.braze.tried),
        "requests into an outage": sum(_in_outage(world)),
        "lost": sum(1 for _ in lost(outcome)),
        "doubles": sum(sends.values()) - len(sends),
        "doubles, avoidable": sum(count - _allowed(outcome, key) for key, count in _many(outcome)),
        "unknown outcomes": outcome.tried[1].total(),
        "unrecorded": world.on.sink.unrecorded.total(),
        "workers that died": world.story.deaths,
        **_letters(outcome),
        "seconds": seconds,
    }


def total(runs: Iterable[Figures]) -> dict[str, float]:
    """Return the sums over runs."""
    sums: Counter[str] = Counter()
    for run in runs:
        sums.update(run)
    return dict(sums)


def told(sums: Figures) -> Iterator[str]:
    """Yield the sums as lines for a terminal, with the rates that follow from them."""
    width = max(map(len, sums))
    for name, count in sums.items():
        yield f"{name:{width}} {count:>13,.0f}"
    rates = {
        "requests per delivery": sums["requests"] / max(1, sums["deliveries sent"]),
        "outage, % of requests": 100 * sums["requests into an outage"] / max(1, sums["requests"]),
        "webhooks/s in a process": sums["webhooks"] / max(1e-9, sums["seconds"]),
    }
    for name, rate in rates.items():
        yield f"{name:{width}} {rate:>13,.2f}"


def _in_outage(world: World) -> Iterator[bool]:
    times = [(START + begin, START + end) for begin, end, _ in world.setting.outages]
    for one in world.braze.tried:
        yield any(begin <= one.at < end for begin, end in times)


def _many(outcome: Outcome) -> Iterator[tuple[Key, int]]:
    for key, sends in outcome.sent.items():
        if key in outcome.wishes and times_of(sends) > _allowed(outcome, key):
            yield key, times_of(sends)


def _allowed(outcome: Outcome, key: Key) -> int:
    wish = outcome.wishes[key]
    recorded = outcome.world.on.sink.unrecorded
    return 1 if wish.hold else 1 + outcome.tried[1][key] + recorded[wish.id]


def _letters(outcome: Outcome) -> Figures:
    found: Counter[str] = Counter({"held": 0, "dead letters, healthy": 0})
    for key, reasons in outcome.letters.items():
        wish = outcome.wishes.get(key)
        for reason in reasons:
            found["held" if reason in _HELD else DEAD + reason] += 1
            found["dead letters, healthy"] += wish is not None and reason not in wish.may_be_buried
    return found
