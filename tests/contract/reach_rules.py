"""Rules of every kind that let an event say as much as it may, and what they reach all the same."""

from decimal import Decimal
from typing import Any, Final

PAID: Final = {
    "custom_attribute": {
        "custom_attribute_name": "plan",
        "comparison": "equals",
        "value": "paid",
    }
}
_CAMPAIGN: Final = "/campaigns/trigger/send"
_CANVAS: Final = "/canvas/trigger/send"


def _rule(name: str, send: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "type": "*", "send": send, **more}


FILE: Final[dict[str, Any]] = {
    "verify": {"preset": "shopify"},
    "vars": {"dev": {"sale": "c-sale"}},
    "rules": [
        _rule(
            "known",
            {
                "campaign_id": "${vars.sale}",
                "broadcast": False,
                "audience": PAID,
                "trigger_properties": "${body}",
                "recipients": [
                    {
                        "external_user_id": "${body.id}",
                        "send_to_existing_only": "${body.old}",
                        "attributes": "${body.notes}",
                    }
                ],
            },
        ),
        _rule(
            "two",
            {
                "canvas_id": "c-two",
                "context": {
                    "all": "${body}",
                    "type": "${type}",
                    "shop": '${headers."x-shopify-shop-domain"}',
                },
                "recipients": [
                    {"external_user_id": "${body.id}", "attributes": {"all": "${body}"}},
                    {"external_user_id": "guest-${body.other}", "context": "${body}"},
                ],
            },
        ),
        _rule(
            "alias",
            {
                "campaign_id": "c-alias",
                "recipients": [
                    {
                        "user_alias": {"alias_name": "${body.id}", "alias_label": "shop"},
                        "attributes": "${body}",
                        "trigger_properties": {"all": "${body}"},
                    }
                ],
            },
        ),
        _rule(
            "address",
            {
                "campaign_id": "c-address",
                "recipients": [
                    {
                        "email": "${body.email}",
                        "prioritization": "${body.order}",
                        "attributes": {"notes": "${body.notes}"},
                    }
                ],
                "attachments": [
                    {"file_name": "bill-${body.id}", "url": "https://a.example/${body.id}"}
                ],
            },
        ),
        _rule(
            "each",
            {"campaign_id": "c-each", "recipients": [{"external_user_id": "${item}"}]},
            for_each="body.items",
        ),
        _rule(
            "transactional",
            {
                "transactional_campaign_id": "c-transactional",
                "recipient": {"external_user_id": "${body.id}", "attributes": "${body.notes}"},
                "trigger_properties": "${body}",
            },
        ),
        _rule(
            "sale",
            {
                "campaign_id": "c-broadcast",
                "broadcast": True,
                "audience": PAID,
                "trigger_properties": "${body}",
            },
            allow_broadcast=True,
        ),
    ],
}
# What no event changes of each rule's request: where it goes, and all that is not a recipient or
# properties. `attachments` are compared by their number.
FIXED: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "known": (_CAMPAIGN, {"campaign_id": "c-sale", "broadcast": False, "audience": PAID}),
    "two": (_CANVAS, {"canvas_id": "c-two"}),
    "alias": (_CAMPAIGN, {"campaign_id": "c-alias"}),
    "address": (_CAMPAIGN, {"campaign_id": "c-address"}),
    "each": (_CAMPAIGN, {"campaign_id": "c-each"}),
    "transactional": ("/transactional/v1/campaigns/c-transactional/send", {}),
    "sale": (_CAMPAIGN, {"campaign_id": "c-broadcast", "broadcast": True, "audience": PAID}),
}


def _as_text(value: Any) -> str:
    """Return an id as text: 1.0 is 1."""
    return str(int(Decimal(repr(value)))) if isinstance(value, float) else str(value)


def reached(rule: str, body: Any) -> list[dict[str, Any] | None]:
    """Return who the rule names of an event, None for an audience: of the signed body alone."""
    who = str(body.get("id"))
    items = body["items"] if isinstance(body.get("items"), list) else []
    known: dict[str, list[dict[str, Any] | None]] = {
        "known": [{"external_user_id": who}],
        "two": [{"external_user_id": who}, {"external_user_id": f"guest-{body.get('other')}"}],
        "alias": [{"user_alias": {"alias_name": who, "alias_label": "shop"}}],
        "address": [{"email": body.get("email")}],
        "each": [{"external_user_id": _as_text(it)} for it in items],
        "transactional": [{"external_user_id": who}],
        "sale": [None],
    }
    return known[rule]
