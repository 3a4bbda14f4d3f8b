"""What the rules make of a letter's event now takes the place of what was frozen."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import JsonValue

from handler.core.message import encode, pack
from handler.core.models import Delivery, Parked, Plan
from relay.rules.webhooks import Given, planned
from relay.samples import Sample, load_sources
from tests.relay.letters.desk import NOW, SECRET, Desk

RULES = """\
verify: {preset: shopify}
vars:
  dev: {mail: 417220e4-5a2a-b634-7f7d-9ec891532368}
  prod: {mail: 8a1f6e6b-3f5c-4c0e-9d11-0c6f4f2b7a55}
rules:
  - name: confirm
    type: orders/create
    when: "!(body.test)"
    once: ${body.id}
    send:
      campaign_id: ${vars.mail}
      recipients:
        - external_user_id: ${body.customer.id}
          attributes: {email: "${body.email}"}
          trigger_properties: {order: "Order ${body.number}"}
    required: [attributes.email]
"""
EACH = """\
verify: {preset: shopify}
rules:
  - name: parcels
    type: orders/create
    for_each: body.parcels
    once: ${item.code}
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      recipients:
        - external_user_id: ${item.to}
          trigger_properties: {parcel: "Parcel ${item.code}"}
"""
ORDER: dict[str, Any] = {
    "id": 7,
    "email": f"{SECRET}@example.org",
    "number": 41,
    "customer": {"id": 9},
}
Rules = Callable[[str], Path]


@pytest.fixture
def rules(tmp_path: Path) -> Rules:
    def write(text: str) -> Path:
        folder = tmp_path / "rules"
        folder.mkdir(exist_ok=True)
        (folder / "shop.yaml").write_text(text, encoding="utf-8")
        return folder

    return write


def plan_of(rules: Path, body: Any) -> Plan:
    """Return what ingest makes of an order, now."""
    sample = Sample("order", "shop", {"x-shopify-topic": "orders/create"}, body)
    return planned(Given(sample, NOW), load_sources(rules, "dev")["shop"])


def made_of(rules: Path, body: Any) -> Delivery:
    (made,) = plan_of(rules, body).deliveries
    return made


def parked_of(rules: Path, body: Any) -> Parked:
    (parked,) = plan_of(rules, body).parked
    return parked


def raw(body: str, reason: str = "malformed") -> Parked:
    headers: dict[str, JsonValue] = {"x-shopify-topic": "orders/create"}
    event = pack({"raw": b64encode(body.encode()).decode(), "headers": headers})
    return Parked("shop", None, "v1", "e", event, NOW, reason, "why")  # type: ignore[arg-type] # as given


def rendered(desk: Desk, rules: Path, *arguments: str, answer: str = "") -> Any:
    given = ["--rendered", "--rules", str(rules), *arguments]
    return desk.run("dead-letters", "redrive", *given, answer=answer)


def test_a_rejected_delivery_goes_as_the_mended_rule_makes_it_once_shown(
    desk: Desk, rules: Rules
) -> None:
    frozen = made_of(rules(RULES), ORDER)
    desk.bury(frozen)
    mended = rules(RULES.replace("Order ${body.number}", "No. ${body.number}"))
    refused = rendered(desk, mended, answer="n\n")
    assert refused.exit_code == 1
    assert desk.sent() == []
    assert len(desk.dead()) == 1
    done = rendered(desk, mended, answer="y\n")
    assert done.exit_code == 0, done.output
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["-", "order:", "Order", "41"] in lines
    assert ["+", "order:", "No.", "41"] in lines
    (sent,) = desk.sent()
    assert sent["id"] == frozen.id
    assert sent["recipient"]["trigger_properties"] == {"order": "No. 41"}
    assert desk.dead() == []


def test_what_is_rendered_as_it_was_is_sent_without_a_question(desk: Desk, rules: Rules) -> None:
    frozen = made_of(rules(RULES), ORDER)
    desk.bury(frozen)
    done = rendered(desk, rules(RULES))
    assert done.exit_code == 0, done.output
    assert desk.sent() == [json.loads(encode(frozen))]


def test_another_identity_is_refused_and_goes_only_again(desk: Desk, rules: Rules) -> None:
    frozen = made_of(rules(RULES), ORDER)
    desk.bury(frozen)
    changed = rules(RULES.replace("once: ${body.id}", "once: ${body.number}"))
    refused = rendered(desk, changed, "--yes")
    assert refused.exit_code == 1
    assert "its id is another one now" in refused.stderr
    assert desk.sent() == []
    assert rendered(desk, changed, "--yes", "--again").exit_code == 0
    (sent,) = desk.sent()
    assert sent["id"] == made_of(changed, ORDER).id != frozen.id


@pytest.mark.parametrize("under", ["old", "new"])
def test_what_is_held_under_either_identity_is_not_sent(
    desk: Desk, rules: Rules, under: str
) -> None:
    frozen = made_of(rules(RULES), ORDER)
    desk.bury(frozen)
    changed = rules(RULES.replace("once: ${body.id}", "once: ${body.number}"))
    desk.put(frozen if under == "old" else made_of(changed, ORDER), "HELD")
    assert rendered(desk, changed, "--yes", "--again").exit_code == 1
    assert desk.sent() == []


def test_what_was_accepted_is_refused_rendered_too(desk: Desk, rules: Rules) -> None:
    frozen = made_of(rules(RULES), ORDER)
    desk.bury(frozen)
    desk.put(frozen, "ACCEPTED")
    assert rendered(desk, rules(RULES), "--yes").exit_code == 1
    assert desk.sent() == []


@pytest.mark.parametrize(
    "change, told",
    [
        (("!(body.test)", "body.test"), "does not want it now: body.test is null"),
        (("name: confirm", "name: confirmed"), "no rule confirm any more"),
        (("name: confirm", "name: confirm\n    enabled: false"), "it is not enabled"),
        (("name: confirm", "name: confirm\n    shadow: true"), "in shadow"),
        (("body.customer.id", "body.customer.key"), "external_user_id"),
        (("verify:", "verifi:"), "do not load"),
    ],
)
def test_what_the_rules_do_not_make_any_more_stays_and_says_why(
    desk: Desk, rules: Rules, change: tuple[str, str], told: str
) -> None:
    desk.bury(made_of(rules(RULES), ORDER))
    done = rendered(desk, rules(RULES.replace(*change)), "--yes")
    assert done.exit_code == 1
    assert told in done.stderr
    assert len(desk.dead()) == 1


def test_what_could_not_be_rendered_goes_once_its_rule_is_mended(desk: Desk, rules: Rules) -> None:
    order = {name: it for name, it in ORDER.items() if name != "email"} | {"mail": "a@b.org"}
    desk.bury(parked_of(rules(RULES), order), "unrenderable")
    still = rendered(desk, rules(RULES), "--yes")
    assert still.exit_code == 1
    assert "attributes.email" in still.stderr
    mended = rules(RULES.replace("${body.email}", "${body.mail}"))
    assert rendered(desk, mended, "--yes", "--dry-run").exit_code == 0
    assert desk.sent() == []
    done = rendered(desk, mended, answer="y\n")
    assert done.exit_code == 0, done.output
    (sent,) = desk.sent()
    assert sent["recipient"]["attributes"] == {"email": "a@b.org"}
    assert sent["id"] == made_of(mended, order).id
    assert desk.dead() == []


def test_an_event_that_came_too_late_goes_only_again(desk: Desk, rules: Rules) -> None:
    late = rules(RULES + "    expires_after: 1h\n")
    order = {**ORDER, "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z"}
    parked = parked_of(late, order)
    assert parked.reason == "expired"
    desk.bury(parked, "expired")
    refused = rendered(desk, late, "--yes")
    assert refused.exit_code == 1
    assert "--again" in refused.stderr
    assert rendered(desk, late, "--yes", "--again").exit_code == 0
    (sent,) = desk.sent()
    assert sent["expires_at"] is None


def test_a_malformed_webhook_stays_until_it_can_be_read(desk: Desk, rules: Rules) -> None:
    desk.bury(raw('{"id": 7, "id": 8}'), "malformed")
    done = rendered(desk, rules(RULES), "--yes")
    assert done.exit_code == 1
    assert "cannot be read" in done.stderr
    assert len(desk.dead()) == 1


def test_a_webhook_that_can_be_read_now_makes_what_ingest_would_have_made(
    desk: Desk, rules: Rules
) -> None:
    desk.bury(raw(json.dumps(ORDER)), "malformed")
    assert rendered(desk, rules(RULES), "--yes").exit_code == 0
    (sent,) = desk.sent()
    assert sent["id"] == made_of(rules(RULES), ORDER).id
    assert desk.dead() == []


def test_a_webhook_with_too_many_events_is_sent_in_batches(desk: Desk, rules: Rules) -> None:
    many = RULES.replace(
        "rules:\n", "event: {events: body.orders, type: \"'orders/create'\", id: body.id}\nrules:\n"
    )
    orders = [{**ORDER, "id": number} for number in range(1, 131)]
    parked = parked_of(rules(many), {"orders": orders})
    assert parked.reason == "too_many"
    desk.bury(parked, "too_many")
    done = rendered(desk, rules(many), "--yes")
    assert done.exit_code == 0, done.output
    assert "130 deliveries sent" in done.stdout
    assert {it["id"] for it in desk.sent()} == {
        made_of(rules(many), {"orders": [order]}).id for order in orders
    }
    assert desk.dead() == []


@pytest.mark.parametrize("once", ["${item.code}", "${body.id}"], ids=["by item", "by place"])
def test_an_event_with_too_many_elements_is_sent_with_the_ids_that_each_would_have(
    desk: Desk, rules: Rules, once: str
) -> None:
    each = rules(EACH.replace("${item.code}\n    send", f"{once}\n    send"))
    parcels = [{"code": f"p{number}", "to": str(number + 1)} for number in range(230)]
    order = {"id": 1, "parcels": parcels}
    parked = parked_of(each, order)
    assert parked.reason == "too_many"
    desk.bury(parked, "too_many")
    done = rendered(desk, each, "--yes")
    assert done.exit_code == 0, done.output
    sent = {it["recipient"]["external_user_id"]: it["id"] for it in desk.sent()}
    assert set(sent) == {it["to"] for it in parcels}
    first = plan_of(each, {**order, "parcels": parcels[:100]}).deliveries
    assert [sent[str(it.recipient["external_user_id"])] for it in first if it.recipient] == [
        it.id for it in first
    ]
    assert len(set(sent.values())) == 230
    assert desk.dead() == []


def test_of_a_webhook_what_renders_is_sent_and_the_letter_stays_for_the_rest(
    desk: Desk, rules: Rules
) -> None:
    many = RULES.replace(
        "rules:\n", "event: {events: body.orders, type: \"'orders/create'\", id: body.id}\nrules:\n"
    )
    orders = [{**ORDER, "id": 1}, {**ORDER, "id": 2, "email": None}]
    desk.bury(raw(json.dumps({"orders": orders}), "too_many"), "too_many")
    done = rendered(desk, rules(many), "--yes")
    assert done.exit_code == 1
    assert "confirm: unrenderable: attributes.email" in done.stderr
    assert len(desk.sent()) == 1
    assert len(desk.dead()) == 1


def test_one_event_of_many_that_was_parked_by_itself_is_read_as_that(
    desk: Desk, rules: Rules
) -> None:
    many = RULES.replace(
        "rules:\n", "event: {events: body.orders, type: \"'orders/create'\", id: body.id}\nrules:\n"
    )
    desk.bury(raw(json.dumps(ORDER)), "malformed")
    assert rendered(desk, rules(many), "--yes").exit_code == 0
    (sent,) = desk.sent()
    assert sent["id"] == made_of(rules(many), {"orders": [ORDER]}).id


def test_one_element_of_for_each_is_rendered_from_what_it_carries(desk: Desk, rules: Rules) -> None:
    parcels = [{"code": "p1", "to": "9"}, {"code": "p2", "to": "9"}]
    _, second = plan_of(rules(EACH), {"id": 1, "parcels": parcels}).deliveries
    desk.bury(second)
    mended = rules(EACH.replace("Parcel ${item.code}", "No. ${item.code}"))
    assert rendered(desk, mended, "--yes").exit_code == 0
    (sent,) = desk.sent()
    assert sent["id"] == second.id
    assert sent["recipient"]["trigger_properties"] == {"parcel": "No. p2"}


@pytest.mark.parametrize(
    "change",
    [
        ("Parcel ${item.code}", "Parcel ${item.code} of ${body.id}"),
        ("Parcel ${item.code}", "${item.code} of ${sum(root().body.parcels[].n)}"),
        ("once: ${item.code}", "once: ${id}"),
    ],
    ids=["reads body", "reads root()", "is told apart by its place"],
)
def test_what_an_element_does_not_carry_is_never_left_out_in_silence(
    desk: Desk, rules: Rules, change: tuple[str, str]
) -> None:
    (made,) = plan_of(rules(EACH), {"id": 1, "parcels": [{"code": "p1", "to": "9"}]}).deliveries
    desk.bury(made)
    done = rendered(desk, rules(EACH.replace(*change)), "--yes")
    assert done.exit_code == 1
    assert "redrive it without --rendered" in done.stderr
    assert len(desk.dead()) == 1


def test_of_several_recipients_the_letters_own_is_rendered(desk: Desk, rules: Rules) -> None:
    both = RULES.replace(
        "    required:",
        "        - external_user_id: ${body.id}\n"
        '          attributes: {email: "${body.email}"}\n    required:',
    )
    made = plan_of(rules(both), ORDER).deliveries
    desk.bury(made[1])
    assert rendered(desk, rules(both), "--yes").exit_code == 0
    assert [it["id"] for it in desk.sent()] == [made[1].id]


def test_the_stage_may_be_another(desk: Desk, rules: Rules) -> None:
    desk.bury(made_of(rules(RULES), ORDER))
    assert rendered(desk, rules(RULES), "--yes", "--stage", "prod").exit_code == 0
    (sent,) = desk.sent()
    assert sent["send"] == {"campaign_id": "8a1f6e6b-3f5c-4c0e-9d11-0c6f4f2b7a55"}


def test_a_letter_without_its_event_stays(desk: Desk, rules: Rules) -> None:
    for event in ("", "!", pack([1]), pack({"body": 1})):
        desk.bury(replace(made_of(rules(RULES), ORDER), event=event))
    done = rendered(desk, rules(RULES), "--yes")
    assert done.stderr.count("it carries no ") == 4
    assert len(desk.dead()) == 4
