"""The real ingest; at its edge stand-ins for AWS, a clock that stands, and a log that looks."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any, Final, cast
from unittest import mock

from bench.fuzz.senders import MARKS, secrets_of, sources
from handler import settings, webhook_log
from handler.aws.secrets import SecretCache
from handler.core.braze.request import encode_request, request
from handler.core.message import MAX_BYTES, decode
from handler.core.models import Delivery
from handler.core.rules.source import Source
from handler.ingest import Ingest

_GIVEN: Final = {
    "QUEUE_URL": "queue",
    "DEAD_LETTER_QUEUE_URL": "dead",
    "RULES_STAGE": "dev",
    "SIGNING_SECRETS_ARN": "arn:aws:secretsmanager:us-east-1:1:secret:s",
    "MAX_BODY_BYTES": "524288",
}


@dataclass
class Aws:
    """SQS and Secrets Manager as ingest sees them; a message that cannot be sent on is an error."""

    secrets: dict[str, list[str]]
    messages: list[str] = field(default_factory=list)

    def get_secret_value(self, **_: str) -> dict[str, str]:
        """Return the signing secrets."""
        return {"SecretString": json.dumps(self.secrets), "VersionId": "1"}

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - AWS's own
        """Take deliveries."""
        for entry in Entries:
            self.send_message(QueueUrl, entry["MessageBody"])
        return {}

    def send_message(self, QueueUrl: str, MessageBody: str, **_: object) -> None:  # noqa: N803 - AWS's own
        """Take one message, if it can become Braze's request where it is a delivery."""
        letter = decode(MessageBody)
        if isinstance(letter, Delivery):
            encode_request(request(letter))
        if isinstance(letter, Delivery) != (QueueUrl == "queue"):
            raise ValueError("a message of the wrong kind")
        if not MessageBody.isascii() or len(MessageBody) > MAX_BYTES:
            raise ValueError("SQS would not take this message")
        self.messages.append(MessageBody)


class Log(io.StringIO):
    """A log that counts what should never stand in one, and keeps nothing."""

    shown = 0

    def write(self, text: str) -> int:
        """Look at what is written."""
        self.shown += any(mark in text for mark in MARKS)
        return len(text)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """An ingest of every preset and scheme, and what is around it."""

    sources: dict[str, Source]
    aws: Aws
    log: Log
    ingest: Ingest


@contextmanager
def arranged(now: int) -> Iterator[Arrangement]:
    """Yield the arrangement; meanwhile it is `now`, and all logs go to its own."""
    found = dict(sources())
    secrets = {name: secrets_of(source) for name, source in found.items()}
    aws = Aws({name: [it.current, it.previous] for name, it in secrets.items()})
    given = settings.IngestSettings.from_environment(_GIVEN)
    cache = SecretCache(cast("Any", aws), given.signing_secrets_arn, lambda: now)
    log, before = Log(), webhook_log.logger.handlers[0]
    ingest = Ingest(given, found, cache, cast("Any", aws), clock=lambda: now)
    stream = mock.patch.object(before, "stream", log)
    with stream, redirect_stdout(log):
        yield Arrangement(found, aws, log, ingest)
