"""One number is one id, however its sender has written it."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.errors import Malformed
from handler.core.expressions.expression import search
from handler.core.expressions.scalars import integral, written
from handler.core.planning.json_body import read
from tests.handler.core.one_rule import only, planned, recipient_of, why_parked

ID = {"external_user_id": "${body.user}"}
# How encoders write one number, and the text that it is as an id.
SPELLINGS = [
    (["7", "7.0", "7e0", "0.7E1", "70e-1", "7.000"], "7"),
    (["-3", "-3.0", "-3e0"], "-3"),
    (["1000000000000000000", "1e18", "1000000000000000000.0"], "1000000000000000000"),
    (["9007199254740993", "9007199254740993.0", "9007199254740993e0"], "9007199254740993"),
    (["4611686018427387904", "4611686018427387904.0"], "4611686018427387904"),
    (["4611686018427388000", "4.611686018427388e18"], "4611686018427388000"),
    (["-9223372036854775808", "-9223372036854775808.0"], "-9223372036854775808"),
    (["1e22", "10000000000000000000000.0"], "10000000000000000000000"),
    (["1e23"], "100000000000000000000000"),
]
ONE = [(spelt, text) for spellings, text in SPELLINGS for spelt in spellings]


def body(number: str) -> str:
    return f'{{"type": "t", "id": {number}, "user": {number}, "table": {number}}}'


@pytest.mark.parametrize("number, text", ONE)
def test_every_spelling_of_a_number_is_one_id_one_once_and_one_person(
    number: str, text: str
) -> None:
    once = planned(body(number), ID, once="${body.user}-paid")
    assert recipient_of(once) == {"external_user_id": text}
    assert only(once).event_id == text
    same = planned(
        json.dumps({"type": "t", "id": text, "user": text}), ID, once="${body.user}-paid"
    )
    assert only(once).id == only(same).id
    by_event = planned(body(number), ID)
    assert only(by_event).id == only(planned(body(f'"{text}"'), ID)).id


@pytest.mark.parametrize("number, text", ONE)
def test_every_spelling_of_a_number_is_one_text(number: str, text: str) -> None:
    document = read(f'{{"n": {number}, "t": {{"{text}": "found"}}}}'.encode()).value
    assert search("text(n)", document) == text
    assert search("concat('n-', text(n))", document) == f"n-{text}"
    assert search("lookup(t, n)", document) == "found"
    assert search("to_string([n])", document) == f"[{text}]"


def test_a_number_with_a_point_is_the_same_name_in_an_alias() -> None:
    alias = {"user_alias": {"alias_name": "${body.user}", "alias_label": "${body.shop}"}}
    made = planned({"user": 7.0, "shop": 1.0}, alias)
    assert recipient_of(made) == {"user_alias": {"alias_name": "7", "alias_label": "1"}}


def test_two_whole_numbers_that_one_float_would_hold_stay_two_people() -> None:
    made = [recipient_of(planned(body(f"{it}.0"), ID)) for it in (2**53, 2**53 + 1)]
    assert made == [{"external_user_id": str(it)} for it in (2**53, 2**53 + 1)]


@pytest.mark.parametrize("number", ["0", "0.0", "-0.0", "0e0", "-0"])
def test_zero_is_nobody_however_it_is_written(number: str) -> None:
    coalesced = "${coalesce(text(body.user), concat('guest-', sha256(body.type)))}"
    for template in ("${body.user}", "woo-${body.user}", coalesced):
        made = planned(body(number), {"external_user_id": template})
        assert "without it nobody can be reached" in why_parked(made)


@pytest.mark.parametrize("number", ["1.5", "0.1", "-2.25"])
def test_a_broken_number_is_no_identifier_and_its_own_text(number: str) -> None:
    assert "text or a whole number" in why_parked(planned(body(number), ID))
    assert search("text(@)", json.loads(number)) == number


@pytest.mark.parametrize(
    "number, text", [(0.00001, "0.00001"), (1e-7, "0.0000001"), (1.25e-5, "0.0000125")]
)
def test_a_small_number_is_written_without_an_exponent(number: float, text: str) -> None:
    assert search("text(@)", number) == text
    assert (
        only(planned({"n": number}, {"external_user_id": "u"}, once="${body.n}")).id
        == only(planned({"n": text}, {"external_user_id": "u"}, once="${body.n}")).id
    )


def test_text_is_taken_as_it_is() -> None:
    for text in ("7.0", "07", "7e0", "1e22", "0.0", " 7"):
        assert recipient_of(planned({"user": text}, ID)) == {"external_user_id": text}


@pytest.mark.parametrize(
    "number",
    [
        *("9223372036854775808.0", "9223372036854775809.0", "9223372036854775809e0"),
        *("10000000000000000000001.0", "-9223372036854775809.0", "99999999999999999999999.00"),
        *("4503599627370496.0000001", "-4503599627370497.4999", "12345678901234567890.5"),
    ],
)
def test_a_number_that_a_float_would_make_another_is_malformed(number: str) -> None:
    made = planned(body(number), ID)
    assert made.deliveries == ()
    assert made.parked[0].reason == "malformed"
    assert search("to_number(@)", number) is None


@pytest.mark.parametrize(
    "number", ["1.0000000000000000001", "99.999999999999999999999", "-7.00000000000000000001"]
)
def test_a_number_that_is_not_whole_is_no_whole_identifier(number: str) -> None:
    assert "text or a whole number" in why_parked(planned(body(number), ID))
    whole = str(round(float(number)))
    assert search("text(n)", read(f'{{"n": {number}}}'.encode()).value) != whole
    assert search("text(to_number(@))", number) != whole


@given(st.integers(-(10**26), 10**26), st.sampled_from(["", "0", "5", "00000000000000000001"]))
def test_a_number_is_read_as_itself_or_not_at_all(whole: int, behind: str) -> None:
    number = f"{whole}.{behind}" if behind else f"{whole}e0"
    try:
        text = written(read(number.encode()).value)  # type: ignore[arg-type] # a number
    except Malformed:
        return
    assert (Decimal(text) == Decimal(number)) or "." in text


@pytest.mark.parametrize("number", ["1e-400", "-1e-99999999999999999999", "0e99999999999999999999"])
def test_a_number_too_small_for_a_float_is_nobody_and_loses_no_event(number: str) -> None:
    assert "without it nobody can be reached" in why_parked(planned(body(number), ID))
    made = planned(f'{{"type": "t", "id": 1, "user": "u", "total": {number}}}', ID)
    assert recipient_of(made) == {"external_user_id": "u"}


@pytest.mark.parametrize("number", ["1e400", "9223372036854775808", "-9223372036854775809"])
def test_a_number_that_nobody_can_hold_is_malformed(number: str) -> None:
    (parked,) = planned(body(number), ID).parked
    assert parked.reason == "malformed"


def test_what_adds_up_to_no_number_is_no_text() -> None:
    assert search("text(sum(@))", [1e308, 1e308]) is None


def test_only_text_changes_and_a_number_is_sent_as_it_came() -> None:
    made = planned(
        {"price": 10.0}, {"external_user_id": "u", "trigger_properties": {"p": "${body.price}"}}
    )
    assert json.dumps(recipient_of(made)["trigger_properties"]) == '{"p": 10.0}'


NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)


@given(NUMBERS)
def test_the_text_of_a_number_is_the_number(number: float) -> None:
    text = written(number)
    assert Decimal(text) == Decimal(repr(number))
    assert "e" not in text
    assert text.lstrip("-").split(".")[0] in (text.lstrip("-").split(".")[0].lstrip("0"), "0")


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 3))
def test_an_integer_is_one_text_with_any_number_of_zeros_behind_a_point(
    number: int, zeros: int
) -> None:
    spelt = f"{number}.0{'0' * zeros}".encode()
    found: Any = read(spelt).value
    assert written(found) == str(number)
    assert json.dumps(integral([found])) == f"[{number}]"
