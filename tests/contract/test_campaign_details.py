"""The worker's look at a campaign, against the simulated Braze's details of it."""

from typing import Any

import pytest
from requests import Session

from handler.braze_client.client import get
from handler.braze_client.session import open_session
from handler.core.braze.campaign import campaign_state, details_path
from relay.local.processes import BRAZE_KEY
from tests.relay.simulated_braze.simulated import ID, NEW, Client


@pytest.fixture
def session() -> Any:
    with open_session() as opened:
        yield opened


def state(braze: Client, session: Session, key: str = BRAZE_KEY) -> str | None:
    return campaign_state(get(session, braze.url + details_path(ID), key, 5), braze.now)


@pytest.mark.parametrize("said", [{"enabled": False}, {"archived": True}, {"draft": True}])
def test_what_the_worker_takes_for_paused_is_accepted_and_reaches_nobody(
    braze: Client, session: Session, said: dict[str, bool]
) -> None:
    assert state(braze, session) == "active"
    braze.call("PUT", f"/targets/{ID}", said)

    assert braze.trigger(NEW).status_code == 201
    assert [send["reached"] for send in braze.sends()] == [False]
    assert state(braze, session) == "paused"


def test_a_key_without_the_permission_or_a_wrong_one_hides_the_state(
    braze: Client, session: Session
) -> None:
    assert state(braze, session, "other") == "hidden"
    braze.call("PUT", "/key", {"permissions": ["campaigns.trigger.send"]})
    for status in (403, 401):
        braze.call("PUT", "/switches", {"permission_missing": status})
        assert state(braze, session) == "hidden"


def test_of_an_unknown_campaign_and_over_the_limit_nothing_is_known(
    braze: Client, session: Session
) -> None:
    braze.call("PUT", f"/targets/{ID}", {"exists": False})
    assert state(braze, session) == "unknown"
    braze.call("PUT", "/limits", {"hour": 0})
    assert state(braze, session) is None
