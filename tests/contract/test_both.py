"""The relay's checks and the simulated Braze's, written apart from each other, agree."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.core.braze.request import request
from relay.simulated_braze.contract.attributes import is_dropped
from relay.simulated_braze.contract.body import bad_attributes, refusal
from relay.simulated_braze.contract.endpoints import endpoint
from relay.simulated_braze.contract.sizes import oversize, sizes
from relay.simulated_braze.switches import Switches
from tests.contract.bodies import CAMPAIGN, CANVAS, TO_AUDIENCE, Body
from tests.contract.breaches import RENDERED, REQUEST
from tests.contract.breaches_of_values import VALUES, WRITTEN
from tests.contract.way import made
from tests.examples import examples

BREACHES = {**REQUEST, **RENDERED}
# What the relay alone refuses, and why Braze's side does not.
OURS_ALONE = {
    "no target": "an id that is not there is looked up there, and not found",
    "attributes have no bio": "Braze passes over it",
    "language": "Braze stores what it does not know",
    "facebook": "Braze documents the fields, and no refusal",
    "twitter": "Braze documents the fields, and no refusal",
    "large": "Braze drops the update, and says nothing",
    "timed": "Braze drops the update, and says nothing",
    "counted": "Braze counts, and with a repeated request twice",
    "appended": "Braze appends, and with a repeated request twice",
}
quick = settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
few = settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))


def refused(body: Body) -> str | None:
    at = endpoint("/canvas/trigger/send" if "canvas_id" in body else "/campaigns/trigger/send")
    assert at
    raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return refusal(at, body, Switches()) or next(oversize(sizes(raw)), None)


@quick
@given(body=st.one_of(CAMPAIGN, CANVAS))
def test_every_body_that_the_relay_would_send_the_simulated_braze_takes(body: Body) -> None:
    assert refused(body) is None
    for recipient in body["recipients"]:
        assert bad_attributes(recipient.get("attributes", {})) == {}


@quick
@given(body=TO_AUDIENCE)
def test_every_audience_without_recipients_that_the_relay_would_send_braze_takes(
    body: Body,
) -> None:
    (delivery,) = made(body, {})
    assert request(delivery) == body
    assert delivery.on_unknown == "hold"
    assert refused(body) is None


@pytest.mark.parametrize("rule", BREACHES)
@few
@given(data=st.data())
def test_every_body_that_breaks_a_rule_is_refused_by_both_but_for_those_named(
    rule: str, data: st.DataObject
) -> None:
    body: Any = deepcopy(data.draw(CAMPAIGN))
    BREACHES[rule].change(body)
    assert bool(refused(body)) == (rule not in OURS_ALONE)


@pytest.mark.parametrize("name", WRITTEN)
def test_what_the_relay_takes_of_no_file_the_simulated_braze_drops(name: str) -> None:
    body: Any = {"campaign_id": "c"}
    WRITTEN[name].change(body)
    value = body["recipients"][0]["attributes"][name]
    assert is_dropped(name, value, len(json.dumps(value)))


@pytest.mark.parametrize("name", VALUES)
def test_every_value_that_breaks_its_format_is_bad_to_both_but_for_those_named(name: str) -> None:
    body: Any = {"campaign_id": "c"}
    VALUES[name].change(body)
    is_bad = name in bad_attributes(body["recipients"][0]["attributes"])
    assert is_bad == (name not in OURS_ALONE)


def test_what_the_relay_alone_refuses_is_one_of_the_rules() -> None:
    assert not OURS_ALONE.keys() - BREACHES.keys() - VALUES.keys()
