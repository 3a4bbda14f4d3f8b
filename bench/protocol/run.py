"""Many scenes from a seed, and their counts."""

from collections import Counter
from random import Random
from typing import Final, NamedTuple

from bench.protocol import faults
from bench.protocol.judge import AT_ONCE, AVOIDABLE, BURIED, LOST, UNFINISHED
from bench.protocol.scene import START, Scene
from bench.protocol.taking import arrive
from bench.protocol.worker import deliver

FAULTS: Final = (LOST, AVOIDABLE, BURIED, AT_ONCE, UNFINISHED)
_LARGEST: Final = 16  # deliveries of a scene: more than one batch
_HOUR: Final = 3_600


class Shares(NamedTuple):
    """Which share of the scenes is a storm, and in which the workers' clocks are apart.

    The relay's own workers take the time from DynamoDB, so that theirs never are. Where they are,
    a lease ends early, and it shows whether every update asks for its owner.
    """

    storms: float = faults.STORMS
    apart: float = 0.0


_SHARES: Final = Shares()


def run(seed: int, deliveries: int, shares: Shares = _SHARES) -> Counter[str]:
    """Run so many deliveries in scenes of up to sixteen; return the counts."""
    random, counts = Random(f"{seed}/{deliveries}"), Counter[str]()
    while deliveries > 0:
        size = min(deliveries, random.randrange(1, _LARGEST + 1))
        weather = faults.STORM if random.random() < shares.storms else faults.FAIR
        one = Scene(random, weather, deliver, apart=random.random() < shares.apart)
        counts.update(_played(one, size))
        deliveries -= size
    return counts


def _played(one: Scene, size: int) -> Counter[str]:
    """Run one scene to its end; then redrive what was mended, and count."""
    deliveries = [one.made(number) for number in range(size)]
    for each in deliveries:
        arrive(one, each)
    one.run()
    one.now += _HOUR
    for each in deliveries:
        if set(each.letters) == {"rejected"} and one.random() < faults.MENDED:
            each.bad = False
            each.letters.clear()
            one.send(each, one.now)
            one.counts["redriven"] += 1
    one.run()
    one.judge.closes(deliveries)
    one.counts["seconds of virtual time"] += int(one.now - START)
    return one.counts
