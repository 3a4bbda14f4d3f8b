"""A worker's way through a batch, step by step, as in the handlers."""

from collections.abc import Generator
from typing import Any, Final, NamedTuple

from bench.protocol.calls import Unavailable, call
from bench.protocol.ledger import Claim
from bench.protocol.scene import Invocation, Message, Scene
from bench.protocol.sending import Verdicts, send
from bench.protocol.settling import Member, bury, settle
from handler.core.braze.outcome import Outcome
from handler.core.delivery.backoff import Timing, wait
from handler.core.delivery.claim_protocol import MOST_LOST, Record, Refusal, State
from handler.core.reasons import Reason

TIMING: Final = Timing()
_AWAY: Final = Outcome("not_sent", Reason.UNAVAILABLE)
_LOST: Final = Outcome("unknown", Reason.WORKER_LOST)

Doing = Generator[float, None, Any]


def deliver(scene: Scene, invocation: Invocation) -> Doing:
    """Deliver a batch, and give back what has to come again."""
    verdicts: Verdicts = {}
    alone: list[Message] = []
    for group in _groups(invocation.batch):
        yield from _dispatch(scene, invocation, group, verdicts, alone)
    for message in alone:
        yield from _dispatch(scene, invocation, [message], verdicts, None)
    yield from _give_back(scene, invocation, verdicts)


def _groups(batch: list[Message]) -> list[list[Message]]:
    """Return which go together: no user twice, and what may not be sent twice goes alone."""
    requests: list[tuple[list[Message], set[int]]] = []
    singles = []
    for message in batch:
        user = message.delivery.user
        if message.delivery.policy == "hold":
            singles.append([message])
            continue
        members, users = next((it for it in requests if user not in it[1]), ([], set()))
        if not members:
            requests.append((members, users))
        members.append(message)
        users.add(user)
    return [members for members, _ in requests] + singles


def _dispatch(
    scene: Scene,
    invocation: Invocation,
    group: list[Message],
    verdicts: Verdicts,
    alone: list[Message] | None,
) -> Doing:
    """Send what goes together; what has to go by itself is put into `alone`, if that is given."""
    scene.owners += 1
    owner, members = f"o{scene.owners}", list[Member]()
    for message in group:
        found = yield from _claimed(scene, invocation, message, owner)
        if isinstance(found, Lost) and alone is None:
            found = yield from _taken(scene, invocation, message, owner, found)
        if isinstance(found, Member):
            members.append(found)
        elif not isinstance(found, Lost):
            verdicts[id(message)] = found
        elif alone is not None:
            alone.append(message)
    yield from _send(scene, invocation, members, verdicts)


def _send(scene: Scene, invocation: Invocation, members: list[Member], verdicts: Verdicts) -> Doing:
    """Send together what may go so, then what has been refused together with others."""
    together = [it for it in members if not it.claim.alone]
    try:
        for part in [together, *([it] for it in members if it.claim.alone)]:
            yield from send(scene, invocation, part, verdicts)
    except Unavailable:
        for member in members:
            verdicts.setdefault(id(member.message), _away(scene, member.message))


class Lost(NamedTuple):
    """A delivery whose worker has vanished, and its record."""

    seen: Record


Found = Member | Lost | int | None  # the right to send it; who had it; or after how long it comes


def _away(scene: Scene, message: Message) -> int:
    age = scene.now - message.first_at
    return wait(TIMING, _AWAY, message.receives, age, scene.random())


def lease(_scene: Scene, invocation: Invocation) -> float:
    """Return when a claim ends by its worker's clock: later than the worker itself."""
    return invocation.clock(invocation.deadline) + TIMING.margin


def _claimed(
    scene: Scene, invocation: Invocation, message: Message, owner: str
) -> Generator[float, None, Found]:
    if invocation.deadline - scene.now < TIMING.shortest + 2 * TIMING.margin:
        return 0
    try:
        return (yield from claim(scene, invocation, message, owner))
    except Unavailable:
        return _away(scene, message)


def claim(
    scene: Scene, invocation: Invocation, message: Message, owner: str
) -> Generator[float, None, Found]:
    """Claim a delivery, or return what becomes of its message. Raise Unavailable, or Died."""
    delivery, now = message.delivery, invocation.clock(scene.now)
    times = lease(scene, invocation), message.sent_at
    try:
        found = yield from call(
            scene, lambda: scene.ledger.claim(delivery.id, delivery.policy, owner, now, times)
        )
    except Unavailable:
        if delivery.policy == "hold":
            yield from call(scene, lambda: scene.ledger.release(delivery.id, owner))
        raise
    if isinstance(found, Claim):
        return Member(message, found)
    refusal, seen = found
    if refusal.kind == "lost" and seen is not None:
        return Lost(seen)
    return (yield from _refused(scene, message, owner, refusal, seen))


def _taken(
    scene: Scene, invocation: Invocation, message: Message, owner: str, lost: Lost
) -> Generator[float, None, Found]:
    """Take over what a vanished worker had, unless its request is recorded, or it kills workers."""
    try:
        found = yield from _take_over(scene, invocation, message, owner, lost.seen)
        if isinstance(found, Member) and found.claim.lost >= MOST_LOST:
            return (yield from settle(scene, invocation, found, _LOST, Reason.WORKER_LOST))
    except Unavailable:
        return _away(scene, message)
    return found


def _take_over(
    scene: Scene, invocation: Invocation, message: Message, owner: str, seen: Record
) -> Generator[float, None, Found]:
    ledger, name = scene.ledger, message.delivery.id
    recorded = yield from call(scene, lambda: ledger.recorded(seen.owner, name))
    if recorded is None:
        now, until = invocation.clock(scene.now), lease(scene, invocation)
        taken = yield from call(scene, lambda: ledger.take_over(name, seen, owner, now, until))
        return Member(message, taken) if taken else 1
    done = yield from call(scene, lambda: ledger.finish(name, seen, owner, recorded))
    if done and recorded is State.HELD:
        return (yield from bury(scene, message, "notice", 1))
    return None if done else 1


def _refused(
    scene: Scene, message: Message, owner: str, refusal: Refusal, seen: Record | None
) -> Generator[float, None, int | None]:
    name = message.delivery.id
    if refusal.kind == "duplicate":
        scene.counts["duplicates refused"] += 1
        return None
    if refusal.kind == "hold" and seen is not None:
        held = yield from call(scene, lambda: scene.ledger.finish(name, seen, owner, State.HELD))
        return (yield from bury(scene, message, "unknown", 1)) if held else 1
    if refusal.kind == "held" and seen is not None:
        notice = message.delivery.policy == "retry" or seen.last == ({"reason": "notice"},)
        return (yield from bury(scene, message, "notice" if notice else "unknown", 1))
    return refusal.seconds


def _give_back(scene: Scene, invocation: Invocation, verdicts: Verdicts) -> Doing:
    for message in invocation.batch:
        turn, seconds = message.turn, verdicts.get(id(message), 60)
        if seconds is None or invocation.deadline - scene.now < TIMING.margin:
            continue
        try:
            yield from call(scene, lambda: None)
        except Unavailable:
            continue
        if message.turn == turn and message.visible_at > scene.now:  # else another has it
            scene.hide(message, scene.now + seconds)
    yield 0.01
    for message in invocation.batch:
        done = verdicts.get(id(message), 60) is None
        if done:
            message.acknowledged = True
            message.gone |= scene.random() >= scene.weather.undone
