"""phone(): the number that a text surely is, in E.164, or null."""

import json
import re
import sys
from subprocess import run
from typing import Any

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from handler.core.errors import ExpressionError, RulesError
from handler.core.expressions.expression import compile_expression
from handler.core.expressions.phone_numbers import COUNTRIES
from handler.core.rules.load import load
from relay.paths import SOURCE

CALL = compile_expression("phone(number, country)")
TYPES = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
EXAMPLES = [
    (region, kind)
    for region in sorted(COUNTRIES)
    for kind in TYPES
    if phonenumbers.example_number_for_type(region, kind)
]
RULES = """\
verify: {preset: shopify}
vars: {dev: {home: %s}}
rules:
  - name: hello
    type: customers/create
    once: ${body.id}
    send:
      campaign_id: c
      recipients:
        - external_user_id: ${body.id}
          attributes: {phone: "${%s}"}
"""


def phone(number: Any, country: Any = None) -> Any:
    return CALL.search({"number": number, "country": country})


@pytest.mark.parametrize(
    "number, country, e164",
    [
        ("0151 23456789", "DE", "+4915123456789"),
        ("(0151) 2345-6789", "de", "+4915123456789"),
        ("030/1234567", " DE ", "+49301234567"),
        ("+49 (0) 151 23456789", "DE", "+4915123456789"),
        ("0049 151 23456789", "DE", "+4915123456789"),
        ("011 49 151 23456789", "US", "+4915123456789"),
        ("(202) 555-0143", "US", "+12025550143"),
        ("1 202 555 0143", "US", "+12025550143"),
        ("4155552671", "US", "+14155552671"),
        ("06 1234 5678", "IT", "+390612345678"),
        ("8 (912) 345-67-89", "RU", "+79123456789"),
        ("07911 123456", "GB", "+447911123456"),
        ("\uff10\uff11\uff15\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19", "DE",
         "+4915123456789"),
        ("\u202a+49\u00a0151\u00a023456789\u202c", None, "+4915123456789"),
        (17_612_345_678, "DE", "+4917612345678"),
        ("30 1234567", "DE", "+49301234567"),
        ("417 555 1234", "US", "+14175551234"),
        ("34 98765-4321", "BR", "+5534987654321"),
        (2_025_550_143.0, "US", "+12025550143"),
    ],
)  # fmt: skip
def test_a_number_is_what_its_country_dials(number: Any, country: Any, e164: str) -> None:
    assert phone(number, country) == e164


@pytest.mark.parametrize(
    "number, country",
    [
        *(("43 664 1234567", "DE"), ("41 79 123 45 67", "DE"), ("33612345678", "DE")),
        *(("15123456789", "DE"), (15_123_456_789, "DE"), ("(43) 664 1234567", "DE")),
        *(("49 30 123456", "AT"), ("\uff14\uff13 664 1234567", "DE")),
    ],
)
def test_a_number_without_its_prefix_that_is_anothers_with_a_plus_is_null(
    number: Any, country: str
) -> None:
    assert phone(number, country) is None


@settings(deadline=None)  # a country's plan is loaded when it is first asked for
@given(st.sampled_from(EXAMPLES), st.sampled_from(["DE", "AT", "CH", "GB", "FR", "NL"]))
def test_an_international_number_less_its_plus_is_never_a_number_of_the_country(
    example: tuple[str, Any], country: str
) -> None:
    number: Any = phonenumbers.example_number_for_type(*example)
    digits = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if country != phonenumbers.region_code_for_number(number):
        assert phone(digits[1:], country) in (None, digits)


@pytest.mark.parametrize("country", ["DE", "US", "", None, "Germany", "UK", "XX", "deu", "049"])
def test_a_number_with_a_plus_needs_no_country(country: Any) -> None:
    assert phone("+49 151 23456789", country) == "+4915123456789"


@pytest.mark.parametrize("country", ["", None, "Germany", "UK", "XX", "deu", "049", "001"])
def test_without_a_country_only_a_plus_says_which_number_it_is(country: Any) -> None:
    assert phone("0151 23456789", country) is None
    assert phone("2025550143", country) is None


@pytest.mark.parametrize(
    "number, country",
    [
        ("030 1", "DE"),
        ("110", "DE"),
        ("555-1234", "US"),
        ("+1 555 555 0100", None),
        ("0049 151 23456789", "US"),
        ("+49 151 23456789 123456", None),
        ("0" * 300, "DE"),
        ("", "DE"),
        ("n/a", "DE"),
        ("+", None),
        (1.5, "US"),
        (10**400, "US"),
        (-2_025_550_143, "US"),
    ],
)
def test_what_nobody_can_be_reached_by_is_null(number: Any, country: Any) -> None:
    assert phone(number, country) is None


@pytest.mark.parametrize(
    "number", ["tel:+4915123456789", "TEL: +49-151-23456789", "tel:0151-23456789"]
)
def test_the_scheme_of_a_link_is_no_part_of_its_number(number: str) -> None:
    assert phone(number, "DE") == "+4915123456789"


@pytest.mark.parametrize(
    "number, country",
    [
        ("1-800-FLOWERS", "US"),
        ("0151-abcdefgh", "DE"),
        ("call me 0151 23456789", "DE"),
        ("0151 23456789 (work)", "DE"),
        ("tel:tel:+4915123456789", "DE"),
        ("tel:+4915123456789;ext=12", "DE"),
        ("tel:0151-23456789;phone-context=+49", "DE"),
        ("tel:+49%20151%2023456789", "DE"),
        ("tel:", "DE"),
        ("202 555 0143 ext. 12", "US"),
        ("202 555 0143 x12", "US"),
        ("202 555 0143 #12", "US"),
        ("+49 30 1234567;ext=5", None),
    ],
)
def test_letters_are_not_dialled_and_an_extension_is_not_cut_off(number: str, country: str) -> None:
    assert phone(number, country) is None


@pytest.mark.parametrize(
    "number", ["030 1234 / 040 5678", "030 1234, 040 5678", "030 1234\n0405678", "0301234 +495678"]
)
def test_two_numbers_are_none(number: str) -> None:
    assert phone(number, "DE") is None


@pytest.mark.parametrize(
    "number, country",
    [
        ("49 151 23456789", "DE"),
        ("4915123456789", "DE"),
        ("62812345678", "ID"),
        ("468123456", "SE"),
    ],
)
def test_a_number_that_is_another_with_its_countrys_code_is_null(number: str, country: str) -> None:
    assert phonenumbers.is_valid_number(phonenumbers.parse(number, country))
    assert phone(number, country) is None


@pytest.mark.parametrize("kind", TYPES)
def test_every_countrys_numbers_are_read_as_they_are_written_there(kind: int) -> None:
    regions = [region for region, one in EXAMPLES if one == kind]
    assert regions
    for region in regions:
        number: Any = phonenumbers.example_number_for_type(region, kind)
        e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        for form in (PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL):
            assert phone(phonenumbers.format_number(number, form), region) == e164, region
        assert phone(e164, None) == e164, region
        # What a sender has lost the plus of is that number or none, and never another.
        assert phone(e164[1:], region) in (e164, None), region


@given(
    st.text() | st.text("0123456789+-()/., x#\u0660\uff0b\u200e", max_size=30),
    st.sampled_from([*sorted(COUNTRIES), "", "Germany", None]),
)
def test_any_text_gives_a_valid_number_or_null(text: str, country: str | None) -> None:
    found = phone(text, country)

    if found is not None:
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", found)
        assert phonenumbers.is_valid_number(phonenumbers.parse(found))
        assert phone(found, None) == found


@pytest.mark.parametrize("country", ["Germany", "UK", "deu", "49", "XX", ""])
def test_a_country_that_is_none_is_a_mistake_of_the_file(country: str) -> None:
    words = "phone() takes a country's two letters of ISO 3166-1, such as 'DE', 'US' or 'GB',"
    with pytest.raises(ExpressionError, match=re.escape(words)):
        compile_expression(f"phone(body.phone, '{country}')")
    with pytest.raises(RulesError, match=r"vars\.home: " + re.escape(words)) as raised:
        load("s", RULES % (json.dumps(country), "phone(body.phone, vars.home)"), "s.yaml", "dev")
    assert str(raised.value).startswith("s.yaml:11:")


def test_the_country_of_a_shop_may_be_one_of_its_vars() -> None:
    assert load("s", RULES % ("de", "phone(body.phone, vars.home)"), "s.yaml", "dev").rules


def test_a_currency_of_vars_is_checked_as_one_that_is_written() -> None:
    text = RULES % ("euros", "money(body.total, vars.home)")
    with pytest.raises(RulesError, match=r"vars\.home: money\(\) takes a currency's three letters"):
        load("s", text, "s.yaml", "dev")


@pytest.mark.parametrize(
    "expression, is_loaded",
    [("body.phone", False), ("phone(body.phone, body.country)", True)],
)
def test_only_a_rule_that_calls_phone_loads_the_numbering_plans(
    expression: str, *, is_loaded: bool
) -> None:
    text = RULES % ("DE", expression)
    code = f"""
import sys
import handler.ingest
from handler.core.models import Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load
body = b'{{"id": 1, "phone": "+49 151 23456789", "country": "DE"}}'
webhook = Webhook("s", "POST", {{"x-shopify-topic": "customers/create"}}, "", body, 1)
(made,) = plan(Verified(webhook), load("s", {text!r}, "s.yaml", "dev")).deliveries
print(made.recipient["attributes"]["phone"], "phonenumbers" in sys.modules)
"""
    said = run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(SOURCE), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert said == ("+4915123456789 True" if is_loaded else "+49 151 23456789 False")
