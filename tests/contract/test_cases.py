"""Every request that a case of the rules or of a recipe shows is one that Braze takes whole."""

from collections.abc import Iterator
from typing import Any

import pytest

from handler.core.configuration import yaml12
from relay.paths import PROJECT
from tests.relay.simulated_braze.simulated import Client


def shown() -> Iterator[Any]:
    folders = [PROJECT / "tests" / name for name in ("cases", "recipes")]
    for file in (one for folder in folders for one in sorted(folder.glob("*/*.yaml"))):
        case: Any = yaml12.load(file.read_text(encoding="utf-8"), file.name).value
        for at, one in enumerate(case["expect"].get("deliveries", [])):
            name = f"{file.parent.name}/{file.stem} {at}"
            yield pytest.param(one["path"], one["body"], id=name)


SHOWN = [*shown()]


def test_requests_of_every_endpoint_are_tried() -> None:
    paths = {one.values[0] for one in SHOWN}
    assert {"/users/track", "/v2/subscription/status/set"} <= paths
    assert len(SHOWN) > 80


@pytest.mark.parametrize("path, body", SHOWN)
def test_braze_takes_the_request_and_each_of_its_objects(
    braze: Client, path: str, body: dict[str, Any]
) -> None:
    answer = braze.post(path, body)
    assert answer.status_code == 201
    assert "errors" not in answer.json()
    events = [one["name"] for one in body.get("events", ())]
    recorded = [
        one["object"]["name"] for one in braze.call("GET", "/updates") if one["array"] == "events"
    ]
    assert recorded == events
