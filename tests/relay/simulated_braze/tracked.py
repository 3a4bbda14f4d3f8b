"""Objects of /users/track, and what tests say to the simulated Braze with them."""

from typing import Any

from tests.relay.simulated_braze.simulated import TRACK, Client

Object = dict[str, Any]
TIME = "2026-11-20T21:00:00Z"
VIEWED: Object = {"external_id": "u", "name": "viewed", "time": TIME}
SALE: Object = {
    "external_id": "u",
    "product_id": "pen",
    "currency": "EUR",
    "price": 2.5,
    "time": TIME,
}
NAMELESS = "'external_id', 'braze_id', 'user_alias', 'email' or 'phone' is required"
NO_DATA = "Valid data must be provided in the 'attributes', 'events', or 'purchases' fields."


def track(braze: Client, **arrays: list[Any]) -> Object:
    answer = braze.post(TRACK, arrays)
    assert answer.status_code == 201, answer.text
    told: Object = answer.json()
    return told


def error(array: str, why: str, index: int = 0) -> Object:
    return {"type": why, "input_array": array, "index": index}


def profiles(braze: Client) -> Object:
    found: Object = braze.call("GET", "/profiles")
    return found
