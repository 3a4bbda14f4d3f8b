"""curl posts requests as Braze's pages show them, and what it sent is what the other side has."""

import json
from typing import Any

import pytest

from tests.contract.curl import command, run
from tests.contract.examples import BROKEN_CAMPAIGN, BROKEN_CANVAS, CAMPAIGN, CANVAS, GOOD, INSIDER
from tests.relay.simulated_braze.simulated import ID, Client

ALIAS = '"user_alias": {\n      "alias_name" : "",\n      "alias_label" : ""\n    },\n'
OTHER_ALIAS = (
    '"user_alias": {\n        "alias_name" : "mug-7",\n        "alias_label" : "shop"\n      },'
)
SALE = '"trigger_properties": {"sale": "spring"}'
MUG = {"alias_name": "mug-7", "alias_label": "shop"}
# Each mend with what is said until it is made, in the order of Braze's checks.
CAMPAIGN_MENDS = [
    ("Invalid Campaign ID", '"campaign_id": ""', f'"campaign_id": "{ID}"'),
    ("trigger_properties has the wrong type", '"trigger_properties": "",', ""),
    ("send_id must be 1 to 64 ASCII characters", '"send_id": "",', ""),
    ("recipients[0]: needs exactly one of external_user_id, user_alias and email", ALIAS, ""),
    (
        "recipients[0]: external_user_id is blank or over 987 bytes",
        '"external_user_id": ""',
        '"external_user_id": "customer-7"',
    ),
]
CANVAS_MENDS = [
    ("Invalid Campaign ID", "made_up_canvas", ID),
    ("recipients[0]: needs exactly one of external_user_id, user_alias and email", OTHER_ALIAS, ""),
]


@pytest.mark.parametrize(
    "path, text, mends",
    [(CAMPAIGN, BROKEN_CAMPAIGN, CAMPAIGN_MENDS), (CANVAS, BROKEN_CANVAS, CANVAS_MENDS)],
)
def test_the_pages_example_is_refused_by_each_rule_it_breaks_and_accepted_once_mended(
    braze: Client, path: str, text: str, mends: list[tuple[str, str, str]]
) -> None:
    braze.call("PUT", "/profiles/customer-7", INSIDER)

    for words, wrong, right in mends:
        assert run(braze, command(path, text)) == (400, {"message": words})
        assert text.count(wrong) == 1
        text = text.replace(wrong, right)
    assert braze.sends() == []

    status, told = run(braze, command(path, text))
    assert (status, told["message"], sorted(told)) == (201, "success", ["dispatch_id", "message"])
    assert [send["reached"] for send in braze.sends()] == [True]


@pytest.mark.parametrize(
    "wrong, right, words",
    [
        ('"alias_label" : "shop"', '"alias_label" : ""', "user_alias has a blank alias_name"),
        ("zoe@example.org", "", "email is blank"),
        (', "prioritization": ["unidentified", "most_recently_updated"]', "", "need each other"),
        ('"attributes": {"cups": 2}', '"send_to_existing_only": true', "cannot be used with user"),
        ('"attributes": {"cups": 2}', '"attributes": ""', "attributes has the wrong type"),
        ('"attributes": {"cups": 2}', '"trigger_properties": ""', "properties has the wrong type"),
        ('"attributes": {"cups": 2}', '"external_user_id": "u"', "needs exactly one of"),
        ("zoe@example.org", '", "external_user_id": "u', "needs exactly one of"),
    ],
)
def test_what_breaks_a_recipients_rules_is_refused_in_words_that_say_which(
    braze: Client, wrong: str, right: str, words: str
) -> None:
    path, text = GOOD["recipients by address and by alias"]
    assert text.count(wrong) == 1

    status, told = run(braze, command(path, text.replace(wrong, right)))

    assert (status, braze.sends()) == (400, [])
    assert words in told["message"]
    (entry,) = braze.call("GET", "/requests")
    assert (entry["outcome"], entry["reason"]) == ("rejected", told["message"])


@pytest.mark.parametrize(
    "name, wrong, right, words",
    [
        ("a broadcast", '"broadcast": true', '"broadcast": ""', "broadcast has the wrong type"),
        ("a broadcast", '"broadcast": true,', "", "No Recipients"),
        ("a broadcast", SALE, '"recipients": []', "broadcast excludes recipients and attachments"),
        ("a broadcast", SALE, '"attachments": []', "broadcast excludes recipients and attach"),
        ("a broadcast", SALE, '"segment_id": "s"', "unknown key segment_id"),
        ("attachments", '"file_name": "bill", ', "", "attachments[0] takes file_name, url"),
        ("attachments", "made-up-send", "é", "send_id must be 1 to 64 ASCII"),
        ("a Canvas with a context", '"context": {"size"', '"canvas_entry_properties": {"size"',
         "context and canvas_entry_properties are two names of one thing"),
        ("a Canvas with a context", '"context": {"product', '"api_key": {"product',
         "unknown key api_key"),
    ],
)  # fmt: skip
def test_what_breaks_a_requests_rules_is_refused_in_words_that_say_which(
    braze: Client, name: str, wrong: str, right: str, words: str
) -> None:
    path, text = GOOD[name]
    assert text.count(wrong) == 1

    status, told = run(braze, command(path, text.replace(wrong, right)))

    assert (status, braze.sends()) == (400, [])
    assert words in told["message"]


def properties(block: dict[str, Any]) -> dict[str, Any]:
    """Return what the pages call by three names."""
    names = ("trigger_properties", "context", "canvas_entry_properties")
    return next((block[name] for name in names if name in block), {})


@pytest.mark.parametrize("name", GOOD)
def test_what_is_accepted_has_arrived_unchanged(braze: Client, name: str) -> None:
    path, text = GOOD[name]
    body = json.loads(text)
    braze.call("PUT", "/profiles/customer-7", {**INSIDER, "user_aliases": [MUG]})
    braze.call("PUT", "/unidentified/zoe", {"email": "zoe@example.org"})

    status, told = run(braze, command(path, text))

    assert (status, told["message"]) == (201, "success")
    (entry,) = braze.call("GET", "/requests")
    assert (entry["body"], entry["outcome"]) == (body, "accepted")
    assert {send["dispatch_id"] for send in braze.sends()} == {told["dispatch_id"]}
    given = body.get("recipients", [{}])
    for send, recipient in zip(braze.sends(), given, strict=True):
        assert send["attributes"] == recipient.get("attributes", {})
        if "external_user_id" in recipient and recipient["external_user_id"] == "customer-8":
            assert (send["reached"], send["profile_after"]) == (False, None)
            continue
        assert send["reached"], send["because"]
        message = send["message"]
        assert properties(message) == properties(body) | properties(recipient)
        for key in ("audience", "attachments", "send_id", "broadcast"):
            assert message.get(key) == body.get(key)
