"""A typical worker: Powertools' batch processor and idempotency, and one request for each message.

Written as Powertools' and Braze's pages have it, with the libraries that the relay has too. It is
measured, and not recommended: it forgets a claim on a timeout (docs/decisions/0006).
"""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import boto3
import requests
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from pydantic import BaseModel, JsonValue

_DAY: Final = 86_400  # seconds

logger = Logger(service="typical")
metrics = Metrics(namespace="Typical", service="typical")
processor = BatchProcessor(event_type=EventType.SQS)
config = IdempotencyConfig(event_key_jmespath="order_id", expires_after_seconds=_DAY)
layer = DynamoDBPersistenceLayer(table_name=os.environ["LEDGER_TABLE"])
secrets = boto3.client("secretsmanager")
session = requests.Session()


class Message(BaseModel):
    """A queue message: one recipient of a campaign."""

    campaign_id: str
    recipient: dict[str, JsonValue]
    order_id: int


@cache
def api_key() -> str:
    """Return the API key, read once."""
    found = secrets.get_secret_value(SecretId=os.environ["BRAZE_KEYS_ARN"])
    return str(json.loads(found["SecretString"])["default"])


@idempotent_function(  # type: ignore[untyped-decorator] # Powertools does not type it
    data_keyword_argument="message", config=config, persistence_store=layer
)
def send(message: dict[str, Any]) -> dict[str, str]:
    """Send a message to Braze; raise where Braze does not accept it."""
    answer = session.post(
        f"{os.environ['BRAZE_ENDPOINT']}/campaigns/trigger/send",
        json={"campaign_id": message["campaign_id"], "recipients": [message["recipient"]]},
        headers={"Authorization": f"Bearer {api_key()}"},
        timeout=10,
    )
    answer.raise_for_status()
    return {"dispatch_id": answer.json()["dispatch_id"]}


def record_handler(record: SQSRecord) -> None:
    """Handle one record of a batch."""
    message = Message.model_validate_json(record.body)
    sent = send(message=message.model_dump())
    metrics.add_metric(name="Sent", unit=MetricUnit.Count, value=1)
    logger.info("sent", extra={"order_id": message.order_id, **sent})


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> Mapping[str, Any]:
    """Handle an SQS event; return the messages that failed."""
    config.register_lambda_context(context)
    return process_partial_response(
        event=event, record_handler=record_handler, processor=processor, context=context
    )
