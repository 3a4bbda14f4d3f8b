"""The rate limits of the simulated Braze: over real sockets."""

from typing import Any

import pytest

from tests.relay.simulated_braze.simulated import CAMPAIGN, ID, NEW, NOON, Client

AUDIENCE = {
    "custom_attribute": {"custom_attribute_name": "city", "comparison": "equals", "value": "Oslo"}
}
OTHER = {"AND": [AUDIENCE]}


def broadcast(braze: Client, **more: object) -> Any:
    return braze.post(CAMPAIGN, {"campaign_id": ID, "broadcast": True, **more})


def test_broadcasts_have_windows_of_a_minute_for_each_audience_and_for_all(braze: Client) -> None:
    braze.call("PUT", "/limits", {"broadcast": 3, "audience": 2})
    same = [broadcast(braze, audience=AUDIENCE).status_code for _ in range(3)]
    other = [broadcast(braze, audience=OTHER).status_code for _ in range(2)]
    recipient = braze.trigger(NEW)
    braze.now += 60
    assert (same, other) == ([201, 201, 429], [429, 429])
    assert (recipient.status_code, recipient.headers["x-ratelimit-limit"]) == (201, "100")
    assert broadcast(braze, audience=AUDIENCE).status_code == 201


def test_recipients_with_an_audience_count_as_a_broadcast_only_if_switched(braze: Client) -> None:
    braze.call("PUT", "/limits", {"audience": 1})
    assert [braze.trigger(NEW, audience=AUDIENCE).status_code for _ in range(2)] == [201, 201]
    braze.call("PUT", "/switches", {"audience_with_recipients": "broadcast_limits"})
    assert [braze.trigger(NEW, audience=AUDIENCE).status_code for _ in range(2)] == [201, 429]


@pytest.mark.parametrize(
    "style, accepted, limited",
    [
        ("epoch", {"limit": "1", "remaining": "0", "reset": f"{NOON + 3600:.0f}"}, None),
        ("seconds", {"limit": "1", "remaining": "0", "reset": "3590"}, None),
        (
            "retry_after",
            {"limit": "1", "remaining": "0", "reset": "3590"},
            {"retry-after": "3590"},
        ),
    ],
)
def test_rate_limits_are_told_in_both_of_braze_s_ways(
    braze: Client, style: str, accepted: dict[str, str], limited: dict[str, str] | None
) -> None:
    braze.call("PUT", "/switches", {"rate_limit_headers": style})
    braze.call("PUT", "/limits", {"hour": 1})
    braze.now += 10

    answers = braze.trigger(NEW), braze.trigger(NEW)

    assert [answer.status_code for answer in answers] == [201, 429]
    for answer, told in zip(answers, (accepted, limited or accepted), strict=True):
        found = {k.removeprefix("x-ratelimit-"): v for k, v in answer.headers.items()}
        names = {"limit", "remaining", "reset", "retry-after"} & found.keys()
        assert {name: found[name] for name in names} == told
