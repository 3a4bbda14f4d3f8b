"""Text that says nothing, and what other systems make of a missing id."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.expressions.blanks import is_blank, names_nothing
from handler.core.expressions.expression import search
from tests.handler.core.one_rule import planned, recipient_of, why_parked

INVISIBLE = {
    "a zero-width space": "\u200b",
    "a zero-width joiner": "\u200d",
    "a mark of direction": "\u202e\u2066",
    "a word joiner": "\u2060",
    "a byte order mark": "\ufeff",
    "a soft hyphen": "\u00ad",
    "a no-break space": "\u00a0\u202f",
    "an ideographic space": "\u3000",
    "Hangul fillers": "\u3164\u115f\u1160\uffa0",
    "Braille's blank": "\u2800",
    "variation selectors": "\ufe0f\U000e0101",
    "tags": "\U000e0067\U000e007f",
    "vowels that are not shown": "\u17b4\u17b5",
    "Mongolian selectors": "\u180b\u180e\u180f",
    "marks without a letter": "\u0301\u20dd\ufe20",
    "control characters": "\x00\x1f\x7f\x9f",
    "annotations": "\ufff9\ufffb",
    "what is reserved for the like": "\U000e0fff\ufff0",
    "several of these": " \u200b\u3164\t",
}
NIL_UUID = "00000000-0000-0000-0000-000000000000"
NOTHING = ["0", "null", "none", "undefined", "nan", "nil", "<nil>", "<null>", "(null)",
           "[object Object]", NIL_UUID]  # fmt: skip
ID = {"external_user_id": "${body.user}"}
SHOWN = ["a", "é", "\u092e\u093e", "\u05d0\u05b0", "\u263a\ufe0f", "一", "-", "0\u20e3", "\ufffd"]


@pytest.mark.parametrize("text", INVISIBLE.values(), ids=list(INVISIBLE))
def test_text_without_a_visible_character_is_nobody(text: str) -> None:
    assert is_blank(text)
    assert "it is missing" in why_parked(planned({"user": text}, ID))
    alias = {"user_alias": {"alias_name": "${body.user}", "alias_label": "shop"}}
    assert "user_alias.alias_name: it is missing" in why_parked(planned({"user": text}, alias))


@pytest.mark.parametrize("text", INVISIBLE.values(), ids=list(INVISIBLE))
def test_no_guest_is_made_of_text_without_a_visible_character(text: str) -> None:
    guest = "${concat('guest-', sha256(lower(body.email)))}"
    made = planned({"email": text}, {"external_user_id": guest})
    assert "it is missing" in why_parked(made)


@pytest.mark.parametrize("text", ["\u200b", "\x00", "\ufeff"])
def test_it_is_sent_as_it_is_where_nobody_is_named(text: str) -> None:
    made = planned(
        {"name": text}, {"external_user_id": "u", "trigger_properties": {"x": "${body.name}"}}
    )
    assert recipient_of(made)["trigger_properties"] == {"x": text}


@pytest.mark.parametrize("text", SHOWN)
def test_text_with_a_visible_character_is_none_of_these(text: str) -> None:
    for spelt in (text, f"\u200b{text}\u200b"):
        assert not is_blank(spelt)
        assert recipient_of(planned({"user": spelt}, ID)) == {"external_user_id": spelt}


@pytest.mark.parametrize("name", NOTHING)
@pytest.mark.parametrize("spell", [str, str.upper, str.title, str.swapcase, " {}\n".format,
                                   "\ufeff{}\u200b".format])  # fmt: skip
def test_a_name_of_nothing_in_any_case_is_nobody(name: str, spell: object) -> None:
    text = spell(name)  # type: ignore[operator]  # each makes text of text
    assert "it is missing" in why_parked(planned({"user": text}, ID))
    label = {"user_alias": {"alias_name": "${id}", "alias_label": "${body.user}"}}
    assert "user_alias.alias_label: it is missing" in why_parked(planned({"user": text}, label))
    part = {"external_user_id": "woo-${body.user}"}
    assert "a part of it is missing" in why_parked(planned({"user": text}, part))
    assert search("concat('guest-', sha256(@))", text) is None


@pytest.mark.parametrize("text", ["nullo", "Nilsson", "00", "0.0", "N", "[object]", "nan a", "no",
                                  NIL_UUID[:-1] + "1", "true-1"])  # fmt: skip
def test_a_name_that_only_looks_like_nothing_is_somebody(text: str) -> None:
    assert recipient_of(planned({"user": text}, ID)) == {"external_user_id": text}


@pytest.mark.parametrize("value", [False, True, "false", "True", " FALSE "])
def test_a_boolean_is_nobody_and_a_part_of_an_identifier_like_any_other(value: object) -> None:
    written = {"external_user_id": "${coalesce(text(body.user), body.email)}"}
    assert "it is missing" in why_parked(planned({"user": value, "email": "a@b.example"}, written))
    part = planned({"user": "u", "flag": value}, {"external_user_id": "${body.user}-${body.flag}"})
    assert recipient_of(part)["external_user_id"].lower().startswith("u-")


def test_a_name_of_nothing_is_text_like_any_other_where_nobody_is_named() -> None:
    properties = {"size": "${body.size}", "left": "${body.left}"}
    made = planned(
        {"size": "none", "left": "0"}, {"external_user_id": "u", "trigger_properties": properties}
    )
    assert recipient_of(made)["trigger_properties"] == {"size": "none", "left": "0"}
    kept = planned({"n": 0}, {"external_user_id": "u"}, once="${body.n}")
    assert recipient_of(kept) == {"external_user_id": "u"}


def test_all_that_python_calls_blank_is_blank() -> None:
    for char in map(chr, range(sys.maxunicode + 1)):
        if char.isspace() or unicodedata.category(char) in ("Cc", "Zs", "Zl", "Zp"):
            assert is_blank(char)


@given(st.text())
def test_letters_digits_and_signs_are_never_blank(text: str) -> None:
    shown = any(unicodedata.category(char)[0] in "LNPS" for char in text)
    fillers = set("\u115f\u1160\u3164\uffa0\u2800")
    if shown and not fillers & set(text):
        assert not is_blank(text)


def test_a_long_run_of_invisible_characters_is_read_in_one_pass() -> None:
    assert not names_nothing("\u200b" * 200_000 + "x")
    assert not names_nothing("\u200b" * 200_000 + "null" + "\u200b" * 200_000 + "x")
