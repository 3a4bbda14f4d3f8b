"""Batch requests: Braze takes each of them, and each recipient is in one of them."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.core.braze.request import batch_request, encode_request, request
from handler.core.delivery.batching import coalesce
from handler.core.models import Delivery
from relay.simulated_braze.app import MAX_BODY
from tests.contract.bodies import CAMPAIGN, CANVAS, PROPERTIES, WORD, Body
from tests.contract.test_both import refused
from tests.contract.way import made
from tests.examples import examples

some = settings(max_examples=examples(20), deadline=None, suppress_health_check=list(HealthCheck))
# Requests that share all but their recipients, of rules that name a Canvas's properties each way.
PLAIN = st.tuples(WORD, st.sampled_from(["context", "canvas_entry_properties"]), PROPERTIES).map(
    lambda it: {"canvas_id": "c", "recipients": [{"external_user_id": it[0], it[1]: it[2]}]}
)


def deliveries(bodies: list[Body]) -> list[Delivery]:
    """Return one delivery of each body, each of an event of its own."""
    return [it for at, body in enumerate(bodies) for it in made(body, {}, f"e-{at}")]


@some
@given(bodies=st.lists(CAMPAIGN | CANVAS | PLAIN, min_size=1, max_size=6))
def test_braze_takes_every_request_of_a_batch_and_each_delivery_is_in_one(
    bodies: list[Body],
) -> None:
    batch = deliveries(bodies)

    requests = coalesce(batch)

    assert sorted(at for members in requests for at in members) == [*range(len(batch))]
    for members in requests:
        whole: dict[str, Any] = batch_request([batch[at] for at in members])
        assert refused(whole) is None
        assert whole["recipients"] == [batch[at].recipient for at in members]
        alone: list[Any] = [request(batch[at]) for at in members]
        assert all({**it, "recipients": whole["recipients"]} == whole for it in alone)


def test_a_batch_for_sixty_users_is_two_requests_of_one_rule() -> None:
    bodies = [
        {"campaign_id": "c", "recipients": [{"external_user_id": f"u{it}"}]} for it in range(60)
    ]

    assert [len(it) for it in coalesce(deliveries(bodies))] == [50, 10]


def test_large_deliveries_stay_under_brazes_four_megabytes_together() -> None:
    large = {f"n{at}": "\U0001f642" * 127 for at in range(600)}
    send = {
        "campaign_id": "c",
        "recipients": [{"external_user_id": "${body.id}", "attributes": "${body.all}"}],
    }
    batch = [it for at in range(25) for it in made(send, {"id": f"u{at}", "all": large}, f"e-{at}")]

    sizes = [
        len(encode_request(batch_request([batch[at] for at in members])))
        for members in coalesce(batch)
    ]

    assert [round(it / min(sizes)) for it in sizes] == [12, 12, 1]
    assert MAX_BODY * 0.9 < max(sizes) < MAX_BODY
