"""Times of the event are no person: such an identifier does not load."""

import pytest

from handler.core.rules.load import load
from tests.handler.core.rules_files import changed, findings

WHO = "external_user_id: ${body.id}"


@pytest.mark.parametrize(
    "identifier",
    [
        "${occurred_at}",
        "${time(occurred_at)}",
        "guest-${epoch(occurred_at)}",
        "${concat(source, text(occurred_at))}",
        "${coalesce(text(body.customer.id), text(occurred_at))}",
        "${body.customer.id || occurred_at}",
        "${if(body.x, occurred_at, body.id)}",
    ],
)
def test_an_identifier_that_may_be_a_time_alone_is_refused(identifier: str) -> None:
    (text,) = findings(changed(WHO, f'external_user_id: "{identifier}"'))
    assert "occurred_at is a time, and no person; write what of the event says who" in text


@pytest.mark.parametrize(
    "identifier", ["${id}", "${body.id}-${occurred_at}", "${concat(body.id, text(occurred_at))}"]
)
def test_an_identifier_with_more_than_a_time_loads(identifier: str) -> None:
    text = changed(WHO, f'external_user_id: "{identifier}"')
    assert load("shop", text, "shop.yaml", "dev").rules
