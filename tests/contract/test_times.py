"""The forms in which Braze takes a date, and what looks like one and is none."""

from typing import Any

import pytest

from tests.contract.bodies import sent, written
from tests.contract.test_both import refused
from tests.contract.way import made
from tests.contract.way import sent as posted
from tests.relay.simulated_braze.simulated import ID, Client

DATES = [
    "2026-11-20",
    "2026-11-20T21:00:00",
    "2026-11-20 21:00:00",
    "2026-11-20T21:00:00Z",
    "2026-11-20T21:00:00+0000",
    "2026-11-20T21:00:00.123Z",
    "2026-11-20T21:00:00:123Z",
    "11/20/2026",
    "Fri 11 20 21:00:00.UTC 2026",
]
NONE = [
    "2026-02-30",
    "02/30/2026",
    "20/11/2026",
    "2026-11-20T25:00:00Z",
    "soon",
    "2026-11-20T21:00:00Z ",
]


def to(**attributes: Any) -> Any:
    recipient = {
        "external_user_id": "7",
        "send_to_existing_only": False,
        "attributes": {"vip": True, **attributes},
    }
    return {"campaign_id": ID, "recipients": [recipient]}


def both(value: str) -> Any:
    return to(date_of_last_session=value, size={"since": {"$time": value}})


@pytest.mark.parametrize("date", DATES)
def test_a_date_is_sent_stored_and_found_by_an_audience(braze: Client, date: str) -> None:
    body = both(date) | {
        "audience": {"last_used_app": {"comparison": "after", "value": "2026-11-19"}}
    }
    (delivery,) = made(body, {})

    outcome = posted(braze, delivery).outcome

    assert (outcome.kind, outcome.warnings) == ("accepted", ())
    (send,) = braze.sends()
    assert send["reached"], send["because"]
    assert send["profile_after"] == body["recipients"][0]["attributes"]


@pytest.mark.parametrize("date", NONE)
def test_what_is_no_date_is_left_out_and_told(date: str) -> None:
    send = to(date_of_last_session="${body.date}", size={"since": {"$time": "${body.date}"}})
    warnings: list[str] = []

    body = sent(written(send), {"date": date}, warnings)

    assert body["recipients"][0]["attributes"] == {"vip": True}
    assert [it.split(" is left out: ")[0] for it in warnings] == [
        "send: attributes.date_of_last_session",
        "send: attributes.size",
    ]
    assert refused(body) is None


@pytest.mark.parametrize("date", NONE)
def test_the_simulated_braze_refuses_what_is_no_date(date: str) -> None:
    assert "date_of_last_session: must be a date" in str(refused(to(date_of_last_session=date)))
