"""One request of claimed deliveries, from `send#` to the disposition of each."""

from collections.abc import Generator
from contextlib import suppress
from typing import Any, Final, TypeVar

from bench.protocol import faults
from bench.protocol.calls import Unavailable, call
from bench.protocol.facts import Delivery, Post
from bench.protocol.scene import Died, Invocation, Scene
from bench.protocol.settling import TIMING, Member, settle
from handler.core.delivery.claim_protocol import RequestState

T = TypeVar("T")
_DIES: Final = faults.Answer(faults.REJECTED, applied=False, dies=True)
_REJECTED: Final = faults.Answer(faults.REJECTED, applied=False)

Verdicts = dict[int, int | None]  # by message: the seconds to wait, None for gone
Doing = Generator[float, None, Any]


def send(scene: Scene, invocation: Invocation, members: list[Member], verdicts: Verdicts) -> Doing:
    """Send; write the verdicts. Raise Unavailable where nothing was sent."""
    if not members:
        return
    fenced = any(it.claim.fenced for it in members)
    calls = 2 if fenced else 1
    if invocation.deadline - scene.now < TIMING.shortest + calls * TIMING.margin:
        yield from _set_free(scene, members, verdicts)
        return
    if fenced and not (yield from _open(scene, members)):
        yield from _set_free(scene, members, verdicts, alone=True)
        return
    answer = yield from post(scene, invocation, members)
    outcome = answer.outcome
    if outcome.kind == "rejected" and len(members) > 1:
        for member in members:
            yield from send(scene, invocation, [member], verdicts)
        return
    taken = _taken(answer, members)
    if outcome.kind == "accepted":
        verdicts.update({id(it.message): None for it in taken})
    recorded = len(members) > 1 and (yield from _recorded(scene, taken, outcome.kind))
    for member in members:
        told = outcome if member in taken else faults.REJECTED
        each = member._replace(recorded=recorded and member in taken)
        verdicts[id(member.message)] = yield from settle(scene, invocation, each, told)


def _taken(answer: faults.Answer, of: list[T]) -> list[T]:
    """Return whom an accepted request was accepted for: of a batch perhaps not the last."""
    return of[:-1] if answer.refuses_one and len(of) > 1 else of


def _recorded(scene: Scene, members: list[Member], kind: str) -> Generator[float, None, bool]:
    """Record by one write what is final of a batch request; return whether it is accepted."""
    if kind not in ("accepted", "held"):
        return False
    state = RequestState.ACCEPTED if kind == "accepted" else RequestState.HELD
    owner, names = members[0].claim.owner, frozenset(it.claim.id for it in members)
    with suppress(Unavailable):
        yield from call(scene, lambda: scene.ledger.mark_send(owner, names, state))
        return state is RequestState.ACCEPTED
    return False


def _open(scene: Scene, members: list[Member]) -> Generator[float, None, bool]:
    names, owner = frozenset(it.claim.id for it in members), members[0].claim.owner
    try:
        return (yield from call(scene, lambda: scene.ledger.open_send(owner, names)))
    except Unavailable:
        for member in members:
            with suppress(Unavailable):
                yield from call(scene, _releasing(scene, member))
        raise


def _set_free(
    scene: Scene, members: list[Member], verdicts: Verdicts, *, alone: bool = False
) -> Doing:
    for member in members:
        with suppress(Unavailable):
            yield from call(scene, _releasing(scene, member, alone=alone))
        verdicts[id(member.message)] = 0


def _releasing(scene: Scene, member: Member, *, alone: bool = False) -> Any:
    return lambda: scene.ledger.release(member.claim.id, member.claim.owner, alone=alone)


def post(
    scene: Scene, invocation: Invocation, members: list[Member]
) -> Generator[float, None, faults.Answer]:
    """Send a request: time passes, Braze applies it or not, the worker learns of it or not."""
    judge, begun = scene.judge, invocation.begun
    posts = [Post(it.message.delivery, it.message, it.claim.owner, begun) for it in members]
    answer = _answer(scene, [it.delivery for it in posts])
    scene.counts["requests"] += 1
    judge.begins(posts)
    invocation.posts += posts
    seconds = min(answer.seconds, faults.SECONDS, invocation.deadline - scene.now - TIMING.margin)
    yield seconds / 2
    taken = _taken(answer, posts)
    if answer.applied:
        for post in posts:
            if post in taken:
                judge.applies(post)
            else:
                post.delivery.bad = True  # and so Braze says from now on
    yield seconds / 2
    if answer.dies:
        raise Died
    if seconds < answer.seconds or answer.outcome.kind == "unknown":
        answer = answer._replace(outcome=faults.UNKNOWN)
    for post in posts:
        judge.learns(post, answer, scene.now, taken=post in taken)
    return answer


def _answer(scene: Scene, deliveries: list[Delivery]) -> faults.Answer:
    until, kind = scene.outage
    if scene.now < until:
        return kind
    if any(it.poison for it in deliveries):
        return _DIES
    if any(it.bad for it in deliveries):
        return _REJECTED
    return scene.weather.answers(scene.random()) or faults.GOOD
