"""The typical ingest with Powertools' idempotency: an order that comes again is not enqueued again.

As in a real application, the module that its functions share loads requests too.
"""

import os
from typing import Any, Final

import requests  # noqa: F401 - as above
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from bench.ingest.typical import app, enqueue, logger, metrics

_DAY: Final = 86_400  # seconds

config = IdempotencyConfig(event_key_jmespath="order_id", expires_after_seconds=_DAY)
layer = DynamoDBPersistenceLayer(table_name=os.environ["LEDGER_TABLE"])


@idempotent_function(  # type: ignore[untyped-decorator] # as below
    data_keyword_argument="message", config=config, persistence_store=layer
)
def enqueue_once(message: dict[str, Any]) -> dict[str, Any]:
    """Enqueue a message, unless its order was enqueued already."""
    return enqueue(message)


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle an HTTP API request."""
    config.register_lambda_context(context)
    app.append_context(enqueue=enqueue_once)  # type: ignore[no-untyped-call] # Powertools does not type it
    return app.resolve(event, context)
