"""An order is followed: sent anew, watched as it goes, and found by what people know of it."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from relay.cli import app
from relay.local.stack import Local
from relay.paths import PROJECT
from tests.e2e.harness import SHOPIFY_SECRET, Relay, chosen, invoke, until
from tests.unframed import unframed

RULES = str(PROJECT / "tests" / "rules")


@pytest.fixture
def options(local: Local) -> Iterator[list[str]]:
    with chosen(local) as found:
        yield ["--rules", RULES, *found]


class Follower:
    """Someone who sends samples to the stack, and looks for what became of them."""

    def __init__(self, relay: Relay, options: list[str], secret: Path) -> None:
        self.relay, self.options, self.secret = relay, options, secret
        secret.write_text(SHOPIFY_SECRET)

    def run(self, *words: str) -> Result:
        return invoke(app, self.relay.local, *words, *self.options)

    def send(self, sample: str, *words: str) -> Result:
        return self.run("send", sample, "--secret-from", str(self.secret), *words)

    def trace(self, text: str) -> str:
        """Return what is found, once the log of the webhook is there."""
        found = until(lambda: self.run("trace", text), lambda it: it.exit_code == 0, text)
        return unframed(found.output)


@pytest.fixture
def follower(relay: Relay, options: list[str], tmp_path: Path) -> Follower:
    return Follower(relay, options, tmp_path / "secret")


def test_a_paid_order_that_is_sent_shows_the_event_that_braze_recorded(follower: Follower) -> None:
    sent = follower.send("shopify-order-paid", "--new")
    assert sent.exit_code == 0, sent.output
    assert "Braze recorded -> shopify/order-counted" in sent.output
    assert "event       name: ecommerce.order_placed" in sent.output


def test_an_order_is_sent_anew_and_found_by_number_person_and_address(follower: Follower) -> None:
    address = "--set=body.email=Nora.Falk@example.org"
    sent = follower.send("shopify-order", "--new", "--set=body.name=#90210", address)
    assert sent.exit_code == 0, sent.output
    assert '200 {"events": 1, "deliveries": 1}' in sent.output
    assert "new body.id: " in sent.output
    assert "shopify/order-confirmation  #90210  accepted" in sent.output
    assert "reached its user" in sent.output
    received = sent.output.partition("\nBraze received -> shopify/order-confirmation\n")[2]
    assert "  attributes  email: Nora.Falk@example.org\n" in received
    (send,) = follower.relay.sends(1)
    assert send["attributes"]["email"] == "Nora.Falk@example.org"

    again = follower.send("shopify-order", "--set=body.id=7", address)
    assert "accepted" in again.output
    repeated = follower.send("shopify-order", "--set=body.id=7", address)
    assert "duplicate" in repeated.output
    assert "--new gives the sample a new id" in repeated.output

    external = send["recipient"]["external_user_id"]
    for text, by in (
        ("#90210", "order number"),
        ("90210", "order number"),
        (external, "person"),
        ("nora.falk@example.org", "person"),
    ):
        said = follower.trace(text)
        assert "rule shopify/order-confirmation" in said
        assert f"found by {by}" in said
        assert "state ACCEPTED" in said
    assert not [line for line in follower.relay.logs() if "falk" in line.lower()]


def test_what_no_rule_wants_and_what_is_parked_are_found_too(follower: Follower) -> None:
    unwanted = follower.send("shopify-order-test", "--new", "--set=body.name=#80001")
    assert '"deliveries": 0' in unwanted.output
    assert "orders/create #80001  200  unmatched: order-confirmation: body.test is true" in (
        unwanted.output
    )
    said = follower.trace("#80001")
    assert "event orders/create #80001" in said
    assert "unmatched order-confirmation: body.test is true" in said

    parked = follower.send(
        "shopify-order", "--new", "--set=body.name=#80002", "--set=body.email=null"
    )
    assert "#80002  200  parked: order-confirmation: unrenderable" in parked.output
    letter = follower.relay.dead_letter()
    assert letter["MessageAttributes"]["reason"]["StringValue"] == "unrenderable"
    said = follower.trace("80002")
    assert "parked order-confirmation: unrenderable: " in said
    assert "next .venv/bin/relay dead-letters show " in said


@pytest.fixture
def _ctrl_c() -> Iterator[None]:
    """Let Ctrl-C interrupt: whoever runs the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c")
def test_a_tail_shows_the_lines_and_ends_with_0_at_ctrl_c(follower: Follower) -> None:
    follower.send("shopify-order", "--new", "--set=body.name=#70007")
    interrupt = threading.Timer(6, signal.raise_signal, [signal.SIGINT])
    interrupt.start()
    shown = follower.run("tail", "--rule", "shopify/order-confirmation", "--since", "10m")
    assert shown.exit_code == 0, shown.output
    (webhook,) = [line for line in shown.output.splitlines() if "orders/create #70007" in line]
    assert webhook.endswith("webhook   shopify  orders/create #70007  200  -> order-confirmation")
    (delivery,) = [
        line for line in shown.output.splitlines() if "delivery" in line and "#70007" in line
    ]
    assert "accepted" in delivery
    assert delivery.endswith("reached its user")
    assert "\x1b" not in shown.output
