"""Braze's own pages, where somebody has them: BRAZE_SEEDS names the directory.

Each request on them is posted by curl as it stands, and each refusal has to be a rule that is
known here, with its mend. Their text is Braze's, and no part of this project.
"""

import html
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from handler.core.braze.contract.trigger import MISPLACED
from handler.core.braze.outcome import HttpResponse, classify
from relay.simulated_braze.contract import subscription, track
from relay.simulated_braze.contract.endpoints import DATA, endpoint
from tests.contract.curl import command, run
from tests.contract.examples import GOOD
from tests.contract.pages import Example, described, examples, texts
from tests.relay.simulated_braze.simulated import CAMPAIGN, CANVAS, ID, Client

FOLDER = os.environ.get("BRAZE_SEEDS")
PAGES = list(texts(Path(FOLDER))) if FOLDER else []
EXAMPLES = [it for name, text in PAGES for it in examples(name, text)]
IDS = {"campaign_id": CAMPAIGN, "canvas_id": CANVAS}
# By a key at the top of a request: its path.
PATHS = IDS | {array: path for path, at in DATA.items() for array in at.arrays}
REQUESTS = [it for it in EXAMPLES if it.body.keys() & PATHS.keys()]
ANSWERS = [it for it in EXAMPLES if "message" in it.body]
# Why nothing comes of an object that Braze takes.
NOT_KNOWN = (
    "unknown user_alias, which is dropped without a word",
    "no profile has it",
    "no profile has it, and no state is kept for one that comes",
)
needs_pages = pytest.mark.skipif(not FOLDER, reason="BRAZE_SEEDS names no directory of pages")


def put_id(body: dict[str, Any]) -> None:
    body.update(dict.fromkeys(IDS.keys() & body.keys(), ID))


def put_name(body: dict[str, Any]) -> None:
    body["recipients"][0]["external_user_id"] = "u"


def put_address(body: dict[str, Any]) -> None:
    for one in objects(body):
        one.update({"email": "a@example.org"} if "email" in one else {})


def put_groups(body: dict[str, Any]) -> None:
    listed = body.get("subscription_groups") or [
        group for one in objects(body) for group in one.get("subscription_groups", [])
    ]
    for at, one in enumerate(listed):
        one["subscription_group_id"] = f"{ID[:-1]}{at}"


def objects(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for array in track.ARRAYS for one in body.get(array, [])]


# The rules that an example may break, by the words of the refusal.
MENDS: dict[str, Callable[[dict[str, Any]], object]] = {
    r"Invalid Campaign ID": put_id,
    r"unknown key api_key": lambda body: body.pop("api_key"),
    r"send_id must be 1 to 64 ASCII characters": lambda body: body.pop("send_id"),
    r"trigger_properties has the wrong type": lambda body: body.pop("trigger_properties"),
    r"recipients\[0\]: needs exactly one of .*": lambda body: body["recipients"][0].pop(
        "user_alias"
    ),
    r"recipients\[0\]: external_user_id is blank or over 987 bytes": put_name,
    r".*not a valid email\.": put_address,
    r"attributes\.subscription_groups: BAD_SUBSCRIPTION_GROUP_HASH": put_groups,
    r".*subscription_group_id must be a valid subscription group UUID": put_groups,
}


def posted(braze: Client, example: Example) -> list[str]:
    """Post an example, mended after each refusal; return what was said until it was accepted."""
    said: list[str] = []
    body = json.loads(json.dumps(example.body))
    (path,) = {path for key, path in PATHS.items() if key in body}
    text = example.command or command(path, json.dumps(body))
    while True:
        status, told = run(braze, text)
        errors = told.get("errors", [])
        if status == 201 and not errors:
            return said
        assert status == (201 if errors else 400), told
        said.append(errors[0]["type"] if errors else told["message"])
        (mend,) = (it for words, it in MENDS.items() if re.fullmatch(words, said[-1]))
        assert len(said) == len(set(said)), said
        mend(body)
        text = command(path, json.dumps(body))


@pytest.mark.parametrize("example", REQUESTS, ids=lambda it: it.place)
def test_a_request_on_a_page_is_refused_by_named_rules_until_it_is_accepted(
    braze: Client, example: Example
) -> None:
    said = posted(braze, example)

    print(example.place, *[f"refused: {it}" for it in said], "accepted", sep="\n  ")  # noqa: T201 - shown with -rP
    requests = braze.call("GET", "/requests")
    assert len(requests) == len(said) + 1
    assert {it["reason"] for it in requests} <= {*said, None}
    assert requests[0]["body"] == example.body
    if example.body.keys() & IDS.keys():
        assert len(braze.sends()) == len(example.body["recipients"])
    else:
        number = sum(len(array) for array in example.body.values())
        updates = braze.call("GET", f"/updates?last={number}")
        assert {one["because"] for one in updates} <= {None, *NOT_KNOWN}


@pytest.mark.parametrize("example", ANSWERS, ids=lambda it: it.place)
def test_an_answer_on_a_page_is_one_that_is_known(example: Example) -> None:
    outcome = classify(HttpResponse("answered", 201, body=json.dumps(example.body).encode()), 0)

    print(example.place, outcome.kind, outcome.reason)  # noqa: T201 - shown with -rP
    expected = ("not_sent", "target_paused") if "notice" in example.body else ("accepted",) * 2
    warnings = ("errors",) if example.body.get("errors") else ()
    assert (outcome.kind, outcome.reason, outcome.warnings) == (*expected, warnings)


@needs_pages
def test_the_pages_have_examples_and_every_key_they_describe_is_known() -> None:
    assert REQUESTS
    known = set(MISPLACED)
    for path in IDS.values():
        at = endpoint(path)
        assert at
        known |= at.top.keys() | at.recipient.keys()
    known |= {*PATHS, *track.EVENT, *track.PURCHASE, *track.CONTROL, *subscription.KEYS}
    known |= {f"{array}_processed" for array in track.ARRAYS}
    found = {key for _, text in PAGES for key in described(text)}
    assert found
    assert found <= known


def test_an_example_is_found_in_markdown_and_in_html_whatever_stands_around_it(
    tmp_path: Path,
) -> None:
    path, body = GOOD["a campaign with an audience"]
    schema = '{\n  "campaign_id": (required, string) see there,\n  ...\n}\n'
    answer = '{\n  "message": "success", // all is well\n  "errors": [],\n}\n'
    page = f"{{% api %}}\n{schema}\n```\n{command(path, body)}```\n{answer}"
    (tmp_path / "a.md").write_text(page, encoding="utf-8")
    in_html = f"<html><pre><b>{html.escape(page)}</b></pre></html>"
    (tmp_path / "b.html").write_text(in_html, encoding="utf-8")

    for name, text in texts(tmp_path):
        first, second = examples(name, text)
        assert (first.body, first.command) == (json.loads(body), command(path, body).strip())
        assert (second.body, second.command) == ({"message": "success", "errors": []}, None)
        assert described(text) == {"campaign_id"}
