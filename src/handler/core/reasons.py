"""Reasons: the words that logs, the ledger, dead letters, metrics and the operator share.

Each says where a delivery may stand under it (waiting, dead, held), how it backs off, whether
Braze is sick, and which command an operator answers it with. Values never change: dead letters and
ledger items of former releases hold them. docs/operations.md explains each one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

Place = Literal["waiting", "dead", "held"]
Backoff = Literal["jitter", "target_paused", "fault"]


class Reason(StrEnum):
    """The reason of an outcome, of a wait, or of a delivery's end."""

    ACCEPTED = "accepted"
    RECORDED = "recorded"  # its batch request was accepted: adopted from the record of that
    # Answers of Braze, and requests that got none
    UNREACHABLE = "unreachable"
    INTERRUPTED = "interrupted"
    PAGE = "page"
    UNEXPECTED_STATUS = "unexpected_status"
    SERVER_ERROR = "server_error"
    NOT_TAKEN = "not_taken"
    RATE_LIMITED = "rate_limited"
    KEY_REFUSED = "key_refused"
    CONFIGURATION = "configuration"
    TARGET_PAUSED = "target_paused"
    REJECTED = "rejected"
    NOTICE = "notice"
    # Waits without an attempt
    PAUSED = "paused"
    BREAKER_OPEN = "breaker_open"
    CLAIMED = "claimed"
    SURGE = "surge"
    OUT_OF_TURN = "out_of_turn"
    TARGET_ASKED = "target_asked"  # another worker asks Braze for the state of its campaign
    UNAVAILABLE = "unavailable"  # AWS, a secret, or a bug of ours: the line `not now` says which
    UNKNOWN_VERSION = "unknown_version"
    UNKNOWN_WORKSPACE = "unknown_workspace"
    # Ends
    WITHHELD = "withheld"  # its workspace may not reach its recipient
    STALE = "stale"  # newer attributes, or a newer consent, of the user were accepted
    EXPIRED = "expired"
    HORIZON = "horizon"
    WORKER_LOST = "worker_lost"
    UNANSWERED = "unanswered"  # a transactional request that Braze may take a second time
    UNKNOWN = "unknown"
    MALFORMED = "malformed"
    TOO_MANY = "too_many"
    UNRENDERABLE = "unrenderable"
    REFUSED_BY_SQS = "refused_by_sqs"
    BY_SQS = "by_sqs"  # SQS gave the message up, after maxReceiveCount receives


@dataclass(frozen=True, slots=True)
class Facts:
    """A reason's facts.

    `places` are where a delivery may stand under it. `backoff` is how long it waits for the next
    attempt (`delivery.backoff`), `is_sick` whether it counts against Braze in the breaker.
    `command` is what an operator answers it with (`relay COMMAND`); empty: it passes by itself.
    """

    places: tuple[Place, ...]
    backoff: Backoff = "jitter"
    is_sick: bool = False
    command: str = ""


_WAITS: Final = ("waiting",)
_ENDS: Final = ("dead",)
FACTS: Final[Mapping[Reason, Facts]] = {
    Reason.ACCEPTED: Facts(()),
    Reason.RECORDED: Facts(()),
    Reason.UNREACHABLE: Facts(_WAITS, is_sick=True),
    Reason.INTERRUPTED: Facts(_WAITS),
    Reason.PAGE: Facts(_WAITS),
    Reason.UNEXPECTED_STATUS: Facts(_WAITS),
    Reason.SERVER_ERROR: Facts(_WAITS, is_sick=True),
    Reason.NOT_TAKEN: Facts(_WAITS),
    Reason.RATE_LIMITED: Facts(_WAITS),
    Reason.KEY_REFUSED: Facts(_WAITS, "fault", command="secrets set"),
    Reason.CONFIGURATION: Facts(_WAITS, "fault", command="doctor"),
    Reason.TARGET_PAUSED: Facts(_WAITS, "target_paused", command="doctor"),
    Reason.REJECTED: Facts(_ENDS, command="dead-letters redrive"),
    Reason.NOTICE: Facts(("held",), command="held show"),
    Reason.PAUSED: Facts(("waiting", "dead"), command="resume"),
    Reason.BREAKER_OPEN: Facts(_WAITS),
    Reason.CLAIMED: Facts(_WAITS),
    Reason.SURGE: Facts(("waiting", "dead"), command="dead-letters redrive"),
    Reason.OUT_OF_TURN: Facts(_WAITS),
    Reason.TARGET_ASKED: Facts(_WAITS),
    Reason.UNAVAILABLE: Facts(_WAITS),
    Reason.UNKNOWN_VERSION: Facts(_WAITS),
    Reason.UNKNOWN_WORKSPACE: Facts(_WAITS),
    Reason.WITHHELD: Facts(()),
    Reason.STALE: Facts(()),
    Reason.EXPIRED: Facts(_ENDS, command="dead-letters drop"),
    Reason.HORIZON: Facts(_ENDS, command="dead-letters redrive"),
    Reason.WORKER_LOST: Facts(_ENDS, command="dead-letters redrive"),
    Reason.UNANSWERED: Facts(()),  # its dead letter has the reason `horizon`
    Reason.UNKNOWN: Facts(("held",), command="held drop"),
    Reason.MALFORMED: Facts(_ENDS, command="dead-letters show"),
    Reason.TOO_MANY: Facts(_ENDS, command="dead-letters redrive"),
    Reason.UNRENDERABLE: Facts(_ENDS, command="dead-letters redrive"),
    Reason.REFUSED_BY_SQS: Facts(_ENDS, command="dead-letters show"),
    Reason.BY_SQS: Facts(_ENDS, command="dead-letters redrive"),
}


def standing(place: Place) -> frozenset[Reason]:
    """Return the reasons under which a delivery or an event may be waiting, dead or held."""
    return frozenset(reason for reason, facts in FACTS.items() if place in facts.places)
