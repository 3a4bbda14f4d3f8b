"""plain(): what strangers type is one line that no mail client and no template takes for more."""

import re
from hashlib import sha256
from html import unescape
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.core.expressions.plain_text import plain

# Code points that have or may have a character: of Unicode's planes 0 to 3 and 14, the last, and of
# each long run of one kind (ideographs, Korean, private ones) some.
RUNS = (
    *(range(0x3500, 0xA000), range(0xAC80, 0xD780), range(0xE080, 0xF880), range(0x17100, 0x18C00)),
    *(range(0x20080, 0x2A600), range(0x2A800, 0x2F700), range(0x2FB00, 0x34000)),
)
FAR = {at for run in RUNS for at in run} - {at for run in RUNS for at in run[::97]}
POINTS = sorted({*range(0x34000), *range(0xE0000, 0xE1100), 0x10FFFF} - FAR)
DIGEST = "74ed5f087d537c6f66c435a5a67f2448fd3f3de578d863fa36e3ddb3fc8f2fd8"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    "typed, shown",
    [
        ("<a href=//evil&period;com>", None),
        ("<a href=//evil&period;com>Jo</a>", "Jo"),
        ("Jo &lt;b&gt;x&lt;/b&gt; B.", "Jo x B."),
        ("<<a>a href=x>y", "a href=x y"),
        ("Jo <script", "Jo script"),
        ("I <3 U", "I 3 U"),
        ("Bob <bob@evil.example>", "Bob"),
        ("{{ ${email_address} }}", None),
        ("Jo {{${first_name} | upcase}} B.", "Jo B."),
        ("{% if x %}Jo{% endif %}", "Jo"),
        ("${first_name}", None),
        ("{{{{ x }}}} }} {", None),
        ("&lcub;&lcub; x &rcub;&rcub;", None),
        ("evil.com", "evil. com"),
        ("evil\u3002com", "evil\u3002 com"),
        ("evil\uff0ecom", "evil\uff0e com"),
        ("evil\uff61com", "evil\uff61 com"),
        ("evil\u2024com", "evil\u2024 com"),
        ("evil&period;com", "evil. com"),
        ("evil&#46;com", "evil. com"),
        ("evil&amp;period;com", "evil. com"),
        ("\u4f8b\u3048.\u30c6\u30b9\u30c8", "\u4f8b\u3048. \u30c6\u30b9\u30c8"),
        ("see https&colon;//evil", "see"),
        ("\uff57\uff57\uff57\uff0eevil", None),
        ("ht\u00adtp://evil", "ht"),
        ("&amp;amp;amp;amp;amp;lt;b", "amp;amp;lt;b"),
        ("&#" + "9" * 5000 + ";", "#" + "9" * 39),
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("AT&T, H & M", "AT&T, H & M"),
        ("J.R. O'Neil (3.5)", "J. R. O'Neil (3.5)"),
        (
            "\u30e2\u30fc\u30cb\u30f3\u30b0\u5a18\u3002",
            "\u30e2\u30fc\u30cb\u30f3\u30b0\u5a18\u3002",
        ),
        (" Jo\r\n\u2028Ann\t", "Jo Ann"),
    ],
)
def test_no_markup_no_template_and_no_link_is_left(typed: str, shown: str | None) -> None:
    assert plain(typed, 40) == shown


@pytest.mark.parametrize(
    "blank",
    [
        *("\u3164", "\u115f", "\u1160", "\uffa0", "\u2800", "\u200b", "\u2060", "\ufeff", "\u00ad"),
        *("\u202e", "\u200f", "\U000e0041", "\ue000", "\ud800", "\x00", "\u3000", "&zwnj;"),
    ],
)
def test_what_nobody_sees_is_a_blank(blank: str) -> None:
    assert plain(blank, 40) is None
    assert plain(f"a{blank * 3}b", 40) == "a b"


@pytest.mark.parametrize(
    "name",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3 \u0dbd\u0d82\u0d9a\u0dcf",  # Sinhala
        "\u0915\u094d\u200d\u0937",  # Hindi
        "\u09b0\u200d\u09cd\u09af",  # Bengali
        "\u845b\U000e0100\u57ce",  # a Japanese name with its own form of a character
        f"{FAMILY} Jo \u2764\ufe0f",
        "Zoe\u0308 \u0141ukasz",
        "\U00016e40\U0001e030\U0002ebf0",  # assigned by some versions only
    ],
)
def test_a_joiner_between_letters_that_it_joins_stays(name: str) -> None:
    assert plain(name, 40) == name


@pytest.mark.parametrize("joiner", ["\u200c", "\u200d"])
def test_a_joiner_elsewhere_is_a_blank(joiner: str) -> None:
    assert plain(f"ev{joiner}il", 40) == "ev il"
    assert plain(f"\u0645{joiner}", 40) == "\u0645"
    assert plain(f"\u0645{joiner}\u062e", 2) == "\u0645"


@given(st.text() | st.text("<>{}&;#$%./:w\u3002\uff0e\u200da1 ltgperiod\u0645\ufe0f", max_size=30))
def test_nothing_that_is_left_means_more_than_its_characters(text: str) -> None:
    for longest in (40, 3):
        shown = plain(text, longest)
        if shown is not None:
            assert 0 < len(shown) <= longest
            assert unescape(shown) == shown
            assert not re.search(r"[<>{}\n]|://|www\.|[.\u3002\uff0e\uff61][a-z]|^ | $|  ", shown)


@given(st.text())
def test_what_is_plain_stays(text: str) -> None:
    shown = plain(text, 1000)
    assert shown is None or plain(shown, 1000) == shown


def test_what_unicode_calls_invisible_is_never_shown() -> None:
    seen = {point for point in POINTS if plain(f"a{chr(point)}b", 9) == f"a{chr(point)}b"}
    marks = {*range(0x180B, 0x180E), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
    # Signs that are to be seen, and that Unicode counts among the format characters: of Arabic and
    # Syriac numbers, of Kaithi, of hieroglyphs.
    signs = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD}
    signs |= {*range(0x13430, 0x13440), ord(" ")}
    hidden = {at for at in seen - marks - signs if category(chr(at))[0] in "CZ"}
    assert {hex(at) for at in hidden if category(chr(at)) != "Cn"} == set()


def test_every_version_of_python_makes_the_same_bytes() -> None:
    """3.11 to 3.13 have three versions of Unicode, and each has made this digest."""
    made = [plain(f"a{chr(at)}b.{chr(at)}c \u0645{chr(at)}\u062e", 99) or "" for at in POINTS]
    assert sha256("\n".join(made).encode()).hexdigest() == DIGEST
