"""Requests to Braze: the deliveries that each one carries."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.simulation.braze import recipients
from tests.simulation.braze_objects import TAKES
from tests.simulation.objects import Key, parts_in
from tests.simulation.shop import CAMPAIGNS


def deliveries_in(path: str, body: Mapping[str, Any]) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Yield each delivery of a request: its key, and its recipient, or its part of the arrays."""
    if path in TAKES:
        yield from parts_in(body).items()
        return
    parts = path.split("/")
    target = body.get("campaign_id") or body.get("canvas_id") or parts[-2]
    rule = CAMPAIGNS[str(target)]
    for recipient in recipients(body):
        given = {
            **body.get("trigger_properties", {}),
            **recipient.get("trigger_properties", {}),
            **recipient.get("canvas_entry_properties", {}),
        }
        yield (rule, given["number"], given.get("seat", "")), recipient
