"""The operators of JMESPath (jmespath.org/specification.html), each as the specification has it."""

import pytest
from pydantic import JsonValue

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import search

ORDER: JsonValue = {
    "id": 7,
    "zero": 0,
    "name": "Ann",
    "blank": "",
    "paid": True,
    "test": False,
    "none": None,
    "no items": [],
    "nothing": {},
    "n": [0, 1, 2, 3, 4, 5],
    "nested": [[1, 2], [3], 4, [[5]]],
    "customer": {"name": "Ann", "city": {"name": "Ulm", "zip": "89073"}},
    "lines": [
        {"sku": "a", "price": 3, "tags": ["x", "y"], "size": {"w": 1}},
        {"sku": "b", "price": 1, "tags": ["z"]},
        {"sku": "c", "price": 2, "tags": [], "size": None},
        {"sku": "b", "tags": None},
    ],
    "shops": {"north": {"stock": 1}, "south": {"stock": 2}, "closed": {}},
}
FOUND: list[tuple[str, JsonValue]] = [
    # Fields and what stands in them
    ("id", 7),
    ("absent", None),
    ("none", None),
    ('"no items"', []),
    ('"\\u006eame"', "Ann"),
    ("customer.city.name", "Ulm"),
    ('customer."city"."zip"', "89073"),
    ("customer.absent.name", None),
    ("name.length", None),
    ("n.id", None),
    ("id.id", None),
    ("@.id", 7),
    # Elements and slices
    ("n[0]", 0),
    ("n[6]", None),
    ("n[-1]", 5),
    ("n[-6]", 0),
    ("n[-7]", None),
    ("nested[3][0][0]", 5),
    ("customer[0]", None),
    ("name[0]", None),
    ("n[1:3]", [1, 2]),
    ("n[:2]", [0, 1]),
    ("n[4:]", [4, 5]),
    ("n[:]", [0, 1, 2, 3, 4, 5]),
    ("n[::2]", [0, 2, 4]),
    ("n[::-1]", [5, 4, 3, 2, 1, 0]),
    ("n[4:1:-2]", [4, 2]),
    ("n[-2:]", [4, 5]),
    ("n[-20:2]", [0, 1]),
    ("name[0:1]", None),
    ("customer[:1]", None),
    ("lines[:2].sku", ["a", "b"]),
    # Projections: of lists, of objects, flattened, filtered
    ("lines[*].sku", ["a", "b", "c", "b"]),
    ("lines[*].price", [3, 1, 2]),
    ("lines[*].tags[0]", ["x", "z"]),
    ("lines[*].tags[*]", [["x", "y"], ["z"], []]),
    ("lines[*].absent", []),
    ("lines[*].size.w", [1]),
    ("lines.sku", None),
    ("customer[*]", None),
    ("name[*]", None),
    ("nested[*][0]", [1, 3, [5]]),
    ("lines[].tags[]", ["x", "y", "z"]),
    ("nested[]", [1, 2, 3, 4, [5]]),
    ("nested[][]", [1, 2, 3, 4, 5]),
    ("customer[]", None),
    ("shops.*", [{"stock": 1}, {"stock": 2}, {}]),
    ("shops.*.stock", [1, 2]),
    ("customer.*.name", ["Ulm"]),
    ("nothing.*", []),
    ("n.*", None),
    ("shops.*.*", [[1], [2], []]),
    ("lines[?price > `1`].sku", ["a", "c"]),
    ("lines[?price].sku", ["a", "b", "c"]),
    ("lines[?sku == 'b'] | [0].price", 1),
    ("lines[?sku == 'b' && price == `1`].price", [1]),
    ("lines[?sku == 'a' || sku == 'c'].price", [3, 2]),
    ("lines[?!price].sku", ["b"]),
    ("lines[?contains(not_null(tags, `[]`), 'z')].sku", ["b"]),
    ("lines[?size.w == `1`].sku", ["a"]),
    ("lines[?size == `null`].sku", ["b", "c", "b"]),
    ("n[?@ > `3`]", [4, 5]),
    ("nested[?[0] == `3`]", [[3]]),
    ("customer[?name]", None),
    ("lines[?`true`].sku | [-1]", "b"),
    ("lines[*].tags | [0]", ["x", "y"]),
    ("(lines[*].sku)[0]", "a"),
    ("lines[?price > `1`][].tags[]", ["x", "y"]),
    # Objects and lists that an expression makes
    ("[id, name]", [7, "Ann"]),
    ("[absent]", [None]),
    ("{a: id, b: absent}", {"a": 7, "b": None}),
    ('{"a b": id}', {"a b": 7}),
    ("customer.[name, city.name]", ["Ann", "Ulm"]),
    ("customer.{who: name, at: city.zip}", {"who": "Ann", "at": "89073"}),
    ("absent.[id]", None),
    ("absent.{a: id}", None),
    ("lines[:2].{s: sku, p: price}", [{"s": "a", "p": 3}, {"s": "b", "p": 1}]),
    ("lines[:2].[sku]", [["a"], ["b"]]),
    ("[[id], {a: [name]}]", [[7], {"a": ["Ann"]}]),
    # Literals
    ("`1`", 1),
    ("`-1.5e1`", -15.0),
    ("`true`", True),
    ("`null`", None),
    ('`"Ann"`', "Ann"),
    ('`[1, {"a": null}]`', [1, {"a": None}]),
    ("` 1 `", 1),
    ("`a\\`b`", "a`b"),
    ("'Ann'", "Ann"),
    ("'it\\'s'", "it's"),
    ("'a\\nb'", "a\\nb"),
    ('`{"a": 1}`.a', 1),
    # Truth
    ("name || id", "Ann"),
    ("blank || name", "Ann"),
    ("none || test || 'last'", "last"),
    ("zero || name", 0),
    ("nothing || 'a'", "a"),
    ("\"no items\" || 'a'", "a"),
    ("absent || none", None),
    ("name && id", 7),
    ("blank && id", ""),
    ("nothing && id", {}),
    ("paid && test", False),
    ("absent && id", None),
    ("zero && id", 7),
    ("!paid", False),
    ("!zero", False),
    ("!blank", True),
    ("!nothing", True),
    ("!absent", True),
    ("!!name", True),
    ("paid || test && test", True),
    ("(paid || test) && test", False),
    ("!(paid && test)", True),
    # Comparisons
    ("id == `7`", True),
    ("id == `7.0`", True),
    ("id == '7'", False),
    ("id != `8`", True),
    ("paid == `true`", True),
    ("paid == `1`", False),
    ("zero == `false`", False),
    ("none == absent", True),
    ("n == `[0, 1, 2, 3, 4, 5]`", True),
    ('customer.city == `{"zip": "89073", "name": "Ulm"}`', True),
    ("customer == nothing", False),
    ("id < `8`", True),
    ("id <= `7`", True),
    ("id > `7`", False),
    ("id >= `7`", True),
    ("id < '8'", None),
    ("paid < `2`", None),
    ("none > `1`", None),
    ("n > `1`", None),
    ("id < `8` && name == 'Ann'", True),
    # Pipes
    ("customer | city | name", "Ulm"),
    ("absent | name", None),
    ("lines[*].price | sort(@) | [0]", 1),
    ("id | `3`", 3),
]
BROKEN = [
    *("a.", ".a", "a..b", "a.1", "a b", "a[", "a]", "[", "{", "(", ")", "a[b]", "a[0", "a[0,1]"),
    *("a{}", "a.{}", "a.{b}", "a.{b:}", "a.{b: c,}", "a.[b,]", "a ||", "|| a", "a && && b", "a |"),
    *("!", "&", "a[?", "a[?b", "a[?b==]", "a[?==b]", "a[ ?b]", "a = b", "a <> b", "a ^ b", "'a"),
    *('"a', "`a", "#", "a.`1`", "a[*].`1`", "a[1:2:3:4]", "a[1.5]", "*a", "a*", "f(a", "f a)"),
    *('"length"(a)', "@a", "$"),
]  # fmt: skip


@pytest.mark.parametrize("expression, found", FOUND)
def test_an_operator_does_what_the_specification_says(expression: str, found: JsonValue) -> None:
    assert repr(search(expression, ORDER)) == repr(found)


@pytest.mark.parametrize("expression", BROKEN)
def test_what_the_grammar_does_not_have_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionError):
        search(expression, ORDER)


def test_a_slice_without_a_step_is_refused() -> None:
    with pytest.raises(ExpressionError):
        search("n[::0]", ORDER)
