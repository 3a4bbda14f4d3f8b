"""A reference stands in logs: `relay rules check` warns where it reads a person."""

import pytest

from handler.core.rules.load import load
from handler.core.verification.presets.catalogue import PRESETS
from relay.rules.check.references import is_personal, personal_references

RULES = """\
rules:
  - {name: a, type: a, send: {campaign_id: c, recipients: [{external_user_id: "${body.x}"}]}}
"""


@pytest.mark.parametrize(
    "path, is_one",
    [
        ("body.name", False),
        ("body.data.object.number", False),
        ("body.order.name", False),
        ("body.customer.id", False),
        ("body.customer.name", True),
        ("body.email", True),
        ("body.billing_address.city", True),
        ("body.user.firstName", True),
        ("body.contact_phone", True),
    ],
)
def test_a_path_of_a_person_is_known_by_its_words(path: str, *, is_one: bool) -> None:
    assert is_personal(path) == is_one


def test_a_reference_that_reads_a_person_is_a_warning_at_its_line() -> None:
    event = "event: {reference: 'coalesce(body.number, body.customer.name)'}"
    source = load("shop", f"verify: {{preset: stripe}}\n{event}\n{RULES}", "f", "dev")
    (found,) = personal_references(source)
    assert found[0] == ("event", "reference")
    assert found[1].startswith(
        "reference reads body.customer.name: a log holds nothing of a person"
    )


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_has_one(preset: str) -> None:
    source = load("shop", f"verify: {{preset: {preset}}}\n{RULES}", "f", "dev")
    assert not list(personal_references(source))
