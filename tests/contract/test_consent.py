"""Consent that an event changes, by the shipped rules and recipes, in the simulated Braze."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handler.core.configuration import yaml12
from handler.core.models import Delivery, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load, names
from relay.paths import PROJECT
from relay.rules.check.warnings import warnings
from tests.contract.way import sent
from tests.docs_pages import RULES_FILES
from tests.relay.simulated_braze.simulated import Client
from tests.test_docs_recipes import RECIPES

SHIPPED = PROJECT / "src" / "rules"
FORMER = PROJECT / "tests" / "golden" / "1" / "rules"
STATES = ["opted_in", "subscribed", "unsubscribed"]
CAMPAIGN = "/campaigns/trigger/send"
# The endpoint of a request by a key of its body.
PATHS = {
    "campaign_id": CAMPAIGN,
    "canvas_id": "/canvas/trigger/send",
    "attributes": "/users/track",
    "events": "/users/track",
    "subscription_groups": "/v2/subscription/status/set",
}
# Where the sender says that the holder of the address has confirmed it.
CONFIRMED = {"welcomes-a-customer", "starts-the-onboarding", "recipe welcome"}
GUEST = json.loads((PROJECT / "events" / "shopify-order-guest.json").read_text(encoding="utf-8"))
ADDRESS = GUEST["body"]["email"]


def orders(rules: Path, *, has_ticked: bool) -> tuple[Delivery, ...]:
    """Return what a folder's rules make of a guest's order."""
    body = {**GUEST["body"], "buyer_accepts_marketing": has_ticked}
    raw = json.dumps(body).replace("@now", "2025-11-20T21:00:00Z").encode()
    source = load("shopify", (rules / "shopify.yaml").read_text("utf-8"), "shopify.yaml", "dev")
    made = plan(
        Verified(Webhook("shopify", "POST", GUEST["headers"], "", raw, 1_763_672_400)), source
    )
    assert len(made.deliveries) == 1
    return made.deliveries


def consents(braze: Client) -> dict[str, str]:
    profiles = braze.call("GET", "/profiles")
    return {user: it.get("email_subscribe", "subscribed") for user, it in profiles.items()}


def ordered(braze: Client, rules: Path, state: str, *, has_ticked: bool) -> dict[str, str]:
    """Return the consents once a guest has ordered with the address of a known customer."""
    braze.call("PUT", "/profiles/known", {"email": ADDRESS.lower(), "email_subscribe": state})
    for delivery in orders(rules, has_ticked=has_ticked):
        assert sent(braze, delivery).outcome.kind == "accepted"
        assert delivery.recipient is not None
        assert consents(braze).keys() == {"known", delivery.recipient["external_user_id"]}
    return consents(braze)


@pytest.mark.parametrize("has_ticked", [True, False])
@pytest.mark.parametrize("state", STATES)
def test_a_guests_order_with_a_customers_address_changes_nobodys_consent(
    braze: Client, state: str, *, has_ticked: bool
) -> None:
    found = ordered(braze, SHIPPED, state, has_ticked=has_ticked)
    assert set(found.values()) == {state}
    (guest,) = (user for user in found if user != "known")
    profile = braze.call("GET", f"/profiles/{guest}")["profile"]
    assert profile.get("asked_for_news", False) is has_ticked


@pytest.mark.parametrize(
    "state, has_ticked, becomes",
    [("opted_in", False, "unsubscribed"), ("unsubscribed", True, "opted_in")],
)
def test_the_rule_of_the_first_release_is_found_to_change_it(
    braze: Client, state: str, becomes: str, *, has_ticked: bool
) -> None:
    found = ordered(braze, FORMER, state, has_ticked=has_ticked)
    assert found["known"] == becomes


@pytest.mark.parametrize("state", ["opted_in", "unsubscribed"])
def test_a_setting_that_resubscribes_leaves_the_known_customer_alone(
    braze: Client, state: str
) -> None:
    braze.call("PUT", "/switches", {"changed_email": "resubscribes"})
    assert ordered(braze, SHIPPED, state, has_ticked=True)["known"] == state


def of_cases() -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted((PROJECT / "tests" / "cases").rglob("*.yaml")):
        case: Any = yaml12.load(file.read_text(encoding="utf-8"), file.name).value
        for one in case["expect"].get("deliveries", []):
            yield file.stem, one["body"]


def of_recipes() -> Iterator[tuple[str, dict[str, Any]]]:
    for recipe in RECIPES:
        name = recipe["rules"].split("name: ")[1].splitlines()[0].split()[0]
        shown = json.loads(recipe["requests"])
        for one in shown if isinstance(shown, list) else [shown]:
            yield f"recipe {name}", one


REQUESTS = [*of_cases(), *of_recipes()]


def test_requests_of_all_cases_and_recipes_are_tried() -> None:
    tried = {name for name, _ in REQUESTS}
    assert CONFIRMED.issubset(tried)
    assert len(tried) > 15


def written(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the attributes of each user that a request is about; at least one."""
    recipients = [one.get("attributes", {}) for one in body.get("recipients", [])]
    return [*recipients, *body.get("attributes", [])] or [{}]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name, body", [it for it in REQUESTS if it[0] != "recipe goodbye"])
def test_no_rule_or_recipe_changes_the_consent_of_an_address_that_is_not_confirmed(
    braze: Client, name: str, body: dict[str, Any], state: str
) -> None:
    for attributes in written(body):
        address = attributes.get("email", "somebody@example.org")
        braze.call("PUT", "/profiles/known", {"email": address, "email_subscribe": state})
    (path,) = {PATHS[key] for key in body if key in PATHS}
    answer = braze.post(path, body)
    assert answer.status_code == 201
    assert "errors" not in answer.json()
    assert consents(braze)["known"] == ("opted_in" if name in CONFIRMED else state)


def test_an_unsubscription_reaches_every_profile_with_the_address(braze: Client) -> None:
    (body,) = (body for name, body in REQUESTS if name == "recipe goodbye")
    for user in (body["recipients"][0]["external_user_id"], "guest"):
        told = {"email": "ann@example.org", "email_subscribe": "opted_in"}
        braze.call("PUT", f"/profiles/{user}", told)
    assert braze.post(CAMPAIGN, body).status_code == 201
    assert set(consents(braze).values()) == {"unsubscribed"}


def rules_texts() -> Iterator[tuple[str, str]]:
    """Yield every rules file that is shipped, or shown whole on a page."""
    for folder in ("src/rules", "tests/rules"):
        for file in sorted((PROJECT / folder).glob("*.yaml")):
            yield file.stem, file.read_text(encoding="utf-8")
    for text in RULES_FILES:
        yield "shop", text
    for recipe in RECIPES:
        yield "shop", recipe["rules"]


@pytest.mark.parametrize("stem, text", [*rules_texts()])
def test_the_check_has_nothing_against_the_consent_or_the_type_of_what_is_shown(
    stem: str, text: str
) -> None:
    block: Any = yaml12.load(text, stem).value
    preset = block["verify"].get("preset", "")
    for name in names(stem, text, stem):
        said = [*warnings(load(name, text, stem, "dev"), preset)]
        told = [it for it in said if {"when", "attributes"} & {*it[0]}]
        assert told == []


def test_the_readme_shows_a_rule_that_is_shipped() -> None:
    shown = (PROJECT / "README.md").read_text("utf-8").split("```yaml\n")[1].split("```")[0]
    assert shown.rstrip() in (SHIPPED / "shopify.yaml").read_text("utf-8")
