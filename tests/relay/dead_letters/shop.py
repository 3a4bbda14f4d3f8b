"""The rules of a shop, the letters that they have made, and `redrive --rendered`."""

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from handler.core.message import pack
from handler.core.models import Delivery, Parked, Plan
from relay.rules.webhooks import Given, planned
from relay.webhooks.samples import Sample, load_sources
from tests.relay.dead_letters.desk import NOW, SECRET, Desk

RULES = """\
verify: {preset: shopify}
vars:
  dev: {mail: 417220e4-5a2a-b634-7f7d-9ec891532368}
  prod: {mail: 8a1f6e6b-3f5c-4c0e-9d11-0c6f4f2b7a55}
rules:
  - name: confirm
    type: orders/create
    when: "!(body.test)"
    once: ${body.id}
    send:
      campaign_id: ${vars.mail}
      recipients:
        - external_user_id: ${body.customer.id}
          attributes: {email: "${body.email}"}
          trigger_properties: {order: "Order ${body.number}"}
    required: [attributes.email]
"""


# As RULES, for a webhook of several orders.
MANY = RULES.replace(
    "rules:\n", "event: {events: body.orders, type: \"'orders/create'\", id: body.id}\nrules:\n"
)


EACH = """\
verify: {preset: shopify}
rules:
  - name: parcels
    type: orders/create
    for_each: body.parcels
    once: ${item.code}
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      recipients:
        - external_user_id: ${item.to}
          trigger_properties: {parcel: "Parcel ${item.code}"}
"""


ORDER: dict[str, Any] = {
    "id": 7,
    "email": f"{SECRET}@example.org",
    "number": 41,
    "customer": {"id": 9},
}


Rules = Callable[[str], Path]


def plan_of(rules: Path, body: Any) -> Plan:
    """Return what ingest makes of an order, now."""
    sample = Sample("order", "shop", {"x-shopify-topic": "orders/create"}, body)
    return planned(Given(sample, NOW), load_sources(rules, "dev")["shop"])


def made_of(rules: Path, body: Any) -> Delivery:
    (made,) = plan_of(rules, body).deliveries
    return made


def parked_of(rules: Path, body: Any) -> Parked:
    (parked,) = plan_of(rules, body).parked
    return parked


def raw(body: str, reason: str = "malformed") -> Parked:
    headers: dict[str, JsonValue] = {"x-shopify-topic": "orders/create"}
    event = pack({"raw": b64encode(body.encode()).decode(), "headers": headers})
    return Parked("shop", None, "v1", "e", event, NOW, reason, "why")  # type: ignore[arg-type] # as given


def rendered(desk: Desk, rules: Path, *arguments: str, answer: str = "") -> Any:
    given = ["--rendered", "--rules", str(rules), *arguments]
    return desk.run("dead-letters", "redrive", *given, answer=answer)
