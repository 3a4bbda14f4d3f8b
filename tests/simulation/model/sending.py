"""The steps of a request, as `worker.send` makes them: `send#` first, POST, `send#` again."""

from collections.abc import Iterator

from tests.simulation.model.rules import Rules
from tests.simulation.model.settling import settle, start
from tests.simulation.model.world import (
    ACCEPTED_IN_TIME,
    ACCEPTED_LATE,
    EARLY,
    FENCED,
    OPEN,
    OWN,
    RECORDED,
    TOLD_BY_MEMBERS,
    UNWRITTEN,
    Hands,
    Step,
    World,
)


def open_send(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Write `send#` before the request, if nobody has made it void."""
    free = hands.turned(hands.worker._replace(phase="free"))
    if hands.worker.void and rules.wrong != "open ignored":
        yield Step("finds send# void", free.world)
        return
    done = _opened(hands)
    yield Step("opens send#", done.turned(done.worker._replace(phase="post")).world)
    if hands.calm:
        return
    never = done.turned(done.worker._replace(phase="free"))
    yield Step("opens send# and never learns", never.world, 1)
    yield Step("cannot open send#", free.world, 1)


def _opened(hands: Hands) -> Hands:
    """Let `send#` say that the request is open; whoever has found it early then cannot know."""
    worker = hands.worker
    for place, member in enumerate(worker.members):
        of = hands.of_at(place)
        if member.claim not in (OWN, EARLY) or hands.deliveries[of].sent != FENCED:
            continue
        hands = hands.written(hands.deliveries[of]._replace(sent=OPEN), of)
        if member.claim == EARLY:
            hands = hands.doubted(of)
    return hands


def post(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Send the request, and learn what came of it or not; or have no time for it."""
    worker = hands.worker
    many = len(worker.going)
    out_of_time = worker._replace(phase="free", going=worker.going + worker.alone, alone=())
    yield Step("has no time", hands.turned(out_of_time).world)
    yield from _accepted(rules, hands)
    for kind in ("not_sent", *(("rejected",) if many == 1 else ())):
        yield from _settled(rules, hands, (kind,) * many)
    if many > 1:
        alone = start(rules, hands, (), worker.going + worker.alone)
        yield Step("posts: rejected together", alone)
    done = _doubted(applied(hands, many))
    yield from _settled(rules, _doubted(hands), ("held",) * many)
    yield from _settled(rules, done, ("noticed",) * many)
    if hands.calm:
        return
    for after in (_doubted(hands), done):
        yield from _settled(rules, after, ("unknown",) * many, 1)


def _accepted(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Be accepted: all of it or, in a batch request, all but the last one."""
    worker = hands.worker
    many = len(worker.going)
    done = applied(hands, many, counted=rules.exact_queue)
    yield from _settled(rules, done, ("accepted",) * many)
    for refused in worker.going if many > 1 else ():
        going = (*(at for at in worker.going if at != refused), refused)
        turned = hands.turned(worker._replace(going=going))
        outcomes = ("accepted",) * (many - 1) + ("rejected",)
        yield from _settled(rules, applied(turned, many - 1), outcomes)


def _settled(
    rules: Rules, hands: Hands, outcomes: tuple[str, ...], faults: int = 0
) -> Iterator[Step]:
    told = "posts: " + ", ".join(outcomes)
    learned = hands.turned(hands.worker._replace(outcomes=outcomes))
    marks_send = len(outcomes) > 1 and outcomes[0] == "accepted"
    if marks_send and rules.wrong != "members marked first":
        worker = learned.worker._replace(phase="mark send")
        yield Step(told, learned.turned(worker).world, faults)
        return
    for then in settle(rules, learned):
        yield Step(told, then, faults)


def applied(hands: Hands, many: int, *, counted: bool = False) -> Hands:
    """Let Braze do what is asked for the first so many of the request."""
    for place in hands.worker.going[:many]:
        of = hands.of_at(place)
        each = hands.deliveries[of]
        recorded = min(2, each.recorded + counted)
        changed = each._replace(applied=min(2, each.applied + 1), recorded=recorded)
        hands = hands.written(changed, of)
    return hands


def _doubted(hands: Hands) -> Hands:
    for place in hands.worker.going:
        hands = hands.doubted(hands.of_at(place))
    return hands


def mark_send(rules: Rules, hands: Hands) -> Iterator[Step]:
    """Record by one update which of the request Braze has accepted."""
    if hands.worker.recorded == TOLD_BY_MEMBERS:
        yield Step("marks send# last", start(rules, hands, (), hands.worker.alone))
        return
    done = _recorded(hands)
    for then in _with(rules, done, RECORDED):
        yield Step("marks send#", then)
    if hands.calm:
        return
    yield Step("marks send#, the answer is lost, and tries again", done.world, 1)
    for then in _with(rules, done, UNWRITTEN):
        yield Step("marks send# and never learns", then, 1)
    for then in _with(rules, hands, UNWRITTEN):
        yield Step("cannot mark send#", then, 1)


def _with(rules: Rules, hands: Hands, recorded: int) -> Iterator[World]:
    return settle(rules, hands.turned(hands.worker._replace(recorded=recorded)))


def _recorded(hands: Hands) -> Hands:
    worker = hands.worker
    for place, outcome in zip(worker.going, worker.outcomes, strict=True):
        claim, of = worker.members[place].claim, hands.of_at(place)
        each = hands.deliveries[of]
        is_told = each.sent in (ACCEPTED_IN_TIME, ACCEPTED_LATE)
        if outcome != "accepted" or claim not in (OWN, EARLY) or is_told:
            continue
        in_time = claim == OWN
        sent = ACCEPTED_IN_TIME if in_time else ACCEPTED_LATE
        changed = each._replace(sent=sent, recorded=min(2, each.recorded + in_time))
        hands = hands.written(changed, of)
    return hands
