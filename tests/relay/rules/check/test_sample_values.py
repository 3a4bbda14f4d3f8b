"""What samples show of values that a rule takes for something else."""

from typing import Any

import pytest

from handler.core.rules.load import load
from relay.rules.check.sample_values import number_notes, number_warnings

FILE = """\
verify: {preset: woocommerce}
rules:
  - name: confirm
    type: order.created
    when: WHEN
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
    "paid": True,
    "customer_id": 0,
    "billing": {"email": "a@example.org"},
}


def told(
    name: str = "note",
    value: str = "body.sku",
    identifier: str = "body.id",
    when: str = "body.id",
    bodies: tuple[dict[str, Any], ...] = (BODY,),
) -> list[tuple[str, str]]:
    text = FILE.replace("NAME", name).replace("VALUE", value)
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
