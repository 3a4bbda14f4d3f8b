"""Explanations and coverage of a webhook say what is sent of it."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import compile_expression
from handler.core.expressions.template import Template, Text, Whole
from handler.core.models import Plan
from handler.core.rules.load import load
from handler.core.rules.source import Source
from relay.rules.cases.coverage import branches, reached
from relay.rules.explain.explanation import explained
from relay.rules.webhooks import Given, events, planned, verified
from relay.webhooks.samples import Sample
from tests.examples import examples
from tests.relay.rules.explain.grammar import BODIES, EXPRESSIONS

BASE = load(
    "shop",
    """\
verify: {encoding: hex, signature: {header: X-Sign}}
event: {type: "'a'", type_signed: true}
rules:
  - name: r
    type: a
    send: {campaign_id: c, recipients: [{external_user_id: "u-${body.id}"}]}
""",
    "shop.yaml",
    "dev",
)
TRIED = compile_expression("if(body.m, length(body.m), 'none')")


def source(
    fields: dict[str, Template], when: str | None = None, keep: frozenset[str] = frozenset()
) -> Source:
    """Return a source whose one rule sends these properties and attributes."""
    (rule,) = BASE.rules
    properties = {key: one for key, one in fields.items() if key.startswith("p")}
    attributes = {key: one for key, one in fields.items() if not key.startswith("p")}
    recipient: dict[str, Template] = {"external_user_id": "u", "trigger_properties": properties}
    if attributes:
        recipient["attributes"] = attributes
    changed = replace(
        rule,
        when=None if when is None else compile_expression(when),
        recipients=(recipient,),
        keep_empty=keep,
    )
    return replace(BASE, rules=(changed,))


def templates(texts: list[str]) -> dict[str, Template]:
    """Return an attribute, a property, and a text of two expressions."""
    whole, of_text, other = map(compile_expression, texts)
    return {"p": Whole(whole), "pt": Text(("a ", of_text, " ", other)), "first_name": Whole(whole)}


def webhook(body: Any) -> Given:
    return Given(Sample("w", "shop", {}, body))


def compiles(text: str) -> bool:
    try:
        compile_expression(text)
    except ExpressionError:
        return False
    return True


COMPILED = EXPRESSIONS.filter(compiles)
KEPT = st.frozensets(
    st.sampled_from(["trigger_properties.p", "trigger_properties.pt", "attributes.first_name"])
)


def values(plan: Plan) -> dict[str, Any] | None:
    """Return the fields of the one request, by their paths; None without a request."""
    if not plan.deliveries:
        return None
    (made,) = plan.deliveries
    recipient = dict(made.recipient or {})
    found = {"campaign_id": made.send["campaign_id"]}
    found["recipients[0].external_user_id"] = recipient.pop("external_user_id")
    for block, held in recipient.items():
        assert isinstance(held, dict)
        found |= {f"recipients[0].{block}.{key}": one for key, one in held.items()}
    return found


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(COMPILED, min_size=3, max_size=3), st.none() | COMPILED, KEPT, BODIES)
def test_what_is_explained_is_what_is_sent(
    texts: list[str], when: str | None, keep: frozenset[str], body: Any
) -> None:
    shop = source(templates(texts), when, keep)
    plan = planned(webhook(body), shop)
    sent = values(plan)
    (event,) = explained(webhook(body), shop)["events"]
    (rule,) = event["rules"]
    # Only a condition that fails is wanted, as far as it is known, and makes nothing.
    assert rule["wanted"] is (not plan.unmatched)
    told = {one["field"]: one for each in rule.get("requests", ()) for one in each["fields"]}
    if sent is not None:
        was_sent = {path: one["value"] for path, one in told.items() if one["status"] == "sent"}
        assert json.dumps(was_sent, sort_keys=True) == json.dumps(sent, sort_keys=True)
        assert all(one["status"] != "wrong" for one in told.values())
    elif rule["wanted"]:
        assert plan.parked
        assert rule["failures"]
    for one in told.values():
        assert all("error" not in part or one["status"] != "sent" for part in one.get("parts", ()))


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(COMPILED, min_size=3, max_size=3), st.none() | COMPILED, BODIES)
def test_the_branches_that_an_event_reaches_are_branches_of_its_rule(
    texts: list[str], when: str | None, body: Any
) -> None:
    shop = source(templates(texts), when)
    plan = planned(webhook(body), shop)
    (event,) = events(verified(webhook(body), shop), shop)
    covered = {one.what for one in reached(event, shop)}
    every = {one.what for one in branches(shop)}
    certain = {what for what in covered if what.endswith(("is sent", "is left out"))}
    assert covered - certain <= every  # what cannot be left out is no branch, and is sent
    sent = values(plan)
    if sent is not None:
        assert {f"{path} is sent" for path in sent if ".p" in path} <= covered
        assert not {f"{path} is left out" for path in sent} & covered


def test_a_branch_that_is_not_taken_is_neither_explained_nor_covered() -> None:
    shop = source({"p": Whole(TRIED)})
    (event,) = explained(webhook({}), shop)["events"]
    (field,) = (
        one for one in event["rules"][0]["requests"][0]["fields"] if one["field"].endswith(".p")
    )
    assert (field["status"], field["value"]) == ("sent", "none")
    (part,) = field["parts"]
    assert part["reads"] == [{"path": "body.m", "value": None}]
    assert part["took"] == [
        {
            "option": "'none'",
            "number": 2,
            "of": 2,
            "passed": [{"option": "body.m", "because": "null"}],
        }
    ]
    (seen,) = events(verified(webhook({}), shop), shop)
    took = "recipients[0].trigger_properties.p takes"
    assert f"{took} 'none' (2 of 2)" in {one.what for one in reached(seen, shop)}
    (other,) = events(verified(webhook({"m": "ab"}), shop), shop)
    assert f"{took} length(body.m) (1 of 2)" in {one.what for one in reached(other, shop)}
