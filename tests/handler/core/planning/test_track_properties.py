"""Whatever an event brings: nothing but Unrenderable is raised, and what leaves breaks no rule."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handler.core.braze.contract import events, user_objects
from handler.core.braze.contract.attributes import breaches
from handler.core.braze.contract.subscription import check_subscribe
from handler.core.braze.contract.track import check_track
from handler.core.errors import Unrenderable
from handler.core.expressions.defines import Roots
from handler.core.expressions.template import as_template, compile_template
from handler.core.planning.subscribe import fill_subscribe
from handler.core.planning.track import fill_track
from handler.core.rules.source import Rule, Scope
from tests.examples import examples
from tests.handler.core.braze.contract.track_bodies import FULL, PRODUCT, TIME
from tests.handler.core.planning.users import event, profile, rule_of

quick = settings(max_examples=examples(50), deadline=None, suppress_health_check=list(HealthCheck))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 10**12),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["x" * 255, "x" * 256, "EUR", "eur", TIME, "2026-11-20", "29.99", "replace",
                     "subscribed", "a@example.org", "+4915123456789", "inc", "$add"]),
)  # fmt: skip
NAMES = st.one_of(
    st.sampled_from([*PRODUCT, "inc", "$add", "$time", "time", "code", "order_status_url"]),
    st.text(max_size=4),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
EVENTS = sorted(FULL)
WRITTEN = {
    name: rule_of(
        "track",
        {
            "attributes": [
                profile(
                    email="${body.email}",
                    country="${body.country}",
                    points={"inc": "${body.points}"},
                    plan="${body.plan}",
                )
            ],
            "events": [
                event(name, {key: f"${{body.p.{key}}}" for key in FULL[name]}, time="${body.at}"),
                event("watched", {"n": "${body.n}"}, email="${body.email}"),
            ],
        },
    )
    for name in EVENTS
}


_PRODUCTS = st.lists(
    st.sampled_from([PRODUCT, {**PRODUCT, "quantity": 2.0}])
    | st.fixed_dictionaries({}, optional={key: st.just(PRODUCT[key]) | JSON for key in PRODUCT})
    | JSON,
    max_size=2,
)


def mutated(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Return properties of an event: at most one is not as it should be, or its products."""
    odd = st.dictionaries(st.sampled_from([*FULL[name]]), JSON, max_size=1)
    listed = st.fixed_dictionaries({}, optional={"products": _PRODUCTS})
    return st.builds(lambda products, change: {**FULL[name], **products, **change}, listed, odd)


def filled(rule: Rule, body: Any) -> Any:
    roots = {"body": body}
    return fill_track(rule, Scope(Roots(roots), Roots(roots, is_signed=True)), [])


def wrong_in(body: Any) -> Iterator[str]:
    for thing in body.get("events", []):
        yield from (one.text for one in (*events.breaches(thing), *user_objects.breaches(thing)))
    for thing in body.get("attributes", []):
        own = {key: one for key, one in thing.items() if key != "external_id"}
        yield from (one.text for one in user_objects.breaches(thing))
        yield from (text for _, text in breaches(own, ["points", "_update_existing_only"]))


@quick
@given(
    st.sampled_from(EVENTS).flatmap(lambda name: st.tuples(st.just(name), mutated(name))),
    st.fixed_dictionaries({"who": st.just("c-7") | SCALARS, "at": st.just(TIME) | JSON}),
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("email", "country", "points", "plan", "n"), JSON)
    ),
)
@example(("ecommerce.order_placed", FULL["ecommerce.order_placed"]), {"who": 7, "at": TIME}, {})
def test_what_leaves_breaks_no_rule_of_brazes(
    named: tuple[str, Any], needed: Any, more: Any
) -> None:
    name, properties = named
    with suppress(Unrenderable):
        body = filled(WRITTEN[name], {**needed, **more, "p": properties})
        find_breaches(body)


def find_breaches(body: Any) -> None:
    assert list(wrong_in(body)) == []
    assert {thing["external_id"] for things in body.values() for thing in things} == {
        body["events"][0]["external_id"]
    }


@pytest.mark.parametrize("name", EVENTS)
def test_a_good_event_leaves_whole(name: str) -> None:
    body = filled(WRITTEN[name], {"who": "c-7", "at": TIME, "p": FULL[name], "n": 1})
    assert body["events"][0]["properties"] == FULL[name]


STATE = rule_of(
    "subscribe",
    {
        "subscription_groups": [
            {
                "subscription_group_id": "4ba4ac6a-4b6c-4fcd-a3ae-4d1b1e0cc4e0",
                "subscription_state": "${body.state}",
                "phones": ["${body.phone}"],
                "use_double_opt_in_logic": "${body.twice}",
            }
        ]
    },
)


@quick
@given(st.fixed_dictionaries({"state": JSON, "phone": JSON, "twice": JSON}))
@example({"state": "subscribed", "phone": "+4915123456789", "twice": None})
def test_a_state_that_leaves_breaks_no_rule_of_brazes(body: Any) -> None:
    roots = {"body": body}
    with suppress(Unrenderable):
        made = fill_subscribe(STATE, Scope(Roots(roots), Roots(roots, is_signed=True)), [])
        assert check_subscribe(as_template(made)) == []


KEYS = st.sampled_from(
    ["attributes", "events", "subscription_groups", "external_id", "user_alias", "email", "name",
     "time", "properties", "products", "emails", "subscription_state", "_update_existing_only"],
)  # fmt: skip
LEAVES = SCALARS | st.sampled_from(
    ["${body.x}", "a ${body.x}", "${body.x[].{a: b}}", "${money(body.a, 'EUR')}", "${occurred_at}",
     "ecommerce.order_placed", "ecommerce.cart_updated"],
)  # fmt: skip
TEMPLATES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS | NAMES, inner, max_size=5),
    max_leaves=16,
)
OBJECTS = st.dictionaries(KEYS | NAMES, TEMPLATES, max_size=6)


@quick
@given(st.dictionaries(KEYS, st.lists(OBJECTS | TEMPLATES, max_size=3) | TEMPLATES, max_size=4))
def test_whatever_is_written_is_checked_to_its_end(body: Any) -> None:
    written = compile_template(body, [])
    assert isinstance(written, dict)
    for problems in (check_track(written), check_subscribe(written)):
        assert problems  # nothing of this is good: the names of its events are not Braze's
        assert all(text for _, text in problems)
