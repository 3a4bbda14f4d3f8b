"""Recorder of the fault tests: who has not read an answer may not know what was taken."""

import pytest
import requests

from tests.e2e.harness import until
from tests.faults.recorder import recorder

BODY = {"recipients": [{"external_user_id": "one"}]}


def test_an_answer_to_somebody_who_has_hung_up_is_known_to_nobody() -> None:
    with recorder() as braze:
        with (
            braze.silence(),
            requests.Session() as session,
            pytest.raises(requests.ReadTimeout),
        ):
            session.post(braze.url, json=BODY, timeout=0.5)
        until(lambda: braze.taken[0].end, lambda end: end != "open", "end of the request", 30)

        assert braze.lost() == {"one": 1}


def test_an_answer_that_is_read_is_known() -> None:
    with recorder() as braze:
        assert requests.post(braze.url, json=BODY, timeout=60).status_code == 201
        until(lambda: braze.taken[0].end, lambda end: end != "open", "end of the request", 30)

        assert braze.lost() == {}
