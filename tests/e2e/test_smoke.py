"""`relay smoke`, with the rule and sample of docs/deploy.md: it comes through, or says why not."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from relay.cli import app
from relay.local.stack import Local
from relay.send.smoke import SmokeError, found, passed
from relay.stacks.selection import LOCAL, Operated
from tests.docs_pages import page
from tests.e2e.harness import Relay, chosen

((SAMPLE),) = re.findall(r'```json\n(\{"source": "smoke".*)\n```', page("deploy"))


@pytest.fixture
def smoke(relay: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operated:
    """Return the stack, and let the sample of the page be the only one."""
    (tmp_path / "smoke.json").write_text(SAMPLE, encoding="utf-8")
    monkeypatch.setattr("relay.send.smoke.EVENTS", tmp_path)
    stack = relay.local.stack
    return Operated(LOCAL, stack.outputs, stack.endpoint, relay.local.url, None, stack.resources)


def run(local: Local, *arguments: str) -> tuple[int, str]:
    with chosen(local) as options:
        done = CliRunner().invoke(app, ["smoke", *arguments, *options], catch_exceptions=False)
    return done.exit_code, done.output


@pytest.mark.usefixtures("smoke")
def test_a_sample_for_a_rule_in_shadow_comes_through_and_nothing_is_sent(relay: Relay) -> None:
    code, said = run(relay.local)
    assert code == 0, said
    assert re.match(r"smoke: answered 200 after \d+\.\d\d s; smoke/smoke in shadow, nothing", said)
    assert relay.posted() == []


def test_a_sample_that_would_be_sent_is_not_posted(relay: Relay) -> None:
    before = len(relay.logs())
    code, said = run(relay.local, "shopify-order")
    assert code == 1
    assert "events/shopify-order.json: shopify/order-confirmation would send it" in said
    assert "nothing was posted" in said
    assert len(relay.logs()) == before


def test_a_sample_that_never_arrives_is_told_with_where_to_look(smoke: Operated) -> None:
    elsewhere = smoke.resources["DeliverLogGroup"]
    stack = replace(smoke, resources={**smoke.resources, "IngestLogGroup": elsewhere})
    with pytest.raises(SmokeError) as raised:
        passed(stack, found(stack), seconds=1)
    assert f"within 1 s no line of the log {elsewhere} names smoke/smoke" in str(raised.value)


def test_another_answer_is_told(smoke: Operated) -> None:
    one = found(smoke)
    forged = replace(one.request, body=one.request.body + b" ")
    with pytest.raises(SmokeError, match="smoke: answered 401"):
        passed(smoke, replace(one, request=forged), seconds=1)
    nobody = replace(one.request, url="http://127.0.0.1:1/webhooks/smoke")
    with pytest.raises(SmokeError, match=r"no answer from http://127\.0\.0\.1:1/webhooks/"):
        passed(smoke, replace(one, request=nobody), seconds=1)
