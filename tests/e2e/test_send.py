"""Every preset through the whole stack: what `relay send` signs is taken and reaches Braze."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from handler.core.verification.presets.catalogue import PRESETS
from relay.cli import app
from relay.local.stack import Local, local_stack
from relay.paths import PROJECT
from relay.stacks.local import NAME
from relay.webhooks.samples import load_sources, sample_secrets
from tests.e2e.harness import WORKERS, Relay, aws_environment

README = (PROJECT / "README.md").read_text(encoding="utf-8")
EVERY_PRESET = pytest.mark.parametrize("name", PRESETS)
CREATED = "2026-11-02T08:30:00Z"
PERSON = {"id": "user_27", "email": "mia@example.com"}
WEBHOOKS: dict[str, tuple[dict[str, str], Any]] = {
    "shopify": (
        {"x-shopify-topic": "orders/create"},
        {"id": 7120445500320, "email": "mia@example.com", "created_at": CREATED},
    ),
    "woocommerce": (
        {"x-wc-webhook-topic": "order.created"},
        {
            "id": 4711,
            "order_key": "wc_order_7Qx",
            "date_created_gmt": "2026-11-02T08:30:00",
            "billing": PERSON,
        },
    ),
    "bigcommerce": (
        {},
        {"scope": "store/order/created", "hash": "0f3c", "data": {"id": 173}},
    ),
    "square": (
        {},
        {"type": "payment.created", "event_id": "e-1", "data": {"object": {}}},
    ),
    "recharge": ({"x-recharge-topic": "order/created"}, {"order": {"id": 9, **PERSON}}),
    "stripe": (
        {},
        {"id": "evt_1", "type": "customer.created", "data": {"object": PERSON}},
    ),
    "paddle": ({}, {"event_id": "evt_2", "event_type": "customer.created", "data": PERSON}),
    "lemonsqueezy": (
        {},
        {
            "meta": {"event_name": "order_created"},
            "data": {"id": "12", "attributes": {"created_at": CREATED}},
        },
    ),
    "chargebee": ({}, {"id": "ev_3", "event_type": "customer_created", "content": PERSON}),
    "clerk": ({}, {"type": "user.created", "data": PERSON, "timestamp": 1_780_000_000_000}),
    "workos": ({}, {"id": "event_4", "event": "user.created", "data": PERSON}),
    "supabase": ({}, {"metadata": {"name": "before-user-created"}, "user": PERSON}),
    "auth0": ({}, {"id": "evt_5", "type": "user.created", "data": {"object": PERSON}}),
    "okta": (
        {},
        {"data": {"events": [{"uuid": "u-6", "eventType": "user.lifecycle.create"}]}},
    ),
    "standard_webhooks": ({}, {"type": "user.created", "timestamp": CREATED, "data": PERSON}),
    "svix": ({}, {"type": "user.created", "timestamp": CREATED, "data": PERSON}),
    "klaviyo": (
        {},
        {"data": [{"topic": "event:klaviyo.signup", "external_id": "k-7", "payload": {}}]},
    ),
    "typeform": (
        {},
        {"event_id": "01H", "event_type": "form_response", "form_response": {"answers": []}},
    ),
    "calendly": (
        {},
        {
            "event": "invitee.created",
            "created_at": CREATED,
            "payload": {"uri": "https://api.calendly.com/invitees/8", **PERSON},
        },
    ),
    "segment": ({}, {"type": "identify", "messageId": "m-9", "userId": "user_27"}),
    "github": ({"x-github-event": "release"}, {"action": "published", "release": {"id": 10}}),
    "hubspot": (
        {},
        [{"subscriptionType": "contact.creation", "eventId": 11, "subscriptionId": 12}],
    ),
}
RULES = """\
verify: {preset: PRESET, secret: PRESET}
rules:
  - name: welcome
    type: "*"
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      recipients:
        - external_user_id: user-of-PRESET-${id}
          send_to_existing_only: false
          attributes: {plan: free}
"""
CANARY = "canary-secret-of-kept"


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("presets") / "rules"
    folder.mkdir()
    for name in PRESETS:
        (folder / f"{name}.yaml").write_text(RULES.replace("PRESET", name))
    kept = RULES.replace("{preset: PRESET, secret: PRESET}", "{preset: stripe}")
    (folder / "kept.yaml").write_text(kept)
    return folder


@pytest.fixture(scope="module")
def local(rules: Path) -> Iterator[Local]:
    secrets = sample_secrets(load_sources(rules, "dev"))
    with local_stack(rules, secrets | {"kept": CANARY}, None, RulesStage="dev", **WORKERS) as stack:
        yield stack


def sent(
    local: Local, rules: Path, *arguments: str | Path, typed: str | None = None
) -> tuple[int, str]:
    """Run `relay send` on the local stack; return its exit code and what it prints."""
    command = ["send", "--rules", rules, "--url", local.url, *arguments]
    run = CliRunner().invoke(app, [str(word) for word in command], input=typed)
    assert CANARY not in run.output
    return run.exit_code, run.stdout.strip()


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    for name, (headers, body) in WEBHOOKS.items():
        webhook = {"source": name, "headers": headers, "body": body}
        (tmp_path / f"{name}.json").write_text(json.dumps(webhook))
    return tmp_path


@EVERY_PRESET
def test_a_preset_and_a_secret_are_all_that_a_sender_needs(
    local: Local, rules: Path, samples: Path, name: str
) -> None:
    relay = Relay(local)
    relay.braze("DELETE", "")

    code, said = sent(local, rules, samples / f"{name}.json")

    empty = PRESETS[name].get("answer") == "empty"
    assert (code, said) == (0, "200" if empty else '200 {"events": 1, "deliveries": 1}')
    (send,) = relay.sends(1)
    assert send["recipient"]["external_user_id"].startswith(f"user-of-{name}-")


@EVERY_PRESET
def test_whatever_is_tampered_with_is_refused(
    local: Local, rules: Path, samples: Path, name: str
) -> None:
    code, said = sent(local, rules, samples / f"{name}.json", "--tamper")
    assert code == 1
    assert said.startswith("401 ")


def test_a_backfill_that_is_repeated_sends_nothing_twice(
    local: Local, rules: Path, tmp_path: Path
) -> None:
    relay = Relay(local)
    relay.wait_until_idle()
    relay.braze("DELETE", "")
    orders = [{"id": 8000 + number, "created_at": CREATED} for number in range(12)]
    file = tmp_path / "orders.jsonl"
    file.write_text("\n".join(map(json.dumps, orders)) + "\n")
    options = ("--source", "shopify", "--header", "X-Shopify-Topic=orders/create")

    first = sent(local, rules, "--each", file, *options)
    relay.sends(12)
    again = sent(local, rules, "--each", file, *options, "--skip", "4")
    relay.wait_until_idle()

    assert first == (0, "12 x 200: 12 deliveries")
    assert again == (0, "8 x 200: 8 deliveries")
    assert len(relay.sends(12)) == 12


@pytest.mark.parametrize("clock", ["10m", "-10m"])
def test_a_wrong_clock_is_refused_where_the_sender_signs_the_time(
    local: Local, rules: Path, samples: Path, clock: str
) -> None:
    assert sent(local, rules, samples / "stripe.json", "--clock", clock)[1].startswith("401 ")
    assert sent(local, rules, samples / "shopify.json", "--clock", clock)[1].startswith("200 ")


def test_the_secret_comes_from_a_file_or_standard_input(
    local: Local, rules: Path, samples: Path
) -> None:
    webhook = (samples / "stripe.json", "--source", "kept")
    plain, of_all = samples / "secret.txt", samples / "secrets.txt"
    plain.write_text(f"{CANARY}\n")
    of_all.write_text(json.dumps({"other": "x", "kept": [CANARY, "an older one"]}))

    assert sent(local, rules, *webhook)[1].startswith("401 ")
    for file in (plain, of_all):
        assert sent(local, rules, *webhook, "--secret-from", file)[0] == 0
    assert sent(local, rules, *webhook, "--secret-from", "-", typed=CANARY)[0] == 0


def test_the_secret_of_a_deployed_stack_is_read_from_it(
    local: Local, rules: Path, samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws_environment(local).items():
        monkeypatch.setenv(name, value)
    webhook = (samples / "stripe.json", "--source", "kept", "--stack-name")
    assert sent(local, rules, *webhook, NAME)[0] == 0
    assert sent(local, rules, *webhook, "nobody")[0] == 2


def test_the_command_that_the_readme_shows_works_as_shown(local: Local) -> None:
    (shown,) = (line for line in README.splitlines() if line.startswith(".venv/bin/relay send"))
    run = subprocess.run(
        [*shown.split(), "--rules", "tests/rules", "--url", local.url],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, '200 {"events": 1, "deliveries": 1}\n'), run.stderr
