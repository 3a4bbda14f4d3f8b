"""Requests are made of what messages hold, and of nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from handler.core.braze.endpoints import ENDPOINTS, TRACK, endpoint_of
from handler.core.braze.request import objects_of, request
from handler.core.errors import UnreadableMessage
from tests.handler.core.test_message import DELIVERY

EVENT: dict[str, Any] = {"external_id": "1", "name": "signed_up", "time": "2026-11-20T21:00:00Z"}
TRACKED = replace(DELIVERY, path=TRACK.path, send={}, recipient={"events": [EVENT]})


def test_arrays_are_the_request_as_they_are() -> None:
    assert request(TRACKED) == {"events": [EVENT]}
    assert list(objects_of(TRACKED)) == [("events", EVENT)]
    assert list(objects_of(DELIVERY)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient": None},
        {"recipient": {}},
        {"recipient": {"events": []}},
        {"recipient": {"events": {}}},
        {"recipient": {"events": ["x"]}},
        {"recipient": {"events": [EVENT] * 76}},
        {"recipient": {"events": [EVENT], "purchases": [EVENT]}},
        {"send": {"campaign_id": "c"}},
    ],
)
def test_arrays_that_the_relay_never_writes_are_no_request(wrong: dict[str, Any]) -> None:
    with pytest.raises(UnreadableMessage):
        request(replace(TRACKED, **wrong))


@pytest.mark.parametrize("at", ENDPOINTS)
def test_the_path_of_each_endpoint_is_known_and_no_longer_one(at: Any) -> None:
    path = at.path.replace("{}", "417220e4")
    assert endpoint_of(path) == at
    assert endpoint_of(f"{path}/") is None
    assert endpoint_of(f"/x{path}") is None
