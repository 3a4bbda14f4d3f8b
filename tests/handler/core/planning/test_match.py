import pytest
from pydantic import JsonValue

from handler.core.models import Event
from handler.core.planning.match import match
from handler.core.rules.load import Source, load

BODY: JsonValue = {
    "test": False,
    "total": 5,
    "none": None,
    "status": "secret text",
    "blank": "",
    "list": [],
    "yes": True,
}


def source(when: str, types: str = "orders/create") -> Source:
    text = f"""\
verify: {{preset: shopify}}
rules:
  - name: confirm
    type: {types}
    when: {when}
    send: {{campaign_id: c, recipients: [{{external_user_id: "${{body.id}}"}}]}}
"""
    return load("shop", text, "shop.yaml", "dev")


def event(event_type: str = "orders/create") -> Event:
    return Event("shop", event_type, "1", BODY, {}, None, 1)


def why(when: str) -> str | None:
    found = match(event(), source(f'"{when}"'))
    assert not found.failed
    return found.unmatched[0].why if found.unmatched else None


@pytest.mark.parametrize(
    "when",
    ["body.yes", "!(body.test)", "!(body.none)", "body.total", "body.total > `4`", "body.status"],
)
def test_a_rule_wants_what_is_true_in_jmespath(when: str) -> None:
    assert why(when) is None


@pytest.mark.parametrize(
    "when, told",
    [
        ("!(body.yes)", "body.yes is true"),
        ("!(body.total)", "body.total is 5"),
        ("body.test", "body.test is false"),
        ("body.none", "body.none is null"),
        ("body.blank", "body.blank is empty"),
        ("body.list", "body.list is empty"),
        ("!(body.status)", "body.status is there"),
        ("body.yes && body.test", "body.test is false"),
        ("body.test && body.none", "body.test is false"),
        ("body.test || body.none", "body.test is false and body.none is null"),
        ("body.yes && (body.none || !(body.yes))", "body.none is null and body.yes is true"),
        ("body.total > `9`", "body.total > `9` is false (body.total is 5)"),
        ("body.status == 'paid'", "body.status == 'paid' is false"),
        ("body.none == 'paid'", "body.none == 'paid' is false (body.none is null)"),
        ("!(body.total == `5`)", "body.total == `5` is true"),
        ("contains(body.status, 'zz')", "contains(body.status, 'zz') is false"),
        ("body.list[?n > `1`].m", "body.list[?n > `1`].m is empty"),
    ],
)
def test_the_operand_that_was_false_is_told_and_no_text_of_the_event(when: str, told: str) -> None:
    assert why(when) == told
    assert "secret" not in told


@pytest.mark.parametrize(
    "types, event_type, wanted",
    [
        ("orders/create", "orders/create", True),
        ("[a, orders/create]", "orders/create", True),
        ("'orders/*'", "orders/create", True),
        ("'*'", "anything", True),
        ("orders/create", "orders/created", False),
        ("'orders/*'", "Orders/create", False),
    ],
)
def test_a_rule_takes_its_types(types: str, event_type: str, *, wanted: bool) -> None:
    found = match(event(event_type), source("body.yes", types))
    assert bool(found.wanted) is wanted


@pytest.mark.parametrize(
    "types, told",
    [
        ("orders/create", "type is customers/update, not orders/create"),
        ("[a, b, c]", "type is customers/update, not a, b or c"),
    ],
)
def test_an_event_of_another_type_is_told_so(types: str, told: str) -> None:
    (unmatched,) = match(event("customers/update"), source("body.yes", types)).unmatched
    assert (unmatched.rule, unmatched.why) == ("confirm", told)


@pytest.mark.parametrize("when", ["body.status > `1`", "lower(body.total)", "body.list[::0]"])
def test_a_condition_that_fails_is_never_unmatched(when: str) -> None:
    found = match(event(), source(f'"{when}"'))
    assert not found.wanted
    assert not found.unmatched
    ((rule, error),) = found.failed
    assert (rule.name, error.path) == ("confirm", "when")
