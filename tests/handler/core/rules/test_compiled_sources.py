"""A source that is read from compiled rules is the one that was loaded, and plans the same."""

import json
import re
from dataclasses import FrozenInstanceError, replace
from itertools import chain
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from handler.core.errors import RulesError
from handler.core.models import Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.encode_source import NotEncodable, SourceLines, encode_source
from handler.core.rules.load import load, names, stages
from handler.core.rules.source import Source
from handler.core.verification.presets.catalogue import PRESETS
from relay.paths import PROJECT
from tests.docs_pages import RULES_FILES
from tests.examples import examples
from tests.golden.test_plans import FIRST, PLANS, RECEIVED_AT
from tests.handler.core.expressions.plain_grammar import PLAIN
from tests.handler.core.rules.compiled import exact, read_back
from tests.handler.core.rules.define_files import FILE, NOW, ORDER
from tests.handler.core.rules.test_define_plans import BODIES, EXPRESSIONS, USES
from tests.handler.core.rules_files import GOOD, HAND, RULES, changed, source_of
from tests.senders.posting import Letter, source
from tests.senders.test_by_hand import FILES as HANDS
from tests.senders.test_samples import SAMPLES
from tests.senders.vendors import VENDORS
from tests.test_docs_recipes import RECIPES

FOLDERS = ("src/rules", "tests/rules", "tests/*/rules", "tests/golden/*/rules")
FILES = {
    str(file.relative_to(PROJECT)): file.read_text(encoding="utf-8")
    for file in chain.from_iterable(PROJECT.glob(f"{folder}/*.yaml") for folder in FOLDERS)
}
BY_HAND = {file.stem: file.read_text(encoding="utf-8") for file in HANDS.glob("*.yaml")}


def sources(text: str) -> list[Source]:
    """Return all sources of a file that loads, in all its stages."""
    return [
        load(name, text, "shop.yaml", stage)
        for name in names("shop", text, "shop.yaml")
        for stage in stages(name, text, "shop.yaml") or ("dev",)
    ]


def assert_the_same(text: str) -> None:
    for loaded in sources(text):
        assert exact(read_back(loaded)) == exact(loaded)


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_project_is_read_back_as_it_was_loaded(name: str) -> None:
    assert_the_same(FILES[name])


@pytest.mark.parametrize("text", [*RULES_FILES, *(one["rules"] for one in RECIPES)])
def test_a_file_of_the_docs_is_read_back_as_it_was_loaded(text: str) -> None:
    assert_the_same(text)


@pytest.mark.parametrize("name", BY_HAND)
def test_a_sender_described_by_hand_is_read_back(name: str) -> None:
    assert_the_same(f"{BY_HAND[name]}\n{RULES}")


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_read_back_as_it_was_loaded(preset: str) -> None:
    loaded = source_of(preset)
    assert exact(read_back(loaded)) == exact(loaded)


@pytest.mark.parametrize("text", [GOOD, HAND])
def test_each_kind_of_proof_is_read_back(text: str) -> None:
    signed = "verify:\n  encoding: hex\n  signature: {header: X-Sign}\n"
    for verify in (
        signed,
        "verify: {scheme: basic}\n",
        "verify: {scheme: token, where: query, name: key}\n",
        "verify: {scheme: hash, encoding: hex, signature: {header: x}, signed: '{secret}{body}'}\n",
        "verify: {scheme: standard_webhooks, headers: svix, tolerance: null}\n",
    ):
        assert_the_same(HAND.replace(signed, verify))
    assert_the_same(text)


VALUES = (
    *("2", "2.0", "-0.0", "1e16", "0.1", "true", "'2'", "null", "[[], {}, [null]]", "5e-324"),
    *("{define: x, type: slice, children: []}", "[whole, text, list]", "[[text, a]]", "[[whole]]"),
    *("'é😀\u2028'", "'$${x}'", "'a ${body.b} c'", "'${body.c}'", "12345678901234567"),
    *('\'${`{"define": {"name": 1}}`}\'', "'${`9007199254740993`}'", "'${`1.0`}'"),
    *("'${body.items[1:-1:2]}'", "'${body.items[::-1]}'", "'${sort_by(body.items, &a)}'"),
    *("'${body.items[?a == `true` && b != `1e2`].{c: c}}'", "'${`-0.0`}'", "'${`null`}'"),
)


@pytest.mark.parametrize("value", VALUES)
def test_a_value_of_a_template_is_read_back(value: str) -> None:
    properties = "      trigger_properties: {p: %s}\n" % value  # noqa: UP031 - it has braces
    assert_the_same(changed("      recipients:", f"{properties}      recipients:"))


def planned(text: str, body: Any) -> list[Any]:
    """Return the plans of a webhook by the source that was loaded, and by the one read back."""
    loaded = load("shop", text, "shop.yaml", "dev")
    assert exact(read_back(loaded)) == exact(loaded)
    headers = {"x-shopify-topic": "orders/create", "x-shop": "s"}
    webhook = Webhook("shop", "POST", headers, "", json.dumps(body).encode(), NOW)
    return [plan(Verified(webhook), one) for one in (loaded, read_back(loaded))]


@settings(max_examples=examples(40), deadline=None)
@given(first=EXPRESSIONS, second=EXPRESSIONS, use=USES, body=BODIES)
def test_a_generated_file_with_names_is_read_back_and_plans_the_same(
    first: str, second: str, use: str, body: Any
) -> None:
    names = f"  user: {json.dumps(f'${{{first}}}')}\n  other: {json.dumps(f'${{{second}}}')}\n"
    text = FILE.replace('  user: "%s"\n', names)
    try:
        loaded, back = planned(
            text % json.dumps(use.format("define.user", "define.other"))[1:-1], body
        )
    except RulesError:
        assume(False)  # noqa: FBT003 - hypothesis's own
    assert loaded == back


# Half of what is drawn has a trap in it, and does not load.
@settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)
@given(expression=PLAIN, other=PLAIN)
def test_any_expression_is_read_back_and_plans_the_same(expression: str, other: str) -> None:
    use = json.dumps(f"${{body | ({expression})}} and ${{body.a | ({other})}}")[1:-1]
    try:
        loaded, back = planned(FILE % ("${body.id}", use), ORDER)
    except RulesError:
        assume(False)  # noqa: FBT003 - hypothesis's own
    assert loaded == back


@pytest.mark.parametrize("preset, case", SAMPLES, ids=lambda it: it if isinstance(it, str) else "")
def test_a_senders_sample_has_the_same_plan(preset: str, case: dict[str, Any]) -> None:
    post = Letter(VENDORS[preset], json.dumps(case["body"])).post()
    webhook = replace(post, headers={**post.headers, **case.get("headers", {})}).webhook()
    loaded = source(preset)
    made = [plan(Verified(webhook), one) for one in (loaded, read_back(loaded))]
    assert made[0] == made[1]


@pytest.mark.parametrize("name", PLANS)
def test_a_webhook_of_the_first_release_has_the_same_plan(name: str) -> None:
    sent = json.loads((FIRST / "webhooks" / f"{name}.json").read_text(encoding="utf-8"))
    rules = (FIRST / "rules" / f"{sent['source']}.yaml").read_text(encoding="utf-8")
    loaded = load(sent["source"], rules, "f.yaml", "dev")
    body = json.dumps(sent["body"]).encode()
    verified = Verified(Webhook(loaded.name, "POST", sent["headers"], "", body, RECEIVED_AT))
    made = [plan(verified, one) for one in (loaded, read_back(loaded))]
    assert made[0] == made[1]


def test_a_rule_that_was_read_is_a_rule_like_any_other() -> None:
    (rule,) = read_back(load("shop", GOOD, "shop.yaml", "dev")).rules
    assert replace(rule, shadow=True).recipients == rule.recipients
    assert replace(rule).once is rule.once
    assert (rule.is_broadcast, rule.takes("orders/create"), rule.takes("other")) == (
        False,
        True,
        False,
    )
    with pytest.raises(FrozenInstanceError):
        rule.shadow = True  # type: ignore[misc] # that is the claim
    with pytest.raises(AttributeError, match="sent"):
        rule.sent  # type: ignore[attr-defined] # noqa: B018 - that is the claim


def test_what_differs_by_stage_is_small() -> None:
    text = (PROJECT / "src" / "rules" / "shopify.yaml").read_text(encoding="utf-8")
    lines = SourceLines()
    for stage in ("dev", "prod"):
        encode_source(load("shopify", text, "f", stage), lines)
    ids = [
        one for one in lines.texts if re.fullmatch(rb'{"send":{"c\w+_id":"[0-9a-f-]{36}"}}', one)
    ]
    assert len(ids) == 2 * 2
    # The place of the index, three rules, the send of the one that tracks, two sources.
    assert len(lines.texts) == 1 + 3 + len(ids) + lines.texts.count(b'{"send":{}}') + 2
    assert lines.texts.count(b'{"send":{}}') == 1


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), "\ud83d\ude00", (1,), {1: 2}, object()]
)
def test_what_would_be_read_as_something_else_is_not_written(value: Any) -> None:
    loaded = load("shop", GOOD, "shop.yaml", "dev")
    (rule,) = loaded.rules
    with pytest.raises(NotEncodable, match="shop: "):
        encode_source(replace(loaded, rules=(replace(rule, send={"a": value}),)), SourceLines())
