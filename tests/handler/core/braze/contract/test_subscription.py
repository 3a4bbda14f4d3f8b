"""`subscribe` as it is written in a rules file."""

from typing import Any

import pytest

from handler.core.braze.contract.subscription import check_subscribe
from tests.handler.core.braze.contract.track_bodies import template

NEWS = "4ba4ac6a-4b6c-4fcd-a3ae-4d1b1e0cc4e0"
OFFERS = "b2a0f8e6-1111-4c2b-9a3d-0c6f4f2b7a55"


def group(**fields: Any) -> dict[str, Any]:
    whole = {
        "subscription_group_id": NEWS,
        "subscription_state": "subscribed",
        "emails": ["${body.email}"],
        **fields,
    }
    return {key: one for key, one in whole.items() if one is not None}


def problems(*groups: Any, **more: Any) -> list[Any]:
    return check_subscribe(template({"subscription_groups": list(groups), **more}))


def of_group(**fields: Any) -> tuple[Any, str]:
    ((path, text),) = problems(group(**fields))
    assert path[:2] == ("subscription_groups", 0)
    return path[2:], text


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"subscription_state": "unsubscribed"},
        {"subscription_state": "${body.consent && 'subscribed' || 'unsubscribed'}"},
        {"subscription_state": "${body.state}"},
        {"emails": None, "external_ids": ["${body.id}"]},
        {"emails": None, "phones": ["${phone(body.phone, 'DE')}"], "use_double_opt_in_logic": True},
        {"emails": None, "phones": ["+4915123456789"], "use_double_opt_in_logic": "${body.twice}"},
    ],
)
def test_the_state_of_one_user_in_a_group_is_taken(fields: Any) -> None:
    assert problems(group(**fields)) == []


@pytest.mark.parametrize("listed", [[], "${body.groups}", {"a": "b"}, 7, None])
def test_the_list_of_groups_is_written_down(listed: Any) -> None:
    ((path, text),) = check_subscribe(template({"subscription_groups": listed}))
    assert path == ("subscription_groups",)
    assert "takes a list of 1 to 50 objects that is written down" in text


def test_a_body_without_groups_is_refused() -> None:
    ((path, text),) = check_subscribe({})
    assert path == ()
    assert "takes a list of 1 to 50 objects" in text


def test_one_request_holds_50_groups() -> None:
    many = [group(subscription_group_id=f"{at:08}-4b6c-4fcd-a3ae-4d1b1e0cc4e0") for at in range(51)]
    assert problems(*many[:50]) == []
    assert len(problems(*many)) == 1


@pytest.mark.parametrize("one", ["${body.group}", NEWS, 7])
def test_each_group_is_an_object(one: Any) -> None:
    ((path, text),) = problems(one)
    assert path == ("subscription_groups", 0)
    assert "takes objects that are written down" in text


@pytest.mark.parametrize("value", ["news", 7, "", None, "${body.group}", f"{NEWS}0"])
def test_a_group_is_a_uuid_that_is_written_down(value: Any) -> None:
    path, text = of_group(subscription_group_id=value)
    assert path in ((), ("subscription_group_id",))
    assert text.startswith("subscription_group_id")


@pytest.mark.parametrize(
    "value", ["opted_in", "Subscribed", True, None, "${body.a && 'yes' || 'unsubscribed'}"]
)
def test_a_state_is_subscribed_or_unsubscribed(value: Any) -> None:
    path, text = of_group(subscription_state=value)
    assert path in ((), ("subscription_state",))
    assert "subscribed and unsubscribed" in text


@pytest.mark.parametrize("value", ["yes", 1, "true"])
def test_double_opt_in_is_true_or_false(value: Any) -> None:
    assert of_group(use_double_opt_in_logic=value) == (
        ("use_double_opt_in_logic",),
        "use_double_opt_in_logic takes true or false",
    )


@pytest.mark.parametrize("value", [True, False, "${body.twice}"])
def test_no_address_is_asked_twice_for_only_groups_of_sms_are(value: Any) -> None:
    path, text = of_group(use_double_opt_in_logic=value)
    assert path == ("use_double_opt_in_logic",)
    assert text.endswith("leave it out, or name the user by external_ids or phones")


@pytest.mark.parametrize(
    "fields, has",
    [
        ({"emails": None}, "none"),
        ({"phones": ["${body.phone}"]}, "emails and phones"),
        ({"external_ids": ["${body.id}"]}, "external_ids and emails"),
    ],
)
def test_a_group_names_its_user_by_one_list(fields: Any, has: str) -> None:
    path, text = of_group(**fields)
    assert path == ()
    assert text == f"a group needs exactly one of external_ids, emails, phones, and has {has}"


@pytest.mark.parametrize(
    "value", ["${body.email}", ["${body.email}", "${body.other}"], [], "a@example.org"]
)
def test_a_list_has_one_user(value: Any) -> None:
    path, text = of_group(emails=value)
    assert path == ("emails",)
    assert "takes a list of one, as in emails: [${body.email}]" in text


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"phones": ["015123456789"]}, "phone() writes them so"),
        ({"phones": ["+49 151 23456789"]}, "phone() writes them so"),
        ({"phones": [4915123456789]}, "phone() writes them so"),
        ({"emails": ["nobody"]}, "it is no e-mail address"),
        ({"external_ids": ["é" * 494]}, "987 bytes"),
    ],
)
def test_a_user_that_braze_does_not_take_is_refused(fields: Any, words: str) -> None:
    ((key, _),) = fields.items()
    path, text = of_group(**{"emails": None, **fields})
    assert path == (key, 0)
    assert words in text


@pytest.mark.parametrize(
    "key, words",
    [
        ("external_id", "takes a list here"),
        ("external_user_id", "takes a list here"),
        ("email", "takes a list here"),
        ("phone", "takes a list here"),
        ("user_alias", "finds nobody by it"),
        ("braze_id", "finds nobody by it"),
        ("state", "subscription_state"),
        ("_update_existing_only", "makes no profiles"),
        ("api_key", "adds the API key itself"),
        ("subscription_status", "did you mean subscription_state?"),
    ],
)
def test_another_key_is_told_where_it_belongs(key: str, words: str) -> None:
    path, text = of_group(**{key: "x"})
    assert path == (key,)
    assert words in text


@pytest.mark.parametrize("key", ["external_id", "external_user_id", "email", "phone"])
def test_one_user_without_a_list_is_one_mistake_and_not_two(key: str) -> None:
    ((path, text),) = problems({**group(emails=None), key: "${body.user}"})
    assert path == ("subscription_groups", 0, key)
    assert "takes a list here" in text


@pytest.mark.parametrize("key", ["emails", "subscription_state", "api_key", "attributes"])
def test_another_key_of_the_body_is_refused(key: str) -> None:
    ((path, text),) = problems(group(), **{key: "x"})
    assert path == (key,)
    assert text.startswith(f"unknown key {key}")


def test_all_groups_are_of_one_user() -> None:
    other = group(subscription_group_id=OFFERS, emails=None, external_ids=["${body.id}"])
    ((path, text),) = problems(group(), other)
    assert path == ("subscription_groups", 1, "external_ids")
    assert "one request is about one user" in text


def test_one_group_has_one_state() -> None:
    ((path, text),) = problems(group(), group(subscription_group_id=NEWS.upper()))
    assert path == ("subscription_groups", 1, "subscription_group_id")
    assert "the same group twice" in text
