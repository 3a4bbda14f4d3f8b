"""What the rules make now of a delivery takes the place of what was frozen."""

import json
from dataclasses import replace

import pytest

from handler.core.message import encode, pack
from tests.relay.dead_letters.desk import Desk
from tests.relay.dead_letters.shop import ORDER, RULES, Rules, made_of, plan_of, rendered


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
