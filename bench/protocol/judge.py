"""Judgement of each delivery: its true end, and whether it is allowed, by facts alone.

A worker knows of a request what it has learned while it lived. What a dead worker knew is known
only as far as the ledger has it; of the rest nobody knows, and it may be sent once more. So a
double is avoidable if the request before it was known to have been accepted, and every double is
under `hold`.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from bench.protocol.facts import Delivery, Post
from bench.protocol.faults import Answer
from bench.protocol.ledger import Ledger
from handler.core.delivery.claim_protocol import MOST_LOST, LedgerState

LOST: Final = "lost"
AVOIDABLE: Final = "avoidable doubles"
BURIED: Final = "wrongly buried"
AT_ONCE: Final = "sent by two at a time"
UNFINISHED: Final = "unfinished"
WITHIN: Final = "doubles within the unknown set"
UNRECORDED: Final = "unrecorded"
APART: Final = "doubles by clocks that are apart"
_HELD: Final = ("unknown", "notice")


@dataclass(slots=True)
class Judge:
    """Watches a scene. `apart`: its clocks are; `failed` counts calls of AWS that nothing mended.

    Where clocks are apart, two workers may send at a time: then a double is avoidable only if its
    invocation began after the acceptance was recorded.
    """

    ledger: Ledger
    apart: bool
    counts: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    _sending: set[int] = field(default_factory=set)

    def begins(self, posts: Iterable[Post]) -> None:
        """Note that a request goes out."""
        for post in posts:
            post.delivery.posted += 1
            since = post.delivery.known_since
            if self.apart and since is not None and post.begun < since:
                post.delivery.known_since = None  # taken over before it was recorded
            if post.delivery.id in self._sending and not self.apart:
                self.counts[AT_ONCE] += 1
            self._sending.add(post.delivery.id)

    def applies(self, post: Post) -> None:
        """Note that Braze acts on a request."""
        post.delivery.applied += 1
        self.counts["sends"] += 1
        if post.delivery.applied > 1:
            self.counts[self._double(post)] += 1

    def _double(self, post: Post) -> str:
        delivery, since = post.delivery, post.delivery.known_since
        known = since is not None and (post.begun >= since or not self.apart)
        if known or delivery.on_unknown == "hold":
            return AVOIDABLE
        if delivery.unknown:
            return WITHIN
        if delivery.unrecorded:
            return "doubles of what is unrecorded"
        return APART if self.apart else AVOIDABLE

    def learns(self, post: Post, answer: Answer, now: float, *, taken: bool) -> None:
        """Note what a worker that lives has read; `taken`: the answer accepts this delivery."""
        self._sending.discard(post.delivery.id)
        post.flying = False
        kind = answer.outcome.kind
        if kind == "unknown":
            self._doubt(post)
        elif taken and kind in ("accepted", "held"):
            post.known = LedgerState.HELD if kind == "held" else LedgerState.ACCEPTED
            post.failed = self.failed
            post.delivery.notices += kind == "held"
            if not self.apart and post.delivery.known_since is None:
                post.delivery.known_since = now

    def ends(self, posts: Iterable[Post], now: float) -> None:
        """Note the end of an invocation that has lived.

        What it knew and did not record is excused if calls of AWS have failed since, and it has
        told the queue that the message is done with, or has had a notice, which is buried first.
        """
        for post in posts:
            delivery = post.delivery
            if post.known is None:
                continue
            if self._is_recorded(post):
                delivery.known_since = now if delivery.known_since is None else delivery.known_since
            elif self.failed > post.failed and (post.message.acknowledged or delivery.notices):
                delivery.unrecorded += 1
                delivery.known_since = None
                self.counts[UNRECORDED] += 1

    def dies(self, posts: Iterable[Post], batch: Iterable[Delivery], now: float) -> None:
        """Note that a worker has died: what it had sent and not recorded is known to nobody."""
        for delivery in batch:
            delivery.deaths += 1
        for post in posts:
            delivery = post.delivery
            if post.flying:
                self._sending.discard(delivery.id)
                self._doubt(post)
            elif post.known is not None and not self._is_recorded(post):
                delivery.known_since = None
                self._doubt(post)
            elif post.known is not None and delivery.known_since is None:
                delivery.known_since = now

    def _doubt(self, post: Post) -> None:
        post.delivery.unknown += 1
        self.counts["unknown outcomes"] += 1

    def _is_recorded(self, post: Post) -> bool:
        """Read the items themselves: the ledger's own reading may be what is wrong."""
        name = post.delivery.id
        record = self.ledger.records.get(name)
        if record is None or record.state is post.known:
            return record is not None
        state, members = self.ledger.sends.get(post.owner, (None, frozenset[int]()))
        is_told = state is not None and state.value == post.known and name in members
        return record.owner == post.owner and is_told

    def buries(self, delivery: Delivery, reason: str) -> None:
        """Note a dead letter."""
        delivery.letters.append(reason)
        self.counts[f"letters: {reason}"] += 1
        self.counts[BURIED] += not self._may_bury(delivery, reason)

    def _may_bury(self, delivery: Delivery, reason: str) -> bool:
        if delivery.known_since is not None and not (delivery.notices and reason in _HELD):
            return False
        doubts = delivery.unknown + delivery.unrecorded + delivery.deaths + self.failed
        # Of a claim beside others it is known whether a request was opened.
        opened = any(delivery.id in members for _, members in self.ledger.sends.values())
        may_be_sent = opened or delivery.posted > 0 or delivery.alone > 0
        return {
            "rejected": delivery.bad,
            "worker_lost": delivery.deaths >= (2 if delivery.poison else MOST_LOST),
            "notice": delivery.notices > 0,
            "unknown": delivery.on_unknown == "hold" and may_be_sent and (doubts > 0 or self.apart),
        }.get(reason, False)

    def closes(self, deliveries: Iterable[Delivery]) -> None:
        """Note the end of the scene: what is not sent has to be a dead letter."""
        for each in deliveries:
            self.counts["deliveries"] += 1
            self.counts["never sent"] += not each.applied
            self.counts[LOST] += not each.applied and not each.letters
