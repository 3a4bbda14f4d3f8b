"""Braze's answers to profiles, events and consent: both sides take the same objects for refused."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.braze_client.client import post
from handler.braze_client.session import open_session
from handler.core.braze.endpoints import SUBSCRIBE, TRACK, endpoint_of
from handler.core.braze.outcome import HttpResponse, Outcome, classify
from handler.core.braze.refused import is_all, refused_in
from handler.core.braze.request import batch_request, encode_request
from handler.core.models import Delivery
from relay.simulated_braze.contract.endpoints import DATA
from relay.simulated_braze.updates import named_objects
from tests.contract.test_errors import ERRORS
from tests.contract.user_breaches import BREACHES, event, group, profile
from tests.contract.way import KEY
from tests.handler.core.delivery.test_batching import one
from tests.relay.simulated_braze.simulated import NOON, Client

PATHS = [TRACK.path, SUBSCRIBE.path]


def delivery(body: Any) -> Delivery:
    path = SUBSCRIBE.path if "subscription_groups" in body else TRACK.path
    return one(path=path, send={}, recipient=body, guard="r")


def answered(braze: Client, *batch: Delivery) -> Outcome:
    """Post a request of deliveries over a socket, and judge what came back."""
    at = endpoint_of(batch[0].path)
    assert at is not None
    raw = encode_request(batch_request(batch))
    with open_session() as session:
        answer = post(session, braze.url + batch[0].path, raw, KEY, 30)
    return classify(answer, braze.now, at.refusing)


THREE = [
    delivery({**profile(external_id="u"), **event(external_id="u")}),
    delivery(event(external_id="v")),
    delivery(profile(external_id="w")),
]


@settings(deadline=None)
@given(errors=ERRORS, path=st.sampled_from(PATHS))
def test_both_sides_take_the_same_objects_for_refused(errors: Any, path: str) -> None:
    body = json.dumps({"message": "success", "errors": errors}).encode()
    at = endpoint_of(path)
    assert at is not None
    outcome = classify(HttpResponse("answered", 201, body=body), 0, at.refusing)
    theirs = named_objects(errors, DATA[path].arrays).keys()
    assert outcome.refused.keys() == {place for place in theirs if place[0] in at.arrays}


@pytest.mark.parametrize(
    "objects, refused",
    [
        ("first", [{("attributes", 0)}, set(), set()]),
        ("all", [{("attributes", 0), ("events", 0)}, {("events", 0)}, {("attributes", 0)}]),
        ("absent", [set(), set(), set()]),
    ],
)
def test_errors_of_an_answer_are_told_apart_by_delivery(
    braze: Client, objects: str, refused: list[set[tuple[str, int]]]
) -> None:
    for user in "uvw":
        braze.call("PUT", f"/profiles/{user}", {})
    braze.call("POST", "/faults", [{"kind": "errors", "objects": objects}])

    outcome = answered(braze, *THREE)

    assert (outcome.kind, outcome.warnings) == ("accepted", ("errors",))
    assert [found.keys() for found in refused_in(THREE, outcome.refused)] == refused
    applied = sum(update["applied"] for update in braze.call("GET", "/updates"))
    assert applied == 4 - sum(map(len, refused))


def test_an_object_that_braze_drops_is_its_own_delivery_s_alone(braze: Client) -> None:
    for user in "uvw":
        braze.call("PUT", f"/profiles/{user}", {})
    bad = delivery(event(external_id="v", time="today"))

    outcome = answered(braze, THREE[0], bad, THREE[2])

    found = refused_in([THREE[0], bad, THREE[2]], outcome.refused)
    assert found == [{}, {("events", 0): "'time' must be a time in ISO 8601"}, {}]
    assert is_all(bad, found[1])
    assert braze.call("GET", "/commerce")["total"]["events"] == {"viewed": 1}
    assert braze.call("GET", "/profiles/w")["profile"] == {"vip": True}


def test_a_request_of_bad_objects_alone_can_be_a_refusal_that_says_why(braze: Client) -> None:
    braze.call("PUT", "/switches", {"no_valid_object": "refused"})
    outcome = answered(braze, delivery(BREACHES["a day"].body))
    assert (outcome.kind, outcome.status) == ("rejected", 400)
    assert outcome.detail.startswith("Valid data must be provided in the 'attributes'")
    assert "'time' must be a time in ISO 8601" in outcome.detail


@pytest.mark.parametrize("body", [event(), group()])
@pytest.mark.parametrize("style", ["epoch", "seconds", "retry_after"])
def test_an_endpoint_s_own_limit_is_waited_for_in_each_form(
    braze: Client, body: Any, style: str
) -> None:
    braze.call("PUT", "/limits", {"track": 0, "subscription": 0})
    braze.call("PUT", "/switches", {"rate_limit_headers": style})
    braze.now = NOON + 1
    outcome = answered(braze, delivery(body))
    length = 60 if "subscription_groups" in body else 3
    assert (outcome.kind, outcome.reason, outcome.wait) == ("not_sent", "rate_limited", length - 1)


@pytest.mark.parametrize("body", [event(), group()])
def test_a_key_without_the_permission_is_the_key_s_fault(braze: Client, body: Any) -> None:
    braze.call("PUT", "/key", {"permissions": ["campaigns.trigger.send"]})
    outcome = answered(braze, delivery(body))
    assert (outcome.kind, outcome.reason, outcome.status) == ("not_sent", "key_refused", 403)
