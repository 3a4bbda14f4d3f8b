"""Invariants of every run, whatever went wrong in it: one function for each.

Each returns the breaches that it finds, in words; a correct run has none.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from tests.simulation.braze import HOUR
from tests.simulation.braze_objects import WINDOWS
from tests.simulation.counts import dropped, kept, miscounted, overruled
from tests.simulation.dynamodb import Table
from tests.simulation.environments import TABLE
from tests.simulation.objects import named, objects
from tests.simulation.outcome import Outcome, times_of
from tests.simulation.sends import deliveries_in
from tests.simulation.shop import Wish
from tests.simulation.sink import CANARY
from tests.simulation.world import VISIBILITY, World

# Seconds after the begin of a pause in which what is sent may reach nobody: `Timing.campaign`, half
# a minute while a worker asks, a request, and the invocation's other requests before it.
_UNSEEN: Final = 60 + 30 + 15 + 30
_HEEDED: Final = 45  # seconds until every worker heeds what Braze has told one of them
_IN_A_HURRY: Final = 25  # seconds: a worker that has less left asks nobody
_LONGEST_WAIT: Final = 2 * HOUR  # seconds: the longest back-off is an hour, and a rate limit's too


def lost(outcome: Outcome) -> Iterator[str]:
    """I1: what was answered 200 is sent, withheld, stale or a dead letter; nothing was dropped."""
    ends = (outcome.sent, outcome.letters, outcome.withheld, outcome.stale)
    for key, wish in outcome.wishes.items():
        if not any(key in those for those in ends) and not _is_over(outcome, wish):
            yield f"{key} is nowhere"
    world = outcome.world
    if any(queue.dropped for queue in (world.queue, world.low, world.dead)):
        yield "a message has outlived the retention"


def _is_over(outcome: Outcome, wish: Wish) -> bool:
    """Return whether nothing is left to send of a delivery of objects, and the ledger may not know.

    A newer one has replaced its state, or Braze has refused each in an answer without their names.
    """
    parts = [*objects(wish.recipient)]
    is_old = outcome.newest.get((wish.guard, wish.user), 0) > (wish.version or 0) > 0
    return bool(parts) and all(
        (is_old and array != "events") or named(one) in outcome.untold for array, _, one in parts
    )


def repeated(outcome: Outcome) -> Iterator[str]:
    """I2: nothing is sent twice, but for each unknown or unrecorded outcome once more.

    What a worker has open that stands still past its lease is unknown to the others.
    """
    unknown, unrecorded = outcome.tried[1], outcome.world.on.sink.unrecorded
    opened = outcome.world.story.open_when_frozen
    for key, sends in outcome.sent.items():
        wish = outcome.wishes.get(key)
        if wish is None:
            continue
        more = unknown[key] + unrecorded[wish.id] + opened[wish.id]
        allowed = 1 if wish.hold else 1 + more
        if (times := times_of(sends)) > allowed:
            yield f"{key} was sent {times} times, {allowed} are allowed"


def uninvited(outcome: Outcome) -> Iterator[str]:
    """I3, I4: what was not proven, or not answered 200, makes nothing."""
    for key in (*outcome.sent, *outcome.letters):
        story = outcome.world.story
        tries = [one for each in story.numbers.get(key, ()) for one in story.answers.get(each, ())]
        if key not in outcome.wishes and not any(status >= 500 for status in tries):
            yield f"{key} comes of nothing that was answered 200: {tries}"


def out_of_order(outcome: Outcome) -> Iterator[str]:
    """I5: what an older version says of a user is not written after what a newer one says."""
    newest: dict[tuple[str, str], int] = {}
    late = {key for key in outcome.sent if outcome.tried[1][key]}
    times = [
        (at, key, recipient)
        for key, sends in outcome.sent.items()
        for at, recipient in sends
        if key in outcome.wishes and outcome.wishes[key].version and key not in late
    ]
    for _, key, recipient in sorted(times, key=lambda each: each[0]):
        wish = outcome.wishes[key]
        if wish.version is not None and {"attributes", "subscription_groups"} & recipient.keys():
            what = wish.guard, wish.user
            if newest.get(what, 0) > wish.version:
                yield f"{key} wrote over version {newest[what]} of {what}"
            newest[what] = max(newest.get(what, 0), wish.version)


def altered(outcome: Outcome) -> Iterator[str]:
    """I6: Braze is sent what the webhook says, and never a request that nobody may make."""
    yield from outcome.world.braze.breaches
    for key, sends in outcome.sent.items():
        wish = outcome.wishes.get(key)
        for _, recipient in sends:
            if wish is not None and not _is_as_wished(wish, recipient):
                yield f"{key} was sent as {sorted(recipient)}"


def _is_as_wished(wish: Wish, recipient: dict[str, Any]) -> bool:
    """Return whether it is what the webhook says; of objects, each of them once at most."""
    if recipient == wish.recipient or _is_stale(wish, recipient):
        return True
    parts = [*objects(recipient)]
    left = [(array, one) for array, _, one in objects(wish.recipient)]
    each_once = all(left.count((array, one)) == 1 for array, _, one in parts)
    return bool(parts) and each_once and len(parts) <= len(left)


def _is_stale(wish: Wish, recipient: dict[str, Any]) -> bool:
    """Return whether it is what goes after a newer version: without attributes, to who exists."""
    kept = {name: each for name, each in wish.recipient.items() if name != "attributes"}
    return wish.version is not None and recipient == {**kept, "send_to_existing_only": True}


def at_once(outcome: Outcome) -> Iterator[str]:
    """I7: no two workers send one delivery at the same time."""
    for key in outcome.world.story.at_once:
        yield f"{key} was sent by two workers at a time"


def buried(outcome: Outcome) -> Iterator[str]:
    """I8: only what is at fault itself is given up, and it is."""
    for key, reasons in outcome.letters.items():
        wish = outcome.wishes.get(key)
        if wish is not None and not _reasons(outcome, wish) >= set(reasons):
            yield f"{key} is a dead letter: {reasons}"
    for key, wish in outcome.wishes.items():
        if wish.never_sent and key in outcome.sent:
            yield f"{key} was sent, and cannot be"


def _reasons(outcome: Outcome, wish: Wish) -> frozenset[str]:
    refused = frozenset({"rejected"} if wish.key in outcome.refused else ())
    return wish.may_be_buried | refused


def held_wrongly(outcome: Outcome) -> Iterator[str]:
    """I15: nothing is held that is recorded as accepted; nor what was claimed beside others, if no
    request was opened with it.
    """
    table = outcome.world.on.dynamodb.tables[TABLE]
    claims = _claims(table)
    for key, wish in outcome.wishes.items():
        name = f"delivery#{wish.id}"
        if table.items.get(name, {}).get("state") != {"S": "HELD"}:
            continue
        held_at, before = table.turned[name]
        if any(at <= held_at for at in outcome.accepted.get(wish.id, ())):
            yield f"{key} is held, and was recorded as accepted"
        owner = (before or {})["owner"]["S"]
        request = table.items.get(f"send#{owner}", {})
        opened = request.get("members", {}).get("SS", ())
        if len(claims[owner]) > 1 and wish.id not in opened:
            yield f"{key} is held, and no request was opened with it"


def _claims(table: Table) -> dict[str, set[str]]:
    """Return the items of each owner, as they are and as they were before their state changed."""
    found = defaultdict(set)
    for name, (_, before) in table.turned.items():
        for item in (table.items.get(name), before):
            if name.startswith("delivery#") and item:
                found[item["owner"]["S"]].add(name)
    return found


def too_many(outcome: Outcome) -> Iterator[str]:
    """I9: no hour has more requests than Braze takes."""
    sends = (one for one in outcome.world.braze.tried if one.path not in WINDOWS)
    hours = Counter(int(one.at // HOUR) for one in sends)
    for hour, requests in hours.items():
        if requests > outcome.world.braze.limit:
            yield f"{requests} requests in the hour {hour}"


def unfinished(outcome: Outcome) -> Iterator[str]:
    """I10: once the faults end, the queues are empty soon."""
    story = outcome.world.story
    if left := len(outcome.world.queue.messages) + len(outcome.world.low.messages):
        yield f"{left} messages are left"
    if story.ended_at - story.calm_at > _LONGEST_WAIT + VISIBILITY:
        yield f"it took {story.ended_at - story.calm_at:.0f} s"


def in_vain(outcome: Outcome) -> Iterator[str]:
    """I12, I13: nothing is sent to a campaign that a worker could know to be paused, and no entry
    into a Canvas is lost to another one of its user.
    """
    braze = outcome.world.braze
    for one in braze.applied:
        if one.because == "entered":
            yield f"request {one.number} lets nobody in: another entry came within a second"
        began = braze.tried[one.number - 1]
        if one.because == "paused" and began.left >= _IN_A_HURRY:
            at, target = began.at, str(one.body.get("campaign_id"))
            since = max(each.begin for each in braze.pauses if each.campaign == target)
            asks = [ask for ask in braze.asked if ask.campaign == target and since < ask.at < at]
            failed = any(ask.active is None and at - ask.at < _UNSEEN for ask in asks)
            heeded = any(ask.active is False and at - ask.at > _HEEDED for ask in asks)
            if heeded or (at - since > _UNSEEN and not failed):
                yield f"{target} was paused {at - since:.0f} s before a request to it"


def unlisted(outcome: Outcome) -> Iterator[str]:
    """I16: where only some may be reached, no request names another, and they are not withheld."""
    only = outcome.world.setting.only
    if only is None:
        return

    def is_listed(recipient: dict[str, Any]) -> bool:
        address = recipient.get("attributes", {}).get("email", "")
        return any(fnmatchcase(address, one) for one in only)

    for one in outcome.world.braze.tried:
        for key, recipient in deliveries_in(one.path, one.body):
            if not is_listed(recipient):
                yield f"{key} was sent to {recipient.get('external_user_id')}, who is not listed"
    for key in outcome.withheld:
        wish = outcome.wishes[key]
        if is_listed(wish.recipient) and wish.version is None:
            yield f"{key} is withheld, and {wish.user} is listed"


def told(outcome: Outcome) -> Iterator[str]:
    """I11: no secret, name or address is in a log, a metric or an attribute; no bug was caught."""
    yield from outcome.world.on.sink.leaks
    yield from outcome.world.on.sink.bugs
    for message in outcome.world.dead.messages.values():
        if CANARY in json.dumps(message.attributes).lower():
            yield f"the attributes of {message.id} have a canary"


INVARIANTS: Final = (
    lost, repeated, uninvited, out_of_order, altered, at_once, buried, held_wrongly, too_many,
    unfinished, unlisted, told, in_vain, dropped, kept, miscounted, overruled,
)  # fmt: skip


def breaches(world: World) -> dict[str, list[str]]:
    """Return what does not hold, by invariant, at most five of each."""
    outcome = Outcome(world)
    found = {each.__name__: [*each(outcome)] for each in INVARIANTS}
    return {name: [f"{len(words)} in all", *words[:5]] for name, words in found.items() if words}
