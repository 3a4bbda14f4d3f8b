"""Outcomes of the bench are the relay's plan, and the explanation of the command."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from handler.core.rules.load import load
from relay.cli import app
from relay.local.webhook_feed import Answered
from relay.page.bench.drafts import Drafts, Setting
from relay.page.bench.events import NoEvent, of_pasted, of_sample, of_webhook
from relay.page.bench.outcomes import Asked, Outcomes
from relay.page.bench.request_lines import request
from relay.page.bench.results import MOST, MOST_UNWANTED, differences_shown, event_results
from relay.paths import EVENTS, PROJECT
from relay.rules.explain.explanation import explained
from relay.rules.explain.wording import field_lines
from relay.rules.webhooks import planned

RULES = PROJECT / "tests" / "rules"
TEXT = (RULES / "shopify.yaml").read_text(encoding="utf-8")
SHOPIFY = Setting("shopify.yaml", "shopify", "dev")
ORDER = of_sample(EVENTS, "shopify-order")
SAMPLES = [one for one in sorted(EVENTS.glob("*.json")) if one.stem.startswith("shopify")]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.stem)
def test_the_explanation_is_that_of_the_command(sample: Path) -> None:
    made = Outcomes().of(of_sample(EVENTS, sample.stem), Drafts().draft(TEXT, SHOPIFY), None)
    command = ["rules", "explain", sample.stem, "--rules", str(RULES), "--json"]
    assert made.explanation == json.loads(CliRunner().invoke(app, command).stdout)


def test_edits_one_after_the_other_are_explained_as_each_whole_text_is() -> None:
    drafts, outcomes, text = Drafts(), Outcomes(), TEXT
    served = load("shopify", TEXT, "shopify.yaml", "dev")
    for old, new in (
        ("Order ${body.name}", "No. ${body.name}"),
        ("!(body.test)", "body.test"),
        ("body.test", "!(body.test)"),
        ("name: order-confirmation", "name: confirmation"),
        ("order_confirmation: 417220e4", "order_confirmation: 517220e4"),
        ("type: customers/create", "type: orders/*"),
    ):
        text = text.replace(old, new)
        for asked in (ORDER, of_sample(EVENTS, "shopify-customer")):
            made = outcomes.of(asked, drafts.draft(text, SHOPIFY), served)
            source = load("shopify", text, "shopify.yaml", "dev")
            assert made.explanation == explained(asked.given, source)
            assert made.plan is not None
            expected = planned(asked.given, source)
            assert [one.id for one in made.plan.deliveries] == [
                one.id for one in expected.deliveries
            ]


def test_beside_what_is_served_only_what_differs_is_told() -> None:
    drafts, outcomes = Drafts(), Outcomes()
    served = load("shopify", TEXT, "shopify.yaml", "dev")
    assert outcomes.of(ORDER, drafts.draft(TEXT, SHOPIFY), served).differences == ()
    text = TEXT.replace("Order ${body.name}", "No. ${body.name}")
    (told,) = outcomes.of(ORDER, drafts.draft(text, SHOPIFY), served).differences or ()
    (field,) = told.fields
    assert (field.before, field.after) == ("Order #1042", "No. #1042")
    broken = drafts.draft(text.replace("priority:", "priorty:"), SHOPIFY)
    assert outcomes.of(ORDER, broken, served).differences is None


def test_a_request_that_is_new_is_named_and_shown_once() -> None:
    served = load("shopify", TEXT.replace('"!(body.test)"', "body.test"), "shopify.yaml", "dev")
    outcome = Outcomes().of(ORDER, Drafts().draft(TEXT, SHOPIFY), served)
    (told,) = differences_shown(outcome) or []
    assert (told.heading, told.fields) == ("shopify/order-confirmation: appears", ())


def test_every_field_of_a_request_is_explained_in_the_words_of_the_command() -> None:
    explanation = Outcomes().of(ORDER, Drafts().draft(TEXT, SHOPIFY), None).explanation
    assert explanation is not None
    ((made,),) = [one["requests"] for one in explanation["events"][0]["rules"] if one["wanted"]]
    shown = request(made)
    told = [one.words for one in (*shown.lines, *shown.others) if one.words]
    expected = [
        [text.strip() for text, _ in field_lines(one)] for one in (made["once"], *made["fields"])
    ]
    assert sorted([text for text, _ in words] for words in told) == sorted(expected)


def test_the_lines_are_the_json_that_braze_gets() -> None:
    explanation = Outcomes().of(ORDER, Drafts().draft(TEXT, SHOPIFY), None).explanation
    assert explanation is not None
    made = explanation["events"][0]["rules"][0]["requests"][0]
    shown = "\n".join(one.text for one in request(made).lines)
    assert json.loads(shown) == made["delivery"]["body"]


def test_a_thousand_requests_are_not_shown_all() -> None:
    items = [{"id": at} for at in range(90)]
    text = TEXT.replace(
        "    once: ${body.id}  ", "    for_each: body.items\n    once: ${item.id}  "
    )
    asked = of_pasted(
        json.dumps({**ORDER.given.sample.body, "items": items}),  # type: ignore[dict-item] # an object
        "x-shopify-topic: orders/create",
        "shopify",
    )
    made = Outcomes().of(asked, Drafts().draft(text, SHOPIFY), None)
    assert made.plan is not None
    assert made.explanation is not None
    assert len(made.plan.deliveries) == 90
    (event,) = event_results(made.explanation)
    assert (len(event.wanted[0].requests), event.wanted[0].more) == (MOST, 90 - MOST)


def test_of_many_rules_that_do_not_want_an_event_those_for_its_type_are_shown() -> None:
    _, order, _, _ = re.split(r"^(?=  - name: )", TEXT, flags=re.MULTILINE)
    names = ("name: order-confirmation", "type: orders/create")
    others = [
        order.replace(names[0], f"name: n{at}").replace(names[1], "type: orders/paid")
        for at in range(60)
    ]
    last = order.replace(names[0], "name: last").replace("!(body.test)", "body.test")
    text = TEXT + "\n" + "".join([*others, last])
    made = Outcomes().of(ORDER, Drafts().draft(text, SHOPIFY), None)
    assert made.explanation is not None
    (event,) = event_results(made.explanation)
    assert (event.unwanted[0].name, len(event.unwanted)) == ("last", MOST_UNWANTED)
    assert event.more == 60 + 1 + 2 - MOST_UNWANTED


def test_the_bytes_of_a_live_webhook_are_what_the_rules_are_tried_on() -> None:
    raw = b'{ "id":1.0,"admin_graphql_api_id":"gid://shopify/Order/1" }'
    answered = Answered("POST", "/webhooks/shopify", {"x-shopify-topic": "a"}, raw, 200, "")
    asked = of_webhook(7, answered, 1_767_268_800.5)
    assert asked.source == "shopify"
    assert asked.given.sample.content(0) == raw
    assert asked.given.received_at == 1_767_268_800


def test_a_body_that_is_no_json_is_what_is_said() -> None:
    answered = Answered("POST", "/webhooks/shopify", {}, b"{", 400, "")
    made = Outcomes().of(of_webhook(1, answered, 0), Drafts().draft(TEXT, SHOPIFY), None)
    assert made.why_not == "body is not JSON"


@pytest.mark.parametrize(
    "text, headers, says",
    [
        ("{", "", "not JSON"),
        ("{}", "no colon", "NAME: VALUE"),
        ('{"source": 1, "headers": {}, "body": {}}', "", "a sample has"),
    ],
)
def test_what_is_pasted_wrong_is_said(text: str, headers: str, says: str) -> None:
    with pytest.raises(NoEvent, match=says):
        of_pasted(text, headers, "shopify")


def test_a_pasted_sample_and_a_pasted_body_with_its_headers_are_one_event() -> None:
    sample = ORDER.given.sample
    headers = "\n".join(f"{name}: {value}" for name, value in sample.headers.items())
    body = of_pasted(json.dumps(sample.body), headers, "shopify")
    whole = of_pasted((EVENTS / "shopify-order.json").read_text(encoding="utf-8"), "", "other")
    for asked in (body, whole):
        assert outcome_ids(asked) == outcome_ids(ORDER)


def outcome_ids(asked: Asked) -> list[str]:
    made = Outcomes().of(asked, Drafts().draft(TEXT, SHOPIFY), None)
    return [] if made.plan is None else [one.id for one in made.plan.deliveries]
