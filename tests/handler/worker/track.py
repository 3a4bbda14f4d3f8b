"""Deliveries of profiles, events and consent, and what Braze's answers refuse of them."""

import json
import uuid
from dataclasses import replace
from typing import Any

from handler.core.models import Delivery
from tests.handler.stage import Braze, Reply

TRACK = "/users/track"
SUBSCRIBE = "/v2/subscription/status/set"
GROUP = "b9f5a8c1-6d1e-4b0e-9d59-2f4b7d0c3a11"


def event(user: str, name: str = "rented") -> dict[str, Any]:
    return {"external_id": user, "name": name, "time": "2026-11-30T22:00:00Z"}


def attributes(user: str, **more: Any) -> dict[str, Any]:
    return {"external_id": user, "_update_existing_only": True, **more}


def group(state: str, **more: Any) -> dict[str, Any]:
    return {"subscription_group_id": GROUP, "subscription_state": state, **more}


def tracks(delivery: Delivery, **arrays: list[Any]) -> Delivery:
    """Return a delivery to users/track with an id of its own."""
    return _to(delivery, TRACK, arrays)


def subscribes(delivery: Delivery, *groups: dict[str, Any]) -> Delivery:
    """Return a delivery that sets subscriptions, with an id of its own."""
    return _to(delivery, SUBSCRIBE, {"subscription_groups": [*groups]})


def _to(delivery: Delivery, path: str, arrays: dict[str, list[Any]]) -> Delivery:
    return replace(
        delivery,
        id=2 * uuid.uuid4().hex,
        path=path,
        send={},
        recipient={**arrays},
        guard=delivery.rule,
    )


def several_events(delivery: Delivery, count: int, **more: Any) -> list[Delivery]:
    """Return as many deliveries of one event each, of as many users, the oldest first."""
    return [
        replace(tracks(delivery, events=[event(f"user-{at}")]), accepted_at=at, **more)
        for at in range(count)
    ]


def refusing(*errors: tuple[str, int, str]) -> Reply:
    """Return Braze's answer that takes a request but for objects: array, index, what is wrong."""
    listed = [{"input_array": array, "index": at, "type": text} for array, at, text in errors]
    return 201, json.dumps({"message": "success", "errors": listed}).encode()


def sizes(braze: Braze) -> list[int]:
    """Return the number of objects in each request."""
    return [sum(len(array) for array in request.values()) for request in braze.requests]
