"""`relay cost`: the parts of a month, and what is printed of them."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samtranslator.yaml_helper import yaml_parse
from typer.testing import CliRunner

from relay.cli import app
from relay.cost.command import Size
from relay.cost.measured import Batch, Measured, read
from relay.cost.month import ALARMS, SECRETS, Traffic, month
from relay.paths import TEMPLATE
from tests.docs_pages import page

MEASURED = Measured(
    about="a run",
    webhook_ms=2,
    cold_webhook_ms=400,
    webhook_log_bytes=1000,
    cold_batch_ms=300,
    batches={
        1: Batch(cpu_ms=4, calls=2, writes=2, log_bytes=600),
        10: Batch(cpu_ms=8, calls=4, writes=2.2, log_bytes=500),
    },
)
RAISED = str.maketrans("⁴⁵⁶⁹", "4569")
TRAFFIC = st.builds(
    Traffic,
    st.integers(0, 10**10),
    st.floats(0, 100),
    st.sampled_from([*MEASURED.batches]),
    st.floats(0, 1),
    st.integers(128, 10_240),
    st.integers(30, 3650),
    st.integers(0, 1000),
    st.integers(0, 1000),
)


def dollars(traffic: Traffic) -> dict[str, float]:
    return {part.name: part.dollars for part in month(traffic, MEASURED)}


def test_a_million_webhooks_cost_what_a_hand_computes() -> None:
    found = dollars(Traffic(10**6, deliveries=2, batch=10, cold=0, memory=1769, sources=3, rules=5))
    assert found == pytest.approx(
        {
            "API Gateway": 1.00,
            # 2 ms and 4 ms of waiting, 1,769 / 1,024 GB
            "Lambda, ingest": 0.20 + 1e6 * 0.006 * 1.7275 * 1.33e-5,
            # 200,000 batches: 8 ms, 4 * 4 ms and 200 ms
            "Lambda, deliver": 0.04 + 2e5 * 0.224 * 1.7275 * 1.33e-5,
            "SQS": (2e6 + 4e5 + 1_296_000) * 0.40e-6,
            "DynamoDB, written": (2e6 * 4.2 + 86_400) * 0.625e-6,
            "DynamoDB, kept for 400 days": 2e6 * 400 / 30 * 1e-6 * 0.45,
            "Secrets Manager": 0.80 + 17_280 * 0.05e-4,
            "CloudWatch, logs": (1e6 * 1580 + 2e6 * 500 + 2e5 * 330) * 0.50e-9,
            "CloudWatch, metrics": (10 + 4 * 8) * 0.30,
            "CloudWatch, alarms": 2.10,
            "KMS, key of the alarms": 1.00,
        },
        rel=1e-4,
    )


@given(TRAFFIC, st.integers(0, 10**10))
def test_more_webhooks_never_cost_less(traffic: Traffic, more: int) -> None:
    fewer, found = dollars(traffic), dollars(replace(traffic, webhooks=traffic.webhooks + more))
    assert all(fewer[name] <= found[name] for name in fewer)


@given(TRAFFIC)
def test_each_formula_comes_to_its_dollars(traffic: Traffic) -> None:
    delivered = traffic.webhooks * traffic.deliveries
    letters = {"W": traffic.webhooks, "D": delivered, "B": delivered / traffic.batch}
    for part in month(traffic, MEASURED):
        text = re.sub(r"\b(KB|GB|s)\b", "", part.formula).replace(",", "").replace("×", "*")
        text = re.sub("10([⁴⁵⁶⁹])", lambda found: f"1e{int(found[1].translate(RAISED))}", text)
        computed = eval(text, {"__builtins__": {}}, letters)  # noqa: S307 - our own formula
        assert computed == pytest.approx(part.dollars, rel=0.02), part


def test_an_idle_stack_costs_what_the_page_says() -> None:
    (said,) = re.findall(r"A stack that stands idle costs about \$([0-9.]+)\.", page("deploy"))
    assert sum(dollars(Traffic(0)).values()) == pytest.approx(float(said), abs=0.05)


def test_what_is_counted_is_what_the_template_has() -> None:
    template = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    always = [one["Type"] for one in template["Resources"].values() if "Condition" not in one]
    assert always.count("AWS::CloudWatch::Alarm") == ALARMS
    assert always.count("AWS::SecretsManager::Secret") == SECRETS
    assert template["Globals"]["Function"]["MemorySize"] == Traffic(0).memory
    assert template["Parameters"]["LedgerDays"]["Default"] == Traffic(0).ledger_days


def test_every_size_of_a_batch_that_can_be_asked_for_is_measured() -> None:
    assert {int(size) for size in Size} == read().batches.keys()


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["cost", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_parts_are_printed_with_their_sum_and_what_they_assume() -> None:
    shown = run("--events-per-month", "2000000", "--batch", "10", "--memory", "512")
    together = sum(part.dollars for part in month(Traffic(2 * 10**6, batch=10, memory=512), read()))
    assert re.search(rf"together .* {together:,.2f} ", shown)
    assert "- W = 2,000,000 webhooks" in shown
    assert "- B = 200,000 batches of 10" in shown
    assert "us-east-1 on 2026-11-30" in shown
    assert read().about in shown


def test_json_has_the_same_sums() -> None:
    document = json.loads(run("--events-per-month", "1000", "--json"))
    parts = month(Traffic(1000), read())
    assert document["dollars"] == round(sum(part.dollars for part in parts), 2)
    assert document["parts"] == {part.name: round(part.dollars, 2) for part in parts}


def test_a_number_of_events_is_needed() -> None:
    assert CliRunner().invoke(app, ["cost"]).exit_code == 2
    assert CliRunner().invoke(app, ["cost", "--events-per-month", "-1"]).exit_code == 2
