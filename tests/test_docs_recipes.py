"""The pages on rules files: each recipe, table and trap gives what the page shows."""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from handler.core.braze.request import request
from handler.core.expressions.expression import search
from handler.core.expressions.form import MISSING, fill
from handler.core.expressions.template import compile_template
from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import Source, load
from handler.core.verification.verify import verify
from relay.paths import PROJECT
from relay.rules.case_file import Case, read_case
from relay.rules.cases.command import Report
from relay.rules.cases.command import run as run_cases
from relay.rules.webhooks import Given, planned
from relay.webhooks.samples import read_sample, sources_in
from tests.docs_pages import RULES_TEXT, page
from tests.handler.core.rules_files import findings
from tests.relay.rules.desk import Desk, run

RECIPE = re.compile(
    r"<!-- recipe ?(?P<source>\S*) -->\n```yaml\n(?P<rules>.*?)```\n.*?"
    r"```json\n(?P<webhook>.*?)```\n.*?```json\n(?P<requests>.*?)```",
    re.DOTALL,
)
CASE = re.compile(r"`tests/cases/([^`]+)\.yaml`:\n\n<!-- case -->\n```yaml\n(.*?)```", re.DOTALL)
REFERENCE, FUNCTIONS = page("rules-reference"), page("functions")
RECIPES = [found.groupdict() for found in RECIPE.finditer(RULES_TEXT)]
HEAD = "verify: {preset: shopify}\n"
RULE = """\
rules:
  - name: a
    type: orders/create
    when: WHEN
    send: {campaign_id: c, recipients: [{external_user_id: "${body.id}"}]}
"""


def rows(text: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table under a heading, without their backticks."""
    section = text.split(f"\n{heading}\n")[1]
    table = re.search(r"\n\|---.*?\n((?:\|.*\n)+)", section)
    assert table
    lines = [re.split(r"(?<!\\) \| ", line.strip("|\n ")) for line in table[1].splitlines()]
    return [[cell.strip().strip("`").strip().replace("\\|", "|") for cell in it] for it in lines]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda it: str(it["rules"].split("name: ")[1][:20]))
def test_a_recipe_gives_what_is_shown(recipe: dict[str, str]) -> None:
    source = load(recipe["source"] or "shop", recipe["rules"], "shop.yaml", "dev")
    now = datetime.now(UTC).isoformat()
    webhook = json.loads(recipe["webhook"].replace("@now", now))
    raw = json.dumps(webhook["body"]).encode()
    received = Webhook(source.name, "POST", webhook["headers"], "", raw, int(time.time()))
    made = plan(Verified(received), source)
    assert made.parked == ()
    shown: Any = json.loads(recipe["requests"])
    assert [request(it) for it in made.deliveries] == (
        shown if isinstance(shown, list) else [shown]
    )


def test_the_case_of_the_tutorial_is_good_and_what_update_writes(tmp_path: Path) -> None:
    (recipe,) = (it for it in RECIPES if it["source"] == "billing")
    assert "as `src/rules/billing.yaml`" in page("rules")
    (name, case) = CASE.findall(page("rules"))[0]
    sample = tmp_path / "billing-receipt.json"
    sample.write_text(recipe["webhook"], encoding="utf-8")
    assert f"as `events/{sample.name}`" in page("rules")
    case = case.replace(f"events/{sample.name}", str(sample))
    desk = Desk(tmp_path)
    desk.write_rules(recipe["rules"], "billing")
    file = desk.write_case(case, name)
    assert desk.test().exit_code == 0
    desk.write_case(case.partition("\n")[0] + "\n", name)
    assert desk.test().exit_code == 1
    desk.test("--update")
    assert file.read_text(encoding="utf-8") == case


def test_every_recipe_of_the_pages_is_run() -> None:
    assert len(RECIPES) == RULES_TEXT.count("<!-- recipe") >= 11


OF_PAGE = [found.groupdict() for found in RECIPE.finditer(page("recipes"))]
NAMES = [recipe["source"] for recipe in OF_PAGE]
CASES = PROJECT / "tests" / "recipes"


def by_name(name: str) -> dict[str, str]:
    (recipe,) = (it for it in OF_PAGE if it["source"] == name)
    return recipe


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rules folder with every recipe of the page, each in a file of its name."""
    made = tmp_path_factory.mktemp("recipes")
    for recipe in OF_PAGE:
        (made / f"{recipe['source']}.yaml").write_text(recipe["rules"], encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def report(folder: Path) -> Report:
    return run_cases(sources_in(folder, "dev"), CASES)


def test_the_cases_of_the_recipes_pass(report: Report) -> None:
    assert [str(it) for it in report.mistakes] == []
    assert [it.case.name for it in report.results if not it.is_good] == []
    assert (report.unread, report.gone) == (0, ())


def test_every_rule_of_the_recipes_has_a_case_that_sends(folder: Path, report: Report) -> None:
    sources = sources_in(folder, "dev").values()
    rules = {(it.name, rule.name) for it in sources if isinstance(it, Source) for rule in it.rules}
    sent = {
        (result.case.name.partition("/")[0], delivery["rule"])
        for result in report.results
        for delivery in result.actual.get("deliveries", ())
    }
    assert sent == rules


def test_no_recipe_makes_a_dead_letter_of_a_guest_or_of_who_has_no_address(report: Report) -> None:
    assert [it.case.name for it in report.results if it.actual.get("parked")] == []
    orders = [it["source"] for it in OF_PAGE if re.search(r"type: \[?orders/", it["rules"])]
    guests = {it.case.name.partition("/")[0] for it in report.results if "guest" in it.case.name}
    assert guests.issuperset(orders)


def test_the_check_has_nothing_against_a_recipe(folder: Path) -> None:
    result = run("rules", "check", str(folder), "--strict")
    assert result.exit_code == 0, result.output


def cases_of(name: str) -> Iterator[Case]:
    for file in sorted((CASES / name).glob("*.yaml")):
        yield read_case(file, CASES)


def is_part(shown: Any, whole: Any) -> bool:
    """Return whether each field that is shown is one of the whole webhook, and of its kind."""
    if shown is None or whole is None:
        return True
    if isinstance(shown, dict):
        return isinstance(whole, dict) and all(
            key in whole and is_part(part, whole[key]) for key, part in shown.items()
        )
    if isinstance(shown, list):
        return isinstance(whole, list) and all(
            any(is_part(it, one) for one in whole) for it in shown
        )
    return isinstance(whole, type(shown))


@pytest.mark.parametrize(
    "shown, is_one", [({"a": 1}, True), ({"b": 1}, False), ({"a": "1"}, False), ({"a": [1]}, False)]
)
def test_a_field_that_a_whole_webhook_lacks_is_noticed(
    shown: dict[str, Any], *, is_one: bool
) -> None:
    assert is_part({"items": [shown]}, {"items": [{"a": 2, "c": None}, {"a": 3}]}) is is_one


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_shows_a_webhook_that_its_sender_could_have_sent(name: str) -> None:
    shown = json.loads(by_name(name)["webhook"])
    wholes = [case.given.sample for case in cases_of(name)]
    assert any(is_part(shown["body"], it.body) for it in wholes)
    known = {header.lower() for it in wholes for header in it.headers}
    assert known.issuperset(it for it in shown["headers"])


def test_a_customer_is_told_what_they_paid() -> None:
    sample = read_sample(PROJECT / "events" / "shopify-order-two-currencies.json")
    source = sources_in(PROJECT / "src" / "rules", "dev")["shopify"]
    assert isinstance(source, Source)
    (delivery,) = planned(Given(sample), source).deliveries
    body: Any = sample.body
    assert (body["total_price"], body["currency"]) == ("79.00", "USD")
    recipient: Any = delivery.recipient
    told = recipient["trigger_properties"]
    assert told["total"] == "109.02 CAD"
    assert [it["price"] for it in told["items"]] == ["26.08", "50.10"]


def named(name: str) -> tuple[Source, Any]:
    sample = next(cases_of(name)).given.sample
    return load(name, by_name(name)["rules"], "f", "dev"), sample.body


@pytest.mark.parametrize("name", ["shopify-consent", "shopify-newsletter"])
def test_two_choices_of_one_second_are_two(name: str) -> None:
    source, given = named(name)[0], json.loads(by_name(name)["webhook"])
    consent = given["body"]["email_marketing_consent"]
    ids = set()
    for state in ("subscribed", "unsubscribed"):
        about = consent | {"state": state, "opt_in_level": "confirmed_opt_in"}
        body = json.dumps(given["body"] | {"email_marketing_consent": about}).encode()
        webhook = Webhook(source.name, "POST", given["headers"], "", body, int(time.time()))
        ids |= {one.id for one in plan(Verified(webhook), source).deliveries}
    assert len(ids) == 2


def test_mollies_signature_is_read_once_and_twice() -> None:
    source, body = named("mollie")
    raw = json.dumps(body).encode()
    new, old = (
        hmac.new(it, raw, hashlib.sha256).hexdigest() for it in (b"new-secret", b"old-one-")
    )
    for header in (f"sha256={new}", f"sha256={old}, sha256={new}"):
        headers = {"x-mollie-signature": header}
        webhook = Webhook("mollie", "POST", headers, "", raw, int(time.time()))
        assert plan(verify(webhook, source.scheme, ["new-secret"]), source).deliveries


def test_adyens_items_are_verified_by_user_and_password() -> None:
    source, body = named("adyen-payments")
    password = "adyen:a:long:password"
    headers = {"authorization": f"Basic {base64.b64encode(password.encode()).decode()}"}
    raw = json.dumps(body).encode()
    webhook = Webhook("adyen-payments", "POST", headers, "", raw, int(time.time()))
    assert plan(verify(webhook, source.scheme, [password]), source).deliveries


@pytest.mark.parametrize("written, event, sent", rows(REFERENCE, "### Missing values"))
def test_what_is_missing_becomes_what_is_shown(written: str, event: str, sent: str) -> None:
    filled = fill(compile_template(json.loads(written), []), {"body": json.loads(event)})
    assert filled is not MISSING
    assert filled == json.loads(sent)


@pytest.mark.parametrize("written, event, sent", rows(REFERENCE, "### Empty values that are kept"))
def test_what_is_kept_empty_becomes_what_is_shown(written: str, event: str, sent: str) -> None:
    template = compile_template(json.loads(written), [])
    kept = fill(template, {"body": json.loads(event)}, frozenset({"name"}))
    assert kept == json.loads(sent)


OVER = re.findall(r"Over `(\{\"id\".*?\})`:", FUNCTIONS, re.DOTALL)[0]
EVENT = {"type": "orders/create", "body": json.loads(OVER)}


@pytest.mark.parametrize("wrong, gives, right, result", rows(FUNCTIONS, "## Traps"))
def test_a_trap_is_an_error_and_its_mend_is_right(
    wrong: str, gives: str, right: str, result: str
) -> None:
    assert search(right, EVENT) == json.loads(result)
    assert search(wrong, EVENT) == json.loads(gives)
    spelt = RULE.replace("WHEN", json.dumps(wrong))
    if wrong.startswith("to_string"):
        spelt = RULE.replace("    when: WHEN\n", f"    once: ${{{wrong}}}\n")
    assert findings(HEAD + spelt)
    load("shop", HEAD + RULE.replace("WHEN", json.dumps(right)), "f", "dev")


FOREIGN = re.compile(r"^\| (`+)(.+?)\1 \| (`+)(.+?)\3 \|$", re.MULTILINE)


@pytest.mark.parametrize(
    "wrong, right",
    [
        (found[2].replace("\\|", "|"), found[4].strip())
        for found in FOREIGN.finditer(FUNCTIONS.split("### Other languages")[1])
    ],
)
def test_what_another_language_writes_is_an_error_that_says_what_is_shown(
    wrong: str, right: str
) -> None:
    (said,) = findings(HEAD + RULE.replace("WHEN", json.dumps(wrong)))
    assert right in said
    load("shop", HEAD + RULE.replace("WHEN", json.dumps(right)), "f", "dev")


CREATED, PAID, SHIPPED = "2017-03-22T19:28:02", "2017-03-24T08:10:00", "2017-03-27T11:00:00"


def told_by_a_shop(topic: str, status: str, modified: str, paid: str | None) -> Plan:
    """Return what WooCommerce's recipe makes of one more webhook of its order."""
    (recipe,) = (it for it in RECIPES if "preset: woocommerce" in it["rules"])
    changes = {"status": status, "date_modified_gmt": modified, "date_paid_gmt": paid}
    raw = json.dumps(json.loads(recipe["webhook"])["body"] | changes).encode()
    headers = {"x-wc-webhook-topic": topic}
    source = load("shop", recipe["rules"], "shop.yaml", "dev")
    return plan(Verified(Webhook("shop", "POST", headers, "", raw, int(time.time()))), source)


def test_an_order_that_is_paid_later_is_confirmed_when_it_is_paid() -> None:
    pending = told_by_a_shop("order.created", "pending", CREATED, None)
    assert (pending.deliveries, pending.parked) == ((), ())
    assert [it.rule for it in pending.unmatched] == ["order-confirmation"]
    assert len(told_by_a_shop("order.updated", "processing", PAID, PAID).deliveries) == 1


def test_all_that_is_told_of_an_order_is_one_confirmation() -> None:
    made = [
        told_by_a_shop("order.created", "processing", CREATED, None),  # cash on delivery
        told_by_a_shop("order.created", "completed", CREATED, CREATED),
        told_by_a_shop("order.updated", "processing", PAID, PAID),
        told_by_a_shop("order.updated", "completed", PAID, PAID),
    ]
    assert len({delivery.id for it in made for delivery in it.deliveries}) == 1
    assert [len(it.deliveries) for it in made] == [1, 1, 1, 1]


@pytest.mark.parametrize("paid", [PAID, None])
def test_an_order_that_is_shipped_long_after_it_was_paid_is_not_confirmed(paid: str | None) -> None:
    shipped = told_by_a_shop("order.updated", "completed", SHIPPED, paid)
    assert (shipped.deliveries, shipped.parked) == ((), ())
