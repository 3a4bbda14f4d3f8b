"""Answers of both sides to a body about one user: of the relay, and of the simulated Braze."""

import json
from typing import Any, NamedTuple

from handler.core.braze.contract.subscription import check_subscribe
from handler.core.braze.contract.track import check_track
from handler.core.models import Delivery, Plan
from relay.simulated_braze.contract import subscription, track
from relay.simulated_braze.contract.sizes import sizes
from relay.simulated_braze.switches import Switches
from tests.contract.bodies import Body
from tests.handler.core.braze.contract.track_bodies import template
from tests.handler.core.planning.users import made

# What no webhook chooses: it is written in the file.
_LITERAL = ("_update_existing_only", "name", "subscription_group_id")


class Passed(NamedTuple):
    """What becomes of a body whose values all come from an event.

    `delivery` is None where nothing leaves. `said` are the reasons for that, or the warnings of
    what is left out.
    """

    delivery: Delivery | None
    said: str


def is_subscription(body: Body) -> bool:
    return "subscription_groups" in body


def told(body: Body) -> str:
    """Return what the relay says of a body that is written down; nothing where it is good."""
    check = check_subscribe if is_subscription(body) else check_track
    return "\n".join(text for _, text in check(template(body)))


def passed(body: Body) -> Passed:
    """Return what becomes of a body that an event brings."""
    kind = "subscribe" if is_subscription(body) else "track"
    plan: Plan = made(kind, computed(body), {"given": body})
    reasons = [parked.detail for parked in plan.parked]
    delivery = plan.deliveries[0] if plan.deliveries else None
    return Passed(delivery, "\n".join([*reasons, *plan.warnings]))


def computed(body: Body) -> Body:
    """Return the template that takes all that may vary from a body which an event brings."""
    return {
        array: [_object(one, f"body.given.{array}[{at}]") for at, one in enumerate(listed)]
        if isinstance(listed, list)
        else f"${{body.given.{array}}}"
        for array, listed in body.items()
    }


def _object(given: Any, at: str) -> Any:
    if not isinstance(given, dict):
        return f"${{{at}}}"
    return {
        name: value if name in _LITERAL else _value(name, value, f"{at}.{json.dumps(name)}")
        for name, value in given.items()
    }


def _value(name: str, value: Any, at: str) -> Any:
    if name == "properties" and isinstance(value, dict):
        return {key: f"${{{at}.{json.dumps(key)}}}" for key in value}
    if name == "user_alias" and isinstance(value, dict):
        return {**value, "alias_name": f"${{{at}.alias_name}}"}
    if name in subscription.KINDS and isinstance(value, list):
        return [f"${{{at}[{index}]}}" for index, _ in enumerate(value)]
    return f"${{{at}}}"


def refused(body: Body) -> str | None:
    """Return why the simulated Braze refuses a body, or drops an object of it; None for neither."""
    if is_subscription(body):
        return subscription.refusal(body, Switches())
    if why := track.refusal(body, Switches()):
        return why
    raw = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return next(iter(track.dropped(body, sizes(raw), Switches()).values()), None)
