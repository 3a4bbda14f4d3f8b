"""`track` as it is written in a rules file: its lists, who it is about, attributes and events."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.braze.contract.events import is_event_time
from handler.core.braze.contract.track import adding, check_track, counts
from tests.handler.core.braze.contract.track_bodies import FULL, TIME, WHO, event, profile, template

ALIAS = {"alias_name": "${body.id}", "alias_label": "shop"}


def problems(track: Any) -> list[Any]:
    return check_track(template(track))


def only(track: Any) -> tuple[Any, str]:
    ((path, text),) = problems(track)
    return path, text


def of_event(**fields: Any) -> tuple[Any, str]:
    path, text = only({"events": [event(**fields)]})
    assert path[:2] == ("events", 0)
    return path[2:], text


def of_profile(**fields: Any) -> tuple[Any, str]:
    path, text = only({"attributes": [profile(**fields)]})
    assert path[:2] == ("attributes", 0)
    return path[2:], text


# The body.


@pytest.mark.parametrize(
    "track",
    [
        {"attributes": [profile()]},
        {"events": [event()]},
        {"attributes": [profile()], "events": [event(), event("other")]},
        {"events": [event(app_id="a-1", properties={"n": 1})]},
        {"events": [event(time="${time(body.at)}", properties={"n": "${body.n}"})]},
    ],
)
def test_attributes_and_events_of_one_user_are_taken(track: Any) -> None:
    assert problems(track) == []


@pytest.mark.parametrize("track", [{}, {"events": []}, {"attributes": [], "events": []}])
def test_a_body_without_an_object_is_refused(track: Any) -> None:
    assert only(track) == ((), "track needs attributes or events: it has no object")


@pytest.mark.parametrize("array", ["attributes", "events"])
@pytest.mark.parametrize("listed", ["${body.items}", {"external_id": "u"}, 7])
def test_a_list_is_written_down(array: str, listed: Any) -> None:
    path, text = problems({array: listed})[0]
    assert path == (array,)
    assert "takes a list that is written down" in text


@pytest.mark.parametrize("array", ["attributes", "events"])
@pytest.mark.parametrize("thing", ["${body}", "u", 7])
def test_each_object_is_written_down(array: str, thing: Any) -> None:
    path, text = only({array: [thing]})
    assert path == (array, 0)
    assert "takes objects that are written down" in text


@pytest.mark.parametrize(
    "key, words",
    [
        ("purchases", "ecommerce.order_placed"),
        ("external_id", "stands in each object"),
        ("external_user_id", "stands in each object"),
        ("_update_existing_only", "stands in each object"),
        ("recipients", "is for send"),
        ("campaign_id", "is for send"),
        ("subscription_groups", "subscribe"),
        ("app_id", "each object of events"),
        ("api_key", "adds the API key itself"),
        ("partner", "has none"),
        ("event", "did you mean events?"),
    ],
)
def test_what_people_paste_is_told_where_it_belongs(key: str, words: str) -> None:
    path, text = only({"events": [event()], key: "x"})
    assert path == (key,)
    assert text.startswith(f"unknown key {key}")
    assert words in text


def test_one_request_holds_75_objects() -> None:
    assert problems({"attributes": [profile()] * 40, "events": [event()] * 35}) == []
    text = only({"attributes": [profile()] * 40, "events": [event()] * 36})[1]
    assert text == "track has 76 objects; Braze takes 75 in one request"


def test_one_request_is_4_mb_at_most() -> None:
    large = {f"p{at}": "x" * 250 for at in range(380)}  # some 99,000 bytes
    assert problems({"events": [event(properties=large)] * 38}) == []
    text = only({"events": [event(properties=large)] * 42})[1]
    assert text == "track: it is larger than 4,000,000 bytes"


# Who it is about.


@pytest.mark.parametrize(
    "who",
    [
        {"external_id": "${body.id}"},
        {"user_alias": ALIAS},
        {"braze_id": "${body.id}"},
        {"email": "${body.email}"},
        {"phone": "${body.phone}"},
        {"email": "${body.email}", "phone": "${body.phone}"},
        {"external_id": "${body.id}", "email": "${body.email}", "phone": "${body.phone}"},
        {"user_alias": ALIAS, "email": "${body.email}"},
    ],
)
def test_one_primary_identifier_or_an_address_finds_the_profile(who: Any) -> None:
    assert problems({"events": [event(**{"external_id": None, **who})]}) == []
    assert problems({"attributes": [profile(**{"external_id": None, **who})]}) == []


@pytest.mark.parametrize("second", [{"user_alias": ALIAS}, {"braze_id": "b"}])
def test_two_primary_identifiers_are_refused(second: Any) -> None:
    for place, text in (of_event(**second), of_profile(**second)):
        assert place == (*second,)
        assert "Braze rejects an object with two" in text


def test_an_object_about_nobody_is_refused() -> None:
    words = "it needs one of external_id, user_alias, braze_id, email, phone"
    assert words in of_event(external_id=None)[1]
    assert words in of_profile(external_id=None)[1]


def test_the_identifier_of_a_send_is_one_mistake_and_not_two() -> None:
    for place, text in (
        of_event(external_id=None, external_user_id="${body.id}"),
        of_profile(external_id=None, external_user_id="${body.id}"),
    ):
        assert place == ("external_user_id",)
        assert "it is called external_id here" in text


def test_two_kinds_of_identifiers_are_two_users() -> None:
    other = event(external_id=None, email="${body.email}")
    path, text = only({"attributes": [profile()], "events": [other]})
    assert path == ("events", 0, "email")
    assert "attributes[0] names its external_id, and this object its email" in text


def test_an_address_beside_a_primary_identifier_is_no_other_user() -> None:
    track = {"attributes": [profile(email="${body.email}")], "events": [event()]}
    assert problems(track) == []


@pytest.mark.parametrize("value", [None, "${body.known}", "true", 1])
def test_whether_a_profile_is_made_is_written_down(value: Any) -> None:
    for _, text in (
        of_event(_update_existing_only=value),
        of_profile(_update_existing_only=value),
    ):
        assert text.startswith("_update_existing_only")
        assert ("makes a profile" in text) is (value is None)


@pytest.mark.parametrize(
    "alias, words",
    [
        ({"alias_name": "a"}, "both"),
        ({"alias_name": "a", "alias_label": ""}, "not empty"),
        ({"alias_name": "x" * 237, "alias_label": "l"}, "236 bytes"),
        ({"alias_name": "a", "alias_label": "é" * 119}, "236 bytes"),
        ({"alias_name": "${body.id}", "alias_label": "${body.kind}"}, "is written down"),
        ("a", "both"),
    ],
)
def test_an_alias_has_a_name_and_a_written_label(alias: Any, words: str) -> None:
    place, text = of_event(external_id=None, user_alias=alias)
    assert place[0] == "user_alias"
    assert words in text


def test_an_identifier_has_987_bytes_at_most() -> None:
    assert problems({"events": [event(external_id="é" * 493)]}) == []
    assert of_event(external_id="é" * 494) == (
        ("external_id",),
        "external_id: it is longer than 987 bytes",
    )


@pytest.mark.parametrize(
    "who",
    [
        {"email": "nobody"},
        {"email": 7},
        {"phone": "12"},
        {"phone": "+49 (0) 151 1234567"},
        {"phone": "2015550123"},
        {"phone": "+49 151 23456789"},
    ],
)
def test_an_address_that_finds_the_profile_is_one(who: Any) -> None:
    (key,) = who
    assert of_event(external_id=None, **who)[0] == (key,)
    assert of_profile(external_id=None, **who)[0] == (key,)


# Attributes.


@pytest.mark.parametrize(
    "name, words",
    [
        ("external_user_id", "it is called external_id here"),
        ("alias_name", "below user_alias"),
        ("send_to_existing_only", "_update_existing_only"),
        ("prioritization", "has none"),
        ("attributes", "in the object itself"),
        ("push_token_import", "without an id"),
        ("email_subscription_info", "email_subscribe"),
        ("bio", "removed"),
        ("app_id", "push_tokens"),
        ("api_key", "adds the API key itself"),
        ("partner", "has none"),
    ],
)
def test_a_name_that_is_no_attribute_is_told_where_it_belongs(name: str, words: str) -> None:
    place, text = of_profile(**{name: "x"})
    assert place == (name,)
    assert text.startswith(f"{name} is no attribute")
    assert words in text


@pytest.mark.parametrize(
    "name, value",
    [
        ("email", "nobody"),
        ("email_subscribe", "yes"),
        ("gender", "x"),
        ("dob", "20.11.1990"),
        ("first_name", "x" * 256),
        ("subscription_groups", [{"subscription_group_id": "g", "subscription_state": "on"}]),
        ("custom", {"a.b": 1}),
        ("points", {"inc": "1"}),
        ("stays", {"$update": [{"$identifier_key": "id"}]}),
    ],
)
def test_attributes_are_checked_as_under_send(name: str, value: Any) -> None:
    assert of_profile(**{name: value})[0] == (name,)


@pytest.mark.parametrize(
    "value",
    [
        {"inc": 5},
        {"inc": "${body.points}"},
        "${body.{inc: points}}",
        {"$add": [{"id": 1}]},
        {"$add": [{"id": 1}], "$remove": [{"$identifier_key": "id", "$identifier_value": 2}]},
    ],
)
def test_an_attribute_that_adds_is_taken_and_counts_again_with_each_repeat(value: Any) -> None:
    track = template({"attributes": [profile(points=value)]})
    assert check_track(track) == []
    assert counts(track)
    assert adding({"points": template({"a": value})["a"]}) == ["points"]


@pytest.mark.parametrize(
    "value",
    [5, "${body.points}", {"add": ["a"]}, {"remove": ["a"]}, {"a": {"inc": 1}}, None,
     {"$update": [{"$identifier_key": "id", "$identifier_value": 1, "$new_object": {"a": 1}}]}],
)  # fmt: skip
def test_an_absolute_attribute_counts_nothing(value: Any) -> None:
    track = template({"attributes": [{**profile(), "points": value}]})
    assert check_track(track) == []
    assert not counts(track)


def test_events_count_again_with_each_repeat() -> None:
    assert counts(template({"events": [event()]}))


def test_an_event_among_attributes_is_told_where_it_belongs() -> None:
    place, text = of_profile(name="watched", time="${time(body.at)}")
    assert place == ("name",)
    assert "it stands under events" in text
    assert problems({"attributes": [profile(name="Ada")]}) == []


def test_an_object_without_attributes_does_nothing_unless_it_makes_a_profile() -> None:
    assert "it does nothing" in of_profile(vip=None)[1]
    assert problems({"attributes": [profile(vip=None, _update_existing_only=False)]}) == []


# Events.


@pytest.mark.parametrize("name", ["", " ", "$paid", "x" * 256, 7, "${body.name}"])
def test_the_name_of_an_event_is_written_text(name: Any) -> None:
    place, text = of_event(name=name)
    assert place == ("name",)
    assert text.startswith("name")


def test_an_event_without_a_name_is_refused() -> None:
    assert of_event(name=None) == ((), "name is missing: an event has one, as text")
    assert problems({"events": [event("x" * 255)]}) == []


def test_an_event_without_a_time_is_refused() -> None:
    place, text = of_event(time=None)
    assert place == ()
    assert text.startswith("time is missing")


@pytest.mark.parametrize(
    "expression, mend",
    [
        ("occurred_at", "time(occurred_at)"),
        ("received_at", "time(received_at)"),
        ("epoch(body.at)", "time(body.at)"),
        ("epoch_ms(body.at)", "time(body.at)"),
        ("to_number(body.at)", "time(to_number(body.at))"),
    ],
)
def test_seconds_are_no_time_and_the_mend_is_said(expression: str, mend: str) -> None:
    place, text = of_event(time=f"${{{expression}}}")
    assert place == ("time",)
    assert text.endswith(f"write ${{{mend}}}")


@pytest.mark.parametrize(
    "time",
    ["2026-11-20", "2026-11-20T21:00:00", "2026-11-20 21:00:00", "20.11.2026", 1_763_672_400,
     "2026-11-20T21:00:00 Z", "2026-13-20T21:00:00Z", "2026-02-30T21:00:00Z",
     "2026-11-20T25:00:00Z", "now", True],
)  # fmt: skip
def test_a_time_has_its_zone_and_is_in_the_calendar(time: Any) -> None:
    place, text = of_event(time=time)
    assert place == ("time",)
    assert "a time with its zone" in text


@pytest.mark.parametrize(
    "time",
    [TIME, "2026-11-20T21:00:00.123Z", "2026-11-20T21:00:00:123Z", "2026-11-20T21:00:00+01:00",
     "2026-11-20T21:00:00-0500", "2026-11-20T21:00Z"],
)  # fmt: skip
def test_times_of_iso_8601_are_taken(time: str) -> None:
    assert problems({"events": [event(time=time)]}) == []


@given(st.datetimes(timezones=st.timezones()))
def test_any_time_that_python_writes_with_its_zone_is_one(moment: Any) -> None:
    written = moment.isoformat()
    odd_seconds = moment.utcoffset().total_seconds() % 60  # zones before there were hours
    assert odd_seconds or is_event_time(written)
    assert not is_event_time(moment.replace(tzinfo=None).isoformat())


@pytest.mark.parametrize(
    "key, words",
    [
        ("event_name", "it is called name here"),
        ("external_user_id", "it is called external_id here"),
        ("event_properties", "called properties here"),
        ("trigger_properties", "called properties here"),
        ("timestamp", "it is called time here"),
        ("send_to_existing_only", "_update_existing_only"),
        ("attributes", "beside events"),
        ("partner", "has none"),
        ("order_id", "stands below properties"),
    ],
)
def test_another_key_of_an_event_is_told_where_it_belongs(key: str, words: str) -> None:
    place, text = of_event(**{key: "x"})
    assert place == (key,)
    assert text.startswith(f"unknown key {key}")
    assert words in text


@pytest.mark.parametrize("app_id", [7, ["a"]])
def test_an_app_id_is_text(app_id: Any) -> None:
    assert of_event(app_id=app_id) == (("app_id",), "app_id takes text")


@pytest.mark.parametrize("name", ["time", "event_name", "$x", "", " ", "x" * 256])
def test_a_property_has_no_name_of_brazes(name: str) -> None:
    place, _ = of_event(properties={name: 1})
    assert place == ("properties", name)


@pytest.mark.parametrize("name", ["time", "event_name", "$x"])
def test_a_computed_property_has_no_name_of_brazes(name: str) -> None:
    place, _ = of_event(properties=f'${{{{"{name}": body.x}}}}')
    assert place == ("properties",)


@pytest.mark.parametrize("properties", ["${body.properties}", "${merge(body, body.more)}"])
def test_the_names_of_properties_are_written_down(properties: str) -> None:
    place, text = of_event(properties=properties)
    assert place == ("properties",)
    assert "the names of properties are written down" in text


@pytest.mark.parametrize("properties", ["text", 7, ["a"], "${body.items[].{a: b}}"])
def test_properties_are_an_object(properties: Any) -> None:
    assert of_event(properties=properties) == (("properties",), "properties takes an object")


@pytest.mark.parametrize(
    "value, words",
    [
        ("x" * 256, "255 characters"),
        ({"deep": "x" * 256}, "255 characters"),
        (["x" * 256], "255 characters"),
        ([{"a": "x" * 256}], "255 characters"),
        (["2026-11-20"], "no dates"),
        (["a", "2026-11-20T21:00:00Z"], "no dates"),
        (["2026-99-99"], "no dates"),
        (["11/20/2026"], "no dates"),
        ([["2026-11-20"]], "no dates"),
    ],
)
def test_a_text_that_braze_does_not_take_in_a_property_is_found(value: Any, words: str) -> None:
    place, text = of_event(properties={"note": value})
    assert place[:2] == ("properties", "note")
    assert words in text


@pytest.mark.parametrize(
    "value",
    [
        "x" * 255,
        "2026-11-20",
        7,
        7.5,
        False,
        ["a", 1],
        [{"at": "2026-11-20"}],
        {"a": {}},
        ["20.11.2026"],
    ],
)
def test_all_other_values_of_properties_are_taken(value: Any) -> None:
    assert problems({"events": [event(properties={"note": value})]}) == []


def test_properties_have_102400_bytes_at_most() -> None:
    def sized(size: int) -> dict[str, str]:
        whole = {f"p{at:03}": "x" * 240 for at in range(408)}
        whole |= {"more": "x" * 200}
        short = len(json.dumps({**whole, "last": ""}, separators=(",", ":")))
        return {**whole, "last": "x" * (size - short)}

    assert problems({"events": [event(properties=sized(102_400))]}) == []
    place, text = of_event(properties=sized(102_401))
    assert (place, text) == (("properties",), "properties: they are larger than 102,400 bytes")


@pytest.mark.parametrize("name", FULL)
def test_an_order_is_about_one_user_as_all_events_are(name: str) -> None:
    track = {"attributes": [profile()], "events": [event(name, FULL[name])]}
    assert problems(track) == []
    assert WHO.keys() <= track["events"][0].keys()
