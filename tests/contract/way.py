"""The whole way of an event to the simulated Braze: the rules, the request, the real client."""

from typing import Any, NamedTuple

from handler.braze_client.client import post
from handler.braze_client.session import open_session
from handler.core.braze.outcome import Outcome, classify
from handler.core.braze.request import encode_request, request
from handler.core.models import Delivery, Event
from handler.core.planning.render import Packed, render
from handler.core.rules.load import load
from tests.contract.bodies import written
from tests.relay.simulated_braze.simulated import Client

KEY = "local-braze-key"


class Sent(NamedTuple):
    """A delivery that was posted once, and what it came to."""

    delivery: Delivery
    outcome: Outcome


def made(send: Any, body: Any, event_id: str = "e-1") -> tuple[Delivery, ...]:
    """Return what a rule with this `send` makes of an event with this body."""
    source = load("shop", written(send, event_id, allow_broadcast=True), "shop.yaml", "dev")
    event = Event("shop", "any", event_id, body, {}, None, 1)
    return render(source.rules[0], Packed(event, "packed"), source)


def sent(braze: Client, delivery: Delivery, seconds: float = 5) -> Sent:
    """Post a delivery over a socket, and judge what came back."""
    raw = encode_request(request(delivery))
    with open_session() as session:
        answer = post(session, braze.url + delivery.path, raw, KEY, seconds)
    return Sent(delivery, classify(answer, braze.now))
