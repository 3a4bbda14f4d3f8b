"""Values in samples that a rule takes for something else: each is warned of or noted."""

from typing import Any

import pytest

from handler.core.rules.load import load
from relay.rules.check.sample_values import number_notes, number_warnings

FILE = """\
verify: {preset: woocommerce}
rules:
  - name: confirm
    type: order.created
    FOR_EACH
    when: WHEN
    once: ${ONCE}
    send:
      campaign_id: c
      recipients:
        - external_user_id: ${ID}
          attributes: {NAME: "${VALUE}"}
"""
BODY: dict[str, Any] = {
    "id": 1,
    "total": "29.35",
    "points": "12",
    "sku": "0042",
    "code": "42",
    "amount": 29.35,
    "cents": 2935,
    "currency": "EUR",
    "prices": ["9.00", "36.30"],
    "lines": [
        {"price": "9.00", "sku": "a", "qty": 1, "owner": 0, "cents": 900},
        {"price": "36.30", "sku": "b", "qty": 2, "owner": 7, "cents": 3630},
    ],
    "user": {"id": 5},
    "paid": True,
    "status": "paid",
    "tags": ["VIP"],
    "customer_id": 0,
    "billing": {"email": "a@example.org"},
}


def told(  # noqa: PLR0913, PLR0917 - parts of one file
    name: str = "note",
    value: str = "body.sku",
    identifier: str = "body.id",
    when: str = "body.id",
    bodies: tuple[dict[str, Any], ...] = (BODY,),
    once: str = "body.code",
    for_each: str = "",
) -> list[tuple[str, str]]:
    text = FILE.replace("NAME", name).replace("VALUE", value)
    text = text.replace("ONCE", once)
    text = text.replace("FOR_EACH", f"for_each: {for_each}" if for_each else "enabled: true")
    text = text.replace("ID", identifier).replace("WHEN", f'"{when}"')
    source = load("woo", text, "woo.yaml", "dev")
    documents: dict[str, Any] = {"order.created": [{"body": one} for one in bodies]}
    found = [*number_notes(source, documents), *number_warnings(source, documents)]
    return [(".".join(map(str, path)), words) for path, words in found]


@pytest.mark.parametrize(
    "name, value",
    [
        ("total_spent", "body.total"),
        ("points", "body.points"),
        ("total_spent", "money(body.total, 'USD')"),
    ],
)
def test_a_number_that_is_sent_as_text_is_noted(name: str, value: str) -> None:
    ((path, words),) = told(name, value)
    assert path == f"rules.0.send.recipients.0.attributes.{name}"
    assert words.endswith(f"write to_number({value})")
    assert told(name, f"to_number({value})") == []


@pytest.mark.parametrize(
    "name, value", [("sku", "body.sku"), ("code", "body.code"), ("phone", "body.total")]
)
def test_text_of_digits_that_is_no_amount_is_not_noted(name: str, value: str) -> None:
    assert told(name, value) == []


def test_text_that_is_no_number_in_some_sample_is_not_noted() -> None:
    assert told("total", "body.total", bodies=(BODY, {**BODY, "total": "on request"})) == []


@pytest.mark.parametrize(
    "identifier", ["body.customer_id", "coalesce(text(body.customer_id), body.billing.email)"]
)
def test_an_identifier_that_is_0_in_a_sample_is_noted_with_a_mend(identifier: str) -> None:
    ((path, words),) = told(identifier=identifier)
    assert path == "rules.0.send.recipients.0.external_user_id"
    assert "is 0 in a sample event, which is nobody's id (a guest?)" in words
    assert "write if(body.customer_id == `0`, concat('guest-', ...), ...)" in words


def test_a_guest_who_has_an_id_of_another_kind_is_not_noted() -> None:
    identifier = "if(body.customer_id == `0`, 'g', text(body.customer_id))"
    assert told(identifier=f"concat({identifier}, text(body.id))") == []


@pytest.mark.parametrize(
    "when, words",
    [
        ("body.amount == '29.35'", "is never true; write `29.35`"),
        ("body.amount != '29.35'", "is always true; write `29.35`"),
        ("'a' == body.amount", "body.amount is a number in every sample"),
        ("body.total == `29`", "body.total is text in every sample"),
        ("body.paid == 'true'", "body.paid is true or false"),
        ("body.sku == `true`", "write 'true'"),
    ],
)
def test_a_comparison_that_no_sample_makes_true_is_warned_of(when: str, words: str) -> None:
    ((path, said),) = told(when=when)
    assert path == "rules.0.when"
    assert words in said


@pytest.mark.parametrize(
    "when",
    ["body.amount == `29.35`", "body.total == '29.35'", "body.x == 'a'", "body.paid == `true`"],
)
def test_a_comparison_that_may_be_true_is_not_warned_of(when: str) -> None:
    assert told(when=when) == []


@pytest.mark.parametrize(
    "when, side, near",
    [
        ("body.status == 'Paid'", "body.status", "'paid'"),
        ("body.status != 'PAID'", "body.status", "'paid'"),
        ("'Paid' == body.status", "body.status", "'paid'"),
        ("lower(body.status) == 'Paid'", "lower(body.status)", "'paid'"),
        ("contains(['Paid', 'refunded'], body.status)", "body.status", "'paid'"),
        ("body.status == 'open' || body.status == 'Paid'", "body.status", "'paid'"),
        ("body.lines[?sku == 'A']", "sku", "'a'"),
    ],
)
def test_a_text_that_no_sample_has_in_these_letters_is_warned_of(
    when: str, side: str, near: str
) -> None:
    ((path, words),) = told(when=when)
    assert path == "rules.0.when"
    assert words.startswith(f"{side} is {near} in a sample event, and none has ")
    assert words.endswith(f"; write {near}")


@pytest.mark.parametrize(
    "when",
    [
        "body.status == 'paid'",
        "body.status == 'Refunded'",
        "body.status == 'Paid' || body.status == 'paid'",
        "contains(['Paid', 'paid'], body.status)",
        "body.tags[0] == 'VIP'",
        "body.absent == 'Paid'",
    ],
)
def test_a_text_that_a_sample_has_or_that_none_has_is_not_warned_of(when: str) -> None:
    assert told(when=when) == []


def test_letters_that_one_of_several_samples_has_are_not_warned_of() -> None:
    assert told(when="body.status == 'Paid'", bodies=(BODY, {**BODY, "status": "Paid"})) == []


@pytest.mark.parametrize(
    "when, words",
    [
        ("body.lines[?price == `9`]", "price is text in every sample"),
        ("body.lines[?qty == '1'].sku | [0]", "qty is a number in every sample"),
        ("body.lines[].{sku: sku, qty: qty}[?qty == '1']", "qty is a number in every sample"),
    ],
)
def test_a_comparison_within_a_filter_is_held_against_the_elements(when: str, words: str) -> None:
    ((_, said),) = told(when=when)
    assert said.startswith(words)


@pytest.mark.parametrize(
    "more, words",
    [
        ({"value": "item.price", "name": "unit_price"}, "write to_number(item.price)"),
        ({"identifier": "item.owner"}, "item.owner is 0 in a sample event"),
        ({"value": "if(item.sku == 'A', 'x', 'y')"}, "item.sku is 'a' in a sample event"),
        ({"value": "[money(item.cents, 'EUR')]"}, "write minor_units(item.cents, 'EUR')"),
        ({"when": "body.status == 'Paid'"}, "body.status is 'paid' in a sample event"),
        ({"for_each": "body.lines[?sku == 'A']"}, "sku is 'a' in a sample event"),
        ({"once": "concat(item.sku, if(item.sku == 'A', 'x', 'y'))"}, "is 'a' in a sample event"),
    ],
)
def test_a_rule_for_each_element_is_held_against_the_elements(
    more: dict[str, str], words: str
) -> None:
    fields = {"for_each": "body.lines", "identifier": "item.sku", "once": "item.sku", **more}
    ((_, said),) = told(**fields)  # type: ignore[arg-type]  # texts alone
    assert words in said


@pytest.mark.parametrize("lines", [[], {}, None, "none", [None]])
def test_a_rule_for_each_element_of_nothing_is_not_warned_of(lines: Any) -> None:
    assert told(value="item.price", for_each="body.lines", bodies=({**BODY, "lines": lines},)) == []


@pytest.mark.parametrize(
    "value, mend",
    [
        ("max(body.prices)", "max(map(&to_number(@), body.prices))"),
        ("sort(body.lines[].price)", "sort(map(&to_number(@), body.lines[].price))"),
        ("sort_by(body.lines, &price)[0].sku", "sort_by(body.lines, &to_number(price))"),
        ("max_by(body.lines, &price).sku", "max_by(body.lines, &to_number(price))"),
    ],
)
def test_prices_that_are_ordered_as_text_are_warned_of(value: str, mend: str) -> None:
    ((path, words),) = told("note", f"[{value}]")
    assert path == "rules.0.send.recipients.0.attributes.note"
    assert words.endswith(f"write {mend}")
    call = value[: value.index(")") + 1]
    assert told("note", f"[{value.replace(call, mend)}]") == []


@pytest.mark.parametrize(
    "value", ["max(body.lines[].sku)", "sort_by(body.lines, &sku)[0].sku", "max(body.nothing[])"]
)
def test_texts_that_are_no_numbers_may_be_ordered(value: str) -> None:
    assert told("note", value) == []


@pytest.mark.parametrize("currency", ["'EUR'", "body.currency"])
def test_whole_numbers_as_money_may_be_cents(currency: str) -> None:
    ((_, words),) = told("note", f"[money(body.cents, {currency})]")
    assert f"write minor_units(body.cents, {currency}), if these are cents" in words
    assert told("note", f"[minor_units(body.cents, {currency})]") == []
    assert told("note", f"[money(text(body.cents), {currency})]") == []


@pytest.mark.parametrize(
    "value, more",
    [
        ("money(body.cents, 'JPY')", {}),  # it has no decimals
        ("money(body.amount, 'EUR')", {}),
        ("money(body.total, 'EUR')", {}),
        ("money(body.cents, 'EUR')", {"cents": 29}),  # some amount in units
    ],
)
def test_an_amount_in_units_is_not_warned_of(value: str, more: dict[str, Any]) -> None:
    assert told("note", f"[{value}]", bodies=(BODY, {**BODY, **more})) == []


def test_a_filter_that_finds_one_element_in_every_sample_is_noted() -> None:
    ((_, words),) = told("note", "body.lines[?sku == 'a'].sku")
    assert words.endswith("is a list; for the first of it write body.lines[?sku == 'a'].sku | [0]")
    assert told("note", "body.lines[?sku == 'a'].sku | [0]") == []
    assert told("note", "body.lines[?price].sku") == []  # two: an array is meant


def test_the_id_of_once_is_no_person_where_samples_have_one() -> None:
    assert told(once="body.user.id", identifier="body.user.id") == []
    assert told(once="body.code", identifier="body.user.id") == []
    ((path, words),) = told(once="body.id")
    assert path == "rules.0.send.recipients.0.external_user_id"
    assert words == "body.id is what happens once, and most likely no person; write ${body.user.id}"
    bare = {key: value for key, value in BODY.items() if key != "user"}
    assert told(once="body.id", bodies=(bare,)) == []


@pytest.mark.parametrize("amount", ["body.total", "body.amount"])
def test_minor_units_that_have_decimals_in_every_sample_are_told(amount: str) -> None:
    ((_, words),) = told("note", f"[minor_units({amount}, 'EUR')]")
    assert words == (
        f"{amount} has decimals in every sample, and minor_units() takes cents; write"
        f" money({amount}, 'EUR')"
    )


@pytest.mark.parametrize("changed", [{}, {"amount": 2935}, {"amount": 2935.0}, {"amount": None}])
def test_minor_units_of_what_may_be_cents_are_not_told(changed: dict[str, Any]) -> None:
    call = f"[minor_units({'body.amount' if changed else 'body.cents'}, 'EUR')]"
    assert told("note", call, bodies=({**BODY, **changed},)) == []


@pytest.mark.parametrize("name, amount", [("money", "body.total"), ("minor_units", "body.cents")])
def test_an_amount_and_a_currency_in_the_wrong_order_are_told(name: str, amount: str) -> None:
    ((_, words),) = told("note", f"[{name}(body.currency, {amount})]")
    assert words == (
        f"{name}(body.currency, {amount}) is null in every sample; write"
        f" {name}({amount}, body.currency)"
    )


def test_an_amount_that_no_sample_has_says_nothing_of_the_order() -> None:
    assert (
        told("note", "[money(body.total, body.currency)]", bodies=({**BODY, "total": None},)) == []
    )
