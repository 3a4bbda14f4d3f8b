from dataclasses import replace
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from handler.core.models import Event
from handler.core.planning.match import match, unmatched
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
    rules = source(f'"{when}"')
    found = match(event(), rules)
    assert not found.failed
    told = [*unmatched(event(), rules)]
    assert bool(told) is not bool(found.wanted)
    return told[0].why if told else None


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


TYPES = st.text("ab*?[]!-", min_size=1, max_size=4)


@settings(deadline=None)
@given(
    st.lists(st.lists(TYPES, min_size=1, max_size=3), max_size=6), TYPES | st.text("ab", max_size=4)
)
def test_the_rules_of_a_type_are_found_as_if_each_were_asked(
    types: list[list[str]], event_type: str
) -> None:
    (rule,) = source("body.yes").rules
    rules = [replace(rule, name=str(at), types=tuple(each)) for at, each in enumerate(types)]
    shop = replace(source("body.yes"), rules=tuple(rules))
    asked = [
        one.name
        for one in rules
        if any(event_type == each or fnmatchcase(event_type, each) for each in one.types)
    ]
    assert [one.name for one in shop.rules_of(event_type)] == asked
    assert [one.name for one in match(event(event_type), shop).wanted] == asked
    told = [one.rule for one in unmatched(event(event_type), shop)]
    assert sorted(told) == sorted({one.name for one in rules} - {*asked})


@pytest.mark.parametrize(
    "types, told",
    [
        ("orders/create", "type is customers/update, not orders/create"),
        ("[a, b, c]", "type is customers/update, not a, b or c"),
    ],
)
def test_an_event_of_another_type_is_told_so(types: str, told: str) -> None:
    (found,) = unmatched(event("customers/update"), source("body.yes", types))
    assert (found.rule, found.why) == ("confirm", told)


@pytest.mark.parametrize("when", ["body.status > `1`", "lower(body.total)", "body.list[::0]"])
def test_a_condition_that_fails_is_never_unmatched(when: str) -> None:
    rules = source(f'"{when}"')
    found = match(event(), rules)
    assert not found.wanted
    assert [*unmatched(event(), rules)] == []
    ((rule, error),) = found.failed
    assert (rule.name, error.path) == ("confirm", "when")
