"""Invariants of what Braze counts, and of whom it may write to: by its own profiles.

Each returns the breaches that it finds, in words; a correct run has none.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from tests.simulation.objects import CONSENT, Key, named, objects, user_of
from tests.simulation.outcome import Outcome
from tests.simulation.profiles import Profile, counted, profiles
from tests.simulation.shop import Wish
from tests.simulation.till import GROUP

_CHOOSING: Final = (CONSENT, "customer")  # rules, and their guards
_MAIL: Final = "email_subscribe"
Range = tuple[int, int]  # the least and the most


@dataclass
class Books:
    """What the webhooks came to by their objects: how often each was applied, and where it is."""

    outcome: Outcome

    @cached_property
    def applied(self) -> Counter[str]:
        """How often Braze has applied each object."""
        sent = self.outcome.sent.values()
        parts = (part for sends in sent for _, part in sends)
        return Counter(named(one) for part in parts for *_, one in objects(part))

    @cached_property
    def buried(self) -> dict[str, list[bool]]:
        """The letters of each object: whether they are of refused objects only."""
        found = defaultdict(list)
        for letters in self.outcome.buried.values():
            for letter in letters:
                for *_, one in objects(letter.recipient):
                    found[named(one)].append(letter.is_part)
        return found

    def more(self, key: Key) -> int:
        """Return how often a delivery may be sent beside the first time: see `repeated`."""
        wish, world = self.outcome.wishes[key], self.outcome.world
        if wish.hold:
            return 0
        unrecorded = world.on.sink.unrecorded[wish.id] + world.story.open_when_frozen[wish.id]
        return self.outcome.tried[1][key] + unrecorded

    def times(self, key: Key, name: str) -> Range:
        """Return how often an object may count; what a person has to judge is as Braze has it."""
        if name in self.buried or name in self.outcome.untold:
            return self.applied[name], self.applied[name]
        return 1, 1 + self.more(key)


def _counting(outcome: Outcome) -> Iterator[Wish]:
    for wish in outcome.wishes.values():
        if wish.key not in outcome.withheld and any(objects(wish.recipient)):
            yield wish


def dropped(outcome: Outcome) -> Iterator[str]:
    """I17: each object of what was answered 200 is applied, or in a letter, or a newer one is.

    Not one that Braze has left out of what it answered 201 to, in an answer that could not be read.
    """
    books = Books(outcome)
    for wish in _counting(outcome):
        version = wish.version or 0
        is_old = outcome.newest.get((wish.guard, wish.user), 0) > version > 0
        for array, _, one in objects(wish.recipient):
            is_stale = is_old and array != "events"
            name = named(one)
            if name not in outcome.untold and not (
                is_stale or books.applied[name] or name in books.buried
            ):
                yield f"{wish.key}: its object of {array} is nowhere"


def kept(outcome: Outcome) -> Iterator[str]:
    """I18: the letter of refused objects holds none that Braze has taken, but for unknown outcomes.

    That of a whole delivery may: its message has come again after the refusal, and the ledger
    knows that it was accepted then.
    """
    books = Books(outcome)
    for key, letters in outcome.buried.items():
        for letter in letters:
            names = [named(one) for *_, one in objects(letter.recipient)]
            sent = [name for name in names if books.applied[name]]
            if letter.is_part and sent and not outcome.tried[1][key]:
                yield f"{key}: a letter holds {len(sent)} objects that were accepted"


def miscounted(outcome: Outcome) -> Iterator[str]:
    """I19: revenue, orders and points of each profile at Braze are those of the orders."""
    found = profiles(outcome.world.braze.applied)
    for user, (cents, orders, bonus) in expected(outcome).items():
        profile = found.get(user, Profile())
        each = {
            "cents": (profile.cents, cents),
            "orders": (profile.orders, orders),
            "bonus": (profile.attributes.get("bonus", 0), bonus),
        }
        for name, (has, (least, most)) in each.items():
            if not least <= has <= most:
                yield f"{user} has {has} {name}, {least} to {most} are right"


def expected(outcome: Outcome) -> dict[str, tuple[Range, Range, Range]]:
    """Return the revenue in cents, the orders and the bonus of each user, as the orders have it."""
    books = Books(outcome)
    found: dict[str, list[list[int]]] = defaultdict(lambda: [[0, 0], [0, 0], [0, 0]])
    for wish in _counting(outcome):
        for _, _, one in objects(wish.recipient):
            sums = found[user_of(one)]
            for total, value in zip(sums, _values(one), strict=True):
                both = sorted(value * times for times in books.times(wish.key, named(one)))
                total[:] = [total[0] + both[0], total[1] + both[1]]
    return {
        user: (tuple(cents), tuple(orders), tuple(bonus))  # type: ignore[misc] # two each
        for user, (cents, orders, bonus) in found.items()
    }


def _values(one: Mapping[str, Any]) -> tuple[int, int, int]:
    cents, orders = counted(one) if "name" in one else (0, 0)
    return cents, orders, one.get("bonus", {}).get("inc", 0)


def overruled(outcome: Outcome) -> Iterator[str]:
    """I20: who wants mail at Braze is each person's newest choice.

    Not where an older one was applied again whose outcome nobody knew, nor where the newest waits
    for a person, or was left out by Braze untold.
    """
    found = profiles(outcome.world.braze.applied)
    for person, (newest, last) in choices(outcome).items():
        if _is_open(outcome, newest, last):
            continue
        *_, said = next(objects(newest.recipient))
        profile = found.get(user_of(said), Profile())
        state = profile.groups.get(GROUP) or profile.attributes.get(_MAIL)
        if state != said.get("subscription_state", said.get(_MAIL)) or last != newest.key:
            yield f"{person} is {state}, by {last}; the newest is {newest.key}"


def _is_open(outcome: Outcome, newest: Wish, last: Key) -> bool:
    is_unknown = last != newest.key and outcome.tried[1][last] > 0
    return newest.key in outcome.letters or outcome.is_untold(newest) or is_unknown


def choices(outcome: Outcome) -> dict[str, tuple[Wish, Key]]:
    """Return of each person the newest choice, and the one that Braze has applied last.

    Not of who has a newer change that is no choice: under one guard it may leave the choice out.
    """
    newest: dict[str, Wish] = {}
    for wish in outcome.wishes.values():
        if wish.guard in _CHOOSING:
            before = newest.get(wish.user)
            if before is None or (wish.version or 0) > (before.version or 0):
                newest[wish.user] = wish
    last: dict[str, tuple[float, Key]] = {}
    for key, sends in outcome.sent.items():
        if key in outcome.wishes and key[0] in _CHOOSING:
            user = outcome.wishes[key].user
            last[user] = max(last.get(user, (0.0, key)), (sends[-1][0], key))
    return {
        user: (wish, last.get(user, (0.0, ("none", 0, "")))[1])
        for user, wish in newest.items()
        if wish.key[0] in _CHOOSING
    }


def sums(outcome: Outcome) -> dict[str, float]:
    """Return what a run has counted: of it, what nobody can know is within a range."""
    found = expected(outcome)
    has = profiles(outcome.world.braze.applied)
    persons = choices(outcome)
    return {
        "profiles with orders": len(found),
        "of which within a range": sum(
            any(low != high for low, high in one) for one in found.values()
        ),
        "revenue at Braze": sum(has[user].cents for user in found if user in has) / 100,
        "orders at Braze": sum(has[user].orders for user in found if user in has),
        "persons who chose": len(persons),
        "of which open": sum(_is_open(outcome, *one) for one in persons.values()),
        "dropped as stale": len(outcome.stale),
        "objects that Braze refused": len(outcome.world.braze.refused),
        "of which in answers that did not say so": len(outcome.untold),
    }
