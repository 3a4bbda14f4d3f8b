"""Requests in the shape of the examples on Braze's pages: those that break its rules, and mended.

Braze's examples name two people at once, leave texts empty and give a text for an object.
"""

from typing import Any

import pytest

from handler.core.errors import RulesError
from handler.core.rules.load import load
from tests.contract.bodies import Body, sent, written


def custom(name: str, comparison: str, value: object) -> Body:
    block = {"custom_attribute_name": name, "comparison": comparison, "value": value}
    return {"custom_attribute": block}


AUDIENCE = {
    "AND": [
        custom("eye_color", "equals", "green"),
        custom("favorite_teas", "includes_value", "oolong"),
        {
            "OR": [
                custom("last_purchase_time", "less_than_x_days_ago", 3),
                {"push_subscription_status": {"comparison": "is", "value": "opted_in"}},
            ]
        },
        {"email_subscription_status": {"comparison": "is_not", "value": "subscribed"}},
        {"last_used_app": {"comparison": "after", "value": "2026-02-22T13:17:55+0000"}},
    ]
}
ALIAS = {"alias_name": "shop-42", "alias_label": "shop"}
WELCOME = {"first_name": "Toni"}
# Of 2020: two identifiers, both empty, and a text where an object belongs.
CAMPAIGN_2020: Any = {
    "campaign_id": "made-up-campaign",
    "send_id": "made-up-send",
    "trigger_properties": "",
    "broadcast": False,
    "audience": AUDIENCE,
    "recipients": [
        {
            "user_alias": {"alias_name": "", "alias_label": ""},
            "external_user_id": "",
            "trigger_properties": {},
            "send_to_existing_only": True,
            "attributes": {},
        }
    ],
}
# Of 2023 to 2025: two identifiers.
CANVAS_2023: Any = {
    "canvas_id": "made-up-canvas",
    "canvas_entry_properties": {"product_name": "tea pot", "product_price": 29.5},
    "broadcast": False,
    "audience": AUDIENCE,
    "recipients": [
        {
            "user_alias": ALIAS,
            "external_user_id": "customer-42",
            "send_to_existing_only": True,
            "attributes": WELCOME,
        }
    ],
}
# Of 2019: the key stands in the body.
CANVAS_2019: Any = {
    "api_key": "made-up",
    "canvas_id": "made-up-canvas",
    "canvas_entry_properties": {"product_name": "tea pot"},
    "recipients": [{"external_user_id": "customer-42"}],
}


def findings(body: Body) -> str:
    with pytest.raises(RulesError) as raised:
        load("shop", written(body), "shop.yaml", "dev")
    return str(raised.value)


@pytest.mark.parametrize(
    "body, words",
    [
        (CAMPAIGN_2020, "has external_user_id and user_alias"),
        (CAMPAIGN_2020, "trigger_properties takes an object"),
        (CANVAS_2023, "has external_user_id and user_alias"),
        (CANVAS_2023, "no send_to_existing_only with user_alias"),
        (CANVAS_2019, "the relay adds the API key itself"),
    ],
)
def test_an_example_that_breaks_brazes_own_rules_is_refused(body: Body, words: str) -> None:
    assert words in findings(body)


def mended(body: Body, **recipient: Any) -> Body:
    whole = {key: it for key, it in body.items() if key != "api_key"}
    return {**whole, "recipients": [recipient]}


@pytest.mark.parametrize(
    "body",
    [
        mended({**CAMPAIGN_2020, "trigger_properties": {"a": 1}}, external_user_id="customer-42"),
        mended(CANVAS_2023, external_user_id="customer-42", attributes=WELCOME),
        mended(CANVAS_2023, user_alias=ALIAS, attributes=WELCOME),
        mended(
            CANVAS_2023,
            email="toni@example.org",
            prioritization=["unidentified", "most_recently_updated"],
        ),
        mended(CANVAS_2019, external_user_id="customer-42"),
    ],
)
def test_a_mended_example_passes_unchanged(body: Body) -> None:
    warnings: list[str] = []
    assert sent(written(body), {}, warnings) == body
    assert warnings == []
