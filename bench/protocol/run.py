"""Many scenes from a seed, and what they came to."""

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Final

from bench.protocol import faults
from bench.protocol.scene import START, Delivery, Scene
from bench.protocol.worker import made

FAULTS: Final = (
    "lost",
    "doubled, avoidable",
    "healthy in the DLQ",
    "sent by two at a time",
    "unfinished",
)
_LARGEST: Final = 16  # deliveries of a scene: more than one batch
_DAY: Final = 86_400
_HOUR: Final = 3_600
_HELD: Final = frozenset({"unknown", "notice"})


def run(seed: int, deliveries: int) -> Counter[str]:
    """Run so many deliveries in scenes of up to sixteen; return the counts."""
    random, counts = Random(f"{seed}/{deliveries}"), Counter[str]()
    while deliveries > 0:
        size = min(deliveries, random.randrange(1, _LARGEST + 1))
        counts.update(scene(random, size))
        deliveries -= size
    return counts


def scene(random: Random, size: int) -> Counter[str]:
    """Run one scene to its end; then redrive what was mended, and count."""
    deliveries = [made(number, random) for number in range(size)]
    one = Scene(random, deliveries)
    one.run()
    counts = one.counts
    counts["seconds of virtual time"] += int(one.now - START)
    mended = [it for it in deliveries if it.bad and random.random() < faults.MENDED]
    one.now += _HOUR
    for each in mended:
        if each.letters == ["rejected"]:
            each.bad = False
            one.send(each, one.now)
            counts["redriven"] += 1
    one.run()
    for each in deliveries:
        counts.update(_judged(each, is_mended=each in mended and not each.bad))
    return counts


def _judged(each: Delivery, *, is_mended: bool) -> Iterator[str]:
    yield "deliveries"
    if not each.applied and not each.letters[is_mended:]:
        yield "lost"
    yield from ["doubled"] * (each.applied - 1)
    allowed = 1 if each.policy == "hold" else 1 + each.unknown + each.unrecorded
    yield from ["doubled, avoidable"] * (each.applied - allowed)
    yield from ["unrecorded"] * each.unrecorded
    yield from ["unknown outcomes"] * each.unknown
    reasons = {*each.letters[is_mended:]}
    yield from (f"letters: {reason}" for reason in sorted(reasons))
    may = {"rejected"} | _HELD if each.bad else {"worker_lost"} | _HELD if each.poison else _HELD
    if reasons - may or ("unknown" in reasons and not each.bad and each.policy != "hold"):
        yield "healthy in the DLQ"
