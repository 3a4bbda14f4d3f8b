"""Whatever attributes and properties an event brings, what is sent of them is what Braze takes."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.core.braze.contract.attributes import FIELDS
from handler.core.braze.request import encode_request, request
from handler.core.errors import Unrenderable
from relay.simulated_braze.contract.attributes import is_dropped
from relay.simulated_braze.contract.sizes import sizes
from tests.contract.test_both import refused
from tests.contract.way import made, sent
from tests.examples import examples
from tests.relay.simulated_braze.simulated import ID, Client

NAMES = st.one_of(
    st.sampled_from([*FIELDS, "external_id", "user_alias", "bio", "tags", "size", "pets"]),
    st.sampled_from(["$time", "$add", "$remove", "$update", "inc", "add", "remove", "_id"]),
    st.sampled_from(["$identifier_key", "$identifier_value", "$new_object", "a.b", "", " ", "é"]),
    st.sampled_from(["longitude", "latitude", "app_id", "token", "device_id", "likes", "id"]),
    st.sampled_from(["subscription_group_id", "subscription_state", "x" * 255, "x" * 256]),
    st.text(max_size=4),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4),
    st.sampled_from(["a@b.io", "2026-01-01", "2026-02-30", "soon", "opted_in", "M", "de", " "]),
    st.sampled_from(["2026-01-01T10:00:00Z", "01/02/2026", "x" * 255, "x" * 256, "é" * 255]),
    st.sampled_from(["417220e4-5a2a-b634-7f7d-9ec891532368", "subscribed", "unsubscribed"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
SEND: Any = {
    "campaign_id": "c",
    "trigger_properties": "${body.notes}",
    "recipients": [{"external_user_id": "u", "attributes": "${body.all}"}],
}


@settings(max_examples=examples(80), deadline=None, suppress_health_check=list(HealthCheck))
@given(attributes=st.dictionaries(NAMES, VALUES, max_size=4), notes=st.dictionaries(NAMES, VALUES))
def test_braze_takes_what_is_sent_and_drops_nothing_of_it_without_a_word(
    attributes: dict[str, Any], notes: dict[str, Any]
) -> None:
    try:
        (delivery,) = made(SEND, {"all": attributes, "notes": notes})
    except Unrenderable:
        return
    raw = encode_request(request(delivery))
    body, found = json.loads(raw), sizes(raw)
    assert refused(body) is None
    kept = body["recipients"][0].get("attributes", {})
    at = ("recipients", 0, "attributes")
    assert [name for name, it in kept.items() if is_dropped(name, it, found[*at, name])] == []
    assert kept.keys() <= attributes.keys()


def test_an_operator_within_an_object_is_data(braze: Client) -> None:
    braze.call("PUT", "/profiles/u", {"pet": {"age": 7, "name": "Rex"}})
    attributes = {"_merge_objects": True, "pet": {"age": {"inc": "x"}}}
    (delivery,) = made({**SEND, "campaign_id": ID}, {"all": attributes, "notes": {"a": 1}})

    assert sent(braze, delivery).outcome.kind == "accepted"
    assert braze.call("GET", "/profiles")["u"] == {"pet": {"age": {"inc": "x"}, "name": "Rex"}}
