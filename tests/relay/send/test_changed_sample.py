"""`relay send --set`: a value at a path, in the words of the rules."""

from typing import Any

import pytest

from relay.send.changed_sample import Override, WrongChange, changed, steps_of
from relay.webhooks.samples import Sample

BODY: dict[str, Any] = {
    "id": 7,
    "total_price": "42.00",
    "paid": True,
    "note": None,
    "customer": {"email": "a@b.example", "first name": "A"},
    "line_items": [{"quantity": 1}, {"quantity": 2}],
}
SAMPLE = Sample("order", "shop", {"X-Shopify-Topic": "orders/create"}, BODY)


def body_with(*given: str) -> Any:
    return changed(SAMPLE, [Override.of(one) for one in given])[0].body


@pytest.mark.parametrize(
    "path, steps",
    [
        ("body.id", ("body", "id")),
        ("body.line_items[0].quantity", ("body", "line_items", 0, "quantity")),
        ('headers."x-shopify-topic"', ("headers", "x-shopify-topic")),
        ('body."a.b".c', ("body", "a.b", "c")),
        ("body", None),
        ("body.items[]", None),
        ("body.a || body.b", None),
        ("text(body.id)", None),
        ("body..id", None),
        ("[0].id", None),
    ],
)
def test_plain_paths_are_read_as_rules_write_them(path: str, steps: tuple[Any, ...] | None) -> None:
    assert steps_of(path) == steps


def test_text_stays_text_and_a_number_stays_a_number() -> None:
    assert body_with("body.total_price=5")["total_price"] == "5"
    assert body_with('body.total_price="5"')["total_price"] == "5"
    assert body_with("body.id=8")["id"] == 8
    assert body_with("body.paid=false")["paid"] is False
    assert body_with("body.customer.email=x=y")["customer"]["email"] == "x=y"
    assert body_with("body.customer.email=null")["customer"]["email"] is None
    assert body_with("body.note=hello")["note"] == "hello"
    assert body_with("body.line_items=[]")["line_items"] == []


def test_a_change_touches_its_own_place_alone_and_the_sample_not_at_all() -> None:
    whole = body_with("body.line_items[1].quantity=9", 'body.customer."first name"=B')
    assert whole == BODY | {
        "line_items": [{"quantity": 1}, {"quantity": 9}],
        "customer": {"email": "a@b.example", "first name": "B"},
    }
    assert SAMPLE.body == BODY


def test_a_header_is_set_in_any_spelling() -> None:
    sample, notes = changed(SAMPLE, [Override.of('headers."x-shopify-topic"=orders/paid')])
    assert (sample.headers, notes) == ({"x-shopify-topic": "orders/paid"}, [])


def test_a_last_key_that_is_not_there_is_added_with_a_note() -> None:
    sample, notes = changed(SAMPLE, [Override.of("body.total_prize=5")])
    assert isinstance(sample.body, dict)
    assert sample.body["total_prize"] == 5
    assert notes == ["the sample had no body.total_prize: it is added; did you mean total_price?"]


@pytest.mark.parametrize(
    "given, said",
    [
        ("body.id", "takes PATH=VALUE"),
        ("total_price=5", "a path begins with body. or headers."),
        ("bdy.id=5", "a path begins with body. or headers."),
        ("body.items[?a].b=5", "a path begins with body. or headers."),
        ('body."a\\q"=5', "a path begins with body. or headers."),
        ("body.custmer.email=x", "no body.custmer; did you mean customer?"),
        ("body.line_items[2].quantity=5", "body.line_items has 2 items"),
        ("body.customer[0].email=5", "body.customer has 0 items"),
        ("body.id.x=5", "the sample has no body.id.x"),
        ("body.id=five", "body.id is a number (7), not text"),
        ("body.paid=1", "body.paid is true or false (true), not a number"),
        ("body.customer=x", "body.customer is an object"),
    ],
)
def test_a_wrong_change_says_what_is_right(given: str, said: str) -> None:
    with pytest.raises(WrongChange) as error:
        body_with(given)
    assert said in str(error.value)
