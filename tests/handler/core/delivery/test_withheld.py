"""A workspace with `only`: everything in the request is listed, or nothing is sent."""

from dataclasses import replace
from typing import Any

import pytest

from handler.core.braze.profile_writes import without_state
from handler.core.delivery.withheld import is_withheld
from handler.core.models import Delivery

ONLY = ("*@ourshop.example", "qa-*", "+4915100000*")


def to(delivery: Delivery, recipient: dict[str, Any] | None, **send: Any) -> Delivery:
    return replace(delivery, recipient=recipient, send={**delivery.send, **send})


def user(name: Any, **attributes: Any) -> dict[str, Any]:
    return {"external_user_id": name, "attributes": attributes}


def alias(name: str) -> dict[str, Any]:
    return {"user_alias": {"alias_name": name, "alias_label": "qa-label"}}


US, THEM, MINE, FOREIGN = "me@ourshop.example", "a@stranger.example", "+491510000012", "+4917612345"


@pytest.mark.parametrize(
    "recipient",
    [
        user("qa-7"),
        user("QA-7", email="Me@OurShop.example", phone=MINE),
        user("qa-7", email=None, phone="", first_name="a@stranger.example"),
        user("6120445500117", email=US),
        user("6120445500117", email=US, phone=MINE, push_tokens=None),
        alias("qa-7"),
        alias("somebody") | {"attributes": {"email": US}},
        {"email": US, "prioritization": ["most_recently_updated"]},
        {"external_user_id": US},
    ],
)
def test_who_is_listed_is_reached(delivery: Delivery, recipient: dict[str, Any]) -> None:
    assert not is_withheld(to(delivery, recipient), ONLY)


@pytest.mark.parametrize(
    "recipient",
    [
        user("6120445500117"),
        user("6120445500117", phone=MINE),  # its mail would go to whatever address it has
        user("qa-7", email=THEM),
        user("qa-7", phone=FOREIGN),
        user("6120445500117", email=US, phone=FOREIGN),
        user("qa-7", phone="qa-+4917612345"),  # Braze drops what is no digit
        user("qa-7", push_tokens=[{"app_id": "a", "token": "b"}]),
        user("6120445500117", email=""),
        user("6120445500117", email=[US]),
        user("qa-7", email={"add": US}),
        user(7),  # as whoever writes into the queue may
        user("xqa-7"),
        user("6120445500117", email=f"{US}.stranger.example"),
        user("6120445500117", email=f"{THEM},{US}"),  # no address: Braze may keep the former one
        user("6120445500117", email=f"a..b{US[2:]}"),
        user("6120445500117", email=f"{THEM}@ourshop.example"),
        user("6120445500117", email=f" {US}"),
        user("6120445500117", email="me@our\u017fhop.example"),  # a long s, which folds to s
        {"email": "qa-7@stranger.example"},  # a pattern of ids matches no address
        {"external_user_id": "qa-7@stranger.example"},
        {"email": US, "attributes": {"email": THEM}},
        {"email": THEM, "external_user_id": "qa-7"},
        alias("somebody"),
        user("612", external_id="qa-7", braze_id="qa-7", user_alias=alias("qa-7")),
        {"user_alias": "qa-7", "attributes": "none"},
        {"attributes": {}},
        {},
    ],
)
def test_who_is_not_listed_or_cannot_be_compared_is_withheld(
    delivery: Delivery, recipient: dict[str, Any]
) -> None:
    assert is_withheld(to(delivery, recipient), ONLY)


def test_a_broadcast_reaches_nobody_there_whatever_stands_beside_it(delivery: Delivery) -> None:
    assert is_withheld(to(delivery, None, broadcast=True), ONLY)
    assert is_withheld(to(delivery, None, broadcast=False, audience={"AND": []}), ONLY)
    assert is_withheld(to(delivery, user("qa-7"), broadcast=True), ONLY)
    assert not is_withheld(to(delivery, user("qa-7"), broadcast=False), ONLY)


def test_what_goes_without_its_attributes_is_compared_without_them(delivery: Delivery) -> None:
    known_by_address = to(delivery, user("6120445500117", email=US))
    assert is_withheld(without_state(known_by_address), ONLY)
    assert not is_withheld(without_state(to(delivery, user("qa-7", email=US))), ONLY)


def test_a_workspace_without_a_list_reaches_everybody(delivery: Delivery) -> None:
    assert not is_withheld(to(delivery, user("6120445500117", email=THEM)), None)
    assert not is_withheld(to(delivery, None, broadcast=True), None)


@pytest.mark.parametrize(
    "pattern, fits, fits_not",
    [
        ("qa-7", ["qa-7", "QA-7"], ["qa-77", "qa-", ""]),
        ("qa-*-x", ["qa--x", "qa-1-x-x"], ["qa-x", "qa-1-x1"]),
        ("*a*b*", ["ab", "xaxbx"], ["ba", "a@b"]),
        ("a.*[x]?", ["a.7[x]?"], ["ab7[x]?", "a.7x"]),
    ],
)
def test_only_the_star_is_special(
    delivery: Delivery, pattern: str, fits: list[str], fits_not: list[str]
) -> None:
    given = [*fits, *fits_not]
    assert [it for it in given if not is_withheld(to(delivery, user(it)), (pattern,))] == fits


def test_many_stars_take_no_time_of_their_own(delivery: Delivery) -> None:
    assert is_withheld(to(delivery, user("a" * 987)), ("*a" * 400 + "*b",))


def arrays(delivery: Delivery, path: str, **given: list[Any]) -> Delivery:
    return replace(delivery, path=path, send={}, recipient={**given})


def about(**who: Any) -> dict[str, Any]:
    return {"name": "paid", "time": "2026-11-30T22:00:00Z", **who}


TRACK, SUBSCRIBE = "/users/track", "/v2/subscription/status/set"
QA = {"alias_name": "qa-7", "alias_label": "l"}


@pytest.mark.parametrize(
    "given",
    [
        {"events": [about(external_id="qa-7")]},
        {"events": [about(user_alias=QA), about(user_alias=QA, email=US)]},
        {"events": [about(email=US)]},
        {"events": [about(phone=MINE)]},
        {"attributes": [{"external_id": "612", "email": US}], "events": [about(external_id="612")]},
        {"attributes": [{"external_id": "qa-7", "phone": MINE, "city": THEM}]},
    ],
)
def test_a_listed_user_is_tracked(delivery: Delivery, given: Any) -> None:
    assert not is_withheld(arrays(delivery, TRACK, **given), ONLY)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"events": []},
        {"events": ["qa-7"]},
        {"events": [about()]},
        {"events": [about(external_id="612")]},
        {"events": [about(external_id="612", phone=MINE)]},
        {"events": [about(external_id="qa-7", email=THEM)]},
        {"events": [about(email=THEM)]},
        {"events": [about(phone=FOREIGN)]},
        {"attributes": [{"external_id": "qa-7"}], "events": [about(external_id="612")]},
        {"attributes": [{"external_id": "612", "email": US}], "events": [about(email=THEM)]},
        {"attributes": [{"external_id": "qa-7", "push_tokens": [{"app_id": "a", "token": "b"}]}]},
        {"attributes": [{"external_id": "qa-7", "phone": FOREIGN}]},
        {"attributes": [{"external_id": "612", "external_ids": ["qa-7"], "emails": US}]},
        {"attributes": [{"external_id": "612", "external_user_id": "qa-7"}]},
    ],
)
def test_a_user_who_is_not_listed_is_not_tracked(delivery: Delivery, given: Any) -> None:
    assert is_withheld(arrays(delivery, TRACK, **given), ONLY)


@pytest.mark.parametrize(
    "who,withheld",
    [
        ({"external_ids": ["qa-7"]}, False),
        ({"emails": [US]}, False),
        ({"emails": US}, False),
        ({"phones": [MINE]}, False),
        ({"external_ids": ["qa-7", "612"]}, True),
        ({"external_ids": ["612"]}, True),
        ({"emails": [US, THEM]}, True),
        ({"emails": [THEM]}, True),
        ({"phones": [FOREIGN]}, True),
        ({"external_ids": ["qa-7"], "emails": [THEM]}, True),
        ({"emails": [[US]]}, True),
        ({}, True),
    ],
)
def test_a_subscription_of_listed_users_alone_is_set(
    delivery: Delivery, who: Any, *, withheld: bool
) -> None:
    both = [{"subscription_group_id": "g", "external_ids": ["qa-1"]}, {"s": "u", **who}]
    assert is_withheld(arrays(delivery, SUBSCRIBE, subscription_groups=both), ONLY) is withheld
