"""Transactional campaigns: one recipient, an endpoint of their own, and Braze's de-duplication."""

import json
import re
from typing import Any

import pytest

from handler.core.braze.request import request
from handler.core.errors import RulesError, Unrenderable
from handler.core.models import Event
from handler.core.planning.render import Packed, render
from handler.core.rules.load import load
from tests.contract.bodies import EVENT_ID, Body, written

SEND: Any = {
    "transactional_campaign_id": "5a8d0f2e-93b1",
    "recipient": {"external_user_id": "${body.id}", "attributes": {"email": "${body.email}"}},
    "trigger_properties": {"order": "${body.name}", "shop": "Tea"},
}
EVENT = Event("shop", "any", EVENT_ID, {"id": 7, "email": "a@example.org"}, {}, None, 1)


def made(send: Body) -> Any:
    source = load("shop", written(send), "shop.yaml", "dev")
    (delivery,) = render(source.rules[0], Packed(EVENT, "packed"), source)
    return delivery


def test_it_is_the_request_of_brazes_page_with_the_deliverys_id() -> None:
    delivery = made({**SEND, "trigger_properties": {"order": "${body.id}", "shop": "Tea"}})
    assert delivery.path == "/transactional/v1/campaigns/5a8d0f2e-93b1/send"
    assert request(delivery) == {
        "recipient": {"external_user_id": "7", "attributes": {"email": "a@example.org"}},
        "trigger_properties": {"order": 7, "shop": "Tea"},
        "external_send_id": delivery.id,
    }
    assert re.fullmatch(r"[a-zA-Z0-9\-_+/=]+", delivery.id)


def test_properties_that_are_missing_are_no_part_of_it() -> None:
    delivery = made({**SEND, "trigger_properties": {"order": "${body.name}"}})
    assert request(delivery).keys() == {"recipient", "external_send_id"}


def test_properties_over_the_limit_are_unrenderable() -> None:
    twice = "${join(body.email, `" + json.dumps(["x" * 25_600] * 2) + "`)}"
    with pytest.raises(Unrenderable, match="larger than 51,200 bytes"):
        made({**SEND, "trigger_properties": {"a": twice}})
    with pytest.raises(RulesError, match="larger than 51,200 bytes"):
        made({**SEND, "trigger_properties": {"a": "x" * 60_000}})


@pytest.mark.parametrize(
    "change, words",
    [
        ({"recipients": [{"external_user_id": "a"}]}, "unknown key recipients"),
        ({"recipient": [{"external_user_id": "a"}]}, "a recipient is an object"),
        ({"recipient": {"email": "a@example.org"}}, "exactly one of external_user_id, user_alias"),
        ({"recipient": {"external_user_id": "a", "user_alias": {}}}, "exactly one of external"),
        ({"recipient": {"external_user_id": "a", "trigger_properties": {}}}, "unknown key trigger"),
        ({"recipient": {"external_user_id": "a", "send_to_existing_only": True}}, "unknown key"),
        ({"broadcast": False}, "unknown key broadcast"),
        ({"audience": {}}, "unknown key audience"),
        ({"external_send_id": "x"}, "the relay writes it"),
        ({"campaign_id": "c"}, "and has campaign_id and transactional_campaign_id"),
        ({"transactional_campaign_id": "../../users/delete"}, "takes text"),
        ({"transactional_campaign_id": "${body.id}"}, "no webhook may change"),
    ],
)
def test_what_its_page_does_not_have_is_refused(change: Body, words: str) -> None:
    with pytest.raises(RulesError) as raised:
        load("shop", written({**SEND, **change}), "shop.yaml", "dev")
    assert words in str(raised.value)
