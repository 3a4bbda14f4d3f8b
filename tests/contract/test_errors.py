"""Errors of an accepted request: both sides take the same recipients for not sent."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from handler.core.braze.outcome import HttpResponse, classify
from relay.simulated_braze.simulation import refused_places

INDEX = st.integers(-1, 60) | st.booleans() | st.floats(0, 3) | st.text(max_size=2) | st.none()
ARRAY = st.sampled_from(["recipients", "attributes", "events", "", None])
ERROR = st.fixed_dictionaries(
    {}, optional={"type": st.text(max_size=5), "input_array": ARRAY, "index": INDEX}
)
ERRORS = st.lists(ERROR | st.text(max_size=5) | INDEX, max_size=5) | st.text(max_size=5) | ERROR


@settings(deadline=None)
@given(errors=ERRORS)
def test_both_sides_take_the_same_recipients_for_not_sent(errors: Any) -> None:
    body = json.dumps({"message": "success", "errors": errors}).encode()
    outcome = classify(HttpResponse("answered", 201, body=body), 0)
    assert outcome.kind == "accepted"
    assert {at for _, at in outcome.refused} == refused_places(errors)
