"""Lists of dead letters, in the words of the operator who reads them."""

import json
import re
from base64 import b64encode
from dataclasses import replace

import pytest

from handler.core.message import pack
from tests.relay.dead_letters.desk import PARKED, Desk, delivery


@pytest.mark.parametrize(
    "raw, told",
    [
        ('{"order": {"id": null, "lines": [1, 2]}}', "      id: null\n      lines:\n"),
        ('{"id": 1, "id": 2}', 'raw: \'{"id": 1, "id": 2}\''),
        ("id=1&name=x", "raw: id=1&name=x"),
    ],
)
def test_a_malformed_event_is_laid_out_where_it_is_json_that_hides_nothing(
    desk: Desk, raw: str, told: str
) -> None:
    event = pack({"headers": {}, "raw": b64encode(raw.encode()).decode()})
    desk.bury(replace(PARKED, event=event, reason="malformed"), "malformed")
    (row,) = desk.listed()
    assert told in desk.run("dead-letters", "show", row["id"]).stdout
    whole = json.loads(desk.run("dead-letters", "show", row["id"], "--json").stdout)
    assert whole["event"]["raw"] == raw


def test_the_list_says_when_a_webhook_was_taken_for_accepted_is_braze_s_word(desk: Desk) -> None:
    desk.bury(delivery())
    shown = desk.run("dead-letters", "list").stdout
    assert re.search(r"  taken \d{4}-\d\d-\d\d \d\d:\d\d UTC$", shown, re.MULTILINE)
    assert "accepted" not in shown


@pytest.mark.parametrize(
    "detail, words",
    [
        ("interrupted: broken", "the connection broke after the request began"),
        ("interrupted: timeout", "no answer came in time"),
        ("worker_lost", "worker_lost"),
    ],
)
def test_the_cause_of_a_held_delivery_is_said_as_a_sentence(
    desk: Desk, detail: str, words: str
) -> None:
    it = delivery()
    desk.bury(it, "unknown", detail=detail)
    dropped = desk.run("held", "drop", "--dry-run").stdout
    assert f"{it.id[:12]} shop/confirm unknown {words}" in dropped
    assert f"detail: {words}" in desk.run("held", "show", it.id).stdout
    assert desk.listed("held")[0]["detail"] == detail


def test_what_one_copies_of_a_list_is_whole_in_one_line(desk: Desk) -> None:
    it = replace(delivery(), rule="a-rule-with-a-name-of-forty-characters-xx")
    desk.bury(it, "rejected", status="400", detail="Invalid Campaign ID")
    desk.bury(replace(it, id="f" * 64), "unknown", detail="interrupted: timeout")
    (head, why, detail, *_) = desk.run("dead-letters", "list").stdout.splitlines()
    assert head.startswith(f"{it.id[:12]}  shop/{it.rule}  taken 20")
    assert (why, detail) == ("  rejected, status 400", "  Invalid Campaign ID")
    held = desk.run("held", "list").stdout.splitlines()
    assert held[0].startswith(f"{'f' * 12}  shop/{it.rule}  taken 20")
    assert held[1:3] == ["  unknown", "  the ledger knows of no attempt"]
