"""A state of the model: what the ledger, the queue and the workers hold, as small tuples.

There is no clock: a lease is over as soon as nobody who has the claim is left, for then nothing
but time is missing. A worker's token is not written down either: each says itself whether a claim
is still its own.
"""

from typing import Final, Literal, NamedTuple, TypeVar

from handler.core.delivery.claim_protocol import LedgerState

# What a worker has of one of its messages' deliveries.
NEW, OWN, EARLY, LOST, ROBBED, DONE, GONE, BACK, UNRECORDED = range(9)
# NEW: no claim. OWN: claimed, under a lease. EARLY: claimed, the lease is over before its time.
# LOST: taken over by somebody after that. ROBBED: taken over under the lease. DONE: marked, and the
# token is still its own. The rest are verdicts: leaves the queue, comes back, leaves it accepted
# without being recorded.
OWNED: Final = (OWN, EARLY, DONE)
CLAIMED: Final = (OWN, EARLY, LOST, ROBBED)
VERDICTS: Final = (GONE, BACK, UNRECORDED)

DELETED, VISIBLE, IN_FLIGHT = range(3)
# What a `send#` says of the request that a delivery's owner made. NOTHING: its claim has none.
# FENCED: there is none yet, or a void one. The last after an early lease.
NOTHING, FENCED, OPEN, ACCEPTED_IN_TIME, ACCEPTED_LATE = range(5)
# What has become of a worker's own `send#`; the last only where a wrong step is planted.
RECORDED, UNWRITTEN, TOLD_BY_MEMBERS = range(1, 4)
T = TypeVar("T")


class Delivery(NamedTuple):
    """A delivery: its record in the ledger, and what became of it elsewhere.

    `state` is empty where there is no record, `sent` is what its owner's `send#` says, `applied`
    counts what Braze did up to 2, `recorded` what the ledger knows of that, `letter` says that it
    is in the dead letters, `doubt` that something happened after which nobody can know.
    """

    state: LedgerState | Literal[""] = ""
    sent: int = NOTHING
    applied: int = 0
    recorded: int = 0
    letter: bool = False
    doubt: bool = False


class Message(NamedTuple):
    """A message of delivery `of`; one that is `late` was sent after the last dead letter."""

    of: int
    where: int = VISIBLE
    late: bool = False


class Member(NamedTuple):
    """A message in a worker's hands, and what the worker has of its delivery."""

    message: int
    claim: int = NEW


class Worker(NamedTuple):
    """A worker at a phase: what it does next.

    `going` are the members of the request in hand and `at` is one of its places, or of `members`
    while there is no request; `alone` are those that are sent afterwards, or claimed and sent.
    `outcomes` are what came of the request, for each place. `recorded` says whether `send#` has it;
    `fresh` that nobody has changed the record that was last seen; `target` is what is to be marked;
    `void` says that others have made its `send#` void.
    """

    phase: str
    members: tuple[Member, ...]
    at: int = 0
    going: tuple[int, ...] = ()
    alone: tuple[int, ...] = ()
    outcomes: tuple[str, ...] = ()
    recorded: int = NOTHING
    fresh: bool = False
    target: str = ""
    void: bool = False


class World(NamedTuple):
    """A whole state. Workers that have nothing to do are not in it."""

    deliveries: tuple[Delivery, ...]
    messages: tuple[Message, ...]
    workers: tuple[Worker, ...] = ()


class Step(NamedTuple):
    """A step to another state, how it is told, and how many faults it takes."""

    told: str
    world: World
    faults: int = 0


def replaced(items: tuple[T, ...], at: int, item: T) -> tuple[T, ...]:
    return (*items[:at], item, *items[at + 1 :])


def in_hand(worker: Worker) -> int:
    """Return the place of the member in hand among a worker's members."""
    return worker.going[worker.at] if worker.going else worker.at


def placed(world: World, message: int, where: int) -> World:
    """Put a message somewhere, unless it has been deleted."""
    found = world.messages[message]
    if found.where == DELETED:
        return world
    return world._replace(messages=replaced(world.messages, message, found._replace(where=where)))


class Hands(NamedTuple):
    """A worker with the rest of its world, and what it does to both; every change makes a new one.

    `others` are the other workers, `number` its place among all. Who is `calm` need not say what
    faults would do: there was the last one.
    """

    deliveries: tuple[Delivery, ...]
    messages: tuple[Message, ...]
    others: tuple[Worker, ...]
    number: int
    worker: Worker
    calm: bool = False

    @property
    def world(self) -> World:
        before, after = self.others[: self.number], self.others[self.number :]
        return World(self.deliveries, self.messages, (*before, self.worker, *after))

    @property
    def place(self) -> int:
        return in_hand(self.worker)

    @property
    def member(self) -> Member:
        return self.worker.members[self.place]

    @property
    def of(self) -> int:
        """The number of the delivery in hand."""
        return self.of_at(self.place)

    @property
    def delivery(self) -> Delivery:
        return self.deliveries[self.of]

    def of_at(self, place: int) -> int:
        """Return the number of the delivery at a place among the worker's members."""
        return self.messages[self.worker.members[place].message].of

    def turned(self, worker: Worker) -> "Hands":
        deliveries, messages, others, number, _, calm = self
        return Hands(deliveries, messages, others, number, worker, calm)

    def claimed_as(self, claim: int, place: int | None = None) -> "Hands":
        worker, at = self.worker, self.place if place is None else place
        member = Member(worker.members[at].message, claim)
        return self.turned(worker._replace(members=replaced(worker.members, at, member)))

    def written(self, delivery: Delivery, of: int | None = None) -> "Hands":
        number = self.of if of is None else of
        before = self.deliveries[number]
        hands = self._replace(deliveries=replaced(self.deliveries, number, delivery))
        return hands.stale(number) if delivery.state != before.state else hands

    def stale(self, of: int) -> "Hands":
        """Let a record no longer be what anybody has seen of it."""
        others = tuple([_stale(it, self.messages, of) for it in self.others])
        return self._replace(others=others, worker=_stale(self.worker, self.messages, of))

    def doubted(self, of: int | None = None) -> "Hands":
        number = self.of if of is None else of
        return self.written(self.deliveries[number]._replace(doubt=True), number)

    def lettered(self, of: int | None = None) -> "Hands":
        """Put a delivery into the dead letters: from now on its messages are older than that."""
        number = self.of if of is None else of
        messages = tuple(
            [it._replace(late=False) if it.of == number and it.late else it for it in self.messages]
        )
        hands = self.written(self.deliveries[number]._replace(letter=True), number)
        return hands._replace(messages=messages)


def hands_at(world: World, number: int, *, calm: bool = False) -> Hands:
    """Return the hands of a worker by its place."""
    deliveries, messages, workers = world
    others = workers[:number] + workers[number + 1 :]
    return Hands(deliveries, messages, others, number, workers[number], calm)


def _stale(worker: Worker, messages: tuple[Message, ...], of: int) -> Worker:
    if worker.fresh and messages[worker.members[in_hand(worker)].message].of == of:
        return worker._replace(fresh=False)
    return worker
