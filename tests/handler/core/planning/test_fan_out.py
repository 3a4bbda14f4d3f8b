"""Several deliveries of one event: elements, rules, and sources of one file."""

import json
from pathlib import Path
from typing import Any

import pytest

from handler import rules_directory
from handler.core.errors import RulesError
from handler.core.message import unpack
from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load, names
from handler.core.rules.source import Source
from tests.handler.core.rules_files import findings

NOW = 1_780_000_000
HEAD = """\
verify: {encoding: hex, signature: {header: x-sign}}
event: {type: body.type, type_signed: true, id: body.id, occurred_at: body.at}
"""
TICKETS = f"""\
{HEAD}
rules:
  - name: ticket
    type: booking
    for_each: body.attendees
    once: ${{item.ticket}}
    send:
      campaign_id: c
      recipients:
        - external_user_id: ${{item.id}}
          trigger_properties: {{event: "${{body.title}}", seat: "${{item.seat}}"}}
"""
BOOKING: dict[str, Any] = {
    "type": "booking",
    "id": "b-1",
    "title": "Tea",
    "attendees": [
        {"id": "u1", "ticket": "t1", "seat": "1A"},
        {"id": "u2", "ticket": "t2"},
    ],
}


def planned(text: str, body: Any) -> Plan:
    source = load("shop", text, "shop.yaml", "dev")
    return plan(Verified(webhook(body)), source)


def webhook(body: Any) -> Webhook:
    return Webhook("shop", "POST", {"x-sign": "s"}, "", json.dumps(body).encode(), NOW)


def test_each_element_makes_a_delivery_of_its_own_that_carries_only_its_item() -> None:
    made = planned(TICKETS, BOOKING)
    assert [one.recipient for one in made.deliveries] == [
        {"external_user_id": "u1", "trigger_properties": {"event": "Tea", "seat": "1A"}},
        {"external_user_id": "u2", "trigger_properties": {"event": "Tea"}},
    ]
    kept = [unpack(one.event) for one in made.deliveries]
    assert [one["item"]["id"] for one in kept] == ["u1", "u2"]
    assert [one["body"] for one in kept] == [None, None]


def test_an_element_is_known_by_once_wherever_it_stands_and_whichever_event_tells_of_it() -> None:
    first = planned(TICKETS, BOOKING).deliveries
    again = BOOKING | {"id": "b-2", "attendees": BOOKING["attendees"][::-1]}
    assert {one.id for one in planned(TICKETS, again).deliveries} == {one.id for one in first}


def test_without_once_an_element_is_known_by_its_place() -> None:
    text = TICKETS.replace("    once: ${item.ticket}\n", "")
    first, second = planned(text, BOOKING).deliveries
    assert first.id != second.id
    assert planned(text, BOOKING).deliveries[0].id == first.id
    assert planned(text, BOOKING | {"id": "b-2"}).deliveries[0].id != first.id


@pytest.mark.parametrize("attendees", [[], None])
def test_no_element_makes_no_delivery_and_the_event_was_wanted(attendees: Any) -> None:
    made = planned(TICKETS, BOOKING | {"attendees": attendees})
    assert (made.deliveries, made.parked, made.wanted, made.unmatched) == ((), (), 1, ())


@pytest.mark.parametrize(
    "attendees, detail",
    [
        ({"id": "u1"}, "for_each: it gives no list"),
        ([{"id": "u1"}], "once: it is missing, so nothing says what is to happen only once"),
        ([{"id": "u1", "ticket": "t"}, {"id": "u2", "ticket": "t"}], "recipients: two of them"),
    ],
)
def test_elements_that_make_no_sense_park_the_event(attendees: Any, detail: str) -> None:
    made = planned(TICKETS, BOOKING | {"attendees": attendees})
    assert made.deliveries == ()
    assert [one.detail.startswith(detail) for one in made.parked] == [True]


def test_of_many_elements_the_one_that_makes_no_sense_is_named() -> None:
    attendees = [*BOOKING["attendees"], {"id": "", "ticket": "t3"}]
    (parked,) = planned(TICKETS, BOOKING | {"attendees": attendees}).parked
    assert parked.detail.endswith("without it nobody can be reached, in for_each[2]")


def test_item_is_known_only_under_for_each() -> None:
    text = TICKETS.replace("    for_each: body.attendees\n", "")
    assert any("an event has no item" in finding for finding in findings(text))


def test_what_nobody_signs_makes_no_elements() -> None:
    text = TICKETS.replace("for_each: body.attendees", "for_each: values(headers)")
    assert any("the sender does not sign its headers" in finding for finding in findings(text))


def with_rule(more: str) -> str:
    return f"""\
{HEAD}
rules:
  - name: confirm
    type: booking
    {more}
    send: {{campaign_id: c, recipients: [{{external_user_id: "${{body.id}}"}}]}}
  - name: second
    type: booking
    send: {{canvas_id: c, recipients: [{{external_user_id: "${{body.id}}"}}]}}
"""


def test_a_rule_in_shadow_is_rendered_and_not_sent() -> None:
    made = planned(with_rule("shadow: true"), BOOKING)
    assert [one.rule for one in made.shadow] == ["confirm"]
    assert [one.rule for one in made.deliveries] == ["second"]


def test_a_rule_that_is_not_enabled_wants_nothing() -> None:
    made = planned(with_rule("enabled: false"), BOOKING)
    assert [one.rule for one in made.deliveries] == ["second"]
    assert made.shadow == ()


@pytest.mark.parametrize(
    "at, names",
    [(NOW - 3600, ["second"]), (NOW - 3599, ["confirm", "second"]), (None, ["confirm", "second"])],
)
def test_what_comes_too_late_is_parked_at_once_and_never_sent(
    at: int | None, names: list[str]
) -> None:
    made = planned(with_rule("expires_after: 1h"), BOOKING | {"at": at})
    assert [one.rule for one in made.deliveries] == names
    assert [one.reason for one in made.parked] == ["expired"] * (2 - len(names))


def test_a_rule_may_name_its_workspace() -> None:
    made = planned(with_rule("workspace: eu"), BOOKING)
    assert [one.workspace for one in made.deliveries] == ["eu", "default"]


SHOPS = f"""\
{HEAD}
vars:
  dev: {{campaign: c-1, shop: Tea}}
tables:
  greetings: {{de: Hallo, en: Hello}}
sources:
  shop-de: {{vars: {{dev: {{shop: Tee}}}}, workspace: eu}}
  shop-us: {{secret: american}}
rules:
  - name: confirm
    type: booking
    send:
      campaign_id: ${{vars.campaign}}
      recipients:
        - external_user_id: ${{body.id}}
          trigger_properties: {{shop: "${{vars.shop}}", says: "${{tables.greetings.de}}"}}
"""


def shop(name: str) -> Source:
    return load(name, SHOPS, "shops.yaml", "dev")


def test_one_file_makes_several_sources_each_with_its_own_secret_vars_and_workspace() -> None:
    assert names("shops", SHOPS, "shops.yaml") == ("shop-de", "shop-us")
    assert [shop(name).secret for name in ("shop-de", "shop-us")] == ["shop-de", "american"]
    german, american = (plan(Verified(webhook(BOOKING)), shop(it)) for it in ("shop-de", "shop-us"))
    (first,), (second,) = german.deliveries, american.deliveries
    assert (first.workspace, second.workspace) == ("eu", "default")
    assert first.recipient
    assert first.recipient["trigger_properties"] == {"shop": "Tee", "says": "Hallo"}
    assert first.id != second.id, "two shops number their orders alike"


def test_a_folder_serves_the_sources_of_a_file_and_not_its_name(tmp_path: Path) -> None:
    (tmp_path / "shops.yaml").write_text(SHOPS, encoding="utf-8")
    (tmp_path / "workspaces.yaml").write_text("eu: {endpoint: https://rest.fra-01.braze.eu}\n")
    assert set(rules_directory.read(tmp_path, "dev")) == {"shop-de", "shop-us"}
    (tmp_path / "shop-us.yaml").write_text(with_rule("enabled: true"), encoding="utf-8")
    found = rules_directory.read(tmp_path, "dev")
    assert isinstance(found["shop-us"], RulesError), "nobody can tell which one is meant"
    assert isinstance(found["shop-de"], Source)


def test_two_events_of_one_webhook_with_one_id_are_not_taken_for_one() -> None:
    text = with_rule("enabled: true").replace("id: body.id", "id: body.id, events: body.all", 1)
    same, other = BOOKING | {"title": "Tea"}, BOOKING | {"title": "Coffee"}
    made = planned(text, {"all": [same, same, other]})
    assert len({one.id for one in made.deliveries}) == 2, "two rules, one event told twice"
    assert [one.detail for one in made.parked] == ["another event of this webhook has the same id"]


def test_of_two_headers_signed_side_by_side_neither_is_proven() -> None:
    head = (
        "verify: {encoding: hex, signature: {header: x-sign},"
        " signed: '{header:x-id}.{header:x-event}.{body}'}\n"
    )
    text = SHOPS.replace(
        HEAD, f"{head}event: {{type: body.t, type_signed: true, id: headers.x-id}}\n"
    )
    text = text.replace("headers.x-id", "'headers.\"x-id\"'")
    assert any("the sender does not sign x-id" in finding for finding in findings(text))


def test_one_public_url_does_not_serve_several_sources() -> None:
    head = "verify: {preset: square, public_url: 'https://example.com/in/a'}\n"
    text = SHOPS.replace(HEAD, head)
    with pytest.raises(RulesError, match="the URL of one source"):
        load("shop-de", text, "f", "dev")
