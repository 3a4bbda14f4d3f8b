import pytest
from pydantic import JsonValue

from handler.core.errors import ExpressionError, Unrenderable
from handler.core.expressions.form import MISSING, Filled, fill
from handler.core.expressions.template import compile_template, compile_text

EVENT: JsonValue = {
    "name": "Ann",
    "none": None,
    "blank": " \n",
    "n": 7,
    "f": 1.5,
    "yes": True,
    "list": [1, None, {"a": None, "b": 1}, " "],
}


@pytest.mark.parametrize(
    "text, value",
    [
        ("${n}", 7),
        ("  ${n}\n", 7),
        ("${list}", [1, {"b": 1}]),
        ("${{a: name, b: none, c: {d: blank}}}", {"a": "Ann", "c": {}}),
        ("Hello ${name}!", "Hello Ann!"),
        ("${n}/${f}/${yes}", "7/1.5/true"),
        ("Hello ${none}!", MISSING),
        ("Hello ${blank}!", MISSING),
        ("${none}", MISSING),
        ("${blank}", MISSING),
        ("${absent.key}", MISSING),
        ("$${name}", "${name}"),
        ("{{$${first_name}}} ${n}", "{{${first_name}}} 7"),
        ("{{first}} ${n}", "{{first}} 7"),
        ("${concat('}', name)}", "}Ann"),
        ("no template", "no template"),
        ("", ""),
        ("$5", "$5"),
    ],
)
def test_a_text_is_filled(text: str, value: Filled) -> None:
    assert fill(compile_text(text), EVENT) == value


@pytest.mark.parametrize(
    "text, message",
    [
        ("${name", "${ is never closed; a literal ${ is written $${"),
        ("${}", "${}: it is empty"),
        ("a ${ name. } b", "${ name. }: it ends too early"),
        (
            "Hi {{${name}}}",
            (
                "${ stands inside {{ }}, which Braze fills in only in messages: send the value as"
                " a property of its own, or write $${ to send it so"
            ),
        ),
        (
            "{% if ${name} %}",
            (
                "${ stands inside {% %}, which Braze fills in only in messages: send the value as"
                " a property of its own, or write $${ to send it so"
            ),
        ),
    ],
)
def test_a_text_that_is_no_template_is_named(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_text(text)
    assert str(raised.value) == message


@pytest.mark.parametrize("text", ["Items: ${list}", "${n} ${@}"])
def test_a_list_or_object_inside_text_is_unrenderable(text: str) -> None:
    with pytest.raises(Unrenderable, match="a text cannot hold"):
        fill(compile_text(text), EVENT)


@pytest.mark.parametrize(
    "template, keep, filled",
    [
        ({"a": "${none}", "b": None, "c": "${n}"}, [], {"b": None, "c": 7}),
        ({"a": {"b": "${none}", "c": "${blank}"}}, ["a.b"], {"a": {"b": None}}),
        ({"a": "${{x: none, y: none}}"}, ["a.x"], {"a": {"x": None}}),
        ({"a": "x${none}"}, ["a"], {"a": "x"}),
        (["${none}", "${n}", ""], [], [7, ""]),
        ({"a": 1, "b": [True, 1.5]}, [], {"a": 1, "b": [True, 1.5]}),
    ],
)
def test_what_is_missing_is_left_out_and_what_is_to_be_kept_stays(
    template: JsonValue, keep: list[str], filled: JsonValue
) -> None:
    problems: list[object] = []
    assert fill(compile_template(template, problems), EVENT, frozenset(keep)) == filled  # type: ignore[arg-type]  # a list for any problem
    assert problems == []


def test_every_problem_is_found_with_its_path() -> None:
    problems: list[tuple[tuple[str | int, ...], str]] = []
    compile_template({"a": ["${", "ok"], "${b}": 1}, problems)
    assert [path for path, _ in problems] == [("${b}",), ("a", 0)]


def test_a_failing_expression_is_unrenderable_with_its_path() -> None:
    template = compile_template({"attributes": {"age": "${lower(n)}"}}, [])
    with pytest.raises(Unrenderable) as raised:
        fill(template, EVENT)
    assert raised.value.path == "attributes.age"
    assert str(raised.value) == (
        "attributes.age: ${lower(n)}: lower() takes string or null as argument 1, not a number"
    )
