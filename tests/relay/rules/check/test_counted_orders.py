"""Who counts orders is asked once a file, and who mails beside it is named, unless it is said."""

import pytest

from tests.relay.rules.desk import Desk, run

SILENCE = "counted_by: relay\n"
PLACED = """\
  - name: counted
    type: orders/create
    once: ${body.id}
    on_unknown: hold
    track:
      events:
        - external_id: ${text(body.customer.id)}
          _update_existing_only: false
          name: ecommerce.order_placed
          time: ${time(body.created_at)}
          properties:
            order_id: ${text(body.id)}
            total_value: ${to_number(body.total_price)}
            currency: ${body.currency}
            products:
              - {product_id: tea, variant_id: tea, product_name: Tea, quantity: 1, price: 3.5}
            source: shopify
"""
CONFIRMED = """\
  - name: confirmed
    type: orders/create
    once: ${body.id}
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532368
      recipients: [{external_user_id: "${text(body.customer.id)}"}]
"""
TWICE = "shop.yaml:{}:11: warning: Braze counts every ecommerce.order_placed, and its own Shopify"
MAILED = "shop.yaml:11:11: warning: ecommerce.order_placed begins each Canvas"


def warned(desk: Desk, *rules: str, head: str = "", of_file: str = "") -> list[str]:
    """Return the warnings of a strict check that have a place in the file."""
    desk.write_rules(
        f"{head}verify: {{preset: shopify}}\n{of_file}rules:\n{''.join(rules)}", "shop"
    )
    output = run("rules", "check", str(desk.rules), "--strict").output
    return [line for line in output.splitlines() if "Braze counts" in line or "begins" in line]


def test_a_file_that_counts_orders_is_told_once_that_the_integration_counts_too(
    desk: Desk,
) -> None:
    again = PLACED.replace("counted", "counted-again").replace("orders/create", "orders/paid")
    (said,) = warned(desk, PLACED, again)
    assert TWICE.format(11) in said
    assert "counted_by: relay, at the top of the file" in said


def test_several_sources_of_one_file_are_told_once(desk: Desk) -> None:
    (said,) = warned(desk, PLACED, of_file="sources: {shop-de: {}, shop-us: {}}\n")
    assert "Braze counts every" in said


def test_a_message_for_the_type_of_a_counted_order_is_named_with_its_line(desk: Desk) -> None:
    told = warned(desk, PLACED, CONFIRMED)
    assert [TWICE.format(11) in line for line in told] == [True, False]
    assert MAILED in told[1]
    assert "confirmed, in line 20, sends a message for the same type" in told[1]


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param((CONFIRMED,), id="nothing is counted"),
        pytest.param((PLACED.replace("track:", "enabled: false\n    track:"),), id="it is off"),
        pytest.param((PLACED.replace("order_placed", "order_refunded"),), id="a refund"),
    ],
)
def test_a_file_that_counts_no_order_is_told_nothing(desk: Desk, rules: tuple[str, ...]) -> None:
    assert warned(desk, *rules) == []


@pytest.mark.parametrize(
    "confirmed",
    [
        CONFIRMED.replace("orders/create", "orders/paid"),
        CONFIRMED.replace("send:", "enabled: false\n    send:"),
    ],
)
def test_a_message_for_another_type_or_switched_off_is_not_named(
    desk: Desk, confirmed: str
) -> None:
    (said,) = warned(desk, PLACED, confirmed)
    assert "Braze counts every" in said


def test_counted_by_relay_silences_both(desk: Desk) -> None:
    assert warned(desk, PLACED, CONFIRMED, head=SILENCE) == []


def test_counted_by_takes_relay_alone(desk: Desk) -> None:
    desk.write_rules(f"counted_by: shopify\nverify: {{preset: shopify}}\nrules:\n{PLACED}", "shop")
    result = run("rules", "check", str(desk.rules))
    assert result.exit_code == 1
    assert "shop.yaml:1:1: counted_by takes 'relay'" in result.output
