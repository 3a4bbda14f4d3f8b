"""Arrival of a delivery: a sender posts it until it is answered 200, and ingest enqueues it."""

from typing import Final

from bench.protocol import faults
from bench.protocol.facts import Delivery
from bench.protocol.scene import START, Scene

_AGAIN: Final = 60.0  # seconds after which a sender posts what was not answered


def arrive(scene: Scene, delivery: Delivery) -> None:
    """Let a webhook come until it is answered; some of them come once more after that."""
    at = START
    while not take(scene, delivery, at):
        at += _AGAIN
    if scene.random() < scene.weather.repeated:
        take(scene, delivery, at + faults.LATER * scene.random())


def take(scene: Scene, delivery: Delivery, at: float) -> bool:
    """Enqueue, as ingest does, which remembers nothing; return whether it is answered 200."""
    begin, end = scene.down
    fault = "error" if begin <= at < end else scene.weather.calls(scene.random())
    if fault not in ("error", "dies_before"):
        scene.send(delivery, at)
    return fault in (None, "slow")
