"""Rules that write the same consent are told where nothing orders what they write."""

import pytest

from tests.relay.rules.desk import Desk, run

HEAD = """\
verify: {encoding: hex, signature: {header: x-sign}}
event: {type: body.type, type_signed: true, id: body.id, version: body.at}
rules:
"""
GROUP = "5a8d0f2e-93b1-4c62-8a7f-1d3b6e0c9f24"
OTHER = "c27b64d8-0e15-4f3a-b9c8-72a1d5e6f083"


def subscribing(name: str, state: str, who: str = "emails", more: str = "") -> str:
    group = f"subscription_group_id: {GROUP}, subscription_state: {state}"
    return f"""\
  - name: {name}
    type: newsletter.{name}
{more}    subscribe:
      subscription_groups: [{{{group}, {who}: ["${{body.{who}}}"]}}]
"""


def writing(name: str, attributes: str, who: str = "email", more: str = "") -> str:
    return f"""\
  - name: {name}
    type: customer.{name}
{more}    track:
      attributes: [{{{who}: "${{body.{who}}}", _update_existing_only: true, {attributes}}}]
"""


IN, OUT = subscribing("in", "subscribed"), subscribing("out", "unsubscribed")
GUARD = "    guard: news\n"
OFF = "    enabled: false\n"


def warned(desk: Desk, *rules: str) -> list[str]:
    """Return the warnings of a check that are about order, without the rest of the line."""
    desk.write_rules(HEAD + "".join(rules), "shop")
    output = run("rules", "check", str(desk.rules)).output
    assert "error" not in output
    return [line for line in output.splitlines() if "nothing orders the two" in line]


def test_an_unsubscription_that_an_older_subscription_could_undo_is_told(desk: Desk) -> None:
    (told,) = warned(desk, IN, OUT)
    assert "shop.yaml:8:5: warning: in, in line 4, writes the same consent" in told
    assert "write guard: consent in both" in told


def test_the_advice_mends_it(desk: Desk) -> None:
    mended = [
        one.replace("    subscribe:", "    guard: consent\n    subscribe:") for one in (IN, OUT)
    ]
    assert warned(desk, *mended) == []


def test_a_guard_that_one_of_them_has_is_the_one_that_is_advised(desk: Desk) -> None:
    (told,) = warned(desk, subscribing("in", "subscribed", more=GUARD), OUT)
    assert "write guard: news in both" in told


def test_one_state_of_a_group_among_attributes_is_the_same_consent(desk: Desk) -> None:
    groups = (
        f"subscription_groups: [{{subscription_group_id: {GROUP.upper()}, subscription_state: "
        '"${body.state}"}]'
    )
    assert len(warned(desk, IN, writing("changed", groups))) == 1
    assert warned(desk, IN, writing("changed", groups.replace(GROUP.upper(), OTHER))) == []


def test_a_state_of_all_e_mail_is_one_consent_in_two_rules(desk: Desk) -> None:
    state = 'email_subscribe: "${body.state}"'
    assert len(warned(desk, writing("changed", state), writing("asked", state))) == 1


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param((IN,), id="one rule"),
        pytest.param((IN, subscribing("again", "subscribed")), id="the same state"),
        pytest.param((IN, OUT.replace(GROUP, OTHER)), id="another group"),
        pytest.param(
            (IN, OUT.replace("    sub", "    enabled: false\n    sub", 1)), id="it is off"
        ),
        pytest.param((writing("a", "x: 1"), writing("b", "x: 2")), id="no consent"),
    ],
)
def test_what_needs_no_order_is_told_nothing(desk: Desk, rules: tuple[str, ...]) -> None:
    assert warned(desk, *rules) == []


def test_two_that_name_their_user_in_two_ways_are_told_under_one_guard_too(desk: Desk) -> None:
    by_id = subscribing("in", "subscribed", "external_ids", GUARD)
    by_address = subscribing("out", "unsubscribed", more=GUARD)
    (told,) = warned(desk, by_id, by_address)
    assert "names its user by external_ids, while this rule does by emails" in told
    assert len(warned(desk, by_id.replace(GUARD, ""), by_address)) == 1
    attributes = writing("changed", "vip: true", "external_id", GUARD)
    assert len(warned(desk, attributes, writing("asked", "vip: false", more=GUARD))) == 1
    assert warned(desk, attributes, by_id) == []  # one name of the id for each endpoint
