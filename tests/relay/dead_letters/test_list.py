"""Dead letters are listed, shown, exported and dropped; what is only looked at stays."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from handler.core.message import encode
from tests.faults.wire import FULL
from tests.relay.dead_letters.desk import NOW, PARKED, SECRET, Desk, delivery

MANY = 1_000 if FULL else 300  # more than two reads of the ledger, of 100 records each


def test_a_list_tells_reason_status_and_attempts_and_nothing_of_the_person(desk: Desk) -> None:
    it = delivery()
    desk.bury(it, "rejected", status="400", detail="Invalid recipient ...")
    desk.put(it, "DEAD", attempts={"N": "3"})
    done = desk.run("dead-letters", "list")
    assert done.exit_code == 0
    for told in (it.id[:12], "shop/confirm", "rejected", "400", "3", "Invalid recipient ..."):
        assert told in done.stdout
    assert "\n  to send again:  .venv/bin/relay dead-letters redrive ID" in done.stdout
    (row,) = desk.listed()
    assert (row["id"], row["state"], row["attempts"], row["status"]) == (it.id, "DEAD", 3, 400)
    assert SECRET not in done.output + json.dumps(row)


def test_dead_letters_and_held_deliveries_are_two_lists_of_one_queue(desk: Desk) -> None:
    reasons = ("rejected", "horizon", "paused", "unknown", "notice")
    for reason in reasons:
        desk.bury(delivery(), reason)
    desk.bury(PARKED, "unrenderable")
    found = {it["reason"] for it in desk.listed()}
    assert found == {"rejected", "horizon", "paused", "unrenderable"}
    assert {it["reason"] for it in desk.listed("held")} == {"unknown", "notice"}


def test_many_letters_are_listed_each_once_and_all_are_there_again(desk: Desk) -> None:
    ids = desk.bury_many(MANY)
    rows = desk.listed()
    assert len(rows) == MANY
    assert {it["id"] for it in rows} == ids
    assert len(desk.dead()) == MANY


@pytest.mark.parametrize(
    "filters, names",
    [
        (["--reason", "rejected"], {"new", "old", "other"}),
        (["--reason", "horizon", "--reason", "unrenderable"], {"late", "event"}),
        (["--source", "forum"], {"other"}),
        (["--rule", "welcome"], {"other"}),
        (["--rule", "forum/welcome"], {"other"}),
        (["--rule", "shop/welcome"], set()),
        (["--rule", "shop"], set()),
        (["--since", "2h"], {"new", "late", "other", "event"}),
        (["--until", "2h"], {"old"}),
        (["--since", "4d", "--until", "2d"], {"old"}),
        (["--since", "2020-01-01", "--until", "2020-01-02T00:00+02:00"], set()),
        (["--source", "shop", "--reason", "horizon"], {"late"}),
    ],
)
def test_filters_choose(desk: Desk, filters: list[str], names: set[str]) -> None:
    made = {
        "new": delivery(),
        "old": delivery(accepted_at=NOW - 3 * 86_400),
        "late": delivery(),
        "other": delivery(source="forum", rule="welcome"),
    }
    for name, it in made.items():
        desk.bury(it, "horizon" if name == "late" else "rejected")
    desk.bury(replace(PARKED, rule=None), "unrenderable")
    known = {it.id: name for name, it in made.items()}
    assert {known.get(it["id"], "event") for it in desk.listed("dead-letters", *filters)} == names


def test_an_id_is_named_by_its_first_letters_and_a_limit_ends_the_list(desk: Desk) -> None:
    first = delivery()
    for it in (first, delivery(), delivery()):
        desk.bury(it)
    (row,) = desk.listed("dead-letters", "--id", first.id[:8].upper())
    assert row["id"] == first.id
    assert len(desk.listed("dead-letters", "--limit", "2")) == 2
    assert len(desk.dead()) == 3


@pytest.mark.parametrize(
    "arguments", [["--since", "yesterday"], ["--id", ""], ["--limit", "0"], ["--local"]]
)
def test_wrong_usage_ends_with_2(desk: Desk, arguments: list[str]) -> None:
    assert desk.run("dead-letters", "list", *arguments).exit_code == 2


def test_everything_of_one_is_shown_with_its_request_and_its_evidence(desk: Desk) -> None:
    it = delivery()
    desk.bury(it, "unknown")
    entry = {
        "class": {"S": "unknown"},
        "reason": {"S": "interrupted"},
        "time": {"N": str(NOW)},
    }
    desk.put(it, "HELD", attempts={"N": "1"}, last={"L": [{"M": entry}]})
    desk.bury(delivery(), "unknown")
    done = desk.run("held", "show", it.id[:10], "--json")
    told = json.loads(done.stdout)
    assert told["request"]["path"] == "/campaigns/trigger/send"
    assert told["request"]["body"] == {"campaign_id": "c-1", "recipients": [it.recipient]}
    assert told["event"]["body"]["number"] == 41
    assert told["ledger"]["state"] == "HELD"
    (evidence,) = told["evidence"]
    assert (evidence["class"], evidence["time"]) == ("unknown", NOW)
    assert evidence["went_out"].startswith("perhaps")
    page = desk.run("held", "show", it.id[:10]).stdout
    assert SECRET in page
    assert "UTC" in page
    assert "1 attempt, the last" in desk.run("held", "list").stdout.replace("\n", " ")


def test_what_a_stranger_wrote_cannot_steer_the_terminal(desk: Desk) -> None:
    it = delivery(
        recipient={"external_user_id": "9", "attributes": {"first_name": "\x1b[2J\x9b1m"}}
    )
    desk.bury(it)
    for arguments in ([], ["--json"]):
        shown = desk.run("dead-letters", "show", it.id, *arguments).stdout
        assert "[2J" in shown
        assert not {"\x1b", "\x9b"} & set(shown)


def test_an_id_that_names_none_or_several_shows_nothing(desk: Desk) -> None:
    same = "abcd" * 15
    for last in ("0000", "1111"):
        desk.bury(replace(delivery(), id=same + last))
    for named in ("abcdabcd", "0123"):
        done = desk.run("dead-letters", "show", named)
        assert done.exit_code == 1
        assert "relay dead-letters list" in done.stderr
        assert not done.stdout
    assert desk.run("dead-letters", "show", same + "1").exit_code == 0


def test_a_letter_that_nobody_can_read_is_listed_shown_and_exported(desk: Desk) -> None:
    desk.bury("not json", "malformed")
    desk.bury('{"version": 99, "kind": "delivery"}', "none")
    found = {it["reason"]: it for it in desk.listed()}
    assert set(found) == {"malformed", "by_sqs"}
    assert found["malformed"]["kind"] == "unreadable"
    shown = desk.run("dead-letters", "show", found["malformed"]["id"])
    assert "not json" in shown.stdout


def test_an_export_has_all_to_put_letters_back_and_leaves_them(desk: Desk, tmp_path: Path) -> None:
    it, file = delivery(), tmp_path / "letters.jsonl"
    desk.bury(it, "rejected", status="400")
    done = desk.run("dead-letters", "export", "--output", str(file))
    assert done.exit_code == 0, done.output
    (line,) = [json.loads(text) for text in file.read_text().splitlines()]
    assert line["body"] == encode(it)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    url = desk.outputs["DeadLetterQueueUrl"]
    assert len(desk.dead()) == 1
    desk.taken("DeadLetterQueueUrl")
    desk.client("sqs").send_message(
        QueueUrl=url, MessageBody=line["body"], MessageAttributes=line["attributes"]
    )
    (row,) = desk.listed()
    assert (row["id"], row["reason"], row["status"]) == (it.id, "rejected", 400)
    assert desk.run("dead-letters", "export", "--output", str(file)).exit_code == 2
    piped = desk.run("dead-letters", "export")
    assert json.loads(piped.stdout)["body"] == encode(it)


def test_a_drop_asks_and_deletes_only_what_was_chosen(desk: Desk) -> None:
    kept, gone = delivery(), delivery(rule="welcome")
    for it in (kept, gone):
        desk.bury(it)
    desk.bury(delivery(rule="welcome"), "unknown")
    rule = ("--rule", "welcome")
    assert desk.run("dead-letters", "drop", *rule, "--dry-run").exit_code == 0
    assert desk.run("dead-letters", "drop", *rule, answer="n\n").exit_code == 1
    assert len(desk.dead()) == 3
    assert desk.run("dead-letters", "drop", *rule, answer="y\n").exit_code == 0
    assert [it["id"] for it in desk.listed()] == [kept.id]
    assert len(desk.listed("held")) == 1


def test_a_held_delivery_that_is_dropped_stays_held_in_the_ledger(desk: Desk) -> None:
    it = delivery()
    desk.bury(it, "unknown")
    desk.put(it, "HELD")
    assert desk.run("held", "drop", "--yes").exit_code == 0
    assert desk.dead() == []
    assert desk.sent() == []
    assert desk.item(it)["state"]["S"] == "HELD"
