"""A call of DynamoDB or SQS that may fail, tried twice as botocore is told to."""

from collections.abc import Callable, Generator
from typing import Final, TypeVar

from bench.protocol.scene import Died, Scene

T = TypeVar("T")
_LATENCY: Final = 0.01


class Unavailable(Exception):
    """The service has not answered; what was asked may have been done."""


def call(scene: Scene, apply: Callable[[], T]) -> Generator[float, None, T]:
    """Make a call; raise Unavailable, or Died."""
    for _ in range(2):
        begin, end = scene.down
        fault = "error" if begin <= scene.now < end else scene.weather.calls(scene.random())
        yield _LATENCY
        if fault is None:
            return apply()
        if fault == "dies_before":
            raise Died
        if fault == "error":
            yield 1.5 * scene.random()
            continue
        found = apply()
        if fault == "dies_after":
            raise Died
        if fault == "slow":
            yield 3 * scene.random()
            return found
        yield 1.0  # its answer is lost
    scene.judge.failed += 1
    raise Unavailable
