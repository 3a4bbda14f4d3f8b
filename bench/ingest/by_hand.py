"""`python -m bench.ingest.by_hand [LEVEL]`: what a careful person writes instead of rules.

It knows one sender and one campaign, and packs the event at zlib's LEVEL. It carries out tasks (see
`bench.tasks`).
"""

import base64
import hashlib
import hmac
import json
import sys
import time
import zlib
from typing import Any

from bench.deliver.webhooks import CAMPAIGN, SIGNING_SECRET, body_of, order, signature
from bench.ingest.bodies import ITEMS
from bench.tasks import microseconds, serve


def recipient_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the 15 fields of an order, any of which may be missing."""
    customer = body.get("customer") or {}
    address = body.get("shipping_address") or {}
    codes = body.get("discount_codes") or []
    items = body.get("line_items") or []
    email = customer.get("email")
    return {
        "external_user_id": f"shopify_{customer.get('id')}",
        "send_to_existing_only": False,
        "attributes": {"email": email.lower() if email else None},
        "trigger_properties": {
            "first_name": customer.get("first_name") or "there",
            "order_id": body.get("id"),
            "order_name": body.get("name"),
            "total_price": body.get("total_price"),
            "currency": body.get("currency"),
            "city": address.get("city"),
            "country": address.get("country_code"),
            "zip": address.get("zip"),
            "discount_code": codes[0].get("code") if codes else None,
            "first_item": items[0].get("title") if items else None,
            "status_url": body.get("order_status_url"),
            "created_at": body.get("created_at"),
            "items": [
                {
                    "title": item.get("title"),
                    "sku": item.get("sku"),
                    "quantity": item.get("quantity"),
                    "price": item.get("price"),
                }
                for item in items
            ],
        },
    }


def message_of(raw: bytes, given: str, level: int) -> str:
    """Return the message of a webhook, with its event packed along; raise ValueError if unsigned.

    `level` is zlib's.
    """
    digest = hmac.digest(SIGNING_SECRET.encode(), raw, hashlib.sha256)
    if not hmac.compare_digest(base64.b64encode(digest).decode(), given):
        raise ValueError("not signed")
    body = json.loads(raw)
    message = {
        "id": hashlib.sha256(f"shop/{body['id']}".encode()).hexdigest(),
        "path": "/campaigns/trigger/send",
        "send": {"campaign_id": CAMPAIGN},
        "recipient": recipient_of(body),
        "event": base64.b64encode(zlib.compress(raw, level)).decode("ascii"),
        "accepted_at": int(time.time()),
    }
    return json.dumps(message, separators=(",", ":"))


class ByHand:
    """Its tasks: each gives the microseconds of one. `level` is zlib's; -1 is its default."""

    def __init__(self, level: int = -1) -> None:
        self._level = level

    def mapping(self, seconds: float) -> float:
        """Map an order's 15 fields, for so many seconds of CPU."""
        body = order(1)

        def one() -> int:
            recipient_of(body)
            return 1

        return microseconds(one, seconds)

    def message(self, size: str, seconds: float) -> float:
        """Make the message of a webhook of a size, for so many seconds of CPU."""
        raw = body_of(1, ITEMS[size])
        given = signature(raw)

        def one() -> int:
            message_of(raw, given, self._level)
            return 1

        return microseconds(one, seconds)


if __name__ == "__main__":
    serve(lambda: ByHand(*map(int, sys.argv[1:])))
