from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from handler.core.configuration.yaml12 import Place, load
from handler.core.errors import RulesError


@pytest.mark.parametrize(
    "text, value",
    [
        ("on", "on"),
        ("no", "no"),
        ("Yes", "Yes"),
        ("true", True),
        ("FALSE", False),
        ("'true'", "true"),
        ("~", None),
        ("null", None),
        ("a:", {"a": None}),
        ("12:30:45", "12:30:45"),
        ("0777", "0777"),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("-12", -12),
        ("1.50", 1.5),
        ("1e3", 1000.0),
        ("2020-01-01", "2020-01-01"),
        ("!!str 12", "12"),
        ("on: 1", {"on": 1}),
        ("1: a", {"1": "a"}),
        ("a: |\n  x\n  y\n", {"a": "x\ny\n"}),
        ("[a, {b: c}]", ["a", {"b": "c"}]),
    ],
)
def test_a_scalar_is_read_by_the_core_schema_of_yaml_1_2(text: str, value: JsonValue) -> None:
    found = load(text, "f").value
    assert (found, type(found)) == (value, type(value))


QUOTE = "put the whole value in double quotes"


@pytest.mark.parametrize(
    "text, finding",
    [
        ("", "f:1:1: the file is empty"),
        ("a: 1\na: 2", "f:2:1: a stands here twice, first in line 1"),
        (
            "when: !(body.test)",
            f"f:1:7: YAML reads !(body.test) as a tag, because of the leading !: {QUOTE}",
        ),
        ("when: *a", 'f:1:7: YAML reads a leading * as an alias: write "*a"'),
        ("when: `a`", 'f:1:7: YAML allows no value to begin with a backtick: write "`a`"'),
        ("when: @a", 'f:1:7: YAML allows no value to begin with @: write "@a"'),
        ("a: &x [1]\nb: *x", "f:1:4: aliases are not used in rules files: write the block out"),
        ("<<: {}", "f:1:1: merge keys are not used in rules files: write the block out"),
        ("a: Order #${b}", f"f:1:4: YAML drops what follows ' #' as a comment: {QUOTE}"),
        ("a: .nan", f"f:1:4: JSON has no such number: if text is meant, {QUOTE}"),
        ("a: 1e999", f"f:1:4: JSON has no such number: if text is meant, {QUOTE}"),
        ("a: 12345678901234567890", f"f:1:4: this number is too long: as an id, {QUOTE}"),
        ("? [a]\n: b", "f:1:3: a key is one line of text"),
        (
            "a:\n\t- b",
            "f:2:1: YAML indents with blanks, not with tabs",
        ),
        (
            "a: ${b.{c: d}}",
            (
                "f:1:10: ${...} with a blank, comma, colon or brace in it needs quotes:"
                ' "${b.{c: d}}"'
            ),
        ),
        ("--- a\n--- b", "f:2:1: not YAML: a file is one document: leave out what follows the ---"),
    ],
)
def test_what_is_not_used_or_not_yaml_is_named_with_its_place(text: str, finding: str) -> None:
    with pytest.raises(RulesError) as raised:
        load(text, "f")
    assert str(raised.value) == finding or finding in str(raised.value).splitlines()


def test_every_path_has_its_place() -> None:
    document = load("a:\n  - b: 1\n  - {c: d}\n", "f")
    assert document.places == {
        (): Place(1, 1),
        ("a",): Place(1, 1),
        ("a", 0): Place(2, 5),
        ("a", 0, "b"): Place(2, 5),
        ("a", 1): Place(3, 5),
        ("a", 1, "c"): Place(3, 6),
    }


def test_a_finding_stands_at_the_nearest_place_that_the_file_has() -> None:
    assert str(load("a:\n  b: 1\n", "f").finding(("a", "b", "c", 0), "x")) == "f:2:3: x"


@given(st.text(alphabet="ab:- \n\t[]{}#&*!|>'\"%@`?,~.0123456789\x85\u2028é", max_size=40))
def test_a_text_that_does_not_load_raises_nothing_but_findings(text: str) -> None:
    with suppress(RulesError):
        load(text, "f")


@pytest.mark.parametrize(
    "text",
    [
        'tables: {t: {"\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645": x}}',
        "tables: {t: {\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645: x}}",
        'a: {"b\u00a0c": x}',
        'a: "Total:\u00a0${body.total}"',
    ],
)
def test_an_invisible_character_is_taken_in_quotes_and_in_what_senders_write(text: str) -> None:
    assert load(text, "shop.yaml").findings == []


@pytest.mark.parametrize("text", ["b\u00a0c: x", "a: Total:\u00a0${body.total}"])
def test_an_invisible_character_without_quotes_is_a_mistake(text: str) -> None:
    with pytest.raises(RulesError) as caught:
        load(text, "shop.yaml")
    assert "a no-break space (U+00A0)" in str(caught.value)
