"""Errors, by who must act.

RelayError
├── Refused              sender: it gets a 4xx, and nothing changes
│   ├── MethodNotAllowed     405
│   ├── NotFound             404
│   ├── UnknownSource        404
│   ├── TooLarge             413
│   ├── UnsupportedMediaType 415
│   ├── Unverified           401
│   └── NotJson              400
├── Unavailable          operator: the sender gets a 503 and retries
│   └── RulesError           rule author: the file does not load
├── Malformed            operator: the body cannot be used safely, and the event is parked
├── ExpressionError      rule author: an expression cannot be evaluated
│   └── OverBudget           it takes too many steps, or is nested too deeply
├── Unrenderable         rule author: a rule cannot make its request
│   └── WrongType            a field's expression does not go with this event's types
├── UnreadableMessage    operator: a queue message that no version of the relay wrote
└── UnknownVersion       no action: a newer worker will read this message

No message here holds a secret, a body, a header or any other value of a webhook.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal


class RelayError(Exception):
    """Base of all errors that the relay raises on purpose."""


class Refused(RelayError):
    """A webhook that is refused. `reason` is logged, and is never part of the answer."""

    status: ClassVar[int]
    answer: ClassVar[str]

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MethodNotAllowed(Refused):
    """A method other than POST, at the path of a webhook."""

    status = 405
    answer = "method not allowed"


class NotFound(Refused):
    """A method other than POST, at a path that is not /webhooks/SOURCE."""

    status = 404
    answer = "not found"


class UnknownSource(Refused):
    """A POST to a path that does not name a source of a rules file."""

    status = 404
    answer = "unknown source"


class TooLarge(Refused):
    """The body is over the limit."""

    status = 413
    answer = "body too large"


class UnsupportedMediaType(Refused):
    """The content type is neither JSON nor one that the source's preset allows."""

    status = 415
    answer = "unsupported content type"


UnverifiedReason = Literal[
    "no_signature",
    "malformed_signature",
    "wrong_signature",
    "too_many_signatures",
    "duplicate_header",
    "no_timestamp",
    "malformed_timestamp",
    "stale",
    "from_the_future",
    "no_id",
    "ambiguous_id",
    "no_header",
    "no_credential",
    "malformed_credential",
    "wrong_credential",
    "duplicate_credential",
]


class Unverified(Refused):
    """A webhook that does not prove who sent it. The answer is the same for every reason."""

    status = 401
    answer = "unverified"

    def __init__(self, reason: UnverifiedReason) -> None:
        super().__init__(reason)


class NotJson(Refused):
    """The signature is good and the body is not JSON at all (RFC 8259)."""

    status = 400
    answer = "body is not JSON"


class Unavailable(RelayError):
    """A failure of the relay itself: the sender is asked to retry, and nothing is lost."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake in a rules file; line and column are counted from 1."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class RulesError(Unavailable):
    """A rules file that does not load, with every mistake in it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)


class Malformed(RelayError):
    """A signed body that is JSON, but cannot be passed on safely."""


class ExpressionError(RelayError):
    """An expression that cannot be parsed or evaluated."""


class OverBudget(ExpressionError):
    """An expression that exceeds the budget of one evaluation, on values of any type."""


class Unrenderable(RelayError):
    """A rule that cannot make its request from this event; `path` names the field."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(f"{path}: {detail}" if path else detail)
        self.path = path
        self.detail = detail


class WrongType(Unrenderable):
    """A field whose expression fails on this event's types; the request may do without it."""


class UnreadableMessage(RelayError):
    """A queue message that the relay did not write."""


class UnknownVersion(RelayError):
    """A queue message of a version that this code does not read: postponed, and never buried."""
