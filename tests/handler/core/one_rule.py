"""A source of one rule, and what is planned of a body as its sender has written it."""

import json
from typing import Any

import yaml

from handler.core.models import Delivery, Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load

NOW = 1_780_000_000
EVENT = {"type": "body.type", "type_signed": True, "id": "body.id", "occurred_at": "body.at"}


def planned(body: Any, recipient: dict[str, Any] | None, send: Any = None, **rule: Any) -> Plan:
    """Return the plan of a body, given as its value or as the very text of its JSON.

    Without a recipient it is one of a broadcast. A recipient who is written down is made of the
    event's id, which is cut off again: no rules file takes an identifier that reads nothing.
    """
    reached = {} if recipient is None else {"recipients": [{**recipient, **_named(recipient)}]}
    request = {"campaign_id": "c", **(send or {}), **reached}
    block = {"name": "confirm", "type": "*", "send": request, **rule}
    verify = {"encoding": "hex", "signature": {"header": "x-sign"}}
    file = {"verify": verify, "event": EVENT, "rules": [block]}
    source = load("shop", yaml.safe_dump(file), "shop.yaml", "dev")
    text = body if isinstance(body, str) else json.dumps({"type": "t", "id": "e-1", **body})
    webhook = Webhook("shop", "POST", {"x-sign": "s"}, "", text.encode(), NOW)
    return plan(Verified(webhook), source)


def _named(recipient: dict[str, Any]) -> dict[str, str]:
    who = recipient.get("external_user_id", "${")
    cut = f"replace(concat(id, '/{who}'), concat(id, '/'), '')"
    return {} if "${" in who else {"external_user_id": f"${{{cut}}}"}


def only(made: Plan) -> Delivery:
    """Return the one delivery of a plan that parks nothing."""
    assert made.parked == ()
    (delivery,) = made.deliveries
    return delivery


def why_parked(made: Plan) -> str:
    """Return why a plan's one wish is a dead letter."""
    assert made.deliveries == ()
    (parked,) = made.parked
    return parked.detail


def recipient_of(made: Plan) -> Any:
    """Return whom the one delivery of a plan is for, with all that it says."""
    return only(made).recipient
