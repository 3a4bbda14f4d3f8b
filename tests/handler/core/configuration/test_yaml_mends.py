"""Each mend of a text that is no YAML is typed here: it has to load, and to mean what was meant."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from handler.core.configuration.yaml12 import load
from handler.core.configuration.yaml_mend import encoded
from handler.core.errors import RulesError
from tests.examples import examples

_QUOTING = re.compile(r"(?:quotes: |write |list: |object: )([\"'].*?[\"'])(?:; .*)?$")
_LINE = re.compile(r"^(?:a blank belongs after|a colon stands)[^:]*: (.*)$")
_CLOSED = re.compile(r"^the quote is not closed: (.*)$")
_DEPTHS = re.compile(r"line (\d+) is indented by (\d+)( after its dash)?, line (\d+) by (\d+)")
_VALUE = re.compile(r"^(\s*(?:- )?[\w.-]+:\s+)(.*)$")
TEXTS = st.sampled_from([
    "${body.name}", "Order ${body.name}", "${body.a || body.b}", "${coalesce(body.a, body.b)}",
    "plain", "it's ${body.name}", "${join(', ', body.tags)}", 'say "hi" ${body.name}',
    "Total: ${body.total}", "${body.a || 'x'}", "${body.items[?sku == 'a'].name | [0]}",
    "${replace(body.a, '\\', '/')}", "${body.a}: ${body.b}", "#1", "*/create", '@"home" now',
    "`1` == body.a", "%d",
])  # fmt: skip

NOTHING = "no mend is proposed"


def message(text: str) -> str:
    with pytest.raises(RulesError) as raised:
        load(text, "f")
    return raised.value.findings[0].message


def place(text: str) -> int:
    with pytest.raises(RulesError) as raised:
        load(text, "f")
    return raised.value.findings[0].line


def with_value(line: str, written: str) -> str:
    return _VALUE.sub(lambda one: one[1] + written, line)


def typed(text: str) -> str | None:
    """Return a text with the mend that its error proposes, and None where it proposes none."""
    said, row, lines = message(text), place(text), text.split("\n")
    if found := _CLOSED.search(said):
        lines[row - 1] = with_value(lines[row - 1], found[1])
    elif found := _LINE.search(said):
        line = lines[row - 1]
        lines[row - 1] = line[: len(line) - len(line.lstrip())] + found[1]
    elif found := _DEPTHS.search(said):
        row = int(found[4])
        lines[row - 1] = " " * int(found[2]) + lines[row - 1].lstrip()
    elif found := _QUOTING.search(said):
        lines[row - 1] = with_value(lines[row - 1], found[1])
    else:
        return None
    return "\n".join(lines)


def followed(text: str, steps: int) -> JsonValue:
    """Return what a text says after its mends were typed; fail where they go round in circles."""
    seen: list[str] = []
    for _ in range(steps):
        try:
            return load(text, "f").value
        except RulesError:
            assert text not in seen, f"the mend of {text!r} leads to itself"
            seen.append(text)
        mended = typed(text)
        if mended is None:
            return NOTHING
        text = mended
    return load(text, "f").value


def block(values: list[str]) -> list[str]:
    return [f"  k{at}: {encoded(one)}" for at, one in enumerate(values)]


def deeper(line: str) -> str:
    return f" {line}"


def less(line: str) -> str:
    return line[1:]


def glued(line: str) -> str:
    return line.replace(": ", ":", 1)


def unquoted(line: str) -> str:
    value = _VALUE.match(line)
    assert value
    inner = value[2][1:-1]
    return value[1] + (inner.replace("''", "'") if value[2][0] == "'" else inner)


def in_single_quotes(line: str) -> str:
    return re.sub(r"(: )(.*)$", lambda one: f"{one[1]}'{unquoted(f'a: {one[2]}')[3:]}'", line)


def in_double_quotes(line: str) -> str:
    return re.sub(r"(: )(.*)$", lambda one: f'{one[1]}"{unquoted(f"a: {one[2]}")[3:]}"', line)


def left_open(line: str) -> str:
    return line[:-1]


MISTAKES: list[Callable[[str], str]] = [
    deeper, less, glued, unquoted, in_single_quotes, in_double_quotes, left_open,
]  # fmt: skip


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(TEXTS, min_size=2, max_size=4), st.data(), st.sampled_from(MISTAKES))
def test_a_mend_that_is_typed_loads_and_means_what_was_meant(
    values: list[str], data: st.DataObject, mistake: Callable[[str], str]
) -> None:
    lines = block(values)
    at = data.draw(st.integers(0, len(lines) - 1))
    lines[at] = mistake(lines[at])
    text = "\n".join(["a:", *lines, ""])
    try:
        load(text, "f")
    except RulesError:
        pass
    else:
        return  # YAML reads it: what it then means is told by its schema
    meant = {"a": {f"k{at}": one for at, one in enumerate(values)}}
    assert followed(text, steps=4) in (meant, NOTHING)


@settings(max_examples=examples(80), deadline=None)
@given(TEXTS, TEXTS, st.sampled_from([deeper, less, glued, left_open]))
def test_no_mistake_besides_quoting_is_called_one(
    first: str, second: str, mistake: Callable[[str], str]
) -> None:
    lines = block([first, second, "x"])
    text = "\n".join(["a:", lines[0], mistake(lines[1]), lines[2], ""])
    try:
        load(text, "f")
    except RulesError as error:
        said = error.findings[0].message
        assert "needs quotes" not in said
        assert "colon and a blank in it" not in said


@given(st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), min_size=1))
def test_a_text_is_read_as_it_is_from_its_quotes(text: str) -> None:
    assert load(f"a: {encoded(text)}", "f").value == {"a": text}


@pytest.mark.parametrize(
    "value, meant",
    [
        (r'"Order \${body.name}"', "Order ${body.name}"),
        ("'it's ${body.name}'", "it's ${body.name}"),
        ('"say "hi" ${body.name}"', 'say "hi" ${body.name}'),
        ("'paid' == body.status", "'paid' == body.status"),
        ('"paid" == body.status', "'paid' == body.status"),
        (r'"matches \d"', r"matches \d"),
        ('"${body.a}"z', "${body.a}z"),
        ("${replace(body.a, '\\', \"x\")} : y", "${replace(body.a, '\\', \"x\")} : y"),
        ("['a'].includes(body.x)", "['a'].includes(body.x)"),
        ("*/create", "*/create"),
        ("*", "*"),
        ('*"bold" text', '*"bold" text'),
        ('@"home" it\'s', '@"home" it\'s'),
        ('`"a"` == body.x', '`"a"` == body.x'),
        ("%d", "%d"),
    ],
)
def test_a_value_in_wrong_quotes_is_written_out(value: str, meant: str) -> None:
    assert followed(f"a:\n  b: {value}\n  c: d\n", steps=1) == {"a": {"b": meant, "c": "d"}}


@pytest.mark.parametrize("value", ['"Hi" ${body.name}', "'a' 'b'", "@home # 1"])
def test_nothing_is_proposed_where_it_is_not_sure_what_was_meant(value: str) -> None:
    assert typed(f"a:\n  b: {value}\n") is None


@pytest.mark.parametrize(
    "line, mended",
    [
        ("{k: ${body.a || body.b}, c: d}", '{k: "${body.a || body.b}", c: d}'),
        ('{k: "${body.x}", c: ${body.a}}', '{k: "${body.x}", c: "${body.a}"}'),
        ("{k: Hi ${body.a}, c: d}", '{k: "Hi ${body.a}", c: d}'),
        ("[${body.a}, b]", '["${body.a}", b]'),
        ("[orders/create, */updated, b]", '[orders/create, "*/updated", b]'),
        ("{k: `1` == body.a, c: d}", '{k: "`1` == body.a", c: d}'),
    ],
)
def test_within_brackets_the_very_value_is_written_out_that_needs_quotes(
    line: str, mended: str
) -> None:
    found = _QUOTING.search(message(f"a: {line}\n"))
    assert found is not None
    written = found[1]
    assert line.replace(written[1:-1], written) == mended
    load(f"a: {mended}\n", "f")


def test_many_open_quotes_are_read_in_short_time() -> None:
    text = "a:\n" + "".join(f'  k{at}: "x\n' for at in range(4001))
    assert "quote" in message(text)


@pytest.mark.parametrize(
    "text, said",
    [
        ("a: {note: Hello, you, there}", 'write note: "Hello, you, there"'),
        ("a: {note: 5, you}", 'write note: "5, you"'),
    ],
)
def test_a_text_with_commas_is_told_once_and_whole(text: str, said: str) -> None:
    with pytest.raises(RulesError) as raised:
        load(text, "f")
    (finding,) = raised.value.findings
    assert finding.message.endswith(said)


@pytest.mark.parametrize("text", ["a: {en, de}", "a: {b: {c: d}, e}", "a: {b: [c], e}"])
def test_a_key_without_a_value_is_told_without_a_mend(text: str) -> None:
    assert message(text).endswith("has none")


def test_a_file_has_a_longest_length_and_one_long_line_is_read_in_time() -> None:
    with pytest.raises(RulesError, match="longer than 1,000,000 characters"):
        load("a: " + "b" * 1_000_000, "f")
    flow = ", ".join(f"x{at}" for at in range(60_000))
    value = load(f"a: [{flow}]", "f").value
    assert isinstance(value, dict)
    assert len(value["a"]) == 60_000  # type: ignore[arg-type]


def test_a_control_character_is_told_with_its_place() -> None:
    with pytest.raises(RulesError) as raised:
        load("a: b\nc: d\0e\n", "f")
    (finding,) = raised.value.findings
    assert (finding.line, finding.column) == (2, 5)
    assert "U+0000" in finding.message


@pytest.mark.parametrize("text", ["{a: " * 400 + "1" + "}" * 400, "[" * 450_000])
def test_a_file_that_is_nested_too_deeply_is_refused_in_words(text: str) -> None:
    assert "nested too deeply" in message(f"a: {text}\n")
