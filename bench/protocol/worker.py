"""A worker's way through a batch, step by step, as in the handlers."""

from collections.abc import Generator
from typing import Any, Final, NamedTuple, TypeVar

from bench.protocol.calls import Unavailable, call
from bench.protocol.ledger import Asked, Claim
from bench.protocol.scene import Invocation, Message, Scene
from bench.protocol.sending import Verdicts, send
from bench.protocol.settling import Member, bury, settle
from handler.core.braze.outcome import Outcome
from handler.core.delivery.backoff import Timing, wait
from handler.core.delivery.claim_protocol import (
    MOST_LOST,
    ClaimRefusal,
    LedgerState,
    Record,
    RequestState,
    finding,
)
from handler.core.reasons import Reason

TIMING: Final = Timing()
_AWAY: Final = Outcome("not_sent", Reason.UNAVAILABLE)
_LOST: Final = Outcome("unknown", Reason.WORKER_LOST)

T = TypeVar("T")
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
    """Return which go together: those of one rule, and no user twice."""
    requests: list[tuple[list[Message], set[tuple[str, int]]]] = []
    for message in batch:
        rule, user = message.delivery.policy, message.delivery.user
        others = (
            it for it in requests
            if it[0][0].delivery.policy == rule and (rule, user) not in it[1]
        )  # fmt: skip
        members, users = next(others, ([], set()))
        if not members:
            requests.append((members, users))
        members.append(message)
        users.add((rule, user))
    return [members for members, _ in requests]


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
        found = yield from _claimed(scene, invocation, message, (owner, len(group) > 1))
        if isinstance(found, Lost) and found.seen is not None and alone is None:
            found = yield from _taken(scene, invocation, message, owner, found.seen)
        if isinstance(found, Member):
            members.append(found)
        elif not isinstance(found, Lost):
            verdicts[id(message)] = found
        elif alone is not None:
            alone.append(message)
    try:
        yield from send(scene, invocation, members, verdicts)
    except Unavailable:
        for member in members:
            verdicts.setdefault(id(member.message), _away(scene, member.message))


class Lost(NamedTuple):
    """A delivery that is sent after all others, by itself: its worker has vanished, it had `seen`.

    Or Braze has refused it beside others; then `seen` is None.
    """

    seen: Record | None = None


By = tuple[str, bool]  # a claim's owner, and whether it is fenced
Found = Member | Lost | int | None  # the right to send it; who had it; or after how long it comes


def _away(scene: Scene, message: Message) -> int:
    age = scene.now - message.first_at
    return wait(TIMING, _AWAY, message.receives, age, scene.random())


def lease(_scene: Scene, invocation: Invocation) -> float:
    """Return when a claim ends by its worker's clock: later than the worker itself."""
    return invocation.clock(invocation.deadline) + TIMING.margin


def _claimed(
    scene: Scene, invocation: Invocation, message: Message, by: By
) -> Generator[float, None, Found]:
    if invocation.deadline - scene.now < TIMING.shortest + 2 * TIMING.margin:
        return 0
    try:
        return (yield from claim(scene, invocation, message, by))
    except Unavailable:
        return _away(scene, message)


def claim(
    scene: Scene, invocation: Invocation, message: Message, by: By
) -> Generator[float, None, Found]:
    """Claim a delivery, or return what becomes of its message. Raise Unavailable, or Died."""
    asked = _asked(scene, invocation, message, by)
    owner = asked.owner
    try:
        found = yield from call(scene, lambda: _counted(message, asked, scene.ledger.claim(asked)))
    except Unavailable:
        if asked.policy == "hold" and not asked.fenced:
            yield from call(scene, lambda: scene.ledger.release(asked.name, owner))
        raise
    if isinstance(found, Claim) and found.alone and found.fenced:
        yield from call(scene, lambda: scene.ledger.release(found.id, owner))
        return Lost()
    if isinstance(found, Claim):
        return Member(message, found)
    refusal, seen = found
    if refusal.kind == "lost" and seen is not None:
        return Lost(seen)
    return (yield from _refused(scene, message, owner, refusal, seen))


def _taken(
    scene: Scene, invocation: Invocation, message: Message, owner: str, seen: Record
) -> Generator[float, None, Found]:
    """Take over what a vanished worker had, unless its request is recorded, or it kills workers."""
    try:
        found = yield from _take_over(scene, invocation, message, owner, seen)
        if isinstance(found, Member) and found.claim.lost >= MOST_LOST:
            return (yield from settle(scene, invocation, found, _LOST, Reason.WORKER_LOST))
    except Unavailable:
        return _away(scene, message)
    return found


def _take_over(
    scene: Scene, invocation: Invocation, message: Message, owner: str, seen: Record
) -> Generator[float, None, Found]:
    ledger, name = scene.ledger, message.delivery.id
    request = yield from _request(scene, name, seen)
    found = finding(request, message.delivery.policy)
    if found in ("again", "unsent"):
        asked, unsent = _asked(scene, invocation, message, (owner, False)), found == "unsent"
        taken = yield from call(
            scene, lambda: _counted(message, asked, ledger.take_over(asked, seen, unsent=unsent))
        )
        return Member(message, taken) if taken else 1
    state = LedgerState.ACCEPTED if found == "accepted" else LedgerState.HELD
    done = yield from call(scene, lambda: ledger.finish(name, seen, owner, state))
    if done and state is LedgerState.HELD:
        reason = "notice" if found == "held" else "unknown"
        return (yield from bury(scene, message, reason, 1))
    return None if done else 1


def _request(scene: Scene, name: int, seen: Record) -> Generator[float, None, RequestState | None]:
    """Read what a vanished worker's request came to; make it void where it never began."""
    ledger, owner = scene.ledger, seen.owner
    found = yield from call(scene, lambda: ledger.request(owner, name))
    if found is not None or not seen.fenced:
        return found
    if (yield from call(scene, lambda: ledger.void_send(owner))):
        return RequestState.VOID
    return (yield from call(scene, lambda: ledger.request(owner, name)))


def _counted(message: Message, asked: Asked, found: T) -> T:
    message.delivery.alone += isinstance(found, Claim) and not asked.fenced
    return found


def _asked(scene: Scene, invocation: Invocation, message: Message, by: By) -> Asked:
    now, until = invocation.clock(scene.now), lease(scene, invocation)
    delivery, (owner, fenced) = message.delivery, by
    return Asked(delivery.id, delivery.policy, owner, now, until, message.sent_at, fenced)


def _refused(
    scene: Scene, message: Message, owner: str, refusal: ClaimRefusal, seen: Record | None
) -> Generator[float, None, int | None]:
    name = message.delivery.id
    if refusal.kind == "duplicate":
        scene.counts["duplicates refused"] += 1
        return None
    if refusal.kind == "hold" and seen is not None:
        held = yield from call(
            scene, lambda: scene.ledger.finish(name, seen, owner, LedgerState.HELD)
        )
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
