"""Results of expressions are seen without an event, as far as they are written out."""

import inspect
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from handler.core.braze.contract.visible import GIVES, kind_of, visible
from handler.core.errors import ExpressionError
from handler.core.expressions.expression import compile_expression
from handler.core.expressions.functions import Functions
from handler.core.expressions.template import Text, Whole, compile_text
from tests.examples import examples

TYPES: dict[str, set[Any]] = {"text": {str}, "number": {int, float}, "truth": {bool}}
DOCUMENT: Any = {
    "body": {"items": [{"id": 1, "at": "a"}, {"id": 2, "at": "b"}], "name": "n", "n": 3}
}


def whole(expression: str) -> Whole:
    return Whole(compile_expression(expression))


def seen(value: Any) -> Any:
    """Return a template with ... for what cannot be seen."""
    if isinstance(value, dict):
        return {key: seen(one) for key, one in value.items()}
    if isinstance(value, list):
        return [seen(one) for one in value]
    return ... if isinstance(value, Whole | Text) else value


@pytest.mark.parametrize(
    "expression, shown",
    [
        ("body.x", [...]),
        ("{a: body.b}", [{"a": ...}]),
        ("body.{a: b, c: 'd'}", [{"a": ..., "c": ...}]),
        ("body.items[].{a: b}", [[{"a": ...}]]),
        ("body.items[*].{a: b}", [[{"a": ...}]]),
        ("body.items[?c].{a: b}", [[{"a": ...}]]),
        ("body.items[].id", [[...]]),
        ("map(&{a: b}, body.items)", [[{"a": ...}]]),
        ("sort_by(body.items[].{a: b}, &a)", [[{"a": ...}]]),
        ("[body.a, 'b']", [[..., ...]]),
        ("body.items[].{a: b} | [0]", [...]),
        ("body.items[0].{a: b}", [{"a": ...}]),
        ("body.a && 'x' || 'y'", ["x", "y"]),
        ("coalesce(body.a, `7`)", [..., 7]),
        ("body.a || `null`", [...]),
        ("if(body.a, {a: b}, `[]`)", [{"a": ...}, []]),
    ],
)
def test_objects_and_lists_that_are_written_out_are_seen(expression: str, shown: Any) -> None:
    assert [seen(one) for one in visible(whole(expression))] == shown


def test_a_literal_is_seen_as_it_is() -> None:
    assert [*visible({"a": [1, None]})] == [{"a": [1, None]}]
    assert [*visible(None)] == [None]


def given_types(name: str) -> set[Any] | None:
    """Return the types that a function gives beside null; None of JMESPath's own."""
    function = getattr(Functions, f"_func_{name}")
    given_type = inspect.signature(function).return_annotation
    if given_type is inspect.Signature.empty:
        return None
    return {one for one in get_args(given_type) or (given_type,) if one is not type(None)}


def test_every_added_function_that_always_gives_one_type_is_in_the_table() -> None:
    known = {name: given_types(name) for name in Functions.FUNCTION_TABLE}
    scalars = [{str}, {bool}, {int}, {float}, {int, float}]
    assert {name for name, types in known.items() if types in scalars} <= GIVES.keys()


@pytest.mark.parametrize("name, kind", GIVES.items())
def test_the_table_says_what_the_functions_give(name: str, kind: str) -> None:
    kinds = given_types(name)
    if kinds is None:
        assert name in {*("type", "length", "abs", "ceil", "floor", "starts_with", "ends_with")}
    else:
        assert kinds <= TYPES[kind]


@pytest.mark.parametrize(
    "text, kind",
    [
        ("${text(body.x)}", "text"),
        ("order ${body.x}", "text"),
        ("${round(body.x, `1`)}", "number"),
        ("${occurred_at}", "number"),
        ("${body.a == body.b}", "truth"),
        ("${!(body.a)}", "truth"),
        ("${body.x}", None),
        ("${body.occurred_at}", None),
    ],
)
def test_the_type_of_a_result_is_known_where_it_is_certain(text: str, kind: str | None) -> None:
    assert kind_of(compile_text(text)) == kind


_SCALARS = st.sampled_from(["name", "n", "text(n)", "'x'", "`7`", "missing"])
_OBJECTS = st.dictionaries(st.sampled_from(["a", "b", "c"]), _SCALARS, min_size=1).map(
    lambda fields: "{" + ", ".join(f"{key}: {one}" for key, one in fields.items()) + "}"
)


@given(
    _OBJECTS, st.sampled_from(["body.{}", "body.items[].{}", "body.[{}]", "map(&{}, body.items)"])
)
def test_what_is_seen_of_an_object_is_what_an_event_gives(fields: str, form: str) -> None:
    expression = compile_expression(form.replace("{}", fields))
    shown: Any = next(visible(Whole(expression)))
    made: Any = expression.search(DOCUMENT)
    if isinstance(shown, list):
        assert isinstance(made, list)
        shown, made = shown[0], made[0]
        shown = next(visible(shown))
    assert shown.keys() == made.keys()


_WORDS = st.sampled_from(["body", "a", "@", "'x'", "`7`", "`null`", '`{"a": 1}`', "root()"])
_CALLS = st.sampled_from(["map", "sort_by", "reverse", "coalesce", "if", "text", "to_array", "sum"])
EXPRESSIONS = st.recursive(
    _WORDS,
    lambda inner: st.one_of(
        st.builds("{}.{}".format, inner, inner),
        st.builds("{} | {}".format, inner, inner),
        st.builds("{} || {}".format, inner, inner),
        st.builds("{} && {}".format, inner, inner),
        st.builds("{}[*].{}".format, inner, inner),
        st.builds("{}[?{}]".format, inner, inner),
        st.builds("{}[].{}".format, inner, inner),
        st.builds("{}[1:2]".format, inner),
        st.builds("!({})".format, inner),
        st.builds("{} == {}".format, inner, inner),
        st.builds("{{a: {}, b: {}}}".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("{}({})".format, _CALLS, inner),
        st.builds("{}(&{}, {})".format, _CALLS, inner, inner),
        st.builds("{}({}, &{})".format, _CALLS, inner, inner),
        st.builds("{}({}, {}, {})".format, _CALLS, inner, inner, inner),
    ),
    max_leaves=8,
)


def parts_of(template: Any) -> Any:
    """Yield all that is seen of a template, and of its parts."""
    for one in visible(template):
        yield one
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        for part in inner:
            yield from parts_of(part)


@settings(max_examples=examples(100), suppress_health_check=list(HealthCheck))
@given(EXPRESSIONS)
def test_every_expression_is_seen_to_its_end(text: str) -> None:
    try:
        expression = compile_expression(text)
    except ExpressionError:
        reject()
    for one in parts_of(Whole(expression)):
        assert kind_of(one) in (None, "text", "number", "truth")
