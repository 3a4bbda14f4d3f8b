"""The items `surge#`: what a rule's brake let pass in this window, and what it stopped."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from relay.console.format import moment, since, span
from relay.operations.naming import Names, Rule
from relay.stacks.ledger import Record, Table, living

Verb = Literal["release", "drop"]


@dataclass(frozen=True, slots=True)
class Brake:
    """What is known of one rule's brake; times in epoch seconds.

    `limit` is so many in so many seconds, None for a rule that is not in the rules folder;
    `passed` counts this window, or of an unknown length the last one. `stopped` counts since
    `stopped_at`, None where nothing is stopped.
    """

    rule: str
    limit: tuple[int, int] | None
    passed: int = 0
    stopped: int = 0
    stopped_at: int | None = None
    released_at: int | None = None
    dropped_at: int | None = None

    def told(self, now: float) -> Iterator[str]:
        """Yield how it stands: passed, stopped and what was done last, in words."""
        if self.limit is None:
            yield f"passed {self.passed:,} in its last window"
        else:
            most, seconds = self.limit
            yield f"passed {self.passed:,} of {most:,} in {span(seconds)}"
        if self.stopped_at is not None:
            yield f"stopped {self.stopped:,} {since(self.stopped_at, now)}"
        for name, at in (("released", self.released_at), ("dropped", self.dropped_at)):
            if at is not None:
                yield f"last {name} {moment(at, now)}"


def key(rule: Rule) -> str:
    """Return the key of a rule's brake."""
    return f"surge#{'/'.join(rule)}"


def keys(names: Names) -> list[str]:
    """Return the keys of all brakes that a rules folder has."""
    return [key(rule) for rule, named in sorted(names.rules.items()) if named.surge]


def brake_of(record_key: str, record: Record, names: Names, now: float) -> Brake:
    """Return the brake of an item; one that is not there, or is over, has let nothing pass."""
    written = record_key.partition("#")[2]
    source, _, rule = written.partition("/")
    named = names.rules.get((source, rule))
    limit = named.surge if named else None
    found = living(record, now)
    current = limit is None or found.get("window") == int(now // limit[1] * limit[1])
    return Brake(
        written,
        limit,
        passed=found.get("count", 0) if current else 0,
        stopped=found.get("stopped", 0),
        stopped_at=found.get("stopped_at"),
        released_at=found.get("released_at"),
        dropped_at=found.get("dropped_at"),
    )


def brakes(table: Table, names: Names, now: float, *, everywhere: bool) -> list[Brake]:
    """Return the brakes of the rules folder; those of other rules too where it is `everywhere`."""
    wanted = keys(names)
    records: dict[str, Record] = {one: {} for one in wanted}
    if everywhere:
        records |= {record["pk"]: record for record in table.beginning("surge#")}
    else:
        records |= table.get_many(wanted)
    return [brake_of(one, record, names, now) for one, record in sorted(records.items())]


def settle(table: Table, rule: Rule, verb: Verb, seen: Brake, now: int) -> bool:
    """Release or drop what a brake has stopped; False where it is not stopped as it was seen."""
    field = "released_at" if verb == "release" else "dropped_at"
    done, _ = table.change(
        key(rule),
        f"SET {field} = :now REMOVE stopped, stopped_at",
        "stopped_at = :seen",
        ExpressionAttributeValues={":now": {"N": str(now)}, ":seen": {"N": str(seen.stopped_at)}},
    )
    return done
