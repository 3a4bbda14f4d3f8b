"""Runs numbered cases and counts; the same seed, number and time make the same case."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from time import time
from typing import Any, Final

from bench.fuzz.arrangement import Arrangement, arranged
from bench.fuzz.mutations import mutate
from bench.fuzz.oracle import Oracle, is_handshake
from bench.fuzz.peers import Peer, peers
from bench.fuzz.requests import Request, event_of
from bench.fuzz.senders import Good, good_requests, secrets_of

OURS: Final = "this relay"
# What must never happen.
FAULTS: Final = ("forged accepted", "uncaught exceptions", "answers of 5xx", "shown in the log")
# So that of a million cases about 100,000 are of the kind of each peer.
_WEIGHT: Final = {"standard_webhooks": 3, "stripe": 3}
_SHOWN: Final = 5  # failures that are told one by one


@dataclass(frozen=True, slots=True)
class Counts:
    """What came of the cases, by verifier; `failures` say how to see one again."""

    of: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def add(self, other: "Counts") -> None:
        """Add what another run counted."""
        self.of.update(other.of)
        self.failures.extend(other.failures[: _SHOWN - len(self.failures)])

    def faults(self) -> int:
        """Return how much happened that must not."""
        return sum(self.of[OURS, fault] for fault in FAULTS)


@dataclass(frozen=True, slots=True)
class Fuzz:
    """One arrangement with its genuine requests, the oracle that knows them, and the peers."""

    seed: int
    oracle: Oracle
    goods: tuple[Good, ...]
    arrangement: Arrangement
    peers: dict[str, Peer]

    def case(self, number: int) -> Request:
        """Return the case of a number."""
        rng = Random(f"{self.seed} {number}")
        return mutate(self._any(rng), self._any(rng), rng)

    def _any(self, rng: Random) -> Request:
        return rng.choice(self.goods).request

    def run(self, numbers: Iterable[int]) -> Counts:
        """Run cases, each with the peers that verify requests of its kind."""
        counts = Counts()
        for number in numbers:
            request = self.case(number)
            outcome = self.outcome(request)
            counts.of[OURS, "cases"] += 1
            counts.of[OURS, outcome] += 1
            if outcome in FAULTS and len(counts.failures) < _SHOWN:
                counts.failures.append(f"case {number} of seed {self.seed}: {outcome}: {request}")
            if peer := self.peers.get(request.source):
                _ask(peer, request, counts)
        return counts

    def outcome(self, request: Request) -> str:
        """Return what came of a request, in a word or two."""
        event = event_of(request)
        aws, log = self.arrangement.aws, self.arrangement.log
        aws.messages.clear()
        log.shown = 0
        try:
            answer = self.arrangement.ingest.answer(event)
        except Exception:  # noqa: BLE001 - whatever it is, it is counted
            return "uncaught exceptions"
        status: int = answer["statusCode"]
        if status >= 500:
            return "answers of 5xx"
        if log.shown:
            return "shown in the log"
        if aws.messages or status in (200, 400):
            return self._accepted(event, is_without_effect=not aws.messages and status == 200)
        return "refused"

    def _accepted(self, event: dict[str, Any], *, is_without_effect: bool) -> str:
        if is_without_effect and is_handshake(event):
            return "handshakes"
        return "accepted" if self.oracle.is_genuine(event) else "forged accepted"


def _ask(peer: Peer, request: Request, counts: Counts) -> None:
    counts.of[peer.name, "cases"] += 1
    try:
        peer.verify(request.body, {k.lower(): v for k, v in request.headers.items()})
    except peer.refusal:
        counts.of[peer.name, "refused"] += 1
    except Exception:  # noqa: BLE001 - whatever it is, it is counted
        counts.of[peer.name, "uncaught exceptions"] += 1
    else:
        counts.of[peer.name, "accepted"] += 1


@contextmanager
def fuzz(seed: int, now: int | None = None) -> Iterator[Fuzz]:
    """Yield what runs cases; where a time is given the peers, which read the real one, stay out."""
    at = int(time()) if now is None else now
    with arranged(at) as arrangement:
        oracle, goods = Oracle(at), list[Good]()
        for name, source in arrangement.sources.items():
            made = [*good_requests(source, at)]
            oracle.learn(name, secrets_of(source), made)
            goods += made * _WEIGHT.get(name, 1)
        beside = peers(arrangement.sources) if now is None else {}
        yield Fuzz(seed, oracle, tuple(goods), arrangement, beside)
