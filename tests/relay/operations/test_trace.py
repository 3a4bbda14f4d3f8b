"""`relay trace`: one event's or order's deliveries, out of the ledger and the logs."""

import json
import time
from typing import Any

import pytest

from handler.core.braze.refused import remainder_id
from handler.core.planning.delivery_id import delivery_id
from relay.operations.delivery_history import FoundDelivery, described, next_step
from relay.operations.webhook_history import SearchText
from tests.relay.operations.stage import Stage, digest, make_stack
from tests.unframed import unframed

ID = digest("a delivery")
OTHER = digest("another delivery")


def item(**more: Any) -> dict[str, Any]:
    now = int(time.time())
    attempts = [
        {"class": "not_sent", "reason": "server_error", "status": 503, "time": now - 90},
        {"class": "accepted", "reason": "accepted", "status": 201, "time": now - 60,
         "dispatch_id": "d15p4tch"},
    ]  # fmt: skip
    found = {
        "state": "ACCEPTED", "owner": "w", "lease_until": now - 50, "expires": now + 999,
        "attempts": 2, "last": attempts, "event": digest("evt_1"), "once": digest("1001"),
        "source": "shopify", "rule": "order", "workspace": "default",
    }  # fmt: skip
    return found | more


def webhook_of(made: str) -> dict[str, Any]:
    """Return ingest's log line of a webhook that became one delivery."""
    line = {"message": "webhook", "source": "shopify", "status": 200}
    made_of = {"deliveries": [{"rule": "order", "id": made}], "parked": [], "unmatched": []}
    return line | made_of | {"warnings": []}


@pytest.mark.parametrize("text, by", [("1001", "once"), ("evt_1", "event"), (ID, "delivery id")])
def test_a_delivery_is_found_by_order_event_and_id(stage: Stage, text: str, by: str) -> None:
    stage.put(f"delivery#{ID}", item())
    stage.put(f"delivery#{OTHER}", item(event=digest("evt_2"), once=digest("1002")))
    result = stage.run("trace", text)
    assert result.exit_code == 0, result.output
    said = unframed(result.output)
    assert f"delivery {ID} rule shopify/order, workspace default found by {by}" in said
    assert "state ACCEPTED attempts 2" in said
    assert "ago) not_sent (server_error) status 503" in said
    assert "ago) accepted status 201 dispatch_id d15p4tch" in said
    assert OTHER not in said


def test_all_deliveries_of_an_event_are_shown(stage: Stage) -> None:
    stage.put(f"delivery#{ID}", item())
    stage.put(f"delivery#{OTHER}", item(rule="welcome", once=digest("1002")))
    found = json.loads(stage.run("trace", "evt_1", "--json").output)
    assert [(one["id"], one["by"], one["record"]["rule"]) for one in found] == [
        (ID, ["event"], "order"),
        (OTHER, ["event"], "welcome"),
    ]


def test_an_event_whose_id_is_what_happens_once_is_shown_once(stage: Stage) -> None:
    stage.put(f"delivery#{ID}", item(event=digest("1001")))
    said = unframed(stage.run("trace", "1001").output)
    assert said.count(ID) == 1
    assert "found by event, once" in said


def test_the_log_lines_of_both_functions_are_shown_in_order(stage: Stage) -> None:
    stage.put(f"delivery#{ID}", item())
    base = {"message": "delivery", "source": "shopify", "rule": "order"}
    stage.log("DeliverLogGroup", base | {"id": ID, "outcome": "accepted", "attempt": 1}, ago=10)
    stage.log("DeliverLogGroup", base | {"id": OTHER, "outcome": "rejected"}, ago=10)
    webhook = webhook_of(ID)
    stage.log("IngestLogGroup", webhook, ago=30)
    stage.log("IngestLogGroup", webhook, ago=3 * 3600)
    output = stage.run("trace", "1001", "--hours", "1").output
    lines = [" ".join(line.split()) for line in output.splitlines()]
    start = lines.index("log 2 lines")
    assert lines[start + 1].endswith("webhook shopify 200 -> order")
    assert lines[start + 2].endswith("delivery shopify/order accepted attempt 1")
    assert "rejected" not in output
    assert "log 3 lines" in unframed(stage.run("trace", "1001").output)


def test_logs_that_cannot_be_read_do_not_hide_the_ledger(stage: Stage) -> None:
    stage.put(f"delivery#{ID}", item())
    stage.client("logs").delete_log_group(logGroupName=stage.physical("IngestLogGroup"))
    result = stage.run("trace", "1001")
    assert result.exit_code == 0
    assert "state ACCEPTED" in unframed(result.output)
    assert "log cannot be read: " in unframed(result.output)


def test_a_claim_says_whether_somebody_is_sending(stage: Stage) -> None:
    now = int(time.time())
    sending = item(state="SENDING", since=now - 300, lease_until=now + 40)
    stage.put(f"delivery#{ID}", sending)
    said = unframed(stage.run("trace", ID).output)
    assert "first claim since" in said
    assert "lease somebody is sending it, until" in said
    stage.put(f"delivery#{ID}", sending | {"lease_until": now - 40})
    assert "whoever was sending it has vanished" in unframed(stage.run("trace", ID).output)


def test_who_set_it_free_and_what_stops_it_is_said(stage: Stage) -> None:
    now = int(time.time())
    freed = {"by": "arn:somebody", "at": now - 60, "was": "HELD"}
    stage.put(f"delivery#{ID}", item(state="FAILED", freed=freed, surge=now - 70, dead_at=now - 80))
    said = unframed(stage.run("trace", ID).output)
    assert "by arn:somebody; it was HELD" in said
    assert "surge stopped by its rule's surge limit since" in said
    assert "was dead" in said
    assert "dead letter since" not in said
    stage.put(f"delivery#{ID}", item(state="DEAD", dead_at=now - 80))
    said = unframed(stage.run("trace", ID).output)
    assert "dead letter since" in said
    assert "was dead" not in said


@pytest.mark.parametrize(
    "state, meaning",
    [
        ("FAILED", "(not sent yet: it waits and is tried again)"),
        ("HELD", "(for a person; once"),
        ("WITHHELD", "(not sent, for good: its workspace may not"),
        ("STALE", "(not sent, for good: a newer state"),
    ],
)
def test_a_state_that_sounds_like_the_end_says_what_it_means(
    stage: Stage, state: str, meaning: str
) -> None:
    stage.put(f"delivery#{ID}", item(state=state))
    assert f"state {state} {meaning}" in unframed(stage.run("trace", ID).output)


def test_what_its_lost_worker_has_recorded_as_accepted_after_all_is_not_said_to_be_held(
    stage: Stage,
) -> None:
    """As a worker does that Lambda froze in its request, and let go on past its lease."""
    stage.put(f"delivery#{ID}", item(state="HELD", held_from="frozen"))
    stage.put("send#frozen", {"state": "ACCEPTED", "members": {ID, "b" * 64}})
    assert "state ACCEPTED" in unframed(stage.run("trace", ID).output)


def test_an_item_of_an_older_relay_is_found_by_what_its_rule_makes_of_the_order(
    stage: Stage,
) -> None:
    known = delivery_id("shopify", "order", "1001", "")
    stage.put(f"delivery#{known}", {"state": "ACCEPTED", "attempts": 1})
    said = unframed(stage.run("trace", "1001").output)
    assert f"delivery {known} rule shopify/order, workspace ? found by rule" in said


def test_a_delivery_that_was_never_claimed_is_found_in_the_log(stage: Stage) -> None:
    waiting = delivery_id("shopify", "order", "1001", "")
    stage.log("IngestLogGroup", webhook_of(waiting))
    result = stage.run("trace", "1001")
    assert result.exit_code == 0
    assert f"delivery {waiting} rule shopify/order" in unframed(result.output)
    assert "state not in the ledger: it waits unclaimed, or it is forgotten" in unframed(
        result.output
    )


def test_where_nothing_is_found_it_says_what_that_can_mean(stage: Stage) -> None:
    stage.put(f"delivery#{ID}", item())
    result = stage.run("trace", "1003")
    assert result.exit_code == 1
    assert "neither the ledger nor the log of ingest knows 1003" in result.output
    assert "another stack" in result.output
    assert "64 letters" not in result.output


def test_the_beginning_of_an_id_as_lists_show_it_is_enough_if_the_log_has_it(stage: Stage) -> None:
    line = {"message": "delivery", "source": "shopify", "rule": "order", "outcome": "accepted"}
    for one in (ID, OTHER):
        stage.put(f"delivery#{one}", item(once=digest(one)))
        stage.log("DeliverLogGroup", line | {"id": one}, ago=3_000)
    result = stage.run("trace", ID[:12])
    assert result.exit_code == 0, result.output
    said = unframed(result.output)
    assert f"delivery {ID} rule shopify/order" in said
    assert "found by the beginning of its id state ACCEPTED" in said
    assert OTHER not in said


def test_what_the_ledger_has_forgotten_is_found_by_the_beginning_of_its_id_too(
    stage: Stage,
) -> None:
    line = {"message": "delivery", "source": "shopify", "rule": "order", "outcome": "accepted"}
    stage.log("DeliverLogGroup", line | {"id": ID}, ago=30)
    said = unframed(stage.run("trace", ID[:8]).output)
    assert f"delivery {ID}" in said
    assert "not in the ledger" in said
    assert "log 1 line" in said


def test_the_beginning_of_an_id_that_the_log_has_not_needs_the_whole_one(stage: Stage) -> None:
    stage.put(f"delivery#{ID}", item())
    result = stage.run("trace", ID[:12])
    assert result.exit_code == 1
    assert "the whole id of 64 letters needs no log" in result.output


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_text_is_no_id(stage: Stage, text: str) -> None:
    assert stage.run("trace", text).exit_code == 2


def test_a_table_without_indexes_is_told_to_be_an_older_relays(aws: str, stage: Stage) -> None:
    old = Stage(make_stack(aws, indexes=False), stage.rules)
    result = old.run("trace", "1001")
    assert result.exit_code == 1
    assert "no index by-event: deploy this relay first" in result.output


def short(text: str) -> str:
    return digest(text)[:16]


def seen(**parts: Any) -> dict[str, Any]:
    """Return ingest's log line of an order `#1042` with the id `evt_9`."""
    event = {"type": "orders/create", "event": short("evt_9"), "reference": "#1042"}
    return webhook_of(ID) | {"deliveries": [], "seen": [event]} | parts


MADE = {"rule": "order", "id": ID, "reference": "#1042", "who": [short("u7"), short("a@b.example")]}


@pytest.mark.parametrize(
    "text, by",
    [
        ("#1042", "order number"),
        ("1042", "order number"),
        ("evt_9", "event"),
        ("u7", "person"),
        ("A@B.example", "person"),
    ],
)
def test_a_delivery_is_found_by_what_its_order_is_called_and_by_whom_it_is_for(
    stage: Stage, text: str, by: str
) -> None:
    stage.put(f"delivery#{ID}", item())
    stage.log("IngestLogGroup", seen(deliveries=[MADE]))
    stage.log("IngestLogGroup", webhook_of(OTHER))
    result = stage.run("trace", text)
    assert result.exit_code == 0, result.output
    assert f"delivery {ID} rule shopify/order, workspace default found by {by}" in unframed(
        result.output
    )
    assert OTHER not in result.output
    assert "webhook shopify came" not in unframed(result.output)


def test_a_delivery_of_which_braze_refused_a_part_names_that_and_that_names_it(
    stage: Stage,
) -> None:
    own = {"class": "accepted", "reason": "accepted", "status": 201, "time": int(time.time())}
    refused = own | {"refused": "events.0 events.2", "detail": "bad"}
    stage.put(f"delivery#{ID}", item(last=[refused]))
    part = remainder_id(ID)
    line = {"message": "delivery", "id": part, "outcome": "rejected", "refused_of": ID}
    origin = {"source": "shopify", "rule": "order", "workspace": "eu"}
    stage.log("DeliverLogGroup", line | origin)
    said = unframed(stage.run("trace", "1001").output)
    assert f"refused events.0, events.2: these are delivery {part[:12]}" in said
    assert f"dead-letters show {part[:12]} --stack-name {stage.stack.name}" in said
    assert "part of" not in said
    said = unframed(stage.run("trace", part).output)
    assert f"part of {ID}, of which Braze accepted the rest" in said
    assert "rule shopify/order, workspace eu" in said
    assert "state not in the ledger: a dead letter until it is redriven" in said
    assert f"dead-letters show {part[:12]} --stack-name {stage.stack.name}" in said


@pytest.mark.parametrize(
    "state, words, step",
    [
        ("ACCEPTED", "redriven since: ACCEPTED attempts", ""),
        ("DEAD", "redriven since: DEAD", "dead-letters show"),
        ("HELD", "redriven since: HELD (for a person;", "held show"),
        ("FAILED", "redriven since: FAILED (not sent yet:", "status"),
        ("STALE", "redriven since: STALE (not sent, for good:", ""),
    ],
)
def test_a_delivery_of_which_braze_refused_a_part_says_what_became_of_that(
    state: str, words: str, step: str
) -> None:
    own = {"class": "accepted", "refused": "events.0", "time": 1}
    part = FoundDelivery(remainder_id(ID), (), {"state": state})
    whole = FoundDelivery(ID, ("once",), item(last=[own]), rest=part)
    said = unframed(" ".join(map(" ".join, described(whole, [], time.time()))) + " attempts")
    assert f"refused events.0: these are delivery {part.id[:12]}, {words}" in said
    assert next_step(whole, []) == (f"{step} {part.id[:12]}" if " " in step else step)


def test_what_was_refused_once_more_after_a_redrive_is_the_next_dead_letter(stage: Stage) -> None:
    own = {"class": "accepted", "reason": "accepted", "status": 201, "time": int(time.time())}
    part, rest = remainder_id(ID), remainder_id(remainder_id(ID))
    stage.put(f"delivery#{ID}", item(last=[own | {"refused": "events.0 events.2"}]))
    stage.put(f"delivery#{part}", item(last=[own | {"refused": "events.1"}], once=digest("x")))
    said = unframed(stage.run("trace", ID).output)
    assert f"delivery {part[:12]}, redriven since: ACCEPTED, but for 1 refused once more" in said
    assert f"next .venv/bin/relay dead-letters show {rest[:12]} --stack-name" in said


def test_a_delivery_to_a_profile_says_what_it_writes(stage: Stage) -> None:
    stage.put(f"delivery#{ID}", item())
    objects = ["attributes", "event ecommerce.order_placed"]
    stage.log("IngestLogGroup", seen(deliveries=[MADE | {"objects": objects}]))
    said = unframed(stage.run("trace", "#1042").output)
    assert "writes attributes, event ecommerce.order_placed" in said


@pytest.mark.parametrize("text", ["#1042", "evt_9"])
def test_an_order_that_no_rule_wanted_is_found_with_the_operand(stage: Stage, text: str) -> None:
    why = [{"rule": "order", "why": "body.test is true"}]
    stage.log("IngestLogGroup", seen(unmatched=why, more_unmatched=2))
    result = stage.run("trace", text)
    assert result.exit_code == 0, result.output
    said = unframed(result.output)
    assert "event orders/create #1042" in said
    assert "unmatched order: body.test is true; and 2 more rules" in said
    assert "relay rules explain" in said


def test_a_parked_order_is_found_with_the_command_that_shows_it(stage: Stage) -> None:
    parked = {"rule": "order", "reason": "unrenderable", "detail": "x is missing", "id": OTHER}
    stage.log("IngestLogGroup", seen(parked=[parked | {"event": short("evt_9")}]))
    said = unframed(stage.run("trace", "1042").output)
    assert "parked order: unrenderable: x is missing" in said
    assert (
        f"next .venv/bin/relay dead-letters show {OTHER[:12]} --stack-name {stage.stack.name}"
        in said
    )
    assert "unmatched" not in said
    assert "x is missing" in unframed(stage.run("trace", OTHER[:12]).output)


def test_a_shadowed_order_is_found(stage: Stage) -> None:
    stage.log("IngestLogGroup", seen(shadow=[MADE]))
    assert "shadow order: rendered and counted, and not sent" in unframed(
        stage.run("trace", "u7").output
    )


def test_of_a_webhook_with_many_events_only_what_is_sought_is_shown(stage: Stage) -> None:
    others = [{"event": short(f"e{at}"), "reference": f"#{at}"} for at in range(3)]
    made = [MADE | {"event": short("e0"), "reference": "#0", "id": OTHER}]
    stage.log("IngestLogGroup", seen(deliveries=made) | {"seen": others, "unmatched": []})
    assert "no rule wanted it" in unframed(stage.run("trace", "#1").output)
    said = unframed(stage.run("trace", "#0").output)
    assert OTHER in said
    assert "no rule wanted it" not in said


def test_an_address_leaves_this_machine_as_a_digest_alone() -> None:
    sought = SearchText("Jonas.Brandt@example.org")
    assert not [one for one in sought.phrases if "brandt" in one.lower()]
    assert short("jonas.brandt@example.org") in sought.phrases


def test_what_was_refused_is_said_where_nothing_is_found(stage: Stage) -> None:
    refused = {"message": "webhook", "source": "shopify", "status": 401, "reason": "no_signature"}
    stage.log("IngestLogGroup", refused, refused, seen())
    result = stage.run("trace", "9999")
    assert result.exit_code == 1
    assert "shopify: 401 no_signature, 2 times, last at" in result.output


def test_a_dead_delivery_says_why_in_brazes_words_and_what_comes_next(stage: Stage) -> None:
    now = int(time.time())
    last = [{"class": "rejected", "reason": "rejected", "status": 400, "time": now - 9}]
    stage.put(f"delivery#{ID}", item(state="DEAD", dead_at=now - 9, last=last, attempts=7))
    line = {"message": "delivery", "source": "shopify", "rule": "order", "id": ID}
    ended = {"outcome": "rejected", "reason": "rejected", "status": 400, "detail": "No Recipients"}
    stage.log("DeliverLogGroup", line | ended)
    said = unframed(stage.run("trace", ID).output)
    assert 'state DEAD why rejected status 400 "No Recipients"' in said
    assert "attempts 7 (the ledger keeps the last 1)" in said
    assert (
        f"next .venv/bin/relay dead-letters show {ID[:12]} --stack-name {stage.stack.name}" in said
    )


@pytest.mark.parametrize(
    "state, step",
    [("HELD", f"held show {ID[:12]}"), ("FAILED", "status"), ("UNKNOWN", "status")],
)
def test_each_state_that_waits_says_what_comes_next(stage: Stage, state: str, step: str) -> None:
    stage.put(f"delivery#{ID}", item(state=state))
    assert f"next .venv/bin/relay {step} --stack-name {stage.stack.name}" in unframed(
        stage.run("trace", ID).output
    )
