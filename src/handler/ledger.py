"""The ledger: one DynamoDB item for each delivery, written by single conditional updates."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from handler.core.errors import Unavailable
from handler.core.models import OnUnknown
from handler.core.protocol import Record, Refusal, State, refused
from handler.items import Item, claim_condition, number, record_from, text, words_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# botocore's default mode makes five attempts of up to 60 s: longer than the whole invocation.
# With n attempts a call takes at most n * (connect + read) and the pauses between them, which are
# under 1 s before the second attempt and under 2 s before the third.
PATIENT: Final = Config(  # 3 * (1 + 2) + 1 + 2 = 12 s: what has to be known before anything is sent
    retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=1, read_timeout=2
)
QUICK: Final = Config(  # 2 * (0.5 + 1) + 1 = 4 s: it fits into the margin after a POST
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=0.5, read_timeout=1
)
DAY: Final = 86_400
ATTEMPT_DAYS: Final = 30
KEPT_ATTEMPTS: Final = 5
_FINAL: Final = (State.ACCEPTED, State.HELD)
_ENDS_RUN: Final = (State.ACCEPTED, State.HELD, State.DEAD)
_NAMES: Final = {"#state": "state", "#owner": "owner", "#last": "last"}  # reserved words

_CLAIM: Final = (
    "SET #state = :sending, #owner = :owner, lease_until = :lease, expires = :expires, "
    "since = if_not_exists(since, :now) ADD attempts :one"
)

Entry = Mapping[str, str | int | None]


class Times(NamedTuple):
    """The times of a claim, in epoch seconds; `sent_at` is when SQS took the message."""

    now: float
    lease_until: float
    sent_at: float


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send a delivery, until the lease ends.

    `attempt` is counted from 1; `since` is the first claim of this run, in epoch seconds;
    `after_loss` says that whoever had the claim before has never marked what came of it.
    """

    id: str
    owner: str
    attempt: int
    since: int
    last: tuple[Entry, ...] = ()
    after_loss: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """The table, and for how many days final marks live.

    Every call raises Unavailable where DynamoDB does not answer: then nothing may be sent.
    """

    client: "DynamoDBClient"
    table: str
    days: int

    def claim(
        self, delivery_id: str, on_unknown: OnUnknown, owner: str, times: Times
    ) -> Claim | tuple[Refusal, Record | None]:
        """Claim a delivery for `owner`.

        Return the claim, or why there is none, with the record that stood in the way.
        """
        now, lease_until = ceil(times.now), ceil(times.lease_until)
        condition, values = claim_condition(on_unknown, now, times.sent_at)
        values |= {
            ":sending": text(State.SENDING),
            ":owner": text(owner),
            ":lease": number(lease_until),
            ":expires": number(now + ATTEMPT_DAYS * DAY),
            ":one": number(1),
        }
        applied, item = self._update(delivery_id, _CLAIM, condition, values)
        record = record_from(item)
        if applied:
            return _claim(delivery_id, owner, record, now)
        refusal = refused(record, on_unknown, now, owner)
        mine = record if refusal.kind == "mine" else None
        return _claimed(delivery_id, mine, now) if mine else (refusal, record)

    def mark(self, claim: Claim, state: State, entry: Entry, now: float) -> bool:
        """Write what came of a claim; return False where somebody else has claimed it since."""
        days = self.days if state in _FINAL else ATTEMPT_DAYS
        last = [*claim.last, entry][-KEPT_ATTEMPTS:]
        update = "SET #state = :state, expires = :expires, attempts = :attempts, #last = :last"
        values = {
            ":state": text(state),
            ":owner": text(claim.owner),
            ":expires": number(int(now) + days * DAY),
            ":attempts": number(claim.attempt),
            ":last": {"L": [words_of(kept) for kept in last]},
        }
        if state is State.DEAD:
            update += ", dead_at = :dead_at"
            values[":dead_at"] = number(int(now))
        if state in _ENDS_RUN:
            update += " REMOVE since"
        else:
            update += ", since = :since"
            values[":since"] = number(claim.since)
        return self._update(claim.id, update, "#owner = :owner", values)[0]

    def release(self, delivery_id: str, owner: str) -> bool:
        """Make a claim of ours FAILED of which nothing was sent, as if it had not been made."""
        values = {
            ":failed": text(State.FAILED),
            ":owner": text(owner),
            ":sending": text(State.SENDING),
            ":less": number(-1),
        }
        condition = "#owner = :owner AND #state = :sending"
        update = "SET #state = :failed ADD attempts :less"
        return self._update(delivery_id, update, condition, values)[0]

    def hold(self, delivery_id: str, seen: Record, owner: str, now: float) -> bool:
        """Make a record HELD whose claimant has vanished; False where it has changed meanwhile.

        The owner changes with it, so that the vanished one can no longer mark.
        """
        values = {
            ":held": text(State.HELD),
            ":owner": text(owner),
            ":expires": number(int(now) + self.days * DAY),
            ":seen": text(seen.owner),
            ":was": text(seen.state),
        }
        update = "SET #state = :held, #owner = :owner, expires = :expires REMOVE since"
        condition = "#owner = :seen AND #state = :was"
        return self._update(delivery_id, update, condition, values)[0]

    def _update(
        self, delivery_id: str, update: str, condition: str, values: dict[str, Item]
    ) -> tuple[bool, Mapping[str, Item]]:
        """Return whether the update was applied, and the item as it was before."""
        used = f"{update} {condition}"
        try:
            answer = self.client.update_item(
                TableName=self.table,
                Key={"pk": text(f"delivery#{delivery_id}")},
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames={k: v for k, v in _NAMES.items() if k in used},
                ExpressionAttributeValues=values,
                ReturnValues="ALL_OLD",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.client.exceptions.ConditionalCheckFailedException as error:
            return False, cast("Mapping[str, Item]", error.response.get("Item", {}))
        except ClientError as error:
            raise Unavailable(f"ledger: {error.response['Error']['Code']}") from None
        except BotoCoreError as error:
            raise Unavailable(f"ledger: {type(error).__name__}") from None
        return True, cast("Mapping[str, Item]", answer.get("Attributes", {}))


def _claim(delivery_id: str, owner: str, before: Record | None, now: int) -> Claim:
    if before is None or before.expires <= now:  # absent, or as good as absent: a run of its own
        return Claim(delivery_id, owner, 1, now)
    since = now if before.since is None else before.since
    lost = before.state is State.SENDING
    return Claim(delivery_id, owner, before.attempts + 1, since, before.last, lost)


def _claimed(delivery_id: str, mine: Record, now: int) -> Claim:
    """Return the claim of ours that stood in our own way: its answer was lost, and it counted."""
    since = now if mine.since is None else mine.since
    return Claim(delivery_id, mine.owner, mine.attempts, since, mine.last)
