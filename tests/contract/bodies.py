"""Bodies that Braze takes, and how a rules file comes to send one: written down, or of an event."""

import json
from typing import Any

from hypothesis import strategies as st
from pydantic import JsonValue

from handler.core.braze.request import request
from handler.core.models import Event
from handler.core.planning.render import Packed, render
from handler.core.rules.load import load

Body = dict[str, Any]
EVENT_ID = "e-1"
_NAMES = ("external_user_id", "email", "alias_name")
_OPEN = ("attributes", "trigger_properties", "context", "canvas_entry_properties", "audience")

YES, NO = (st.just(it) for it in (True, False))
# What nobody is called.
NOBODY = {"null", "none", "undefined", "nan", "nil", "true", "false"}
WORD = st.text("abcdefghijklmnopqrstuvwxyzäö-_", min_size=1, max_size=12).filter(
    lambda it: it not in NOBODY
)
WORDS = WORD | st.lists(WORD, min_size=1, max_size=3)
NUMBER = st.integers(-1000, 1000) | st.floats(-1e6, 1e6, allow_nan=False)
SCALAR = WORD | NUMBER | st.booleans()
UUID = st.uuids().map(str)
DAY = st.dates().map(str)
TIME = st.datetimes().map(lambda it: it.replace(microsecond=0).isoformat() + "+0000")
STATE = st.sampled_from(["opted_in", "subscribed", "unsubscribed"])
EMAIL = st.from_regex(r"\A[a-z]{1,8}@[a-z]{1,8}\.[a-z]{2,3}\Z")


def filtered(comparison: str, value: st.SearchStrategy[Any]) -> st.SearchStrategy[Body]:
    block = {"custom_attribute_name": WORD, "comparison": st.just(comparison), "value": value}
    return st.fixed_dictionaries({"custom_attribute": st.fixed_dictionaries(block)})


def status(name: str, comparisons: list[str], value: st.SearchStrategy[Any]) -> Any:
    block = {"comparison": st.sampled_from(comparisons), "value": value}
    return st.fixed_dictionaries({name: st.fixed_dictionaries(block)})


FILTER = st.one_of(
    filtered("equals", SCALAR),
    filtered("not_equal", SCALAR),
    filtered("does_not_equal", st.booleans()),
    filtered("matches_regex", WORD),
    filtered("includes_value", SCALAR | st.lists(SCALAR, min_size=1, max_size=3)),
    filtered("does_not_include_value", SCALAR),
    filtered("is_any_of", WORDS),
    filtered("is_none_of", WORDS),
    filtered("less_than_or_equal_to", NUMBER),
    filtered("greater_than_x_days_in_the_future", st.integers(0, 90)),
    filtered("after", TIME),
    st.just({"custom_attribute": {"custom_attribute_name": "vip", "comparison": "exists"}}),
    status("push_subscription_status", ["is", "is_not"], STATE),
    status("email_subscription_status", ["is", "is_not"], STATE),
    status("last_used_app", ["after", "before"], TIME | DAY),
)
AUDIENCE = st.recursive(
    FILTER,
    lambda inner: st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda parts: st.sampled_from([{"AND": parts}, {"OR": parts}])
    ),
    max_leaves=5,
)
PROPERTIES = st.dictionaries(WORD, SCALAR | st.lists(SCALAR), min_size=1, max_size=3)
NESTED = st.recursive(
    SCALAR | TIME.map(lambda it: {"$time": it}),
    lambda inner: st.dictionaries(WORD, inner, min_size=1, max_size=3),
    max_leaves=4,
)
ATTRIBUTES = st.fixed_dictionaries(
    {"email": EMAIL},
    optional={
        "first_name": WORD,
        "image_url": st.integers(1, 1024).map(lambda size: "x" * size),
        "country": st.sampled_from(["DE", "AU"]),
        "language": st.sampled_from(["de", "fil"]),
        "time_zone": st.sampled_from(["Europe/Berlin", "Eastern Time (US & Canada)"]),
        "phone": st.sampled_from(["+4915123456789", "(202) 555-0143"]),
        "dob": DAY,
        "gender": st.sampled_from("MFONP"),
        "email_subscribe": STATE,
        "email_open_tracking_disabled": st.booleans(),
        "date_of_first_session": TIME,
        "current_location": st.fixed_dictionaries(
            {"longitude": st.floats(-180, 180), "latitude": st.integers(-90, 90)}
        ),
        "push_tokens": st.just([{"app_id": "a", "token": "t", "device_id": "12345678"}]),
        "subscription_groups": st.lists(
            st.fixed_dictionaries(
                {
                    "subscription_group_id": UUID,
                    "subscription_state": st.sampled_from(["subscribed", "unsubscribed"]),
                },
                optional={"use_double_opt_in_logic": st.booleans()},
            ),
            min_size=1,
            max_size=2,
        ),
        "facebook": st.just({"id": "1", "likes": ["tea"], "num_friends": 3}),
        "twitter": st.just({"id": 1, "screen_name": "a", "followers_count": 2}),
        "vip": SCALAR,
        "tags": st.lists(WORD, max_size=4),
        "size": NESTED,
        "orders": st.lists(st.dictionaries(WORD, NESTED, min_size=1), min_size=1, max_size=2),
        "seen": st.just({"add": ["a"], "remove": ["b"]}),
        "pets": st.just({"$remove": [{"$identifier_key": "id", "$identifier_value": 1}]}),
    },
)
PRIORITIZATION = st.sampled_from(
    [["identified"], ["most_recently_updated"], ["unidentified", "least_recently_updated"]]
)
ALIAS = st.fixed_dictionaries({"alias_name": WORD, "alias_label": WORD})


def recipients(properties: str) -> st.SearchStrategy[Body]:
    own = {properties: PROPERTIES}
    known = st.fixed_dictionaries(
        {"external_user_id": WORD},
        optional={**own, "attributes": ATTRIBUTES, "send_to_existing_only": YES},
    )
    new = st.fixed_dictionaries(
        {
            "external_user_id": WORD,
            "send_to_existing_only": NO,
            "attributes": ATTRIBUTES,
        },
        optional=own,
    )
    alias = st.fixed_dictionaries({"user_alias": ALIAS}, optional=own)
    found = st.fixed_dictionaries(
        {"email": EMAIL, "prioritization": PRIORITIZATION}, optional={"attributes": ATTRIBUTES}
    )
    return known | new | alias | found


ATTACHMENTS = st.lists(
    st.fixed_dictionaries(
        {"file_name": WORD, "url": WORD.map(lambda it: f"https://files.example.org/{it}.pdf")},
        optional={"basic_auth_credential": WORD},
    ),
    max_size=2,
)
CAMPAIGN = st.fixed_dictionaries(
    {
        "campaign_id": UUID,
        "recipients": st.lists(recipients("trigger_properties"), min_size=1, max_size=1),
    },
    optional={
        "send_id": st.from_regex(r"\A[a-z0-9]{1,64}\Z"),
        "trigger_properties": PROPERTIES,
        "broadcast": NO,
        "audience": AUDIENCE,
        "attachments": ATTACHMENTS,
    },
)
# Requests that name nobody: an audience, with or without the word for all of it.
TO_AUDIENCE = st.fixed_dictionaries(
    {"campaign_id": UUID, "audience": AUDIENCE, "broadcast": st.booleans()},
    optional={"trigger_properties": PROPERTIES},
) | st.fixed_dictionaries(
    {"canvas_id": UUID, "audience": AUDIENCE, "broadcast": st.booleans()},
    optional={"context": PROPERTIES},
)
CANVAS = st.sampled_from(["context", "canvas_entry_properties"]).flatmap(
    lambda name: st.fixed_dictionaries(
        {"canvas_id": UUID, "recipients": st.lists(recipients(name), min_size=1, max_size=1)},
        optional={name: PROPERTIES, "audience": AUDIENCE},
    )
)


def written(send: Body, event_id: str = EVENT_ID, **rule: Any) -> str:
    """Return a rules file with one rule that sends this.

    No rules file has an identifier written down: a table gives each for the event's id.
    """
    tables: dict[str, dict[str, str]] = {}
    block = {"name": "send", "type": "*", "send": _looked_up(send, event_id, tables), **rule}
    return json.dumps({"verify": {"preset": "shopify"}, "tables": tables, "rules": [block]})


def _looked_up(value: Any, event_id: str, tables: dict[str, dict[str, str]]) -> Any:
    if isinstance(value, list):
        return [_looked_up(it, event_id, tables) for it in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for key, it in value.items():
        if key in _NAMES and isinstance(it, str) and "${" not in it:
            table = f"who{len(tables)}"
            tables[table] = {event_id: it}
            found[key] = f"${{lookup(tables.{table}, id)}}"
        else:
            found[key] = it if key in _OPEN else _looked_up(it, event_id, tables)
    return found


def of_event(send: Body) -> tuple[Body, Body]:
    """Return the request with all that may vary taken from an event, and that event's body."""
    (given,) = send["recipients"]
    fixed = ("send_to_existing_only",)
    varying: Body = {key: f"${{body.{key}}}" for key in given if key not in fixed}
    if isinstance(given.get("user_alias"), dict):
        varying["user_alias"] = {key: f"${{body.user_alias.{key}}}" for key in given["user_alias"]}
    return {**send, "recipients": [{**given, **varying}]}, given


def sent(text: str, body: JsonValue, warnings: list[str]) -> Body:
    """Return the body of the one request that a rules file makes of an event."""
    source = load("shop", text, "shop.yaml", "dev")
    event = Event("shop", "any", EVENT_ID, body, {}, None, 1)
    (delivery,) = render(source.rules[0], Packed(event, "packed"), source, warnings)
    return request(delivery)
