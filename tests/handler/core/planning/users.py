"""Requests that a rule with `track` or `subscribe` makes of a body."""

import json
from collections.abc import Mapping
from typing import Any, Final

import yaml

from handler.core.braze.contract.track import counts
from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from handler.core.rules.source import Rule, Source
from tests.handler.core.braze.contract.track_bodies import template
from tests.handler.core.one_rule import EVENT, NOW

VERSIONED: Final = {**EVENT, "version": "body.at"}
COMPUTED: Final = {"external_id": "${body.who}", "_update_existing_only": True}


def source_of(kind: str, block: Any, **rule: Any) -> Source:
    """Return a source with one rule of a kind."""
    is_counted = kind == "track" and counts(template(block))
    counted = {"once": "${body.id}", "on_unknown": "hold"} if is_counted else {}
    whole = {"name": "tell", "type": "*", kind: block, **counted, **rule}
    verify = {"encoding": "hex", "signature": {"header": "x-sign"}}
    file = {"verify": verify, "event": VERSIONED, "rules": [whole]}
    return load("shop", yaml.safe_dump(file), "shop.yaml", "dev")


def rule_of(kind: str, block: Any) -> Rule:
    """Return a rule of a kind, compiled."""
    (rule,) = source_of(kind, block).rules
    return rule


def made(kind: str, block: Any, body: Mapping[str, Any], **rule: Any) -> Plan:
    """Return the plan of a body for one rule of a kind."""
    text = json.dumps({"type": "t", "id": "e-1", "at": NOW, "who": "c-7", **body})
    webhook = Webhook("shop", "POST", {"x-sign": "s"}, "", text.encode(), NOW)
    return plan(Verified(webhook), source_of(kind, block, **rule))


def event(name: str = "watched", properties: Any = None, **fields: Any) -> dict[str, Any]:
    """Return an event, of the user whom the body names."""
    given = {} if properties is None else {"properties": properties}
    whole = {**COMPUTED, "name": name, "time": "${time(body.at)}", **given, **fields}
    return {key: one for key, one in whole.items() if one is not None}


def profile(**fields: Any) -> dict[str, Any]:
    """Return an object of attributes, of the user whom the body names."""
    whole = {**COMPUTED, **fields}
    return {key: one for key, one in whole.items() if one is not None}
