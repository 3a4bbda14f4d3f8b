"""Braze's records, faults and targets as the page shows them: without a browser."""

from typing import Any, get_args

import pytest
from multidict import MultiDict

from relay.doctor.braze_checks import TargetUse
from relay.page.braze.answers import Wrong
from relay.page.braze.faults import BUTTONS, NoSuchFault, fault_of, in_force
from relay.page.braze.letter_routes import wanted
from relay.page.braze.received import found, messages, profile, refusals, updates
from relay.page.braze.targets import STATES, NoSuchState, changed, state_of
from relay.simulated_braze.catalogue import Target as Known
from relay.simulated_braze.faults import Fault

ID = "417220e4-5a2a-b634-7f7d-9ec891532368"
PROFILES: dict[str, dict[str, Any]] = {
    "ann-1": {"email": "Ann@shop.example", "email_subscribe": "opted_in"},
    "bob-2": {"user_aliases": [{"alias_name": "bobby", "alias_label": "forum"}]},
    "(unidentified) cy": {},
}


def send(**changes: Any) -> dict[str, Any]:
    one = {
        "dispatch_id": "d",
        "time": 1.0,
        "recipient": {"external_user_id": "ann"},
        "external_id": "ann",
        "profile_before": None,
        "profile_after": {"plan": "free"},
        "reached": True,
        "because": None,
        "message": {"campaign_id": ID, "trigger_properties": {"order": 7}},
    }
    return one | changes


def request(**changes: Any) -> dict[str, Any]:
    empty = dict.fromkeys(("status", "body", "outcome", "reason", "dispatch_id", "fault"))
    return empty | {"time": 1.0, "method": "POST", "path": "/campaigns/trigger/send"} | changes


def test_every_kind_of_fault_has_a_button_that_the_simulated_braze_takes() -> None:
    made = [fault_of({"fault": one.key, "times": "3", "path": ""}) for one in BUTTONS]
    kinds = {Fault.model_validate(one).kind for one in made}
    assert kinds == set(get_args(Fault.model_fields["kind"].annotation))
    assert {one["times"] for one in made} == {3}


@pytest.mark.parametrize("button", BUTTONS, ids=lambda one: one.key)
def test_what_is_in_force_is_called_as_its_button(button: Any) -> None:
    form = {"fault": button.key, "times": "", "path": "/canvas/trigger/send", "after": "1"}
    active = Fault.model_validate(fault_of(form)).model_dump()
    (words,) = in_force([active])
    assert words.startswith(f"{button.name}, until switched off, only Canvases")
    assert "carried out first" in words


def test_a_fault_that_is_used_up_is_in_force_no_more() -> None:
    assert in_force([Fault(kind="hang", times=0).model_dump()]) == []
    (rare,) = in_force([Fault(kind="status", status=418, probability=0.25).model_dump()])
    assert rare == "status 418, until switched off, with a chance of 25%"


@pytest.mark.parametrize(
    "form", [{}, {"fault": "x", "times": "", "path": ""}, {"fault": "hang", "times": "9"}]
)
def test_a_form_of_no_button_is_refused(form: dict[str, str]) -> None:
    with pytest.raises(NoSuchFault):
        fault_of(form)


def test_a_message_says_whom_it_reached_and_how_the_profile_changed() -> None:
    target = TargetUse("campaign_id", ID, ("confirm of shop",))
    (one,) = messages([send()], [], [target])
    assert (one.who, one.is_reached, one.rules) == ("ann", True, "confirm of shop")
    assert one.target == f"campaign {ID}"
    assert one.changes == ("+plan: free",)
    assert one.message == "trigger_properties:\n  order: 7\n"


def test_what_reached_nobody_is_named_by_its_request() -> None:
    lost = send(reached=False, because="unknown user", external_id=None, message=None)
    asked = request(dispatch_id="d", body={"canvas_id": ID})
    (one,) = messages([lost], [asked], [])
    assert (one.because, one.target, one.who) == ("unknown user", f"Canvas {ID}", "ann")


def test_messages_of_one_request_have_names_that_stay() -> None:
    three = [send(external_id=name) for name in "abc"]
    keys = [one.key for one in messages(three, [], [])]
    assert keys == [one.key for one in messages(three, [], [])]
    assert len(set(keys)) == 3
    assert keys[:2] == [one.key for one in messages(three[1:], [], [])]


def test_a_broadcast_names_all_whom_it_reached() -> None:
    (one,) = messages([send(recipient=None, external_id=None, users=["ann", "bob"])], [], [])
    assert one.who == "broadcast to ann, bob"


def test_updates_say_of_whom_what_is_recorded_and_keep_their_names() -> None:
    placed = {"external_id": "ann", "name": "order_placed", "time": "2026-11-30T23:00:00Z"}
    group = {"subscription_group_id": "g", "subscription_state": "unsubscribed", "emails": ["a@b"]}
    known: dict[str, Any] = {"time": 1.0, "index": 0, "applied": True, "because": None}
    profile = {"profile_before": {}, "profile_after": {"plan": "free"}}
    event = known | {"array": "events", "object": placed, "external_id": "ann"} | profile
    consent = known | {"array": "subscription_groups", "object": group, "external_id": None}
    nobody = consent | {"applied": False, "because": "no profile has it", "users": []}
    made = updates([event, consent | {"users": ["ann", "bob"]}, nobody], 7)
    assert [(one.key, one.who, one.what) for one in made] == [
        ("9", "nobody", "unsubscribed in group g"),
        ("8", "ann, bob", "unsubscribed in group g"),
        ("7", "ann", "event order_placed"),
    ]
    assert (made[0].is_applied, made[0].because) == (False, "no profile has it")
    assert made[2].changes == ("+plan: free",)
    assert "order_placed" in made[2].content


def test_refused_requests_and_those_of_a_fault_are_shown_the_newest_first() -> None:
    made = refusals(
        [
            request(status=201, outcome="accepted"),
            request(status=400, outcome="rejected", reason="No Recipients", body={"a": 1}),
            request(status=None, fault="hang", body="text"),
        ]
    )
    assert [(one.status, one.words, one.fault) for one in made] == [
        (None, "", "hang"),
        (400, "No Recipients", ""),
    ]
    assert [one.body for one in made] == ["text", "a: 1\n"]


@pytest.mark.parametrize(
    "text, keys",
    [
        ("", ["(unidentified) cy", "bob-2", "ann-1"]),
        ("ANN-1", ["ann-1"]),
        ("@shop", ["ann-1"]),
        (" bobby ", ["bob-2"]),
        ("opted", []),
    ],
)
def test_profiles_are_found_by_external_id_e_mail_and_alias(text: str, keys: list[str]) -> None:
    assert found(PROFILES, text) == keys


def test_a_profile_says_its_consent() -> None:
    made = profile("ann-1", PROFILES["ann-1"])
    assert made.names == "Ann@shop.example"
    assert made.consent == (("email_subscribe", "opted_in"),)
    assert profile("x", {}).attributes == ""


@pytest.mark.parametrize("state", STATES)
def test_a_target_changes_its_state_and_nothing_else(state: str) -> None:
    before = Known(channel="email", reeligible_after=9).model_dump()
    after = Known.model_validate(changed(before, state))
    assert state_of(after.model_dump()) == state
    assert (after.channel, after.reeligible_after) == ("email", 9)
    with pytest.raises(NoSuchState):
        changed(before, "asleep")


@pytest.mark.parametrize(
    "form, words",
    [
        ({}, "dead letters and held deliveries"),
        ({"kind": "dead", "act": "release", "id": "abcd"}, "nothing that is done"),
        ({"kind": "held", "act": "redrive", "id": "abcd"}, "nothing that is done"),
        ({"kind": "held", "act": "drop"}, "Tick a held delivery first"),
        ({"kind": "held", "act": "drop", "id": ""}, "Tick a held delivery first"),
        ({"kind": "dead", "act": "drop", "id": "ab"}, "Tick a dead letter first"),
    ],
)
def test_an_act_is_refused_that_no_letter_knows(form: dict[str, str], words: str) -> None:
    with pytest.raises(Wrong, match=words):
        wanted(MultiDict(form))
