"""Deliveries and dead letters of a plan as JSON objects, for people and for scripts."""

from typing import Any

from handler.core.braze.request import request
from handler.core.models import Delivery, Parked

Outcome = dict[str, Any]


def delivered(delivery: Delivery) -> Outcome:
    """Return a delivery as its rule, id and request."""
    return {
        "rule": delivery.rule,
        "id": delivery.id,
        "path": delivery.path,
        "body": request(delivery),
    }


def parked(one: Parked) -> Outcome:
    """Return what became a dead letter, and why."""
    return {"rule": one.rule, "reason": one.reason, "detail": one.detail}
