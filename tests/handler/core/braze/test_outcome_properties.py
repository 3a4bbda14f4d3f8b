"""Every answer at all has one outcome, and what it means for sending again is never mistaken."""

import json
import re
from dataclasses import replace
from itertools import product
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from handler.core.braze.outcome import HttpResponse, Kind, Outcome, Reached, classify

NOW = 1_795_000_000
PAUSED = "The Canvas is paused. Resume the Canvas to ensure trigger requests will take effect."
QUEUED = "The external reference has been queued.  Please retry to obtain send_id."
UNKNOWN_ID = "Invalid Campaign ID"
# Which reasons each kind has, and no others.
REASONS = {
    "accepted": {"accepted"},
    "held": {"notice"},
    "rejected": {"rejected"},
    "unknown": {"interrupted", "page", "server_error", "unexpected_status"},
    "not_sent": {
        *("unreachable", "target_paused", "configuration", "key_refused", "not_taken"),
        *("rate_limited", "server_error"),
    },
}
# What may come of an answer of each class.
BY_CLASS = {
    2: {"accepted", "held", "not_sent", "unknown"},
    3: {"not_sent"},
    4: {"accepted", "not_sent", "rejected"},
    5: {"not_sent", "unknown"},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
WORDS = st.sampled_from(
    [
        PAUSED,
        QUEUED,
        UNKNOWN_ID,
        "success",
        "queued",
        "Rate Limited",
        "Invalid whitelisted IPs",
        " ",
        "",
        "x",
    ]
)
NAMED = st.dictionaries(
    st.sampled_from(["notice", "message", "errors", "error", "dispatch_id", "status"]),
    WORDS | JSON,
    max_size=4,
)
ODD = [
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"NaN",
    b"1e999",
    b"{}{}",
    b"[" * 100_000,
    b'{"errors":' + b"[" * 990 + b"]" * 990 + b"}",
    b'{"notice":' + b'{"a":' * 990 + b"1" + b"}" * 991,
    b'{"message": ' + b"9" * 5_000 + b"}",
    b'{"message": "\\ud800"}',
    "{}".encode("utf-16"),
    b"\xef\xbb\xbf{}",
    b"\xff\xfe\x00",
    b'{"message": "success", "message": null}',
]
BODIES = st.one_of(
    st.binary(max_size=200),
    (NAMED | JSON).map(lambda it: json.dumps(it).encode()),
    NAMED.map(lambda it: json.dumps(it).encode()[:-1]),
    st.sampled_from(ODD),
)
HEADERS = st.dictionaries(
    st.sampled_from(["retry-after", "x-ratelimit-retry-after", "x-ratelimit-reset", "date", ""]),
    st.text(max_size=20)
    | st.integers().map(str)
    | st.floats().map(str)
    | st.integers(NOW - 100, NOW + 10_000).map(str),
)
STATUSES = st.none() | st.integers(-1, 1_000) | st.sampled_from([200, 201, 400, 404, 429, 502])
ANSWERS = st.builds(
    HttpResponse,
    st.sampled_from(get_args(Reached)),
    STATUSES,
    HEADERS,
    BODIES,
    cut=st.booleans(),
    why=st.text(max_size=10),
)


def class_of(answer: HttpResponse) -> int | None:
    """Return the class of the status, where there was an answer at all."""
    known = answer.reached == "answered" and answer.status is not None
    return answer.status // 100 if known and answer.status is not None else None


def check(answer: HttpResponse, outcome: Outcome) -> None:
    assert outcome.kind in get_args(Kind)
    assert outcome.reason in REASONS[outcome.kind]
    assert outcome.wait is None or 1 <= outcome.wait <= 7_200
    assert outcome.wait is None or class_of(answer) in (4, 5)
    assert set(outcome.warnings) <= {"unreadable", "errors", "message", "repeated"}
    assert re.fullmatch(r"[0-9A-Za-z_-]{1,64}", outcome.dispatch_id or "-")
    assert isinstance(outcome.detail, str)


@given(answer=ANSWERS, now=st.integers(0, 2**33) | st.floats(0, 2**33))
def test_every_answer_has_one_outcome_of_the_closed_set(answer: HttpResponse, now: float) -> None:
    outcome = classify(answer, now)

    check(answer, outcome)
    assert classify(answer, now) == outcome


@given(answer=ANSWERS)
def test_how_far_it_got_and_its_class_bound_what_may_come_of_it(answer: HttpResponse) -> None:
    kind = classify(answer, NOW).kind

    if answer.reached == "not_connected":
        assert kind == "not_sent"
    elif class_of(answer) is None:
        whole_201 = answer.reached == "interrupted" and answer.status == 201
        assert kind == ("accepted" if whole_201 else "unknown")
    else:
        assert kind in BY_CLASS.get(class_of(answer) or 0, {"unknown"})


@given(answer=ANSWERS)
def test_a_2xx_is_sent_again_only_where_a_notice_says_that_nothing_was_sent(
    answer: HttpResponse,
) -> None:
    outcome = classify(answer, NOW)

    if class_of(answer) == 2 and outcome.kind not in ("accepted", "held"):
        assert outcome.reason == "page" or json.loads(answer.body)["notice"]
        assert outcome.reason in ("page", "target_paused")


@given(answer=ANSWERS)
def test_a_whole_201_is_never_unknown(answer: HttpResponse) -> None:
    whole = replace(answer, reached="interrupted", status=201)
    assert classify(whole, NOW).kind == "accepted"
    assert classify(replace(whole, reached="answered"), NOW).kind != "unknown"


@given(answer=ANSWERS)
def test_what_is_no_2xx_is_accepted_only_where_it_says_that_it_was_sent_before(
    answer: HttpResponse,
) -> None:
    outcome = classify(answer, NOW)

    if outcome.kind == "accepted" and class_of(answer) != 2 and answer.status != 201:
        assert (class_of(answer), outcome.warnings) == (4, ("repeated",))
        assert b"The external reference has been queued" in answer.body


@given(answer=ANSWERS, headers=HEADERS)
def test_headers_change_how_long_to_wait_and_nothing_else(
    answer: HttpResponse, headers: dict[str, str]
) -> None:
    other = replace(answer, headers=headers)

    first, second = (replace(classify(it, NOW), wait=None) for it in (answer, other))
    assert first == second


def test_every_status_with_every_odd_body_has_an_outcome() -> None:
    bodies = [*ODD, json.dumps({"message": PAUSED, "notice": PAUSED}).encode()]
    for status, body in product(range(-1, 1_001), bodies):
        answer = HttpResponse("answered", status, body=body)
        outcome = classify(answer, NOW)
        check(answer, outcome)
        assert outcome.status == status
        assert outcome.kind in BY_CLASS.get(status // 100, {"unknown"}), (status, body[:20])
