"""Parked events and webhooks are sent once the rules can make something of them."""

import json

from tests.relay.dead_letters.desk import Desk
from tests.relay.dead_letters.shop import (
    MANY,
    ORDER,
    RULES,
    Rules,
    made_of,
    parked_of,
    raw,
    rendered,
)


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
    orders = [{**ORDER, "id": number} for number in range(1, 131)]
    parked = parked_of(rules(MANY), {"orders": orders})
    assert parked.reason == "too_many"
    desk.bury(parked, "too_many")
    done = rendered(desk, rules(MANY), "--yes")
    assert done.exit_code == 0, done.output
    assert "130 deliveries sent" in done.stdout
    assert {it["id"] for it in desk.sent()} == {
        made_of(rules(MANY), {"orders": [order]}).id for order in orders
    }
    assert desk.dead() == []


def test_of_a_webhook_what_renders_is_sent_and_the_letter_stays_for_the_rest(
    desk: Desk, rules: Rules
) -> None:
    orders = [{**ORDER, "id": 1}, {**ORDER, "id": 2, "email": None}]
    desk.bury(raw(json.dumps({"orders": orders}), "too_many"), "too_many")
    done = rendered(desk, rules(MANY), "--yes")
    assert done.exit_code == 1
    assert "confirm: unrenderable: attributes.email" in done.stderr
    assert len(desk.sent()) == 1
    assert len(desk.dead()) == 1


def test_one_event_of_many_that_was_parked_by_itself_is_read_as_that(
    desk: Desk, rules: Rules
) -> None:
    desk.bury(raw(json.dumps(ORDER)), "malformed")
    assert rendered(desk, rules(MANY), "--yes").exit_code == 0
    (sent,) = desk.sent()
    assert sent["id"] == made_of(rules(MANY), {"orders": [ORDER]}).id
