"""The ingest function: takes a webhook, enqueues its deliveries and answers its sender.

It never calls Braze and has no table: it writes messages and dead letters only. The order of the
checks and the answers are those of the table in docs/answers.md.
"""

from handler.init_phase import end_init_phase  # before all else

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from handler import compiled_rules, settings, webhook_log
from handler.aws.api_gateway import is_accepted, webhook_of
from handler.aws.errors import error_name
from handler.aws.metrics import UNKNOWN
from handler.aws.retry import Retry, one_attempt
from handler.aws.secrets import BRIEF, SecretCache
from handler.aws.sqs import Cause, Message, bury, enqueue
from handler.core.errors import (
    MethodNotAllowed,
    NotFound,
    Refused,
    RulesError,
    TooLarge,
    Unavailable,
    UnknownSource,
    UnsupportedMediaType,
    Unverified,
)
from handler.core.message import encode, group_of
from handler.core.models import Delivery, Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.reasons import Reason
from handler.core.rules.source import Source
from handler.core.secret_values import signing_secrets
from handler.core.verification.handshake import Reply, greet, greet_signed
from handler.core.verification.signature import shown_url
from handler.core.verification.verify import is_provable, verify
from handler.webhook_log import MOST_TOLD, WebhookLog
from handler.workspaces import RULES

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

DAY: Final = 86_400  # seconds
RETRY_AFTER: Final = {"retry-after": "30"}  # seconds, as `secrets.FAILED_AFTER`
_Message = tuple[Delivery, str]  # a delivery, and the body of its queue message
_JSON: Final = {"content-type": "application/json"}
_PATIENCE: Final = one_attempt(1, 2)
# A webhook's answer: the function's timeout of 10 s, and 1 s to give it to Lambda. It includes the
# secrets: a first read, 2.2 s, and a forced one, 1 s.
_LONGEST: Final = 9
SENDING: Final = Retry(each=3, seconds=_LONGEST)  # each: connect and read of _PATIENCE


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer one HTTP API request (payload format 2.0)."""
    try:
        ingest = _ingest()
    except Exception as error:  # noqa: BLE001 - whatever it is, the sender is to try again
        why = error if isinstance(error, Unavailable) else Unavailable(error_name(error))
        return _unavailable(WebhookLog(UNKNOWN, len(webhook_of(event, 0).body)), why)
    return ingest.answer(event)


@cache
def _ingest() -> "Ingest":
    given = settings.IngestSettings.from_environment(os.environ)
    manager = boto3.client("secretsmanager", config=BRIEF)
    return Ingest(
        settings=given,
        sources=compiled_rules.read(RULES, given.rules_stage, broadcasts=given.allow_broadcast),
        secrets=SecretCache(manager, given.signing_secrets_arn, time.time),
        sqs=boto3.client("sqs", config=_PATIENCE),
    )


@dataclass(frozen=True, slots=True)
class Ingest:
    """The state of one execution environment: sources, secret cache and SQS client.

    `clock` returns seconds since the epoch.
    """

    settings: settings.IngestSettings
    sources: Mapping[str, Source | RulesError]
    secrets: SecretCache
    sqs: "SQSClient"
    clock: Callable[[], float] = time.time
    retry: Retry = SENDING

    def answer(self, event: dict[str, Any]) -> dict[str, Any]:
        """Answer a request, and log its result once."""
        retry = self.retry.ending_in(_LONGEST)
        webhook = webhook_of(event, self.clock())
        # An unknown source name is text of any caller: it stays out of logs and metrics.
        known = webhook.source if webhook.source in self.sources else UNKNOWN
        log = WebhookLog(known, len(webhook.body))
        try:
            source = self._source(webhook)
            made = greet(webhook, source.handshakes) or self._plan(webhook, source)
            if isinstance(made, Reply):
                log.pinged()
                return {"statusCode": 200, "headers": made.headers, "body": made.body}
            dead = self._enqueue(made, retry)
        except Refused as refused:
            log.refused(refused, self._verified_url(webhook, refused))
            return _answer(refused.status, {"error": refused.answer})
        except Unavailable as error:
            return _unavailable(log, error)
        log.taken(made, dead)
        if source.answer == "empty":
            return {"statusCode": 200, "body": ""}
        return _answer(200, _counts(made))

    def _source(self, webhook: Webhook) -> Source:
        source = self.sources.get(webhook.source)
        asks = source.handshakes if isinstance(source, Source) else ()
        if webhook.method != "POST" and not webhook.source:
            raise NotFound("no path of webhooks")
        if webhook.method != "POST" and not greet(webhook, asks):
            raise MethodNotAllowed("not POST")
        if not webhook.source:
            raise UnknownSource("the path is not /webhooks/SOURCE")
        if source is None:
            raise UnknownSource("no rules file of this name")
        if isinstance(source, RulesError):
            raise source
        return source

    def _plan(self, webhook: Webhook, source: Source) -> Plan | Reply:
        secrets = self._signing_secrets(webhook, source)
        if len(webhook.body) > self.settings.max_body_bytes:
            raise TooLarge(f"over {self.settings.max_body_bytes} bytes")
        if not is_accepted(webhook.headers.get("content-type", ""), source):
            raise UnsupportedMediaType("neither JSON nor allowed by the preset")
        verified = self._verified(webhook, source, secrets)
        oldest = (self.settings.ledger_days - 1) * DAY
        made = greet_signed(verified, source.handshakes)
        return made or plan(verified, source, oldest, MOST_TOLD)

    def _signing_secrets(self, webhook: Webhook, source: Source) -> tuple[str, ...]:
        try:
            return signing_secrets(self.secrets.current(), source.secret)
        except Unavailable:  # the secret may have been set a moment ago
            return self._newer_secrets(webhook, source)

    def _newer_secrets(self, webhook: Webhook, source: Source) -> tuple[str, ...]:
        """Return the signing secrets, read again if a newer secret could verify the webhook at all.

        Without this condition any request would cause a read, and genuine webhooks would wait.
        """
        is_worth_it = is_provable(webhook, source.scheme)
        secret = self.secrets.refresh() if is_worth_it else self.secrets.current()
        return signing_secrets(secret, source.secret)

    def _verified(self, webhook: Webhook, source: Source, secrets: tuple[str, ...]) -> Verified:
        try:
            return verify(webhook, source.scheme, secrets)
        except (Unverified, Unavailable):  # a secret may have been rotated, or corrected
            renewed = self._newer_secrets(webhook, source)
            if renewed == secrets:
                raise
        return verify(webhook, source.scheme, renewed)

    def _verified_url(self, webhook: Webhook, refused: Refused) -> str:
        """Return the URL that a wrong signature was checked against; empty if none is signed."""
        source = self.sources.get(webhook.source)
        if refused.reason != "wrong_signature" or not isinstance(source, Source):
            return ""
        return shown_url(webhook, source.scheme)

    def _enqueue(self, planned: Plan, retry: Retry) -> list[Delivery]:
        """Enqueue the deliveries, and bury the parked events.

        Return the deliveries that SQS refuses for good: they are buried too.
        """
        messages = [*zip(planned.deliveries, planned.bodies, strict=True)]
        refused = self._send(messages, retry)
        dead = [(body, Cause(Reason.REFUSED_BY_SQS)) for _, body in refused]
        dead += [
            (encode(parked), Cause(Reason(parked.reason), detail=parked.detail))
            for parked in planned.parked
        ]
        for body, cause in dead:
            try:
                bury(self.sqs, self.settings.dead_letter_queue_url, body, cause, retry)
            except (BotoCoreError, ClientError) as error:
                raise Unavailable(f"SQS is away: {error_name(error)}") from None
        return [delivery for delivery, _ in refused]

    def _send(self, messages: list[_Message], retry: Retry) -> list[_Message]:
        """Enqueue each message by its priority; return those that SQS refuses for good."""
        normal = [one for one in messages if one[0].priority is None]
        refused = self._send_to(self.settings.queue_url, normal, retry)
        low = [one for one in messages if one[0].priority is not None]
        return refused + (self._send_low(low, retry) if low else [])

    def _send_low(self, messages: list[_Message], retry: Retry) -> list[_Message]:
        """Enqueue messages of low priority: as others, where their queue is missing or away.

        So a message of low priority is in its own queue alone, or among the dead letters: a worker
        of the release before it, which cannot read it, is handed none.
        """
        url = self.settings.low_priority_queue_url
        if url is not None:
            try:
                return self._send_to(url, messages, retry)
            except Unavailable as error:
                webhook_log.logger.warning(
                    "not in the low-priority queue", extra={"why": str(error)}
                )
        normal = [replace(one, priority=None) for one, _ in messages]
        return self._send_to(self.settings.queue_url, [(one, encode(one)) for one in normal], retry)

    def _send_to(self, url: str, messages: list[_Message], retry: Retry) -> list[_Message]:
        made = {body: delivery for delivery, body in messages}
        grouped = [Message(body, group_of(one), one.delay) for one, body in messages]
        return [(made[body], body) for body in enqueue(self.sqs, url, grouped, retry)]


def _counts(made: Plan) -> dict[str, int]:
    """Return the counts in an answer; `parked` only where an event was parked, which is rare."""
    parked = {"parked": len(made.parked)} if made.parked else {}
    return {"events": made.events, "deliveries": len(made.deliveries), **parked}


def _answer(
    status: int, body: Mapping[str, object], headers: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    return {"statusCode": status, "headers": {**_JSON, **headers}, "body": json.dumps(body)}


def _unavailable(log: WebhookLog, error: Unavailable) -> dict[str, Any]:
    log.unavailable(error)
    return _answer(503, {"error": "unavailable"}, RETRY_AFTER)


end_init_phase(_ingest)
