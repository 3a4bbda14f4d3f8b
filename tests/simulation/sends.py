"""Requests to Braze: the deliveries that each one carries."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.simulation.braze import recipients
from tests.simulation.shop import CAMPAIGNS, Key


def deliveries_in(path: str, body: Mapping[str, Any]) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Yield each delivery of a request: its key, and its recipient."""
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
