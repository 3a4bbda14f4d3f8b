"""Plans of files with names, and of the same files with the names written out."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from handler.core.errors import RulesError
from handler.core.models import Plan
from tests.examples import examples
from tests.handler.core.rules.define_files import planned

NAMES = st.sampled_from(
    [
        *("body.a", "body.b", "body.n", "body.list", "body.list[0]", "body.list[*].a", "body"),
        *("body.list[].a | [0]", "'x'", "`2`", "`null`", "type", "id", "vars.v", "received_at"),
        *('headers."x-shop"', "item", "item.a", "occurred_at", "source", "body.list[?a]"),
    ]
)
MADE = (
    *("lower({0})", "text({0})", "coalesce({0}, body.b)", "concat('a-', {0})", "{0} || {1}"),
    *("{0} && {1}", "({0}) == ({1})", "!({0})", "{{x: {0}, y: {1}}}", "[{0}, {1}]", "sha256({0})"),
    *("length({0})", "if({0}, {1}, 'no')", "coalesce({0}, {1})", "({0}) | [0]", "to_number({0})"),
    *(
        "[{0}, body.list[?a == '3'].{{a: a}}]",
        "merge({0}, {1})",
        "({0}) | @.a",
        "({0})[0]",
        "values({0})",
    ),
)
EXPRESSIONS = st.recursive(
    NAMES, lambda inner: st.builds(str.format, st.sampled_from(MADE), inner, inner), max_leaves=4
)
USES = st.sampled_from(
    [
        *(
            "${{{0}}}",
            "a ${{{0}}} b",
            "${{lower({0})}}",
            "${{coalesce({0}, body.b)}}",
            "${{body.id}}",
        ),
        *("${{({0}) || body.a}}", "${{[{0}, {0}]}}", "${{{{x: {0}, y: body.none}}}}", "u-${{{0}}}"),
        *(
            "${{body.id}}",
            "${{body.list[?a == ({1})].a}}",
            "${{concat('k', text({0}))}}",
            "${{text({0})}}",
        ),
    ]
)
SCALARS = st.sampled_from([None, "", " ", "x", "A@b.co", "3", 0, 3, 7.5, True, False])
VALUES = SCALARS | st.lists(
    SCALARS | st.fixed_dictionaries({}, optional={"a": SCALARS}), max_size=3
)
BODIES = st.fixed_dictionaries(
    {"id": st.sampled_from([7, "e-1"])},
    optional={"a": VALUES, "b": VALUES, "n": VALUES, "list": VALUES, "note": SCALARS},
)
RULE = """\
verify: {preset: shopify}
headers: [x-shop]
vars: {dev: {v: w}}
%s
rules:
  - name: first
    type: orders/*
    %s
    send:
      campaign_id: c
      recipients:
        - external_user_id: %s
          attributes: {first_name: %s, email: %s}
          trigger_properties: {p: %s}
      trigger_properties: {q: %s}
    keep_empty: [trigger_properties.p, trigger_properties.p.x]
  - name: second
    type: orders/create
    %s
    send: {campaign_id: c, recipients: [{external_user_id: "${body.id}", attributes: {x: %s}}]}
"""


def same(made: Plan | None) -> Plan | None:
    """Return a plan without what differs on purpose: the file's version, brackets and blanks."""
    if made is None:
        return None
    bare = str.maketrans("", "", "() ")
    return replace(
        made,
        bodies=(),  # of the deliveries, with the version
        size=0,  # of these, and of details with brackets
        deliveries=tuple(replace(it, rules_version="") for it in made.deliveries),
        parked=tuple(
            replace(it, rules_version="", detail=it.detail.translate(bare)) for it in made.parked
        ),
        warnings=tuple(it.translate(bare) for it in made.warnings),
    )


def outcome(text: str, body: Any) -> Plan | None:
    """Return the plan; None where the file does not load."""
    try:
        return planned(text, body, x_shop="tea")
    except RulesError:
        return None


@settings(max_examples=examples(50), deadline=None)
@given(
    first=EXPRESSIONS,
    second=st.sampled_from(MADE),
    uses=st.lists(USES, min_size=6, max_size=6),
    more=st.sampled_from(
        ["once: {0}", "when: {0}", "for_each: {0}", "for_each: body.list", "enabled: true"]
    ),
    other=st.sampled_from(["for_each: body.list[1:]", "enabled: true"]),
    bodies=st.lists(BODIES, min_size=1, max_size=3),
)
def test_a_name_and_its_expression_in_its_place_make_the_same_plan(  # noqa: PLR0913 - what is drawn
    *, first: str, second: str, uses: list[str], more: str, other: str, bodies: list[Any]
) -> None:
    composed = f"${{{second.format('define.one', 'body.b')}}}"
    by_hand = second.format(f"({first})", "body.b")
    block = json.dumps({"one": f"${{{first}}}", "two": composed})
    named, written = (
        RULE
        % (
            f"define: {head}",
            more.format(json.dumps(f"${{{by[0]}}}")),
            *(json.dumps(use.format(*by)) for use in uses[:-1]),
            other,
            json.dumps(uses[-1].format(*by)),
        )
        for head, by in (
            (block, ("define.two", "root().define.two")),
            ("{}", (f"({by_hand})", f"root() | ({by_hand})")),
        )
    )
    assume("define.two" in named.split("rules:")[1])  # an unused name is checked all the same
    for body in bodies:
        made, hand = outcome(named, body), outcome(written, body)
        assert same(made) == same(hand)
