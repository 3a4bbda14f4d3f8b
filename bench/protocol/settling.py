"""Settling of a claimed delivery: its mark, its dead letter, its wait."""

from collections.abc import Generator
from typing import Final, NamedTuple

from bench.protocol.calls import Unavailable, call
from bench.protocol.ledger import Claim
from bench.protocol.scene import Invocation, Message, Scene
from handler.core.braze.endpoints import SENDS
from handler.core.braze.outcome import Outcome
from handler.core.delivery.backoff import Timing, wait
from handler.core.delivery.claim_protocol import LedgerState, Settlement, settlement
from handler.core.delivery.horizon import horizon_of
from handler.core.reasons import Reason

TIMING: Final = Timing()
_PAUSE: Final = 0.2
_ALIVE: Final = (LedgerState.FAILED, LedgerState.UNKNOWN)

Settling = Generator[float, None, int | None]  # returns the seconds to wait; None: it is gone


class Member(NamedTuple):
    """A message in the worker's hands, its claim, and whether `send#` says that it was accepted."""

    message: Message
    claim: Claim
    recorded: bool = False


def settle(
    scene: Scene,
    invocation: Invocation,
    member: Member,
    outcome: Outcome,
    last: Reason | None = None,
) -> Settling:
    """Write what an attempt came to; return what becomes of the message."""
    message, claim, _ = member
    policy, age = message.delivery.policy, scene.now - claim.since
    past = Reason.HORIZON if age >= horizon_of(TIMING, SENDS[0].path) else None
    settled = settlement(outcome, policy, last or past)
    seconds = wait(TIMING, outcome, claim.attempt, age, scene.random())
    if settled.state is LedgerState.DEAD:
        try:
            reason = settled.reason or outcome.reason
            yield from call(scene, lambda: scene.judge.buries(message.delivery, reason))
        except Unavailable:
            unsent = outcome.kind in ("rejected", "not_sent")
            state = LedgerState.FAILED if unsent else LedgerState.UNKNOWN
            yield from _mark(scene, invocation, member, Settlement(state))
            return seconds
        yield from _mark(scene, invocation, member, settled)
        return None
    marked = yield from _mark(scene, invocation, member, settled)
    if settled.state in _ALIVE:
        return seconds
    if settled.state is not LedgerState.HELD:
        return None
    if not marked and policy == "hold":
        return seconds
    return (yield from bury(scene, message, settled.reason or "unknown", seconds))


def bury(scene: Scene, message: Message, reason: str, seconds: int) -> Settling:
    """Put a held delivery's letter; where that fails it comes back, and is buried then."""
    try:
        yield from call(scene, lambda: scene.judge.buries(message.delivery, reason))
    except Unavailable:
        return seconds
    return None


def _mark(
    scene: Scene, invocation: Invocation, member: Member, settled: Settlement
) -> Generator[float, None, bool]:
    """Mark while time lasts; return whether it is recorded."""
    until, owned = scene.now + TIMING.marking, False
    while invocation.deadline - scene.now >= TIMING.margin:
        try:
            owned = yield from call(
                scene, lambda: scene.ledger.mark(member.claim, settled, invocation.clock(scene.now))
            )
        except Unavailable:
            if member.recorded or scene.now + _PAUSE > until:
                break
            yield _PAUSE
        else:
            break
    return owned
