"""Invariants of every run, whatever went wrong in it: one function for each.

Each returns the breaches that it finds, in words; a correct run has none.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Final

from tests.simulation.braze import HOUR
from tests.simulation.dynamodb import Table
from tests.simulation.environments import TABLE
from tests.simulation.sends import deliveries_in
from tests.simulation.shop import Key, Wish
from tests.simulation.sink import CANARY
from tests.simulation.world import VISIBILITY, World

# Seconds after the begin of a pause in which what is sent may reach nobody: `Timing.campaign`, half
# a minute while a worker asks, a request, and the invocation's other requests before it.
_UNSEEN: Final = 60 + 30 + 15 + 30
_HEEDED: Final = 45  # seconds until every worker heeds what Braze has told one of them
_IN_A_HURRY: Final = 25  # seconds: a worker that has less left asks nobody
_LONGEST_WAIT: Final = 2 * HOUR  # seconds: the longest back-off is an hour, and a rate limit's too


@dataclass
class Outcome:
    """A finished run, read key by key."""

    world: World

    @cached_property
    def wishes(self) -> dict[Key, Wish]:
        """What the webhooks stand for that were answered 200."""
        return {wish.key: wish for each in self.world.story.accepted for wish in each.wishes}

    @cached_property
    def sent(self) -> dict[Key, list[tuple[float, dict[str, Any]]]]:
        """What Braze has applied, in the order in which it did: when, and the recipient."""
        found = defaultdict(list)
        for one in sorted(self.world.braze.applied, key=lambda each: each.at):
            for key, recipient in deliveries_in(one.path, one.body):
                found[key].append((one.at, recipient))
        return found

    @cached_property
    def tried(self) -> tuple[Counter[Key], Counter[Key]]:
        """How often each was in a request, and in one whose outcome no worker can know."""
        all_of_them: Counter[Key] = Counter()
        unknown: Counter[Key] = Counter()
        for one in self.world.braze.tried:
            keys = [key for key, _ in deliveries_in(one.path, one.body)]
            all_of_them.update(keys)
            unknown.update(keys if one.unknown else one.doubtful)
        return all_of_them, unknown

    @cached_property
    def letters(self) -> dict[Key, list[str]]:
        """The reasons of the dead letters."""
        found = defaultdict(list)
        by_id = {wish.id: wish.key for wish in self.wishes.values()}
        for message in self.world.dead.messages.values():
            reason = message.attributes.get("reason", {}).get("StringValue", "none")
            letter = json.loads(message.body)
            found[by_id.get(letter.get("id"), ("none", 0, str(letter.get("id"))))].append(reason)
        return found

    @cached_property
    def accepted(self) -> dict[str, list[float]]:
        """When requests were recorded that Braze had accepted for a delivery, by its id."""
        found = defaultdict(list)
        table = self.world.on.dynamodb.tables[TABLE]
        for name, item in table.items.items():
            if name.startswith("send#") and item["state"] == {"S": "ACCEPTED"}:
                for delivery in item["members"]["SS"]:
                    found[delivery].append(table.before[name][0])
        return found

    @cached_property
    def withheld(self) -> set[Key]:
        """What the ledger says was withheld."""
        items = self.world.on.dynamodb.tables[TABLE].items
        states = {key: items.get(f"delivery#{one.id}", {}) for key, one in self.wishes.items()}
        return {key for key, item in states.items() if item.get("state") == {"S": "WITHHELD"}}


def lost(outcome: Outcome) -> Iterator[str]:
    """I1: what was answered 200 is sent, withheld or in the dead letters; nothing was dropped."""
    for key in outcome.wishes:
        if not any(key in those for those in (outcome.sent, outcome.letters, outcome.withheld)):
            yield f"{key} is nowhere"
    world = outcome.world
    if any(queue.dropped for queue in (world.queue, world.low, world.dead)):
        yield "a message has outlived the retention"


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
        if len(sends) > allowed:
            yield f"{key} was sent {len(sends)} times, {allowed} are allowed"


def uninvited(outcome: Outcome) -> Iterator[str]:
    """I3, I4: what was not proven, or not answered 200, makes nothing."""
    for key in (*outcome.sent, *outcome.letters):
        tries = outcome.world.story.answers.get(key[1], [])
        if key not in outcome.wishes and not any(status >= 500 for status in tries):
            yield f"{key} comes of nothing that was answered 200: {tries}"


def out_of_order(outcome: Outcome) -> Iterator[str]:
    """I5: what an older version says of a user is not written after what a newer one says."""
    newest: dict[str, int] = {}
    late = {key for key in outcome.sent if outcome.tried[1][key]}
    times = [
        (at, key, recipient)
        for key, sends in outcome.sent.items()
        for at, recipient in sends
        if key in outcome.wishes and outcome.wishes[key].version and key not in late
    ]
    for _, key, recipient in sorted(times, key=lambda each: each[0]):
        wish = outcome.wishes[key]
        if wish.version is not None and "attributes" in recipient:
            if newest.get(wish.user, 0) > wish.version:
                yield f"{key} wrote over version {newest[wish.user]} of {wish.user}"
            newest[wish.user] = max(newest.get(wish.user, 0), wish.version)


def altered(outcome: Outcome) -> Iterator[str]:
    """I6: Braze is sent what the webhook says, and never a request that nobody may make."""
    yield from outcome.world.braze.breaches
    for key, sends in outcome.sent.items():
        wish = outcome.wishes.get(key)
        for _, recipient in sends:
            if wish is not None and recipient != wish.recipient and not _is_stale(wish, recipient):
                yield f"{key} was sent as {sorted(recipient)}"


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
        if wish is not None and not wish.may_be_buried >= set(reasons):
            yield f"{key} is a dead letter: {reasons}"
    for key, wish in outcome.wishes.items():
        if wish.never_sent and key in outcome.sent:
            yield f"{key} was sent, and cannot be"


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
        held_at, before = table.before[name]
        if any(at <= held_at for at in outcome.accepted.get(wish.id, ())):
            yield f"{key} is held, and was recorded as accepted"
        owner = (before or {})["owner"]["S"]
        request = table.items.get(f"send#{owner}", {})
        opened = request.get("members", {}).get("SS", ())
        if len(claims[owner]) > 1 and wish.id not in opened:
            yield f"{key} is held, and no request was opened with it"


def _claims(table: Table) -> dict[str, set[str]]:
    """Return the items of each owner, as they are and as they were before their last writes."""
    found = defaultdict(set)
    for name, (_, before) in table.before.items():
        for item in (table.items.get(name), before):
            if name.startswith("delivery#") and item:
                found[item["owner"]["S"]].add(name)
    return found


def too_many(outcome: Outcome) -> Iterator[str]:
    """I9: no hour has more requests than Braze takes."""
    hours = Counter(int(one.at // HOUR) for one in outcome.world.braze.tried)
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

    def is_listed(recipient: dict[str, Any]) -> bool:
        address = recipient.get("attributes", {}).get("email", "")
        return only is None or any(fnmatchcase(address, one) for one in only)

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
    unfinished, unlisted, told, in_vain,
)  # fmt: skip


def breaches(world: World) -> dict[str, list[str]]:
    """Return what does not hold, by invariant, at most five of each."""
    outcome = Outcome(world)
    found = {each.__name__: [*each(outcome)] for each in INVARIANTS}
    return {name: [f"{len(words)} in all", *words[:5]] for name, words in found.items() if words}
