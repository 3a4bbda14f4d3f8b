"""A typical ingest: Powertools' resolver, Logger and Metrics, pydantic and boto3.

Written as Powertools' pages have it, with libraries that the relay has too. It is measured, and not
recommended.
"""

import base64
import hashlib
import hmac
import json
import os
from functools import cache
from typing import Any, Final

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import BaseModel, ValidationError

CAMPAIGN: Final = "417220e4-5a2a-b634-7f7d-9ec891532368"

logger = Logger(service="typical")
metrics = Metrics(namespace="Typical", service="typical")
app = APIGatewayHttpResolver()
queue = boto3.client("sqs")
secrets = boto3.client("secretsmanager")


class Address(BaseModel):
    """Where an order goes."""

    city: str | None = None
    country_code: str | None = None
    zip: str | None = None


class Customer(BaseModel):
    """Who has ordered."""

    id: int
    email: str
    first_name: str | None = None


class Item(BaseModel):
    """What was ordered."""

    title: str
    sku: str | None = None
    quantity: int
    price: str


class Discount(BaseModel):
    """A code that made it cheaper."""

    code: str


class Order(BaseModel):
    """Those parts of an order that are mapped."""

    id: int
    name: str
    total_price: str
    currency: str
    created_at: str
    order_status_url: str | None = None
    customer: Customer
    shipping_address: Address
    discount_codes: list[Discount]
    line_items: list[Item]


def recipient_of(order: Order) -> dict[str, Any]:
    """Return the 15 fields that the relay's rule has too."""
    return {
        "external_user_id": f"shopify_{order.customer.id}",
        "send_to_existing_only": False,
        "attributes": {"email": order.customer.email.lower()},
        "trigger_properties": {
            "first_name": order.customer.first_name or "there",
            "order_id": order.id,
            "order_name": order.name,
            "total_price": order.total_price,
            "currency": order.currency,
            "city": order.shipping_address.city,
            "country": order.shipping_address.country_code,
            "zip": order.shipping_address.zip,
            "discount_code": order.discount_codes[0].code,
            "first_item": order.line_items[0].title,
            "status_url": order.order_status_url,
            "created_at": order.created_at,
            "items": [item.model_dump() for item in order.line_items],
        },
    }


@cache
def signing_secret() -> bytes:
    """Return the signing secret, read once."""
    found = secrets.get_secret_value(SecretId=os.environ["SIGNING_SECRETS_ARN"])
    return str(json.loads(found["SecretString"])["shop"]).encode()


def is_signed(body: bytes, given: str) -> bool:
    """Return whether the sender has signed a body."""
    digest = hmac.digest(signing_secret(), body, hashlib.sha256)
    return hmac.compare_digest(base64.b64encode(digest).decode(), given)


def enqueue(message: dict[str, Any]) -> dict[str, Any]:
    """Enqueue a message."""
    text = json.dumps(message, separators=(",", ":"))
    queue.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=text)
    return {"deliveries": 1}


@app.post("/webhooks/shop")
def take() -> Response[str]:
    """Take a webhook."""
    event = app.current_event
    body = (event.decoded_body or "").encode()
    if not is_signed(body, event.headers.get("x-shopify-hmac-sha256", "")):
        return answer(401, {"error": "signature"})
    try:
        order = Order.model_validate(json.loads(body))
    except ValidationError:
        return answer(400, {"error": "order"})
    message = {"campaign_id": CAMPAIGN, "recipient": recipient_of(order), "order_id": order.id}
    made: dict[str, Any] = app.context["enqueue"](message=message)
    metrics.add_metric(name="Taken", unit=MetricUnit.Count, value=1)
    logger.info("taken", extra={"order_id": order.id})
    return answer(200, made)


def answer(status: int, body: dict[str, Any]) -> Response[str]:
    """Return an answer of JSON."""
    return Response(status, content_type="application/json", body=json.dumps(body))


@logger.inject_lambda_context
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handle an HTTP API request."""
    app.append_context(enqueue=enqueue)  # type: ignore[no-untyped-call] # Powertools does not type it
    return app.resolve(event, context)
