"""Refused objects of a delivery go again alone, as they are, or not at all."""

import json
from dataclasses import replace

import pytest
from pydantic import JsonValue

from handler.core.braze.refused import remainder
from handler.core.message import encode
from handler.core.models import Delivery
from tests.relay.dead_letters.desk import HOUR, NOW, Desk, delivery
from tests.relay.dead_letters.shop import ORDER, RULES, Rules, made_of, rendered

WHOLE = "ab" * 32  # the delivery of which Braze refused one object


COUNTED = """\
verify: {preset: shopify}
rules:
  - name: count
    type: orders/create
    once: ${body.id}
    on_unknown: hold
    track:
      attributes:
        - {external_id: "${body.customer.id}", _update_existing_only: false, email: "${body.email}"}
      events:
        - {external_id: "${body.customer.id}", _update_existing_only: false, name: ordered,
           time: "2026-11-30T23:00:00Z"}
"""


def refused(**changes: object) -> Delivery:
    own: dict[str, JsonValue] = {
        "name": "order_placed",
        "external_id": "9",
        "time": "2026-11-30T23:00:00Z",
    }
    return replace(
        delivery(),
        path="/users/track",
        send={},
        recipient={"events": [own]},
        guard="confirm",
        refused_of=WHOLE,
        **changes,  # type: ignore[arg-type] # fields of a delivery
    )


def test_a_letter_of_refused_objects_is_redriven_as_it_is(desk: Desk) -> None:
    letter = refused()
    desk.bury(letter)
    assert desk.run("dead-letters", "redrive", "--yes").exit_code == 0
    assert [one["Body"] for one in desk.taken("QueueUrl")] == [encode(letter)]
    assert desk.dead() == []


@pytest.mark.parametrize("again", [(), ("--again",)])
def test_refused_objects_that_were_accepted_since_are_never_sent_a_second_time(
    desk: Desk, again: tuple[str, ...]
) -> None:
    letter = refused()
    desk.bury(letter)
    desk.put(letter, "ACCEPTED")
    done = desk.run("dead-letters", "redrive", "--yes", *again)
    assert done.exit_code == 1
    drop = f"dead-letters drop {letter.id[:12]} --stack-name {desk.name}`"
    assert f"{drop} removes this letter" in done.stderr
    assert "--again" not in done.stderr
    assert desk.sent() == []
    assert len(desk.dead()) == 1


def test_refused_objects_that_have_expired_go_again_without_the_accepted_ones(desk: Desk) -> None:
    letter = refused(expires_at=NOW - HOUR)
    desk.bury(letter)
    assert desk.run("dead-letters", "redrive", "--yes").exit_code == 1
    assert desk.run("dead-letters", "redrive", "--yes", "--again").exit_code == 0
    assert desk.sent() == [json.loads(encode(replace(letter, expires_at=None)))]


@pytest.mark.parametrize("again", [(), ("--again",)])
def test_rendering_leaves_refused_objects_as_they_are(
    desk: Desk, rules: Rules, again: tuple[str, ...]
) -> None:
    folder = rules(RULES)
    frozen = replace(refused(), event=made_of(folder, ORDER).event)
    desk.bury(frozen)
    done = rendered(desk, folder, "--yes", *again)
    assert done.exit_code == 1
    assert f"the others of {WHOLE[:12]} were accepted" in done.stderr
    assert "without --rendered" in done.stderr
    assert desk.sent() == []
    assert [one["Body"] for one in desk.dead()] == [encode(frozen)]


def test_a_rejected_order_goes_as_the_mended_rule_makes_it_and_a_part_of_it_as_it_is(
    desk: Desk, rules: Rules
) -> None:
    whole = made_of(rules(COUNTED), ORDER)
    part = remainder(whole, [("events", 0)])
    for one in (whole, part):
        desk.bury(one)
    mended = rules(COUNTED.replace("name: ordered", "name: tea ordered"))
    done = rendered(desk, mended, "--yes")
    assert "1 redriven, 1 not" in done.stdout
    (sent,) = desk.sent()
    assert sent["id"] == whole.id
    assert sent["recipient"]["events"][0]["name"] == "tea ordered"
    assert desk.run("dead-letters", "redrive", "--yes").exit_code == 0
    (sent,) = desk.sent()
    assert (sent["id"], sent["refused_of"]) == (part.id, whole.id)
    assert sent["recipient"] == {"events": (whole.recipient or {})["events"]}


def test_a_letter_of_refused_objects_names_the_delivery_that_they_were_part_of(desk: Desk) -> None:
    letter = refused()
    desk.bury(letter)
    listed = desk.run("dead-letters", "list").stdout
    assert f"refused objects of {WHOLE[:12]}" in listed
    assert "writes event order_placed" in listed
    shown = json.loads(desk.run("dead-letters", "show", letter.id[:12], "--json").stdout)
    assert shown["refused_of"] == WHOLE
    assert shown["request"]["body"] == letter.recipient
    (row,) = desk.listed()
    assert row["refused_of"] == WHOLE
