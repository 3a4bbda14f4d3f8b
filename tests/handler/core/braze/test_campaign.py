"""States of a campaign in Braze's details, and the deliveries that they are asked for."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.braze.campaign import campaign_of, campaign_state, details_path
from handler.core.braze.outcome import HttpResponse
from handler.core.models import Delivery

ACTIVE = {"message": "success", "archived": False, "draft": False, "enabled": True}
ID = "417220e4-5a2a-b634-7f7d-9ec891532368"


def said(body: Any, status: int = 200) -> HttpResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpResponse("answered", status, {}, raw)


@pytest.mark.parametrize(
    "more, state",
    [
        ({}, "active"),
        ({"enabled": False}, "paused"),
        ({"archived": True}, "paused"),
        ({"draft": True}, "paused"),
        ({"enabled": False, "archived": True, "draft": True}, "paused"),
        ({"enabled": None}, "unknown"),
        ({"enabled": "false"}, "unknown"),
        ({"enabled": 1}, "unknown"),
    ],
)
def test_the_details_say_whether_a_campaign_sends(more: dict[str, Any], state: str) -> None:
    assert campaign_state(said(ACTIVE | more), 0) == state


@pytest.mark.parametrize(
    "answer, state",
    [
        (said({"message": "no"}, 401), "hidden"),
        (said({}, 403), "hidden"),
        (said({"message": "You do not have permission to access this resource"}, 400), "hidden"),
        (said({"message": "Invalid Campaign ID"}, 400), "unknown"),
        (said({"message": "Invalid URL"}, 404), "unknown"),
        (said(b"", 302), "unknown"),
        (said({"message": "success"}), "unknown"),
    ],
)
def test_who_is_refused_the_details_does_not_know(answer: HttpResponse, state: str) -> None:
    assert campaign_state(answer, 0) == state


@pytest.mark.parametrize(
    "answer",
    [
        said({"message": "Rate Limited"}, 429),
        said({"message": "sorry"}, 503),
        said(b"<html>", 502),
        said(b"<html>", 200),
        said(b"[]"),
        said(b'{"enabled": false, '),
        said(b"", 204),
        HttpResponse("not_connected", why="refused"),
        HttpResponse("interrupted", why="timeout"),
        HttpResponse("interrupted", 200, why="broken"),
        HttpResponse("interrupted", 201, why="broken"),
    ],
)
def test_a_failure_says_nothing(answer: HttpResponse) -> None:
    assert campaign_state(answer, 0) is None


@given(
    st.sampled_from(["not_connected", "interrupted", "answered"]),
    st.none() | st.integers(0, 999),
    st.binary(max_size=40),
    st.booleans(),
)
def test_any_answer_at_all_has_a_state(reached: Any, status: Any, body: bytes, cut: bool) -> None:  # noqa: FBT001 - drawn
    found = campaign_state(HttpResponse(reached, status, {}, body, cut=cut), 0)

    assert found in (None, "active", "paused", "hidden", "unknown")


def delivery(**more: Any) -> Delivery:
    return replace(
        Delivery(
            id="d", source="shop", rule="order", rules_version="v1", workspace="default",
            path="/campaigns/trigger/send", send={"campaign_id": ID},
            recipient={"external_user_id": "u"}, event_id="e", event="", accepted_at=1,
            expires_at=None, on_unknown="retry",
        ),
        **more,
    )  # fmt: skip


def test_a_campaign_is_asked_for_by_its_id() -> None:
    assert campaign_of(delivery()) == ID
    assert details_path(ID) == f"/campaigns/details?campaign_id={ID}"


@pytest.mark.parametrize(
    "more",
    [
        {"path": "/canvas/trigger/send", "send": {"canvas_id": ID}},
        {"path": f"/transactional/v1/campaigns/{ID}/send", "send": {}},
        {"path": f"/transactional/v1/campaigns/{ID}/send", "send": {"campaign_id": ID}},
        {"send": {"campaign_id": "a&b=c"}},
        {"send": {"campaign_id": "a#b"}},
        {"send": {"campaign_id": 7}},
        {"send": {"campaign_id": None}},
    ],
)
def test_of_other_targets_and_of_what_is_no_id_nothing_is_asked(more: dict[str, Any]) -> None:
    assert campaign_of(delivery(**more)) is None
