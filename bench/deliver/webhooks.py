"""Shopify orders of 10 KB, as senders sign them, API Gateway passes them on and SQS hands them out.

The 15 fields of the mapping are those that every way can map: paths, an index, a template,
a default, lower case and a list of objects.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

SOURCE: Final = "shop"
SIGNING_SECRET: Final = "a-signing-secret-of-nobody"  # noqa: S105 - it guards nothing
CAMPAIGN: Final = "417220e4-5a2a-b634-7f7d-9ec891532368"
# The rules by name: the topic that each takes. The second begins a Canvas, the third is one whose
# deliveries are held where the outcome is unknown.
TOPICS: Final = {"plain": "orders/create", "canvas": "orders/paid", "hold": "orders/updated"}
# The rule that counts an event, which a release before cannot, by the topic that it takes.
TRACK: Final = {"track": "orders/fulfilled"}
MOST: Final = 50  # messages of the largest batch; Braze's limit of recipients in a request
_HOST: Final = "abc.execute-api.eu-west-1.amazonaws.com"

_HEAD: Final = """\
verify:
  preset: shopify
  secret: shop
rules:
"""
_RULE: Final = """\
  - name: {name}
    type: {topic}
    once: ${{body.id}}
    send:
      {target}
      recipients:
        - external_user_id: shopify_${{body.customer.id}}
          send_to_existing_only: false
          attributes:
            email: ${{lower(body.customer.email)}}
          {properties}:{fields}
    on_unknown: {on_unknown}
"""
_FIELDS: Final = """
            first_name: ${body.customer.first_name || 'there'}
            order_id: ${body.id}
            order_name: ${body.name}
            total_price: ${body.total_price}
            currency: ${body.currency}
            city: ${body.shipping_address.city}
            country: ${body.shipping_address.country_code}
            zip: ${body.shipping_address.zip}
            discount_code: ${body.discount_codes[0].code}
            first_item: ${body.line_items[0].title}
            status_url: ${body.order_status_url}
            created_at: ${body.created_at}
            items: "${body.line_items[].{
              title: title, sku: sku, quantity: quantity, price: price}}"
"""
_EVENT_RULE: Final = """\
  - name: {name}
    type: {topic}
    once: ${{body.id}}
    track:
      events:
        - external_id: shopify_${{body.customer.id}}
          _update_existing_only: false
          name: bought
          time: ${{time(body.created_at)}}
          properties:{fields}
    on_unknown: retry
"""


def rules_file(others: int = 0, *, tracks: bool = False) -> str:
    """Return the rules file of the source: a rule for each of TOPICS, with the same 15 fields.

    `others` are as many rules more, of topics that no webhook here has; they come first. One of
    TRACK comes last where it `tracks`.
    """
    rules = ""
    topics = {f"other-{number}": f"things/kind-{number}" for number in range(others)}
    for name, topic in {**topics, **TOPICS}.items():
        is_canvas = name == "canvas"
        rules += _RULE.format(
            name=name,
            topic=topic,
            target=f"{'canvas' if is_canvas else 'campaign'}_id: {_target(name)}",
            properties="context" if is_canvas else "trigger_properties",
            on_unknown="hold" if name == "hold" else "retry",
            fields=_FIELDS.rstrip(),
        )
    for name, topic in TRACK.items() if tracks else ():
        rules += _EVENT_RULE.format(name=name, topic=topic, fields=_FIELDS.rstrip())
    return _HEAD + rules


def _target(rule: str) -> str:
    return CAMPAIGN.replace("4172", f"{[*TOPICS].index(rule) if rule in TOPICS else 9999:04}")


_ORDER: Final = json.loads((Path(__file__).parent / "order.json").read_text(encoding="utf-8"))


def order(number: int, items: int | None = None) -> dict[str, Any]:
    """Return an order of its own customer, placed now, with 5 line items or as many as given."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    email = f"Zoe.Berg.{number}@Example.COM"
    customer = _ORDER["customer"] | {"id": 207_000_000 + number, "email": email}
    return {
        **_ORDER,
        "id": 450_000_000 + number,
        "name": f"#{1000 + number}",
        "email": email,
        "created_at": now,
        "customer": customer,
        "line_items": [*islice(cycle(_ORDER["line_items"]), items or len(_ORDER["line_items"]))],
    }


def body_of(number: int, items: int | None = None) -> bytes:
    """Return an order's bytes, as its sender posts them."""
    return json.dumps(order(number, items), separators=(",", ":"), ensure_ascii=False).encode()


def signature(body: bytes) -> str:
    """Return the signature of a body, as its header has it."""
    digest = hmac.digest(SIGNING_SECRET.encode(), body, hashlib.sha256)
    return base64.b64encode(digest).decode()


def gateway_event(number: int, topic: str, items: int | None = None) -> dict[str, Any]:
    """Return an order as an HTTP API request (payload format 2.0), signed."""
    body, path = body_of(number, items), f"/webhooks/{SOURCE}"
    return {
        "version": "2.0",
        "routeKey": "ANY /webhooks/{source}",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "content-type": "application/json",
            "host": _HOST,
            "user-agent": "Shopify-Captain-Hook",
            "x-shopify-topic": topic,
            "x-shopify-shop-domain": "harbour-tea.myshopify.com",
            "x-shopify-hmac-sha256": signature(body),
        },
        "requestContext": {
            "domainName": _HOST,
            "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1"},
            "stage": "$default",
            "timeEpoch": int(time.time() * 1000),
        },
        "pathParameters": {"source": SOURCE},
        "isBase64Encoded": False,
        "body": body.decode(),
    }


def queue_event(bodies: Sequence[str]) -> dict[str, Any]:
    """Return messages as SQS's event source hands them out, received for the first time."""
    now = str(int(time.time() * 1000))
    attributes = {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": now,
        "ApproximateFirstReceiveTimestamp": now,
    }
    return {"Records": [_record(place, body, attributes) for place, body in enumerate(bodies)]}


def _record(place: int, body: str, attributes: dict[str, str]) -> dict[str, Any]:
    return {
        "messageId": f"00000000-0000-0000-0000-{place:012}",
        "receiptHandle": "AQEB" + "x" * 180,
        "body": body,
        "attributes": attributes,
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:000000000000:queue",
        "awsRegion": "eu-west-1",
    }


def typical_message(number: int) -> str:
    """Return the message that a typical application's ingest makes of an order: the same fields."""
    one = order(number)
    recipient = {
        "external_user_id": f"shopify_{one['customer']['id']}",
        "send_to_existing_only": False,
        "attributes": {"email": one["customer"]["email"].lower()},
        "trigger_properties": _properties(one),
    }
    message = {"campaign_id": CAMPAIGN, "recipient": recipient, "order_id": one["id"]}
    return json.dumps(message, separators=(",", ":"))


def _properties(one: dict[str, Any]) -> dict[str, Any]:
    address, items = one["shipping_address"], one["line_items"]
    return {
        "first_name": one["customer"]["first_name"] or "there",
        "order_id": one["id"],
        "order_name": one["name"],
        "total_price": one["total_price"],
        "currency": one["currency"],
        "city": address["city"],
        "country": address["country_code"],
        "zip": address["zip"],
        "discount_code": one["discount_codes"][0]["code"],
        "first_item": items[0]["title"],
        "status_url": one["order_status_url"],
        "created_at": one["created_at"],
        "items": [{key: it[key] for key in ("title", "sku", "quantity", "price")} for it in items],
    }
