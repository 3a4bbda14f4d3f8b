"""`relay erase`: what is kept of one person goes, and nothing of anybody else."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from handler.core.message import encode, pack
from handler.core.models import Delivery, Parked
from tests.relay.operations.stage import RULES, Stage, digest

PROGRAM = "import typer; from relay.operations.erase import erase; typer.run(erase)"
DELIVERY = Delivery(
    id=digest("1"),
    source="shopify",
    rule="order",
    rules_version="v1",
    workspace="default",
    path="/campaigns/trigger/send",
    send={"campaign_id": "c"},
    recipient={"external_user_id": "42", "attributes": {"email": "Zoe@Example.org"}},
    event_id="e1",
    event=pack({"body": {"id": 7}}),
    accepted_at=1,
    expires_at=None,
    on_unknown="retry",
)
PARKED = Parked(
    "shopify", None, "v1", "e1", pack({"body": {"to": ["ZOE@example.org"]}}), 1, "malformed", "?"
)
ZOE = encode(DELIVERY)
ALIAS = encode(
    replace(DELIVERY, recipient={"user_alias": {"alias_name": "a:b", "alias_label": "shop"}})
)
BY_EMAIL = encode(replace(DELIVERY, recipient={"email": "zoe@example.org"}))


def tracked(**arrays: dict[str, JsonValue]) -> str:
    """Return a letter of one object in each of these arrays."""
    recipient: dict[str, JsonValue] = {name: [one] for name, one in arrays.items()}
    made = replace(DELIVERY, path="/users/track", send={}, recipient=recipient)
    return encode(replace(made, event=pack({"body": {}})))


def subscribed(**who: list[JsonValue]) -> str:
    """Return a letter of a subscription group's state for these users."""
    group: dict[str, JsonValue] = {"subscription_group_id": "g", "subscription_state": "subscribed"}
    made = replace(DELIVERY, path="/v2/subscription/status/set", send={})
    made = replace(made, recipient={"subscription_groups": [{**group, **who}]})
    return encode(replace(made, event=pack({"body": {}})))


OTHERS = [
    encode(replace(DELIVERY, recipient={"external_user_id": "43"})),
    encode(replace(DELIVERY, recipient=None)),
    encode(replace(DELIVERY, recipient={"email": "42@example.org"})),
    encode(Parked("shopify", "order", "v1", "e2", pack({"body": {"id": 9}}), 1, "expired", "?")),
    tracked(events={"external_id": "43", "name": "42", "time": "2026-11-30T23:00:00Z"}),
    tracked(attributes={"user_alias": {"alias_name": "a:b", "alias_label": "other"}}),
    subscribed(emails=["42@example.org"]),
    subscribed(phones=["+4915100000000"]),
    "no letter of ours",
]


def user(*who: Any, workspace: str = "default", rule: str = "order") -> str:
    """Return the key that the ledger has for a person."""
    name = json.dumps([1, workspace, list(who), "shopify", rule], separators=(",", ":"))
    return f"user#{digest(name)}"


def fill(stage: Stage, *bodies: str) -> None:
    for body in bodies:
        stage.post("DeadLetterQueueUrl", body, reason="rejected")


def erased(stage: Stage, *words: str, answer: str | None = None) -> str:
    result = stage.run("erase", *words, answer=answer)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(
    "words, theirs",
    [
        (["--external-id", "42"], ZOE),
        (["--alias", "a:b:shop"], ALIAS),
        (["--email", "zoe@example.org"], BY_EMAIL),
        (["--email", "ZOE@example.org"], ZOE),
        (["--external-id", "42"], tracked(events={"external_id": "42", "name": "order"})),
        (["--external-id", "42"], subscribed(external_ids=["42"])),
        (["--email", "ZOE@example.org"], tracked(events={"email": "zoe@example.org"})),
        (
            ["--email", "zoe@example.org"],
            tracked(attributes={"external_id": "42", "email": "Zoe@example.org"}),
        ),
        (["--email", "zoe@example.org"], subscribed(emails=["Zoe@example.org"])),
        (["--phone", "+4915123456789"], subscribed(phones=["+4915123456789"])),
        (
            ["--phone", "+4915123456789"],
            tracked(attributes={"external_id": "42", "phone": "+4915123456789"}),
        ),
        (
            ["--alias", "a:b:shop"],
            tracked(events={"user_alias": {"alias_name": "a:b", "alias_label": "shop"}}),
        ),
    ],
)
def test_letters_to_the_person_go_and_all_others_can_be_received(
    stage: Stage, words: list[str], theirs: str
) -> None:
    fill(stage, *OTHERS, theirs, *OTHERS, theirs)
    said = erased(stage, *words, "--yes")
    assert "2 dead letters to this person" in said
    assert "deleted 2 letters and 0 items" in said
    assert sorted(stage.letters()) == sorted([*OTHERS, *OTHERS])


def test_held_deliveries_are_counted_by_themselves_and_go_too(stage: Stage) -> None:
    stage.post("DeadLetterQueueUrl", ZOE, reason="unknown")
    said = erased(stage, "--external-id", "42", "--yes")
    assert "0 dead letters to this person" in said
    assert "1 held delivery to this person" in said
    assert stage.letters() == []


@pytest.mark.parametrize(
    "words, who",
    [
        (["--external-id", "42"], ("external_user_id", "42")),
        (["--alias", "a:b:shop"], ("user_alias", ["a:b", "shop"])),
        (["--email", "Zoe@example.org"], ("email", "zoe@example.org")),
        (["--email", "Zoe@example.org"], ("email", "Zoe@example.org")),
        (["--phone", "+4915123456789"], ("phone", "+4915123456789")),
    ],
)
def test_items_go_in_all_workspaces_and_rules_and_nobody_elses(
    stage: Stage, words: list[str], who: tuple[Any, ...]
) -> None:
    theirs = [
        user(*who, workspace=workspace, rule=rule)
        for workspace in ("default", "tea", "coffee")
        for rule in ("order", "welcome")
    ]
    others = [user("external_user_id", "43"), user("email", "42"), f"delivery#{digest('1')}"]
    for key in (*theirs, *others):
        stage.put(key, {"accepted": "5", "expires": int(time.time()) + 99})
    assert "deleted 0 letters and 6 items" in erased(stage, *words, "--yes")
    assert [stage.item(key) for key in theirs] == [{}] * 6
    assert all(stage.item(key) for key in others)


def test_items_of_a_guard_that_several_rules_share_go_too(stage: Stage) -> None:
    guarded = RULES["shopify.yaml"].replace("surge: 3/100d", "guard: customer")
    (Path(stage.rules) / "shopify.yaml").write_text(guarded, encoding="utf-8")
    keys = [user("external_user_id", "42", rule=one) for one in ("customer", "order")]
    for key in keys:
        stage.put(key, {"accepted": "5"})
    assert "deleted 0 letters and 2 items" in erased(stage, "--external-id", "42", "--yes")
    assert [stage.item(key) for key in keys] == [{}, {}]


def test_a_dry_run_and_a_no_change_nothing_and_leave_all_to_be_received(stage: Stage) -> None:
    key = user("external_user_id", "42")
    stage.put(key, {"accepted": "5"})
    fill(stage, *OTHERS, ZOE)
    said = erased(stage, "--external-id", "42", "--dry-run")
    assert "1 dead letter to this person" in said
    assert "1 item of the ledger" in said
    refused = stage.run("erase", "--external-id", "42", answer="n\n")
    assert refused.exit_code == 1
    assert "Delete 1 letter and 1 item for good?" in refused.output
    assert stage.item(key)
    assert sorted(stage.letters()) == sorted([*OTHERS, ZOE])


def test_it_asks_and_yes_deletes(stage: Stage) -> None:
    fill(stage, ZOE)
    assert "deleted 1 letter and 0 items" in erased(stage, "--external-id", "42", answer="y\n")
    assert stage.letters() == []


def test_letters_that_mention_the_person_are_told_and_go_only_when_asked_for(
    stage: Stage,
) -> None:
    about = [encode(PARKED), "not JSON, but of zoe@example.org"]
    fill(stage, *OTHERS, *about)
    result = stage.run("erase", "--email", "zoe@example.org", "--yes")
    assert result.exit_code == 1
    assert "2 other letters that mention the identifier" in result.output
    assert "deleted by --mentions. They may be the person's own" in result.output
    shown = stage.letters()
    assert sorted(shown) == sorted([*OTHERS, *about])
    fill(stage, *shown)  # those above are hidden by looking at them
    said = erased(stage, "--email", "zoe@example.org", "--mentions", "--yes")
    assert "deleted 2 letters" in said
    assert "Nothing to erase" not in said
    assert "Not personal, and so left: the ledger's deliveries" in said
    assert sorted(stage.letters()) == sorted(OTHERS)


def test_the_persons_other_identifiers_are_named(stage: Stage) -> None:
    fill(stage, ZOE)
    fill(stage, tracked(attributes={"external_id": "44", "email": "zoe@example.org"}))
    said = erased(stage, "--email", "zoe@example.org", "--yes")
    assert f"erase --external-id 42 --stack-name {stage.stack.name}" in said
    assert f"erase --external-id 44 --stack-name {stage.stack.name}" in said


def test_what_it_does_not_reach_is_said_and_the_queue_is_counted(stage: Stage) -> None:
    fill(stage, ZOE)
    assert "The queues hold" not in stage.run("erase", "--external-id", "9").output
    for output in ("QueueUrl", "QueueUrl", "LowPriorityQueueUrl"):
        stage.post(output, "a delivery")
    said = stage.run("erase", "--external-id", "9").output
    assert "The queues hold 3 in all" in said
    assert "at the latest after 10 days" in said
    assert "pause all --stack-name" in said
    for word in ("Braze itself", "the sender", "backups", "35 days", "LedgerDays (400)"):
        assert word in said


def test_nothing_kept_is_an_exit_code_of_its_own(stage: Stage) -> None:
    fill(stage, *OTHERS)
    result = stage.run("erase", "--external-id", "nobody", "--yes")
    assert result.exit_code == 1
    assert "nothing to delete" in result.output
    assert sorted(stage.letters()) == sorted(OTHERS)


@pytest.mark.parametrize(
    "words",
    [[], ["--external-id", "1", "--email", "a@b"], ["--email", "zoe"], ["--alias", "label"],
     ["--alias", "name:"], ["--email", "a@b", "--phone", "+4915123456789"]],
)  # fmt: skip
def test_exactly_one_person_is_named(stage: Stage, words: list[str]) -> None:
    assert stage.run("erase", *words).exit_code == 2


def test_a_rules_file_that_cannot_be_read_is_no_reason_to_forget_its_items(stage: Stage) -> None:
    (Path(stage.rules) / "broken.yaml").write_text("rules: [")
    result = stage.run("erase", "--external-id", "42", "--yes")
    assert result.exit_code == 2
    assert "broken.yaml" in result.output


def test_ctrl_c_at_the_question_gives_all_letters_back(stage: Stage) -> None:
    fill(stage, *OTHERS, ZOE)
    words = ["--external-id", "42", "--stack-name", stage.stack.name, "--rules", stage.rules]
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        said = b""
        while b"for good?" not in said:
            read = process.stdout.read(1)
            assert read, said
            said += read
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) not in (0, 2)
    assert sorted(stage.letters()) == sorted([*OTHERS, ZOE])
