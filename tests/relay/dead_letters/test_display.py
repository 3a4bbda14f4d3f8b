"""What is shown of a letter is said in the words of whoever reads it."""

import json
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


def test_the_table_says_when_a_webhook_was_taken_for_accepted_is_braze_s_word(desk: Desk) -> None:
    desk.bury(delivery())
    shown = desk.run("dead-letters", "list").stdout
    assert "taken (UTC)" in shown
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
