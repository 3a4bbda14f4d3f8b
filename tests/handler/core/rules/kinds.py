"""Rules files whose one rule is of a given kind, and what is said of them."""

import json
from typing import Any

import yaml

from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from handler.core.rules.source import Source
from tests.handler.core.rules_files import findings

GROUP = "11111111-1111-4111-8111-111111111111"
VARS = {"group": GROUP, "bought": "tea bought"}
EVENT = {"type": "body.type", "type_signed": True, "id": "body.id", "version": "body.at"}
WHO = {"external_id": "${body.user}", "_update_existing_only": False}
BOUGHT = {**WHO, "name": "tea bought", "time": "${body.at}", "properties": {"n": "${body.n}"}}
PERSON = {**WHO, "first_name": "${body.first}"}
CONSENT = {
    "subscription_group_id": GROUP,
    "subscription_state": "${body.state}",
    "external_ids": ["${body.user}"],
}
COUNTED = {"once": "${body.id}", "on_unknown": "hold"}
# A rule of each kind as it must at least be written; events stand alone, and beside attributes.
ATTRIBUTES: dict[str, Any] = {"track": {"attributes": [PERSON]}}
EVENTS: dict[str, Any] = {"track": {"events": [BOUGHT]}, **COUNTED}
BOTH: dict[str, Any] = {"track": {"attributes": [PERSON], "events": [BOUGHT]}, **COUNTED}
SUBSCRIBE: dict[str, Any] = {"subscribe": {"subscription_groups": [CONSENT]}}
SEND: dict[str, Any] = {
    "send": {"campaign_id": "c", "recipients": [{"external_user_id": "${body.user}"}]}
}
BODY: dict[str, Any] = {
    "type": "t.updated",
    "id": "e-1",
    "user": "u-7",
    "first": "Ada",
    "n": 3,
    "at": "2026-11-20T21:00:00Z",
    "state": "unsubscribed",
}


def written(rule: dict[str, Any], kind: str = "t.updated", **file: Any) -> str:
    """Return a file of one rule, for events of a type."""
    verify = {"encoding": "hex", "signature": {"header": "x-sign"}}
    whole = {"verify": verify, "event": EVENT, "vars": {"dev": VARS}, **file}
    return yaml.safe_dump(
        {**whole, "rules": [{"name": "r", "type": kind, **rule}]}, sort_keys=False
    )


def source(rule: dict[str, Any], kind: str = "t.updated", **file: Any) -> Source:
    """Return the source of such a file."""
    return load("shop", written(rule, kind, **file), "shop.yaml", "dev")


def said(rule: dict[str, Any], kind: str = "t.updated", **file: Any) -> list[str]:
    """Return the findings in such a file, without their places."""
    return [one.split(": ", 1)[1] for one in findings(written(rule, kind, **file))]


def planned(
    rule: dict[str, Any], body: dict[str, Any] = BODY, kind: str = "t.updated", **file: Any
) -> Plan:
    """Return the plan of an event by such a rule."""
    webhook = Webhook("shop", "POST", {"x-sign": "s"}, "", json.dumps(body).encode(), 1)
    return plan(Verified(webhook), source(rule, kind, **file))
