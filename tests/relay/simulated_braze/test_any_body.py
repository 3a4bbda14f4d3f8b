"""The simulated Braze has an answer to any JSON that may come as profiles, events or consent."""

from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.simulated_braze.contract.endpoints import DATA, SUBSCRIBE, TRACK
from relay.simulated_braze.switches import Switches
from tests.examples import examples
from tests.relay.simulated_braze.recommended import EVENTS, ORDER, PRODUCT
from tests.relay.simulated_braze.simulated import ALIAS, ID, NOON, Client

many = settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
CHOICES = {
    name: list(get_args(Switches.model_fields[name].annotation))
    for name in (
        *("unknown_keys", "bad_attributes", "operators", "track_objects", "no_valid_object"),
        *("unknown_alias_of_event", "subscription_identifiers", "changed_email"),
    )
}
SWITCHES = st.fixed_dictionaries({name: st.sampled_from(all_) for name, all_ in CHOICES.items()})
WORDS = st.sampled_from(
    ["", " ", "u", "a@x.io", "+4930123456", ID, "subscribed", "2026-11-20T21:00:00Z", "x" * 300]
)
SCALAR = st.none() | st.booleans() | st.integers(-2, 300) | st.sampled_from([0.5, -1.5]) | WORDS
KEYS = st.sampled_from(
    [
        *("external_id", "user_alias", "braze_id", "email", "phone", "_update_existing_only"),
        *("push_token_import", "push_tokens", "_merge_objects", "alias_name", "alias_label"),
        *("name", "time", "properties", "app_id", "product_id", "currency", "price", "quantity"),
        *("subscription_groups", "subscription_group_id", "subscription_state", "emails"),
        *("external_ids", "phones", "use_double_opt_in_logic", "email_subscribe", "token"),
        *("inc", "add", "remove", "$add", "$update", "$identifier_key", "$new_object", "$time"),
        *("products", "total_value", "metadata", "action", "type", "discounts", "order_id"),
    ]
)
LIKELY: list[Any] = [ALIAS, PRODUCT, ORDER, [PRODUCT], {"inc": 1}, {"$add": [{"id": 1}]}]
VALUE = st.recursive(
    SCALAR | st.sampled_from(LIKELY) | st.sampled_from([f"ecommerce.{name}" for name in EVENTS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
OBJECT = st.dictionaries(KEYS, VALUE, max_size=6) | VALUE
NAMED = st.dictionaries(KEYS, VALUE, max_size=4).map(
    lambda given: {"name": "viewed", "time": "2026-11-20T21:00:00Z", **given, "external_id": "u"}
)


def bodies(path: str) -> st.SearchStrategy[dict[str, Any]]:
    arrays = st.lists(OBJECT | NAMED, max_size=4) | VALUE
    return st.dictionaries(st.sampled_from([*DATA[path].arrays, "api_key"]), arrays, max_size=3)


@many
@given(switches=SWITCHES, body=bodies(TRACK))
def test_any_body_of_track_is_taken_or_refused_in_words(
    braze: Client, switches: dict[str, str], body: dict[str, Any]
) -> None:
    answered(braze, TRACK, switches, body)


@many
@given(switches=SWITCHES, body=bodies(SUBSCRIBE))
def test_any_body_of_subscriptions_is_taken_or_refused_in_words(
    braze: Client, switches: dict[str, str], body: dict[str, Any]
) -> None:
    answered(braze, SUBSCRIBE, switches, body)


@pytest.mark.parametrize("tokens", [[1], ["t"], [{"app_id": "i"}], {"token": "t"}, None])
def test_an_import_without_a_token_makes_no_profile(braze: Client, tokens: object) -> None:
    braze.call("PUT", "/switches", {"bad_attributes": "ignored"})
    told = braze.post(TRACK, {"attributes": [{"push_token_import": True, "push_tokens": tokens}]})
    assert told.json()["errors"][0]["type"].startswith("BAD_PUSH_TOKEN_")
    assert braze.call("GET", "/profiles") == {}


def answered(braze: Client, path: str, switches: dict[str, str], body: dict[str, Any]) -> None:
    braze.call("DELETE", "")
    braze.now = NOON
    braze.call("PUT", "/profiles/v", {"email": "a@x.io", "user_aliases": [ALIAS]})
    braze.call("PUT", "/switches", switches)

    for _ in range(2):  # the second one finds the profiles of the first
        answer = braze.post(path, body, timeout=60)
        assert answer.status_code in (201, 400), answer.text
        assert isinstance(answer.json()["message"], str)
    for shown in ("/updates", "/profiles", "/commerce", "/orphans", "/profiles/u"):
        braze.call("GET", shown)
