import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.braze.endpoints import TRACK
from handler.core.braze.outcome import HttpResponse, Kind, Outcome, classify

NOW = 1_795_000_000
PAUSED = "The Canvas is paused. Resume the Canvas to ensure trigger requests will take effect."
ARCHIVED = (
    "The Canvas is archived. Unarchive the Canvas to ensure trigger requests will take effect."
)


def answered(status: int, body: object, **headers: str) -> Outcome:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return classify(HttpResponse("answered", status, named, raw), NOW)


@pytest.mark.parametrize(
    "status,body",
    [
        (201, {"message": "success", "dispatch_id": "acf471119f7449d579e8089032003ded"}),
        (200, {"message": "success"}),
        (202, {"message": "queued"}),
        (201, {"dispatch_id": "abc", "status": "sent", "metadata": {}}),
    ],
)
def test_a_2xx_with_brazes_words_is_accepted_without_a_warning(status: int, body: object) -> None:
    outcome = answered(status, body)

    assert (outcome.kind, outcome.warnings) == ("accepted", ())


@pytest.mark.parametrize(
    "body,warnings",
    [
        (b'{"message": "succ', ("unreadable",)),
        (b"<html>", ("unreadable",)),
        (b"", ("unreadable",)),
        (b"\x1f\x8b\xff", ("unreadable",)),
        (b"[" * 100_000, ("unreadable",)),
        ({"message": "success", "errors": ["EMAIL_BAD_FORMAT"]}, ("errors",)),
        ({"message": "perhaps"}, ("message",)),
        ({}, ("message",)),
    ],
)
def test_a_2xx_stays_accepted_whatever_its_body(body: object, warnings: tuple[str, ...]) -> None:
    outcome = answered(201, body)

    assert (outcome.kind, outcome.warnings) == ("accepted", warnings)


@pytest.mark.parametrize("notice", [PAUSED, ARCHIVED])
def test_a_documented_notice_means_not_sent(notice: str) -> None:
    outcome = answered(201, {"message": "success", "dispatch_id": "d", "notice": notice})

    assert (outcome.kind, outcome.reason) == ("not_sent", "target_paused")


@pytest.mark.parametrize("notice", ["The Canvas is a draft.", ["x"], {"text": PAUSED}, 1])
def test_any_other_notice_is_held(notice: object) -> None:
    outcome = answered(201, {"message": "success", "notice": notice})

    assert (outcome.kind, outcome.reason) == ("held", "notice")


@pytest.mark.parametrize(
    "status,message,kind,reason",
    [
        (400, "No Recipients", "rejected", "rejected"),
        (413, "Request Entity Too Large", "rejected", "rejected"),
        (415, "Unsupported Media Type", "rejected", "rejected"),
        (405, "", "rejected", "rejected"),
        (422, "", "rejected", "rejected"),
        (401, "Unauthorized", "not_sent", "key_refused"),
        (403, "Access Denied", "not_sent", "key_refused"),
        (404, "Invalid URL", "not_sent", "configuration"),
        (404, "Unknown REST API Key", "not_sent", "key_refused"),
        (400, "Error authenticating credentials", "not_sent", "key_refused"),
        (400, "You do not have permission to access this resource", "not_sent", "key_refused"),
        (400, "Invalid whitelisted IPs", "not_sent", "key_refused"),
        (404, "Invalid whitelisted IPs", "not_sent", "key_refused"),
        (400, "Invalid Campaign ID", "not_sent", "configuration"),
        (400, "Invalid Recipients", "rejected", "rejected"),
        (408, "", "not_sent", "not_taken"),
        (429, "Rate Limited", "not_sent", "rate_limited"),
        (302, "", "not_sent", "configuration"),
        (500, "Internal Server Error", "not_sent", "server_error"),
        (503, "x", "not_sent", "server_error"),
        (400, "The campaign is paused. Resume the campaign", "not_sent", "target_paused"),
        (400, "The external reference has been queued.  Please", "accepted", "accepted"),
        (101, "", "unknown", "unexpected_status"),
        (700, "", "unknown", "unexpected_status"),
    ],
)
def test_each_status_has_one_meaning(status: int, message: str, kind: Kind, reason: str) -> None:
    outcome = answered(status, {"message": message})

    assert (outcome.kind, outcome.reason, outcome.status) == (kind, reason, status)


@pytest.mark.parametrize(
    "text",
    [
        "Invalid Campaign ID",
        "invalid campaign id",
        "Invalid Canvas ID",
        "Campaign does not exist",
        "Canvas does not exist",
        "The campaign is not a transactional campaign. Only transactional campaigns may use this",
        "campaign_id must be a string of the campaign api identifier",
        "canvas_id must be a string of the canvas api identifier",
    ],
)
def test_a_target_that_braze_does_not_know_waits_as_configuration(text: str) -> None:
    outcome = answered(400, {"message": text})

    assert (outcome.kind, outcome.reason, outcome.detail) == ("not_sent", "configuration", text)


@pytest.mark.parametrize(
    "text",
    [
        "No Recipients",
        "Invalid Campaign Identity",
        "recipients[0]: Invalid Campaign ID",
        "campaign",
    ],
)
def test_another_fault_of_a_request_is_not_taken_for_an_unknown_target(text: str) -> None:
    assert answered(400, {"message": text}).kind == "rejected"


PAGES = [
    b"<!DOCTYPE html><html>",
    b"\xef\xbb\xbf\r\n <html>",
    b'<?xml version="1.0"?>',
    b"<h1>",
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("status", [200, 202, 203, 206])
def test_a_page_with_a_200_is_unknown(status: int, page: bytes) -> None:
    outcome = answered(status, page)

    assert (outcome.kind, outcome.reason, outcome.status) == ("unknown", "page", status)


def test_what_says_that_it_is_html_is_a_page_unless_it_is_brazes_json() -> None:
    assert answered(200, b"", content_type="Text/HTML; charset=utf-8").reason == "page"
    assert answered(200, {"message": "success"}, content_type="text/html").kind == "accepted"


@pytest.mark.parametrize("page", PAGES)
def test_a_201_counts_whatever_its_body(page: bytes) -> None:
    outcome = answered(201, page, content_type="text/html")

    assert (outcome.kind, outcome.warnings) == ("accepted", ("unreadable",))


def test_a_201_whose_head_is_broken_is_accepted_with_a_warning() -> None:
    outcome = classify(HttpResponse("interrupted", 201, why="LineTooLong"), NOW)

    assert (outcome.kind, outcome.status, outcome.warnings) == ("accepted", 201, ("unreadable",))


@pytest.mark.parametrize("status", [101, 200, 202, 204, 302, 400, 401, 404, 408, 429, 500, 503])
def test_any_other_status_whose_head_is_broken_is_unknown(status: int) -> None:
    outcome = classify(HttpResponse("interrupted", status), NOW)

    assert (outcome.kind, outcome.reason, outcome.status) == ("unknown", "interrupted", status)


@pytest.mark.parametrize("body", [b"<html>502 Bad Gateway</html>", b"", b"{}", b'"x"'])
def test_a_5xx_without_brazes_json_is_unknown(body: bytes) -> None:
    assert answered(502, body).kind == "unknown"


def test_malformed_json_is_explained_under_error() -> None:
    outcome = answered(400, {"error": "Error while parsing request body."})

    assert outcome.detail == "Error while parsing request body."


@pytest.mark.parametrize(
    "headers,wait",
    [
        ({"x_ratelimit_reset": str(NOW + 600)}, 600),
        ({"x_ratelimit_reset": "600"}, 600),
        ({"x_ratelimit_retry_after": "17", "x_ratelimit_reset": "600"}, 17),
        ({"retry_after": "0.2"}, 1),
        ({"x_ratelimit_retry_after": "NaN", "x_ratelimit_reset": "600"}, 600),
        ({"x_ratelimit_reset": str(NOW - 1)}, None),
        ({"x_ratelimit_reset": str(NOW + 7_201)}, None),
        ({"x_ratelimit_reset": "7201"}, None),
        ({"x_ratelimit_reset": "0"}, None),
        ({"x_ratelimit_reset": "-5"}, None),
        ({"x_ratelimit_reset": "\u0661\u0662"}, None),
        ({"retry_after": "Wed, 18 Nov 2026 10:16:40 GMT"}, None),
        ({"retry_after": "Wed, 18 Nov 2026 11:16:40 GMT"}, 600),
        ({"retry_after": "Wednesday, 18-Nov-26 11:16:40 GMT"}, 600),
        ({"retry_after": "Wed Nov 18 11:16:40 2026"}, 600),
        ({"retry_after": "Thu, 31 Feb 2026 11:16:40 GMT"}, None),
        ({"retry_after": "Wed, 18 Nov 2026 11:16:40 +0100"}, None),
        ({"retry_after": "18 Nov 2026"}, None),
        ({"retry_after": "Wed, 18 Nov 2026 13:16:40 GMT"}, None),
        ({"retry_after": "Wed, 18 Nov 2026 11:16:40 GMT", "x_ratelimit_reset": "5"}, 600),
        ({"retry_after": "9" * 400}, None),
        ({}, None),
    ],
)
def test_a_rate_limit_says_when_to_come_back_unless_it_is_mad(
    headers: dict[str, str], wait: int | None
) -> None:
    assert answered(429, {"message": "Rate Limited"}, **headers).wait == wait


@pytest.mark.parametrize(
    "headers,wait",
    [
        ({"x_ratelimit_reset": "3000"}, None),
        ({"retry_after": "5", "x_ratelimit_reset": "3000"}, 5),
        ({"x_ratelimit_retry_after": "5"}, 5),
    ],
)
def test_a_failure_does_not_wait_for_the_reset_of_a_limit_that_was_not_reached(
    headers: dict[str, str], wait: int | None
) -> None:
    assert answered(503, {"message": "Service Unavailable"}, **headers).wait == wait


def test_what_never_left_is_not_sent_and_what_may_have_arrived_is_unknown() -> None:
    assert classify(HttpResponse("not_connected", why="dns"), NOW).kind == "not_sent"
    assert classify(HttpResponse("interrupted", why="timeout"), NOW).kind == "unknown"


@pytest.mark.parametrize("dispatch_id", ["a b", "x" * 65, 5, None, "<b>"])
def test_a_strange_dispatch_id_is_dropped(dispatch_id: object) -> None:
    assert answered(201, {"message": "success", "dispatch_id": dispatch_id}).dispatch_id is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
bodies = st.binary() | json_values.map(lambda value: json.dumps(value).encode())
named = st.dictionaries(
    st.sampled_from(["notice", "message", "errors", "error", "dispatch_id"]), json_values
)
answers = st.builds(
    HttpResponse,
    st.sampled_from(["not_connected", "interrupted", "answered"]),
    st.none() | st.integers(0, 999),
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-reset"]),
        st.text() | st.integers().map(str) | st.floats().map(str),
    ),
    bodies | named.map(lambda value: json.dumps(value).encode()),
)


@given(answers)
def test_every_answer_has_an_outcome(answer: HttpResponse) -> None:
    outcome = classify(answer, NOW)

    assert outcome.wait is None or 1 <= outcome.wait <= 7_200
    if answer.reached == "answered" and answer.status is not None and answer.status // 100 == 2:
        known = outcome.kind in ("accepted", "held")
        assert known or outcome.reason in ("target_paused", "page")


def test_a_refusal_that_is_cut_short_may_say_that_it_was_taken_before() -> None:
    whole = HttpResponse("answered", 400, {}, b'{"message": "no"}')

    assert classify(whole, 0).kind == "rejected"
    assert classify(replace(whole, body=b'{"mess', cut=True), 0).kind == "not_sent"


def test_an_object_with_two_errors_is_refused_for_both_and_no_place_for_any() -> None:
    places = [("events", 0), ("events", 1), ("events", 0), ("purchases", 0), ("events", "1")]
    errors: list[Any] = [
        {"type": f"E{at}", "input_array": array, "index": index}
        for at, (array, index) in enumerate(places)
    ]
    body = json.dumps({"message": "success", "errors": [*errors, {"type": "E"}, "text", None]})
    answer = HttpResponse("answered", 201, body=body.encode())
    found = classify(answer, 0, TRACK.refusing)
    assert found.kind == "accepted"
    assert found.refused == {("events", 0): "E0; E2", ("events", 1): "E1"}
