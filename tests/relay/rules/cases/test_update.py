"""`relay rules test --update`: expectations that are written, and nothing else."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handler.core.configuration.yaml12 import load
from relay.rules.yaml_text import written
from tests.relay.rules.desk import EXPECT, RULES, WEBHOOK, Desk

OLD = "expect:  # what comes\n  deliveries: []  # nothing\n"


def test_what_came_is_shown_and_written(desk: Desk) -> None:
    file = desk.write_case(WEBHOOK)
    result = desk.test("--update")
    assert result.exit_code == 0
    assert "+deliveries:" in result.stdout
    assert result.stdout.endswith("1 case was written: 1 of 1 case is good now\n")
    assert file.read_text(encoding="utf-8") == WEBHOOK + EXPECT
    assert desk.test().exit_code == 0


@pytest.mark.parametrize(
    "before, after",
    [
        (f"# An order.\n{WEBHOOK}\n{OLD}", f"# An order.\n{WEBHOOK}\n{EXPECT}"),
        (f"{OLD}\n# Sent by the shop.\n{WEBHOOK}", f"{EXPECT}\n# Sent by the shop.\n{WEBHOOK}"),
        (f"{WEBHOOK}expect: {{}}", f"{WEBHOOK}{EXPECT}"),
    ],
)
def test_the_rest_of_the_file_stays_as_it_was(desk: Desk, before: str, after: str) -> None:
    file = desk.write_case(before)
    assert desk.test("--update").exit_code == 0
    assert file.read_text(encoding="utf-8") == after
    assert desk.test().exit_code == 0


def test_a_good_case_is_not_touched(desk: Desk) -> None:
    text = (WEBHOOK + EXPECT).replace("'9'", '"9"   # as text')
    file = desk.write_case(text)
    desk.test("--update")
    assert file.read_text(encoding="utf-8") == text


def test_without_the_option_nothing_is_written(desk: Desk) -> None:
    file = desk.write_case(WEBHOOK)
    result = desk.test()
    assert result.exit_code == 1
    assert f"{file}: expect is missing; --update writes what comes of it" in result.stdout
    assert file.read_text(encoding="utf-8") == WEBHOOK


def test_a_file_that_cannot_be_updated_stays_as_it_is(desk: Desk) -> None:
    text = "{webhook: {body: {id: 1}, headers: {x-shopify-topic: a}}, expect: {unmatched: {a: b}}}"
    file = desk.write_case(text)
    result = desk.test("--update")
    assert result.exit_code == 1
    assert "this case cannot be updated; write expect by hand" in result.stderr
    assert file.read_text(encoding="utf-8") == text


def test_an_expectation_is_added_to_a_file_without_a_last_newline(desk: Desk) -> None:
    file = desk.write_case(WEBHOOK.rstrip())
    assert desk.test("--update").exit_code == 0
    assert file.read_text(encoding="utf-8") == WEBHOOK + EXPECT


def test_of_rules_that_do_not_want_the_event_those_of_its_type_are_written(desk: Desk) -> None:
    send = "{campaign_id: c, recipients: [{external_user_id: '${body.id}'}]}"
    more = f"  - {{name: b, type: x, send: {send}}}\n"
    desk.write_rules(RULES + more)
    file = desk.write_case(WEBHOOK.replace("id: 7", "id: 7, test: true"))
    desk.test("--update")
    expected = "expect:\n  unmatched:\n    confirm: body.test is true\n"
    assert file.read_text(encoding="utf-8").endswith(expected)


def test_what_is_asked_for_is_kept(desk: Desk) -> None:
    file = desk.write_case(WEBHOOK + EXPECT.replace("      path:", "      id: abc\n      path:"))
    desk.test("--update")
    lines = file.read_text(encoding="utf-8").splitlines()
    (line,) = (line for line in lines if line.startswith("      id: "))
    assert len(line.split()[1].strip("'")) == 64


TEXTS = st.text() | st.from_regex(r"[-+]?[0-9.oxXeE_:~]{1,6}|null|yes|on|=|<<", fullmatch=True)


@given(TEXTS)
@example("1e3")
@example("0o17")
@example("\x85")
@example("a\u2028b")
def test_every_text_is_read_back_as_it_was_written(text: str) -> None:
    assert load(written({"expect": [text]}), "a.yaml").value == {"expect": [text]}


@given(st.integers(-(10**16), 10**16) | st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_read_back_as_it_was_written(number: float) -> None:
    assert load(written({"expect": [number]}), "a.yaml").value == {"expect": [number]}
