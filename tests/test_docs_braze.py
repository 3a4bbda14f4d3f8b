"""docs/braze.md says what the code does."""

import json
import re

import pytest

from handler.core.braze.contract import ecommerce, subscription
from handler.core.braze.contract.attributes import FIELDS, FORBIDDEN
from handler.core.braze.contract.connected_audience import FILTER_COMPARISONS
from handler.core.braze.contract.custom_attributes import MAX_ITEMS, MAX_NESTED_BYTES, MAX_TEXT
from handler.core.braze.contract.events import KEYS, MAX_EVENT_BYTES, RESERVED
from handler.core.braze.contract.fields import (
    ATTACHMENT_KEYS,
    MAX_ALIAS_BYTES,
    MAX_SEND_ID,
    PRIORITIZATIONS,
)
from handler.core.braze.contract.track import MAX_TRACK_BYTES
from handler.core.braze.contract.user_objects import IDENTITY, UPDATE
from handler.core.braze.endpoints import (
    ENDPOINTS,
    MAX_IDENTIFIER_BYTES,
    MAX_PROPERTIES_BYTES,
    MAX_RECIPIENTS,
    SENDS,
    SUBSCRIBE,
    TRACK,
)
from handler.core.braze.outcome import HttpResponse, classify
from handler.core.reasons import Reason
from relay.paths import PROJECT
from relay.simulated_braze.contract.endpoints import DATA, endpoint

PAGE = (PROJECT / "docs" / "braze.md").read_text(encoding="utf-8")


def rows(head: str) -> list[list[str]]:
    """Return the cells of the table whose head begins like this."""
    lines = PAGE.split(f"\n| {head} |")[1].split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_endpoint_is_named_with_all_that_it_takes() -> None:
    told = [(names(key)[0], names(path)[0], names(more)) for key, path, more in rows("`send`")]
    assert told == [(it.key, it.path, list(it.keys[1:])) for it in SENDS]


def test_every_endpoint_has_its_permission_on_the_page_and_its_row_in_the_simulated_braze() -> None:
    told = {names(row[1])[0]: names(row[0])[0] for row in rows("permission")}
    found = {one.key: endpoint(one.path.replace("{}", "id")) or DATA[one.path] for one in ENDPOINTS}
    assert told == {one.key: one.permission for one in ENDPOINTS}
    assert told == {key: one.permission for key, one in found.items()}


def test_every_endpoint_of_profiles_is_named_with_its_lists_and_the_most_of_them() -> None:
    told = {names(row[0])[0]: row[1:] for row in rows("kind")}
    assert set(told) == {TRACK.key, SUBSCRIBE.key}
    for one in (TRACK, SUBSCRIBE):
        path, takes, most = told[one.key]
        assert names(path) == [one.path]
        assert tuple(names(takes)) == one.arrays
        assert most.startswith(f"{one.most} objects")
        assert f"{MAX_TRACK_BYTES:,} bytes" in most


def test_every_field_of_a_tracked_object_has_a_row_with_its_limit() -> None:
    told = {names(row[0])[0]: row[1] for row in rows("of an object under `track`")}
    assert tuple(told) == (*IDENTITY, UPDATE)
    for name in ("external_id", "braze_id"):
        assert f"{MAX_IDENTIFIER_BYTES} bytes" in told[name]
    assert f"{MAX_ALIAS_BYTES} bytes" in told["user_alias"]
    event = {names(row[0])[0]: row[1] for row in rows("of an event")}
    assert set(event) == {*KEYS} - {*told}
    assert f"1 to {MAX_TEXT} characters" in event["name"]
    assert f"{MAX_EVENT_BYTES:,} bytes" in event["properties"]
    assert [name for name in RESERVED if f"`{name}`" not in event["properties"]] == []


def test_every_ecommerce_event_has_its_properties_and_no_other() -> None:
    told = {row[0]: row[1:] for row in rows("eCommerce event")}
    known = {f"`{name}`": one for name, one in ecommerce.EVENTS.items()}
    known["each of `products`"] = ecommerce.PRODUCT
    assert set(told) == set(known)
    for name, one in known.items():
        needs, others = told[name]
        assert names(needs.partition(", and")[0]) == [*one.needed]
        assert names(others) == [*one.others]


def test_every_property_of_an_ecommerce_event_says_what_it_takes() -> None:
    told = {name: row[1] for row in rows("property") for name in names(row[0])}
    listed = (*ecommerce.EVENTS.values(), ecommerce.PRODUCT)
    assert told == {name: one.takes for each in listed for name, one in each.all.items()}


def test_every_field_of_a_subscription_group_has_a_row() -> None:
    told = {name: row[1] for row in rows("of a group") for name in names(row[0])}
    assert tuple(told) == subscription.KEYS
    assert tuple(names(told["subscription_state"])) == subscription.STATES
    assert f"{MAX_IDENTIFIER_BYTES} bytes" in told["external_ids"]


def test_every_field_has_a_row() -> None:
    told = {name for row in rows("field") for name in names(row[0])}
    assert told == {key for it in SENDS for key in it.keys[1:]}
    own = [name for row in rows("of a recipient") for name in names(row[0])]
    properties = {name for it in SENDS for name in it.properties}
    assert own == [key for key in SENDS[0].recipient_keys if key not in properties]


def test_the_limits_are_those_of_the_code() -> None:
    fields = {names(row[0])[0]: row[1] for row in [*rows("field"), *rows("of a recipient")]}
    assert fields["recipients"].startswith(f"1 to {MAX_RECIPIENTS};")
    assert f"{MAX_PROPERTIES_BYTES:,} bytes" in fields["trigger_properties"]
    assert f"{MAX_SEND_ID} characters" in fields["send_id"]
    assert f"{MAX_IDENTIFIER_BYTES} bytes" in fields["external_user_id"]
    assert f"{MAX_ALIAS_BYTES} bytes" in fields["user_alias"]
    assert set(names(fields["prioritization"])) == {it for each in PRIORITIZATIONS for it in each}
    assert tuple(names(fields["attachments"])) == ATTACHMENT_KEYS
    limits = [row[1] for row in rows("of custom attributes")]
    assert limits == [f"{MAX_TEXT} characters", str(MAX_ITEMS), f"{MAX_NESTED_BYTES:,} bytes"]


def test_every_attribute_of_brazes_is_named_with_what_it_takes() -> None:
    told = [(name, row[1]) for row in rows("attribute") for name in names(row[0])]
    assert sorted(told) == sorted((name, takes) for name, (_, takes) in FIELDS.items())
    assert [name for name in FORBIDDEN if f"`{name}`" not in PAGE] == []


def test_every_filter_is_named_with_its_comparisons_and_values() -> None:
    told = {
        (names(row[0])[0], comparison, row[2])
        for row in rows("filter")
        for comparison in names(row[1])
    }
    assert told == {
        (name, comparison, takes)
        for name, known in FILTER_COMPARISONS.items()
        for comparison, (_, takes) in known.items()
    }


def body(**fields: str) -> bytes:
    return json.dumps(fields).encode()


PAUSED = "The Canvas is paused. Resume the Canvas to ensure trigger requests will take effect."
ANSWERS = {
    "2xx": HttpResponse("answered", 201, body=body(message="success", dispatch_id="d")),
    "201 whose headers cannot be read": HttpResponse("interrupted", 201),
    "2xx other than 201 with an HTML page": HttpResponse("answered", 200, body=b"<html>"),
    "2xx with a notice that the target is paused, stopped or archived": HttpResponse(
        "answered", 201, body=body(notice=PAUSED)
    ),
    "2xx with any other notice": HttpResponse("answered", 201, body=body(notice="New.")),
    "3xx": HttpResponse("answered", 302),
    "400": HttpResponse("answered", 400, body=body(message="Bad Request")),
    "401, 403": HttpResponse("answered", 401),
    "404": HttpResponse("answered", 404),
    "4xx that says that the campaign or Canvas does not exist, or is of another kind": HttpResponse(
        "answered", 400, body=body(message="Invalid Campaign ID")
    ),
    "408, 425": HttpResponse("answered", 425),
    "429": HttpResponse("answered", 429),
    "4xx that says that the target is paused or archived": HttpResponse(
        "answered", 400, body=body(message="The campaign is archived. Unarchive the campaign.")
    ),
    "4xx that names the key or its permissions": HttpResponse(
        "answered", 400, body=body(message="Invalid whitelisted IPs")
    ),
    "4xx that says that the `external_send_id` is queued already": HttpResponse(
        "answered", 400, body=body(message="The external reference has been queued.  Please retry")
    ),
    "any other 4xx": HttpResponse("answered", 422),
    "5xx with Braze's JSON": HttpResponse("answered", 500, body=body(message="Internal")),
    "5xx without": HttpResponse("answered", 502),
    "no connection": HttpResponse("not_connected"),
    "a connection that broke, or timed out": HttpResponse("interrupted"),
    "any status but 201 whose headers cannot be read": HttpResponse("interrupted", 503),
    "any other status": HttpResponse("answered", 600),
}


@pytest.mark.parametrize("row", rows("answer"), ids=lambda row: str(row[0]))
def test_every_answer_comes_to_what_the_page_says(row: list[str]) -> None:
    outcome = classify(ANSWERS[row[0]], 0)
    assert [outcome.kind, outcome.reason] == [*names(row[1]), *names(row[2])]


def test_every_reason_that_the_code_gives_is_on_the_page() -> None:
    code = (PROJECT / "src/handler/core/braze/outcome.py").read_text(encoding="utf-8")
    given = {str(Reason[name]) for name in re.findall(r"\bReason\.([A-Z_]+)", code)}
    assert given == {names(row[2])[0] for row in rows("answer")}
    assert len(rows("answer")) == len(ANSWERS)
