"""`track` as it is rendered: what an event of the sender makes of it, and what then leaves."""

from typing import Any

import pytest

from handler.core.errors import Unrenderable
from handler.core.expressions.defines import Roots
from handler.core.planning.track import fill_track
from handler.core.rules.source import Scope
from tests.handler.core.braze.contract.track_bodies import (
    FULL,
    MONEY,
    NEEDED,
    NEEDED_OF_PRODUCT,
    NOT_MONEY,
    NOT_TEXT,
    PRODUCT,
)
from tests.handler.core.one_rule import only, recipient_of, why_parked
from tests.handler.core.planning.users import event, made, profile, rule_of

ORDER = "ecommerce.order_placed"
TIME = "2026-05-28T20:26:40Z"
WHO = {"external_id": "c-7", "_update_existing_only": True}
OPTIONAL = [(name, key) for name in FULL for key in FULL[name] if key not in NEEDED[name]]
REQUIRED = [(name, key) for name in FULL for key in sorted(NEEDED[name])]


def tracked(block: Any, **body: Any) -> Any:
    return only(made("track", block, body)).recipient


def parked(block: Any, **body: Any) -> str:
    return why_parked(made("track", block, body))


def ordered(name: str, properties: Any) -> Any:
    """Return the plan of an event whose properties are the sender's, each by its expression."""
    written = {key: f"${{body.p.{key}}}" for key in FULL[name]}
    return made("track", {"events": [event(name, written)]}, {"p": properties})


def sent(name: str, properties: Any) -> Any:
    (one,) = recipient_of(ordered(name, properties))["events"]
    return one["properties"]


def test_attributes_and_events_of_one_user_are_one_delivery() -> None:
    block = {
        "attributes": [profile(first_name="${body.first}", points={"inc": "${body.points}"})],
        "events": [event("watched", {"film": "${body.film}"})],
    }
    found = only(made("track", block, {"first": "Ada", "points": 3, "film": "M"}))
    assert found.path == "/users/track"
    assert found.send == {}
    assert found.recipient == {
        "attributes": [{**WHO, "first_name": "Ada", "points": {"inc": 3}}],
        "events": [{**WHO, "name": "watched", "time": TIME, "properties": {"film": "M"}}],
    }


# Who it is about.


def by_another(who: dict[str, Any]) -> list[Any]:
    """Return an event, and attributes, of a user who is named by this."""
    thing, attributes = (
        {**{key: one for key, one in made_of.items() if key != "external_id"}, **who}
        for made_of in (event(), profile(vip=True))
    )
    return [{"events": [thing]}, {"attributes": [attributes]}]


@pytest.mark.parametrize(
    "who, body, sent_as",
    [
        ({"external_id": "${body.n}"}, {"n": 7.0}, {"external_id": "7"}),
        ({"braze_id": "${body.n}"}, {"n": "b"}, {"braze_id": "b"}),
        ({"email": "${body.n}"}, {"n": " a@example.org "}, {"email": "a@example.org"}),
        ({"phone": "${body.n}"}, {"n": "+4915123456789"}, {"phone": "+4915123456789"}),
        (
            {"user_alias": {"alias_name": "${body.n}", "alias_label": "shop"}},
            {"n": 7},
            {"user_alias": {"alias_name": "7", "alias_label": "shop"}},
        ),
    ],
)
def test_an_identifier_is_cast_to_text(who: Any, body: Any, sent_as: Any) -> None:
    for block in by_another(who):
        ((thing,),) = tracked(block, **body).values()
        assert sent_as.items() <= thing.items()


@pytest.mark.parametrize(
    "key, value, words",
    [
        ("external_id", None, "nobody can be reached"),
        ("external_id", "null", "nobody can be reached"),
        ("external_id", 0, "nobody can be reached"),
        ("external_id", 7.5, "text or a whole number"),
        ("external_id", {"id": 7}, "text or a whole number"),
        ("external_id", "x" * 988, "longer than 987 bytes"),
        ("braze_id", "x" * 988, "longer than 987 bytes"),
        ("email", "nobody", "no e-mail address"),
        ("phone", "12", "no phone number"),
    ],
)
def test_without_a_user_nothing_leaves(key: str, value: Any, words: str) -> None:
    for block in by_another({key: "${body.n}"}):
        assert words in parked(block, n=value)


@pytest.mark.parametrize("size, leaves", [(236, True), (237, False)])
def test_a_computed_alias_has_236_bytes_at_most(size: int, *, leaves: bool) -> None:
    alias = {"alias_name": "${body.n}", "alias_label": "shop"}
    plan = made("track", {"events": [event(external_id=None, user_alias=alias)]}, {"n": "x" * size})
    assert len(plan.deliveries) == leaves


def test_a_missing_id_is_never_replaced_by_the_address_beside_it() -> None:
    block = {"events": [event(email="${body.email}")]}
    assert "events.external_id" in parked(block, who=None, email="a@example.org")


def test_two_users_in_one_delivery_are_refused_after_rendering() -> None:
    block = {"attributes": [profile(vip=True)], "events": [event(external_id="${body.other}")]}
    assert "it is another user than that of the first object" in parked(block, other="c-8")
    assert tracked(block, other="c-7")


def test_two_spellings_of_an_address_are_one_user() -> None:
    block = {
        "attributes": [profile(external_id=None, email="${body.email}", vip=True)],
        "events": [event(external_id=None, email="${body.other}")],
    }
    assert tracked(block, other="A@example.org", email="a@EXAMPLE.org")
    assert "another user" in parked(block, other="b@example.org", email="a@example.org")


def test_who_is_reached_and_consent_come_from_signed_data_alone() -> None:
    track = {
        "attributes": [
            profile(
                email="${body.email}",
                email_subscribe="${body.state}",
                first_name="${body.first}",
            )
        ],
        "events": [event(email="${body.email}")],
    }
    rule = rule_of("track", track)
    evil: Any = {"who": "evil", "email": "evil@example.org", "state": "subscribed"}
    document = Roots({"body": {**evil, "first": "Eve", "at": 1}})
    signed = Roots({"body": {"who": "c-7", "email": "ada@example.org"}}, is_signed=True)
    found: Any = fill_track(rule, Scope(document, signed), [])
    (attributes,), (happened,) = found["attributes"], found["events"]
    assert attributes == {**WHO, "email": "ada@example.org", "first_name": "Eve"}
    assert (happened["external_id"], happened["email"]) == ("c-7", "ada@example.org")


# Attributes.


def test_an_attribute_of_a_wrong_form_is_left_out_with_a_warning() -> None:
    block = {"attributes": [profile(vip=True, country="${body.country}", dob="${body.dob}")]}
    plan = made("track", block, {"country": "Australia", "dob": "1990-11-20"})
    assert recipient_of(plan) == {"attributes": [{**WHO, "vip": True, "dob": "1990-11-20"}]}
    assert any(
        "attributes.country is left out: it takes two letters" in one for one in plan.warnings
    )


def test_a_required_attribute_of_a_wrong_form_stops_the_request() -> None:
    block = {"attributes": [profile(vip=True, country="${body.country}")]}
    plan = made("track", block, {"country": "Australia"}, required=["attributes.country"])
    assert "it is required, and it takes two letters" in why_parked(plan)


@pytest.mark.parametrize("value", [None, " "])
def test_a_required_attribute_that_is_missing_stops_the_request(value: Any) -> None:
    block = {"attributes": [profile(vip=True, plan="${body.plan}")], "events": [event()]}
    plan = made("track", block, {"plan": value}, required=["attributes.plan"])
    assert why_parked(plan).startswith("attributes.plan: it is required, and missing")


def test_what_only_one_object_has_is_required_of_that_one() -> None:
    block = {"events": [event("a", {"n": "${body.n}"}), event("b", {"m": 1})]}
    rule = {"required": ["events.properties.n"]}
    assert len(made("track", block, {"n": 7}, **rule).deliveries) == 1
    assert "events.properties.n" in why_parked(made("track", block, {}, **rule))


def test_an_operator_that_a_webhook_brings_adds_nothing() -> None:
    block = {"attributes": [profile(vip=True, points="${body.points}")]}
    plan = made("track", block, {"points": {"inc": 1_000}})
    assert recipient_of(plan) == {"attributes": [{**WHO, "vip": True}]}
    assert any("inc is not repeatable" in one for one in plan.warnings)


@pytest.mark.parametrize(
    "value",
    [
        {"inc": "${body.n}"},
        {"$add": [{"id": "${body.n}"}]},
        {"add": ["${body.n}"]},
        {"street": "${body.n}"},
        {"place": {"street": "${body.n}"}},
    ],
)
def test_an_object_of_which_all_is_missing_overwrites_nothing(value: Any) -> None:
    block = {"attributes": [profile(vip=True, thing=value)]}
    plan = made("track", block, {})
    assert recipient_of(plan) == {"attributes": [{**WHO, "vip": True}]}
    assert plan.warnings == ()
    assert tracked(block, n=7)["attributes"][0]["thing"]


@pytest.mark.parametrize("given", [[], {}])
def test_what_a_webhook_says_is_empty_is_written_in_an_object_too(given: Any) -> None:
    block = {"attributes": [profile(vip=True, thing={"tags": "${body.n}", "b": ["${body.m}"]})]}
    (thing,) = tracked(block, n=given)["attributes"]
    assert thing["thing"]["tags"] == given


def test_what_is_added_is_a_whole_number() -> None:
    block = {"attributes": [profile(vip=True, points={"inc": "${body.n}"})]}
    (thing,) = tracked(block, n=5.0)["attributes"]
    assert repr(thing["points"]) == "{'inc': 5}"
    assert "points" not in tracked(block, n=5.5)["attributes"][0]
    block = {"attributes": [profile(vip=True, thing={"inc": "${body.n}", "of": "${body.n}"})]}
    assert tracked(block, n=5.0)["attributes"][0]["thing"] == {"inc": 5.0, "of": 5.0}


def test_an_object_that_is_written_empty_is_sent_so() -> None:
    block = {"attributes": [profile(vip=True, thing={}, other="${body.other}")]}
    assert tracked(block, other={}) == {
        "attributes": [{**WHO, "vip": True, "thing": {}, "other": {}}]
    }


def test_a_dead_letter_of_which_nothing_is_left_says_what_was_left_out() -> None:
    block = {"attributes": [profile(points={"inc": "${body.points}"})]}
    rule = {"once": "${body.id}", "on_unknown": "hold"}
    assert why_parked(made("track", block, {"points": "5"}, **rule)) == (
        "attributes: there is nothing to write: attributes.points is left out: inc takes a whole"
        " number, and text is none: to_number() makes one"
    )
    missing = "attributes: all of them are missing: there is nothing to write"
    assert why_parked(made("track", block, {}, **rule)) == missing


def test_an_object_that_would_write_nothing_is_left_out() -> None:
    block = {"attributes": [profile(plan="${body.plan}")], "events": [event()]}
    assert tracked(block).keys() == {"events"}
    alone = {"attributes": [profile(plan="${body.plan}")]}
    assert "there is nothing to write" in parked(alone)


def test_an_object_that_makes_a_profile_says_enough() -> None:
    alone = {"attributes": [profile(plan="${body.plan}", _update_existing_only=False)]}
    assert tracked(alone) == {"attributes": [{**WHO, "_update_existing_only": False}]}


# Events.


@pytest.mark.parametrize(
    "at, words",
    [(None, "time is missing"), ("soon", "time is missing"), ("2026-11-20", "time")],
)
def test_an_event_without_a_time_does_not_leave(at: Any, words: str) -> None:
    assert (
        words in parked({"events": [event(time="${time(body.when)}")]}, when=at)
        or at == "2026-11-20"
    )


@pytest.mark.parametrize("at", ["2026-11-20", "2026-11-20T21:00:00", 1_763_672_400, True])
def test_a_time_of_the_sender_that_braze_would_not_take_does_not_leave(at: Any) -> None:
    assert "a time with its zone" in parked({"events": [event(time="${body.when}")]}, when=at)


def test_an_address_beside_an_event_is_checked_as_an_attribute() -> None:
    block = {"events": [event(email="${body.email}", phone="${body.phone}")]}
    plan = made("track", block, {"email": "nobody", "phone": "+4915123456789"})
    ((one,),) = recipient_of(plan).values()
    assert "email" not in one
    assert one["phone"] == "+4915123456789"
    assert any("events.email is left out" in text for text in plan.warnings)


@pytest.mark.parametrize(
    "value, words",
    [("x" * 256, "255 characters"), (["2026-11-20"], "no dates"), (["x" * 256], "255 characters")],
)
def test_a_property_that_braze_would_not_take_is_left_out(value: Any, words: str) -> None:
    block = {"events": [event("watched", {"note": "${body.note}", "n": 1})]}
    plan = made("track", block, {"note": value})
    ((one,),) = recipient_of(plan).values()
    assert one["properties"] == {"n": 1}
    assert any("events.properties.note is left out" in it and words in it for it in plan.warnings)
    required = made("track", block, {"note": value}, required=["events.properties.note"])
    assert "it is required" in why_parked(required)


def test_of_a_nested_property_only_the_part_is_left_out() -> None:
    block = {"events": [event("watched", {"lines": "${body.lines}"})]}
    lines = [{"a": "x" * 256, "b": 1}, {"a": "x", "b": {"c": "x" * 256, "d": 2}}]
    ((one,),) = tracked(block, lines=lines).values()
    assert one["properties"] == {"lines": [{"b": 1}, {"a": "x", "b": {"d": 2}}]}


@pytest.mark.parametrize("size, leaves", [(102_400, True), (102_401, False)])
def test_computed_properties_have_102400_bytes_at_most(size: int, *, leaves: bool) -> None:
    lines = ["x" * 250] * 404  # 253 bytes each, with quotes and comma
    block = {"events": [event("watched", {"lines": "${body.lines}", "n": "${body.n}"})]}
    used = len('{"lines":[],"n":""}') + 253 * 404 - 1
    plan = made("track", block, {"lines": lines, "n": "x" * (size - used)})
    assert len(plan.deliveries) == leaves


@pytest.mark.parametrize("count, leaves", [(38, True), (42, False)])
def test_a_computed_request_is_4_mb_at_most(count: int, *, leaves: bool) -> None:
    block = {"events": [event("watched", {"lines": "${body.lines}"}) for _ in range(count)]}
    body = {"who": "c-7", "at": 1, "lines": ["x" * 250] * 395}  # some 99,900 bytes
    roots: Any = {"body": body}
    scope = Scope(Roots(roots), Roots(roots, is_signed=True))
    if leaves:
        assert len(fill_track(rule_of("track", block), scope, [])["events"]) == count  # type: ignore[arg-type]  # a list
    else:
        with pytest.raises(Unrenderable, match="larger than 4,000,000 bytes"):
            fill_track(rule_of("track", block), scope, [])


# eCommerce events.


@pytest.mark.parametrize("name", FULL)
def test_an_ecommerce_event_leaves_with_every_property_of_its_schema(name: str) -> None:
    assert sent(name, FULL[name]) == FULL[name]


@pytest.mark.parametrize("name", FULL)
def test_an_ecommerce_event_leaves_with_what_it_needs_alone(name: str) -> None:
    needed = {key: FULL[name][key] for key in NEEDED[name]}
    assert sent(name, needed) == needed


@pytest.mark.parametrize("name, key", REQUIRED)
@pytest.mark.parametrize("absent", [True, False], ids=["absent", "null"])
def test_an_event_that_braze_would_drop_does_not_leave(
    name: str, key: str, *, absent: bool
) -> None:
    short = {one: FULL[name][one] for one in FULL[name] if one != key}
    why = why_parked(ordered(name, short if absent else {**short, key: None}))
    assert why.startswith(f"events.properties.{key}: {key} is missing")


def wrong_values(key: str) -> tuple[Any, ...]:
    if key in MONEY:
        return NOT_MONEY
    of_key: dict[str, tuple[Any, ...]] = {
        "products": ("p-1", {"product_id": "p-1"}, ["p-1"]),
        "discounts": ("SPRING", ["SPRING"]),
        "metadata": ("gift", 7),
        "type": ("price_drop", ["sold_out"]),
        "currency": (978, "EURO", "XYZ"),
        "action": ("replaced", 1),
        "quantity": ("2", -1, 1.5, True),
    }
    return of_key.get(key, NOT_TEXT)


@pytest.mark.parametrize("name, key", REQUIRED)
def test_a_needed_value_of_another_type_does_not_leave(name: str, key: str) -> None:
    for value in wrong_values(key):
        why = why_parked(ordered(name, {**FULL[name], key: value}))
        assert why.startswith(f"events.properties.{key}")
        assert f"{key} takes " in why


@pytest.mark.parametrize("name, key", OPTIONAL)
def test_any_other_value_of_another_type_is_left_out_and_the_order_counts(
    name: str, key: str
) -> None:
    for value in wrong_values(key):
        plan = ordered(name, {**FULL[name], key: value})
        if key == "action":  # it decides what the event means
            assert "action takes one of" in why_parked(plan)
            continue
        ((one,),) = recipient_of(plan).values()
        assert one["properties"] == {
            other: FULL[name][other] for other in FULL[name] if other != key
        }
        assert any(f"events.properties.{key}" in text for text in plan.warnings)


@pytest.mark.parametrize("key", PRODUCT)
def test_each_product_is_checked_when_it_is_known(key: str) -> None:
    for value in wrong_values(key):
        plan = ordered(ORDER, {**FULL[ORDER], "products": [PRODUCT, {**PRODUCT, key: value}]})
        if key in NEEDED_OF_PRODUCT:
            assert why_parked(plan).startswith(f"events.properties.products[1].{key}: {key} takes")
        else:
            ((one,),) = recipient_of(plan).values()
            left = {other: PRODUCT[other] for other in PRODUCT if other != key}
            assert one["properties"]["products"] == [PRODUCT, left]


@pytest.mark.parametrize("key", sorted(NEEDED_OF_PRODUCT))
def test_a_product_without_what_it_needs_stops_the_event(key: str) -> None:
    products = [{one: PRODUCT[one] for one in PRODUCT if one != key}]
    why = why_parked(ordered(ORDER, {**FULL[ORDER], "products": products}))
    assert why.startswith(f"events.properties.products[0].{key}: {key} is missing")


def test_an_unknown_property_of_a_computed_product_stops_the_event() -> None:
    products = [{**PRODUCT, "sku": "s"}]
    why = why_parked(ordered(ORDER, {**FULL[ORDER], "products": products}))
    assert "a product has no sku" in why
    odd = [{**PRODUCT, "ada@example.org": "s"}]
    assert "@" not in why_parked(ordered(ORDER, {**FULL[ORDER], "products": odd}))


@pytest.mark.parametrize("action", ["add", "remove"])
def test_a_part_of_a_cart_leaves_without_a_total(action: str) -> None:
    cart = {**FULL["ecommerce.cart_updated"], "action": action, "total_value": None}
    assert sent("ecommerce.cart_updated", cart)["action"] == action


def test_of_free_properties_only_the_part_that_braze_would_not_take_is_left_out() -> None:
    metadata = {"note": "x" * 256, "gift": True, "order_status_url": 7}
    discounts = [{"code": "x" * 256, "amount": 1}]
    products = [{**PRODUCT, "metadata": metadata}]
    whole = {**FULL[ORDER], "metadata": metadata, "discounts": discounts, "products": products}
    found = sent(ORDER, whole)
    assert found["metadata"] == found["products"][0]["metadata"] == {"gift": True}
    assert found["discounts"] == [{"amount": 1}]


def test_a_currency_leaves_in_capitals_and_a_quantity_without_a_point() -> None:
    products = [{**PRODUCT, "quantity": 2.0}]
    made_of = sent(ORDER, {**FULL[ORDER], "currency": "eur", "products": products})
    assert made_of["currency"] == "EUR"
    assert str(made_of["products"][0]["quantity"]) == "2"


def test_a_needed_value_whose_expression_fails_says_so() -> None:
    written = {**FULL[ORDER], "order_id": "${join('-', body.id)}", "tax": "${round(body.id, `1`)}"}
    block = {"events": [event(ORDER, written)]}
    assert parked(block).startswith("events.properties.order_id: ${join(")
    plan = made("track", {"events": [event(ORDER, {**written, "order_id": "o"})]}, {})
    ((one,),) = recipient_of(plan).values()
    assert "tax" not in one["properties"]
