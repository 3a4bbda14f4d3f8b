"""`relay send --new`: a sample becomes another event, of the same form."""

import random
import re
from typing import Any

import pytest

from handler.core.expressions.scalars import INT64
from handler.core.models import Plan
from handler.core.planning.plan import plan
from handler.core.rules.load import load
from handler.core.rules.source import Source
from relay.paths import EVENTS
from relay.rules.webhooks import Given, verified
from relay.send.new_ids import NoNewId, fresh, renewed
from relay.webhooks.samples import Sample, read_sample

CHOOSE = random.Random(7).choice  # noqa: S311 - of a test
RULE = """\
rules:
  - name: a
    type: "*"
    {once}
    send: {{campaign_id: c, recipients: [{{external_user_id: "${{{who}}}"}}]}}
"""


def source_of(head: str, once: str = "", who: str = "body.who") -> Source:
    rule = RULE.format(once=f"once: ${{{once}}}" if once else "", who=who)
    return load("shop", f"{head}\n{rule}", "shop.yaml", "dev")


def planned(sample: Sample, source: Source) -> Plan:
    return plan(verified(Given(sample, 1_767_268_800), source), source)


@pytest.mark.parametrize(
    "value, form",
    [
        (6120445500117, r"[1-9]\d{12}"),
        (7, r"[1-9]"),
        ("#1042", r"#\d{4}"),
        ("evt_1MhUT6E0b", r"evt_\d[A-Z][a-z][A-Z]{2}\d[A-Z]\d[a-z]"),
        ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("https://api.example/events/AB12", r"https://api\.example/events/[A-Z]{2}\d\d"),
        ("-", r"-[1-9]"),
    ],
)
def test_a_value_keeps_its_form(value: Any, form: str) -> None:
    new = fresh(value, CHOOSE)
    assert new != value
    assert type(new) is type(value)
    assert re.fullmatch(form, str(new))


@pytest.mark.parametrize("value", [2**62, 2**63 - 1, -(2**63), 4.2e30, 10**17])
def test_a_new_number_is_one_that_ingest_takes(value: float) -> None:
    for _ in range(200):
        new = fresh(value, CHOOSE)
        assert type(new) is int
        assert new in INT64


HAND = """\
verify: {encoding: hex, signature: {header: x-sign}}
event: {type: body.type, type_signed: true, id: %s}"""
BODY: dict[str, Any] = {
    "type": "order",
    "id": "e1",
    "who": "u1",
    "order": {"id": 42, "at": "2026-01-01T00:00:00Z"},
}


@pytest.mark.parametrize(
    "head, once, who, new",
    [
        (HAND % "body.id", "", "body.who", ["body.id"]),
        (HAND % "body.id", "body.order.id", "body.who", ["body.id", "body.order.id"]),
        (HAND % "body.id", "id", "body.who", ["body.id"]),
        (HAND % "body.id", "concat(body.who, '-', text(body.order.id))", "body.who",
         ["body.id", "body.order.id"]),
        (HAND % "body.id", "body.who", "body.who", ["body.id", "body.who"]),
        (HAND % "\"concat(text(body.order.id), '@', body.order.at)\"", "", "body.who",
         ["body.order.id"]),
        (HAND % '"coalesce(body.absent, body.id)"', "", "body.who", ["body.id"]),
    ],
)  # fmt: skip
def test_the_fields_that_make_an_event_new_are_found(
    head: str, once: str, who: str, new: list[str]
) -> None:
    source, sample = source_of(head, once, who), Sample("s", "shop", {}, BODY)
    made = renewed(sample, source, CHOOSE)
    assert [one.partition(":")[0] for one in made.changes] == new
    before, after = (planned(one, source) for one in (sample, made.sample))
    assert before.logged[0].id != after.logged[0].id
    assert before.deliveries[0].id != after.deliveries[0].id


@pytest.mark.parametrize("name", ["shopify-order", "shopify-customer", "accounts-signup"])
def test_each_sample_of_the_project_becomes_a_new_delivery(name: str) -> None:
    sample = read_sample(EVENTS / f"{name}.json")
    text = (EVENTS.parent / "tests" / "rules" / f"{sample.source}.yaml").read_text(encoding="utf-8")
    source = load(sample.source, text, "f", "dev")
    new = renewed(sample, source, CHOOSE).sample
    ids = [{each.id for each in planned(one, source).deliveries} for one in (sample, new)]
    assert not ids[0] & ids[1]


def test_a_new_order_has_a_new_number_too() -> None:
    sample = Sample("s", "shop", {"x-shopify-topic": "orders/create"}, {"id": 42, "name": "#1042"})
    made = renewed(sample, source_of("verify: {preset: shopify}"), CHOOSE)
    assert [one.partition(":")[0] for one in made.changes] == ["body.id", "body.name"]


def test_a_signed_id_in_a_header_is_new() -> None:
    sample = Sample("s", "shop", {}, {"type": "a", "who": "u"})
    made = renewed(sample, source_of("verify: {preset: standard_webhooks}"), CHOOSE)
    assert re.fullmatch(r"msg_[a-z0-9]{24}", made.sample.headers["webhook-id"])


def test_each_event_of_a_batch_is_new() -> None:
    body: Any = [
        {"eventId": at, "subscriptionType": "a", "objectId": 5, "who": "u"} for at in (1, 2)
    ]
    sample = Sample("s", "shop", {}, body)
    made = renewed(sample, source_of("verify: {preset: hubspot}"), CHOOSE)
    assert [one.partition(":")[0] for one in made.changes] == ["body[0].eventId", "body[1].eventId"]


@pytest.mark.parametrize(
    "head, said",
    [
        ("verify: {preset: recharge}", "is the digest of its body: change any field"),
        (HAND % "body.uid", "event.id of shop reads body.uid; give that with --set"),
    ],
)
def test_where_no_field_is_known_it_says_what_to_set(head: str, said: str) -> None:
    sample = Sample("s", "shop", {"x-recharge-topic": "a"}, BODY)
    with pytest.raises(NoNewId) as error:
        renewed(sample, source_of(head), CHOOSE)
    assert said in str(error.value)
