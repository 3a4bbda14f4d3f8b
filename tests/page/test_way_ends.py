"""The last steps of a webhook's way, as values: where each delivery is, and whom it reached."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from handler.core.models import Delivery, Parked
from handler.core.reasons import FACTS, Reason, standing
from relay.page.remedies import BUTTONS
from relay.page.way.attempts import Progress, Seen, parked_steps, progress
from relay.page.way.lookup import KnownDeliveries, searches
from relay.page.way.reach import compared, reached, remedy, sends_for
from relay.page.way.way import Way, way_of
from relay.paths import PROJECT
from relay.stacks.logs import LogLine
from relay.stacks.selection import RELAY
from tests.page.signed import explanation, posted, secret, signed

CAME = 1_767_268_800.0
ID = "a" * 64


def line(at: float, outcome: str, reason: str = "", **more: Any) -> LogLine:
    entry = {"message": "delivery", "id": ID, "outcome": outcome, "reason": reason or outcome}
    return LogLine(at, json.dumps({**entry, **more}))


def place(*lines: LogLine, state: str = "", **record: Any) -> Progress:
    item = {"state": state, **record} if state else {}
    return progress(Seen(ID, ("shopify", "order"), item, lines), CAME, CAME + 10)


# Attempts


def test_a_delivery_that_nobody_has_taken_waits() -> None:
    found = place()
    assert (found.kind, found.words, found.tries) == ("wait", "in the queue, not taken yet", ())


def test_one_that_is_sent_just_now_says_so_whatever_came_before() -> None:
    found = place(line(CAME, "not_sent", wait=1), state="SENDING", lease_until=CAME + 60)
    assert (found.kind, found.words) == ("wait", "a worker is sending it now")


def test_a_retry_says_what_braze_said_and_when_the_next_one_is() -> None:
    failed = line(CAME, "not_sent", "server_error", status=503, detail="<b>no</b>", wait=4)
    found = place(failed, state="FAILED")
    assert found.kind == "wait"
    assert found.words == "not sent yet: it is tried again (server error)"
    assert found.why.startswith("5xx")
    assert found.why.endswith('Braze said: "<b>no</b>"')
    assert found.due == CAME + 4
    (tried,) = found.tries
    assert (tried.status, tried.said, tried.wait) == ("503", "<b>no</b>", "4 s")


def test_what_recovered_is_accepted_and_keeps_its_failures() -> None:
    lines = [line(CAME, "not_sent", "server_error", wait=1), line(CAME + 1, "accepted", status=201)]
    found = place(*lines, state="ACCEPTED", attempts=2)
    assert (found.kind, found.words, found.why, found.due) == (
        ("good", "Braze accepted it", "", None)
    )
    assert [one.outcome for one in found.tries] == ["not sent", "accepted"]
    assert ("attempts", "2") in found.details


def test_what_braze_took_in_part_says_where_the_rest_lies() -> None:
    last = [{"class": "accepted", "time": CAME, "refused": "events.0 events.2"}]
    found = place(line(CAME, "accepted", status=201), state="ACCEPTED", attempts=1, last=last)
    assert (found.kind, found.letter) == ("bad", "dead")
    assert found.words.startswith("Braze accepted it but for events.0, events.2: that is a dead")
    assert "“Redrive”" in found.advice


@pytest.mark.parametrize(
    "state, kind, words",
    [
        ("ACCEPTED", "good", "Braze accepted it, and events.0 after a redrive"),
        ("FAILED", "wait", "Braze accepted it but for events.0: that was redriven, and is in"),
        ("DEAD", "bad", "Braze accepted it but for events.0: that is a dead letter until"),
    ],
)
def test_what_was_refused_and_redriven_says_what_became_of_it(
    state: str, kind: str, words: str
) -> None:
    item = {"state": "ACCEPTED", "last": [{"time": CAME, "refused": "events.0"}]}
    seen = Seen(ID, ("shopify", "order"), item, [line(CAME, "accepted")], {"state": state})
    found = progress(seen, CAME, CAME + 10)
    assert (found.kind, found.words[: len(words)]) == (kind, words)
    (refused,) = [text for name, text in found.details if name == "refused"]
    assert f"redriven since: {state}" in refused


@pytest.mark.parametrize(
    "reason, why, advice",
    [
        ("paused", "Somebody has paused it", "on the page Braze"),
        ("breaker_open", "Braze fails: nothing is sent", "leaves by itself"),
        ("rate_limited", "Braze takes no more requests now", "leaves by itself"),
        ("surge", "The rule's surge limit stops it", "surge release"),
        ("out_of_turn", "Another update of the same profile", "leaves by itself"),
        ("target_paused", "The Canvas or campaign is paused", "Resume the campaign or Canvas"),
        ("key_refused", "The API key", "permissions"),
    ],
)
def test_what_waits_says_for_what_and_how_it_ends(reason: str, why: str, advice: str) -> None:
    found = place(line(CAME, "waiting", reason, wait=30))
    assert found.kind == "wait"
    assert reason.replace("_", " ") in found.words
    assert found.why.startswith(why)
    assert advice in found.advice
    assert found.due == CAME + 30


@pytest.mark.parametrize("reason", sorted(one for one in FACTS if "waiting" in FACTS[one].places))
def test_every_wait_says_what_ends_it(reason: Reason) -> None:
    assert place(line(CAME, "waiting", reason, wait=1)).advice


@pytest.mark.parametrize("reason", sorted(standing("dead") - {"refused_by_sqs", "by_sqs"}))
def test_every_dead_letter_has_its_cause_and_a_button(reason: Reason) -> None:
    found = place(line(CAME, "rejected", reason, detail="x"), state="DEAD", dead_at=int(CAME))
    assert (found.kind, found.letter) == ("bad", "dead")
    assert found.words.startswith("a dead letter")
    assert found.why
    named = re.findall("“([^”]+)”", found.advice)
    assert {*named} & {*BUTTONS.values()}
    assert RELAY not in found.advice


@pytest.mark.parametrize("reason", ["unknown", "notice"])
def test_what_is_held_says_what_to_ask_braze(reason: str) -> None:
    found = place(line(CAME, "unknown", reason), state="HELD")
    assert (found.kind, found.letter) == ("bad", "held")
    assert found.words.startswith("held for a person")
    assert "“Drop”" in found.advice
    assert "“Release”" in found.advice


def test_what_is_withheld_says_where_that_is_set() -> None:
    found = place(line(CAME, "withheld"), state="WITHHELD")
    assert (found.kind, found.words) == ("bad", "withheld: nothing will be sent")
    assert "workspaces.yaml" in found.why
    assert "workspaces.yaml" in found.advice


def test_what_is_stale_says_that_braze_has_a_newer_state() -> None:
    found = place(line(CAME, "stale"))
    assert (found.kind, found.words) == (
        "quiet",
        "stale: Braze has a newer state, so nothing is sent",
    )
    assert found.why == "By event.version a newer state of the user was accepted"


def test_a_repeat_is_a_duplicate_of_what_was_sent_before_it_came() -> None:
    earlier = line(CAME - 60, "accepted", status=201)
    for lines in ([earlier], [earlier, line(CAME + 1, "duplicate")]):
        found = place(*lines, state="ACCEPTED")
        assert (found.kind, found.words) == ("quiet", "a duplicate: nothing is sent")
        assert "another message with the same delivery id was sent before" in found.why.lower()
        assert found.tries[0].earlier


def test_what_is_parked_is_a_dead_letter_with_its_reason() -> None:
    parked = Parked("shopify", "order", "", "", "", 0, "unrenderable", "email: it is missing")
    (found,) = parked_steps([parked])
    assert (found.kind, found.letter, found.rule) == ("bad", "dead", "order")
    assert found.why == "The rule could not make its request of this event: email: it is missing"
    assert "“Render anew”" in found.advice


def test_the_log_is_searched_where_the_attempts_were_and_later_where_nothing_is_found() -> None:
    last = [{"time": CAME - 90}, {"time": CAME - 60}]
    short, long = searches(ID, {"state": "ACCEPTED", "last": last}, CAME)
    assert short.start < CAME - 90 < CAME < (short.end or 0)
    assert (long.start <= short.start, long.end) == (True, None)
    (waiting,) = searches(ID, {"state": "FAILED", "last": last}, CAME)
    assert waiting == long
    (unknown,) = searches(ID, {}, CAME)
    assert (unknown.start < CAME, unknown.end) == (True, None)


# Braze


def order() -> Delivery:
    reading = signed()
    assert reading.plan is not None
    return reading.plan.deliveries[0]


def send(delivery: Delivery, dispatch: str | None = "d1", **more: Any) -> dict[str, Any]:
    recipient = delivery.recipient or {}
    return {
        "dispatch_id": dispatch,
        "time": CAME,
        "recipient": {"external_user_id": recipient["external_user_id"]},
        "external_id": recipient["external_user_id"],
        "profile_before": None,
        "profile_after": recipient["attributes"],
        "attributes": recipient["attributes"],
        "reached": True,
        "because": None,
        "message": {
            **delivery.send,
            "trigger_properties": recipient["trigger_properties"],
        },
        **more,
    }


ACCEPTED = Progress(ID, "order", "good", "Braze accepted it")


def test_a_request_of_many_gives_each_delivery_its_own_send() -> None:
    delivery = order()
    own = send(delivery)
    other = send(delivery) | {"recipient": {"external_user_id": "another"}}
    record = {"last": [{"class": "accepted", "dispatch_id": "d1"}]}
    assert sends_for(delivery, record, ACCEPTED, [other, own, send(delivery, "d2")]) == [own]


def test_a_send_whose_answer_was_lost_is_found_all_the_same() -> None:
    delivery = order()
    lost, other = send(delivery, "d1"), send(delivery, "d2", attributes={"email": "x@example.com"})
    unknown = place(line(CAME, "unknown", "interrupted", wait=1), state="UNKNOWN")
    assert sends_for(delivery, {"last": []}, unknown, [other, lost]) == [lost]
    assert sends_for(delivery, {"last": []}, ACCEPTED, [other, lost]) == []


def test_a_profile_shows_what_changed_beside_what_was_there() -> None:
    before, after = {"a": 1, "b": [1], "c": "x"}, {"b": [1], "a": 2, "d": {"e": None}}
    found = {one.name: (one.mark, one.before, one.after) for one in compared(before, after)}
    assert found == {
        "a": ("changed", "1", "2"),
        "b": ("same", "[ 1 ]", "[ 1 ]"),
        "c": ("removed", '"x"', ""),
        "d": ("new", "", '{ "e": null }'),
    }


def test_a_message_that_arrived_shows_the_new_profile_and_the_message() -> None:
    (found,) = reached(ACCEPTED, [send(order())])
    assert (found.kind, found.is_new, found.words) == ("good", True, "reached its user")
    assert {one.mark for one in found.changes} == {"new"}
    assert any(one.key == '"order": ' for one in found.message)


def because() -> Iterator[str]:
    """Yield the reasons of docs/simulated-braze.md, as the simulated Braze words them."""
    code = "\n".join(
        (PROJECT / "relay" / "simulated_braze" / name).read_text(encoding="utf-8")
        for name in ("store.py", "catalogue.py")
    )
    yield from re.findall(r'return (?:None, )?f?"(the (?:user|profile|what)[^"]+)"', code)
    yield from ("the campaign is paused", "the Canvas is archived", "the user is unsubscribed")
    yield from ("the user is not in the dashboard's audience", "unknown alias")
    yield from re.findall(r'because"?\]? = .*?"([^"]{12,})"$', code, re.MULTILINE)
    yield from re.findall(
        r'"((?:unknown user|prioritization|no profile is|the errors)[^"]+)"', code
    )


@pytest.mark.parametrize("reason", sorted(set(because())))
def test_every_reason_why_nobody_got_anything_says_what_to_do(reason: str) -> None:
    written = reason.replace("{needed}", "email").replace("{state}", "unsubscribed")
    written = written.replace("{whose}", "request's")
    assert remedy(written), written


def test_accepted_and_nobody_reached_is_a_failure_with_its_reason() -> None:
    lost = send(order(), reached=False, because="the campaign is paused", message=None)
    (found,) = reached(ACCEPTED, [lost])
    assert found.kind == "bad"
    assert found.words == "accepted, and reached nobody: the campaign is paused"
    assert found.remedy.startswith("Set in the dashboard: It is API-triggered, and active")


def test_tries_that_reached_nobody_alike_are_one_row_and_wait_until_it_is_over() -> None:
    lost = send(order(), reached=False, because="the Canvas is paused", message=None)
    waiting = Progress(ID, "order", "wait", "not sent yet")
    (found,) = reached(waiting, [lost, lost, lost])
    assert (found.kind, found.words) == ("wait", "reached nobody: the Canvas is paused")
    rows = [*reached(ACCEPTED, [lost, lost, send(order())])]
    assert [one.kind for one in rows] == ["quiet", "good"]  # a try before it is no failure


@pytest.mark.parametrize(
    "kind, words",
    [("wait", "Nothing has arrived yet."), ("bad", "Nothing was sent."), ("good", "was reset")],
)
def test_without_a_send_it_says_whether_one_is_to_come(kind: Any, words: str) -> None:
    (found,) = reached(Progress(ID, "order", kind, ""), [])
    assert words in found.words


# All of it


def test_the_whole_way_of_an_order() -> None:
    reading = signed()
    delivery = order()
    known = KnownDeliveries(
        secret(),
        [delivery],
        {delivery.id: {"state": "ACCEPTED", "last": [{"dispatch_id": "d1", "time": 1}]}},
        {delivery.id: [line(reading.arrival.at, "accepted", status=201)]},
        [send(delivery)],
    )
    found = way_of(reading, explanation(reading), known, reading.arrival.at)
    assert found.title == "shopify orders/create #1042"
    assert [(one.title, one.kind) for one in found.steps] == [
        (title, "good")
        for title in ("Received", "Verified", "Rules", "Requests", "Attempts", "Braze")
    ]
    assert found.problems == ()
    assert not found.waits


def test_a_refused_webhook_ends_at_its_verification() -> None:
    found = way_of(signed(key="another-secret", status=401), None, KnownDeliveries(secret()), CAME)
    assert (found.title, found.is_unproven) == ("shopify orders/create #1042", True)
    assert [one.kind for one in found.steps] == ["bad", "bad", *["quiet"] * 4]
    assert (found.attempts, found.reach) == ((), ())


def test_what_failed_or_waits_stands_at_the_top() -> None:
    reading, delivery = signed(), order()
    known = KnownDeliveries(secret(), [delivery], {}, {delivery.id: [line(CAME, "rejected")]})
    found = way_of(reading, explanation(reading), known, CAME)
    assert isinstance(found, Way)
    assert [(one.kind, one.step) for one in found.problems] == [("bad", "attempts")]
    waiting = way_of(reading, explanation(reading), KnownDeliveries(secret(), [delivery]), CAME)
    assert waiting.waits


def test_a_webhook_of_no_source_has_a_way_too() -> None:
    found = way_of(posted("nobody", status=404), None, KnownDeliveries(secret()), CAME)
    assert found.verification.result == "unknown"
    assert found.title == "nobody"
