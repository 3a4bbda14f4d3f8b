"""`subscribe` as it is rendered: consent of one user, from what the sender signs."""

from typing import Any

import pytest

from handler.core.expressions.defines import Roots
from handler.core.planning.subscribe import fill_subscribe
from handler.core.rules.source import Scope
from tests.handler.core.one_rule import only, recipient_of, why_parked
from tests.handler.core.planning.users import made, rule_of

NEWS = "4ba4ac6a-4b6c-4fcd-a3ae-4d1b1e0cc4e0"
OFFERS = "b2a0f8e6-1111-4c2b-9a3d-0c6f4f2b7a55"


def group(of: str = NEWS, **fields: Any) -> dict[str, Any]:
    whole = {
        "subscription_group_id": of,
        "subscription_state": "${body.state}",
        "emails": ["${body.email}"],
        **fields,
    }
    return {key: one for key, one in whole.items() if one is not None}


def subscribed(*groups: Any, **body: Any) -> Any:
    return made("subscribe", {"subscription_groups": list(groups)}, body)


def test_a_state_is_one_delivery_of_one_user() -> None:
    found = only(subscribed(group(), state="subscribed", email=" a@example.org"))
    assert found.path == "/v2/subscription/status/set"
    assert found.send == {}
    assert found.recipient == {
        "subscription_groups": [
            {
                "subscription_group_id": NEWS,
                "subscription_state": "subscribed",
                "emails": ["a@example.org"],
            }
        ]
    }


@pytest.mark.parametrize("state", ["opted_in", "Subscribed", True, 1])
def test_another_state_does_not_leave(state: Any) -> None:
    why = why_parked(subscribed(group(), state=state, email="a@example.org"))
    assert "subscription_state takes one of subscribed and unsubscribed" in why


@pytest.mark.parametrize("state", [None, ""])
def test_a_missing_state_does_not_leave(state: Any) -> None:
    why = why_parked(subscribed(group(), state=state, email="a@example.org"))
    assert "subscription_state is missing" in why


@pytest.mark.parametrize(
    "key, value, words",
    [
        ("emails", None, "nobody can be reached"),
        ("emails", "nobody", "no e-mail address"),
        ("phones", "015123456789", "no phone number"),
        ("phones", "+49 151 23456789", "E.164"),
        ("phones", None, "nobody can be reached"),
        ("external_ids", "null", "nobody can be reached"),
        ("external_ids", "x" * 988, "longer than 987 bytes"),
        ("external_ids", [1], "text or a whole number"),
    ],
)
def test_without_a_user_no_state_leaves(key: str, value: Any, words: str) -> None:
    one = {**group(emails=None), key: ["${body.user}"]}
    assert words in why_parked(subscribed(one, state="subscribed", user=value))


def test_an_id_is_cast_to_text() -> None:
    one = group(emails=None, external_ids=["${body.user}"])
    found = recipient_of(subscribed(one, state="subscribed", user=7.0))
    assert found["subscription_groups"][0]["external_ids"] == ["7"]


def test_consent_comes_from_signed_data_alone() -> None:
    rule = rule_of("subscribe", {"subscription_groups": [group()]})
    document = Roots({"body": {"state": "subscribed", "email": "evil@example.org"}})
    signed = Roots({"body": {"state": "unsubscribed", "email": "a@example.org"}}, is_signed=True)
    found: Any = fill_subscribe(rule, Scope(document, signed), [])
    (one,) = found["subscription_groups"]
    assert (one["subscription_state"], one["emails"]) == ("unsubscribed", ["a@example.org"])


def test_two_spellings_of_an_address_are_one_user() -> None:
    groups = [group(), group(OFFERS, emails=["${lower(body.email)}"])]
    sent = recipient_of(subscribed(*groups, state="subscribed", email="A@example.org"))
    named = [one["emails"] for one in sent["subscription_groups"]]
    assert named == [["A@example.org"], ["a@example.org"]]


def test_two_users_are_refused_after_rendering() -> None:
    groups = (group(), group(OFFERS, emails=["${body.other}"]))
    body = {"state": "subscribed", "email": "a@example.org"}
    assert "another user" in why_parked(subscribed(*groups, **body, other="b@example.org"))
    assert len(subscribed(*groups, **body, other="a@example.org").deliveries) == 1


@pytest.mark.parametrize("value, leaves", [(True, True), ("yes", False)])
def test_double_opt_in_is_true_or_false(value: Any, *, leaves: bool) -> None:
    one = group(emails=None, phones=["${body.user}"], use_double_opt_in_logic="${body.twice}")
    plan = subscribed(one, state="subscribed", user="+4915123456789", twice=value)
    assert len(plan.deliveries) == leaves
