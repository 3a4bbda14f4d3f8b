"""Other ways to deliver: each is given a batch, and returns the messages to be retried.

All of them send each delivery alone, know the newest key at once, and are killed with the batch.
"""

import json
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, Final

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.batch.exceptions import BatchProcessingError
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from botocore.exceptions import BotoCoreError, ClientError

from bench.reliability.services import RECORDS, Deleting, delete, put, put_once
from handler.core.braze.request import request
from handler.core.message import decode
from handler.core.models import Delivery
from tests.simulation.environments import BRAZE_KEYS, Environments

Records = list[dict[str, Any]]
Serve = Callable[[Environments, Records, SimpleNamespace], dict[str, Any]]
_ENDPOINT: Final = "https://rest.iad-01.braze.com"
_SECONDS: Final = 10  # that a request may take
_LEASE: Final = 5
_DAY: Final = 86_400


class NotAccepted(Exception):
    """Braze has not said that it has taken a request."""


def post(on: Environments, body: str) -> None:
    """Send one delivery; raise NotAccepted unless the status is 2xx."""
    delivery = decode(body)
    if not isinstance(delivery, Delivery):
        raise TypeError
    key = json.loads(on.secrets.texts[BRAZE_KEYS][-1])["default"]
    sent = json.dumps(request(delivery)).encode()
    answer = on.braze.post(_ENDPOINT + delivery.path, sent, key, _SECONDS)
    if (answer.status or 0) // 100 != 2:
        raise NotAccepted


def no_idempotency(on: Environments, records: Records, _context: SimpleNamespace) -> dict[str, Any]:
    """Send; what is accepted is deleted, all else comes back."""
    return _each(records, lambda body: post(on, body))


def lease(on: Environments, records: Records, _context: SimpleNamespace) -> dict[str, Any]:
    """Claim for five seconds, send, note it for a day; where it fails, delete whatever claim."""
    client = on.dynamodb
    if not isinstance(client, Deleting):
        raise TypeError

    def once(body: str) -> None:
        key = json.loads(body)["id"]
        if not _is_claimed(client, key, on.clock()):
            return
        try:
            post(on, body)
        except NotAccepted:
            delete(client, key)
            raise
        put(client, key, on.clock() + _DAY, "DONE")

    return _each(records, once)


def _is_claimed(client: Deleting, key: str, now: float) -> bool:
    """Return whether it is ours to send, False if it was sent; raise where another has it."""
    try:
        put_once(client, key, now, _LEASE, "SENDING")
    except ClientError as error:
        response: Mapping[str, Any] = error.response
        if response.get("Item", {}).get("status") == {"S": "DONE"}:
            return False
        raise
    return True


def powertools(on: Environments, records: Records, context: SimpleNamespace) -> dict[str, Any]:
    """Do as Powertools' pages on batches and on idempotency say, with the defaults."""
    client: Any = on.dynamodb
    store = DynamoDBPersistenceLayer(RECORDS, boto3_client=client)
    config = IdempotencyConfig(event_key_jmespath="id")
    config.register_lambda_context(context)  # type: ignore[arg-type] # what is called is there

    @idempotent_function(  # type: ignore[untyped-decorator] # as Powertools has it
        data_keyword_argument="delivery", persistence_store=store, config=config
    )
    def deliver(*, delivery: dict[str, Any]) -> dict[str, bool]:
        post(on, json.dumps(delivery))
        return {"sent": True}

    def record_handler(record: SQSRecord) -> Any:
        return deliver(delivery=json.loads(record.body))

    try:
        return dict(
            process_partial_response(
                {"Records": records},
                record_handler,
                BatchProcessor(EventType.SQS),
                context,  # type: ignore[arg-type] # as above
            )
        )
    except BatchProcessingError:  # all have failed: the function, too
        return _failed(each["messageId"] for each in records)


def _each(records: Records, once: Callable[[str], None]) -> dict[str, Any]:
    failed = []
    for record in records:
        try:
            once(record["body"])
        except (NotAccepted, ClientError, BotoCoreError):
            failed.append(record["messageId"])
    return _failed(failed)


def _failed(names: Any) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}
