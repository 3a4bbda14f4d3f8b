"""Rules files with one name of `define`, and what is planned and found by them."""

import json
from functools import lru_cache
from typing import Any

from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from handler.core.rules.source import Source
from tests.handler.core.rules_files import findings

NOW = 1_780_000_000
USER = "${coalesce(text(body.customer.id), concat('guest-', sha256(lower(body.email))))}"
FILE = """\
verify: {preset: shopify}
headers: [x-shop]
vars: {dev: {v: w, c: c-1}}
define:
  user: "%s"
rules:
  - name: confirm
    type: orders/create
    send:
      campaign_id: c-1
      recipients:
        - external_user_id: ${body.id}
          attributes: {email: "${body.email}"}
          trigger_properties: {p: "%s"}
"""
ORDER = {"id": 7, "email": "A@b.co", "lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}]}


@lru_cache(maxsize=16)  # one file is asked about several events
def shop(text: str) -> Source:
    return load("shop", text, "shop.yaml", "dev")


def planned(text: str, body: Any, kind: str = "orders/create", **headers: str) -> Plan:
    given = {"x-shopify-topic": kind, **{key.replace("_", "-"): it for key, it in headers.items()}}
    webhook = Webhook("shop", "POST", given, "", json.dumps(body).encode(), NOW)
    return plan(Verified(webhook), shop(text))


def sent(define: str, use: str, body: Any = ORDER) -> Any:
    """Return the property that is sent; absent where it is missing."""
    made = planned(FILE % (define, use), body)
    assert (made.parked, made.warnings) == ((), ())
    return (made.deliveries[0].recipient or {}).get("trigger_properties", {})


def wrong(define: str, use: str) -> list[str]:
    return findings(FILE % (define, use))
