"""A finished run, read key by key."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from tests.simulation.environments import TABLE
from tests.simulation.objects import Key, key_of, named, objects
from tests.simulation.sends import deliveries_in
from tests.simulation.shop import Wish
from tests.simulation.world import World


class Letter(NamedTuple):
    """A dead letter: its reason, what it would send, and whether it is of refused objects only."""

    reason: str
    recipient: dict[str, Any]
    is_part: bool = False


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
    def buried(self) -> dict[Key, list[Letter]]:
        """The dead letters."""
        found = defaultdict(list)
        by_id = {wish.id: wish.key for wish in self.wishes.values()}
        for message in self.world.dead.messages.values():
            reason = message.attributes.get("reason", {}).get("StringValue", "none")
            letter = json.loads(message.body)
            name = letter.get("refused_of") or letter.get("id")
            found[by_id.get(name, ("none", 0, str(name)))].append(
                Letter(reason, letter.get("recipient") or {}, "refused_of" in letter)
            )
        return found

    @cached_property
    def letters(self) -> dict[Key, list[str]]:
        """The reasons of the dead letters."""
        return {key: [one.reason for one in found] for key, found in self.buried.items()}

    @cached_property
    def accepted(self) -> dict[str, list[float]]:
        """When requests were recorded that Braze had accepted for a delivery, by its id."""
        found = defaultdict(list)
        table = self.world.on.dynamodb.tables[TABLE]
        for name, item in table.items.items():
            if name.startswith("send#") and item["state"] == {"S": "ACCEPTED"}:
                for delivery in item["members"]["SS"]:
                    found[delivery].append(table.turned[name][0])
        return found

    @cached_property
    def withheld(self) -> set[Key]:
        """What the ledger says was withheld."""
        return self._in("WITHHELD")

    @cached_property
    def stale(self) -> set[Key]:
        """What the ledger says was dropped, for a newer one had come first."""
        return self._in("STALE")

    @cached_property
    def untold(self) -> frozenset[str]:
        """The objects that Braze has left out of what it took, in an answer that did not say so."""
        braze = self.world.braze
        tries = ((braze.tried[one.number - 1], one) for one in braze.refused)
        return frozenset(named(one.object) for at, one in tries if not (at.told or at.unknown))

    def is_untold(self, wish: Wish) -> bool:
        """Return whether Braze has left out an object of a delivery untold."""
        return any(named(one) in self.untold for *_, one in objects(wish.recipient))

    @cached_property
    def newest(self) -> dict[tuple[str, str], int]:
        """The newest version that was sent of what a guard names, by guard and user.

        What Braze has left out untold counts, and a letter of which an attempt may have been
        taken: the relay knows no better.
        """
        found: dict[tuple[str, str], int] = {}
        for key, wish in self.wishes.items():
            is_known = key in self.sent or self.is_untold(wish) or self._is_doubtful_letter(wish)
            if wish.version is not None and is_known:
                what = wish.guard, wish.user
                found[what] = max(found.get(what, 0), wish.version)
        return found

    def _is_doubtful_letter(self, wish: Wish) -> bool:
        """Return whether of a dead letter's attempts one is unknown, or has left no word."""
        item = self.world.on.dynamodb.tables[TABLE].items.get(f"delivery#{wish.id}", {})
        attempts, last = item.get("attempts", {"N": "0"}), item.get("last", {"L": []})["L"]
        is_unknown = any(one["M"]["class"] == {"S": "unknown"} for one in last)
        return wish.key in self.letters and (is_unknown or int(attempts["N"]) > len(last))

    @cached_property
    def refused(self) -> set[Key]:
        """Of what Braze has refused a part, inside a 2xx."""
        return {key_of(one.object) for one in self.world.braze.refused}

    def _in(self, state: str) -> set[Key]:
        items = self.world.on.dynamodb.tables[TABLE].items
        states = {key: items.get(f"delivery#{one.id}", {}) for key, one in self.wishes.items()}
        return {key for key, item in states.items() if item.get("state") == {"S": state}}


def times_of(sends: list[tuple[float, dict[str, Any]]]) -> int:
    """Return how often a delivery was sent; of one of objects, that one which was most often."""
    each = Counter(named(one) for _, part in sends for *_, one in objects(part))
    return max(each.values()) if each else len(sends)
