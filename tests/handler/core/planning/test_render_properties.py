import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from handler.core.errors import Unrenderable
from handler.core.models import Delivery, Event
from handler.core.planning.render import Packed, render
from handler.core.rules.load import load

RULES = """\
verify: {preset: shopify}
vars: {dev: {c: c-1}}
rules:
  - name: confirm
    type: "*"
    once: ${body.id}
    send:
      campaign_id: ${vars.c}
      broadcast: false
      audience: {push_subscription_status: {comparison: is, value: opted_in}}
      trigger_properties: {a: "${body.a}", shop: Tea}
      recipients:
        - external_user_id: ${body.id}
          send_to_existing_only: false
          attributes: {email: "${body.email}", all: "${body}"}
          trigger_properties: ${body.email}
"""
AUDIENCE = {"push_subscription_status": {"comparison": "is", "value": "opted_in"}}
SOURCE = load("shop", RULES, "shop.yaml", "dev")


def deliveries(body: JsonValue) -> tuple[Delivery, ...]:
    event = Event("shop", "orders/create", "e-1", body, {}, None, 1)
    return render(SOURCE.rules[0], Packed(event, "packed"), SOURCE)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("true"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(body=st.fixed_dictionaries({"id": VALUES, "email": VALUES, "a": VALUES}))
def test_no_event_changes_who_is_reached(body: Any) -> None:
    before = json.dumps(body)
    try:
        found = deliveries(body)
    except Unrenderable:
        return
    assert found == deliveries(body)
    assert json.dumps(body) == before
    for delivery in found:
        assert delivery.recipient
        assert delivery.recipient["external_user_id"]
        assert delivery.send["campaign_id"] == "c-1"
        assert delivery.send["broadcast"] is False
        assert delivery.send["audience"] == AUDIENCE
        assert delivery.send.keys() <= {
            "campaign_id",
            "broadcast",
            "audience",
            "trigger_properties",
        }
