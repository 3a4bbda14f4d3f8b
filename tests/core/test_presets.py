"""What a preset makes of a webhook: its type, id and time."""

import json
from typing import Any

import pytest

from handler.core.models import Event, Verified, Webhook
from handler.core.parse import digest, parse, split
from handler.core.presets import PRESETS
from handler.core.schemes import HmacScheme
from tests.core.rules_files import findings, source_of

NOW = 1_780_000_000
ORDER: dict[str, Any] = {
    "id": 820982911946154508,
    "created_at": "2026-01-02T10:00:00-05:00",
    "updated_at": "2026-03-04T11:00:00-05:00",
}
EVERY_PRESET = pytest.mark.parametrize("name", PRESETS)


def event_of(preset: str, body: Any, **headers: str) -> Event:
    source = source_of(preset)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    verified = Verified(Webhook("shop", "POST", named, "", json.dumps(body).encode(), NOW))
    (part,), _ = split(verified, source)
    return parse(part, verified, source)


@EVERY_PRESET
def test_a_file_that_names_nothing_but_a_preset_loads(name: str) -> None:
    source = source_of(name)
    assert source.secret == "shop"
    assert not {"authorization", "cookie", source.scheme.credential} & set(source.headers)
    assert all(header == header.lower() for header in source.headers)


@EVERY_PRESET
def test_a_preset_names_the_vendors_document(name: str) -> None:
    assert PRESETS[name]["document"].startswith("https://")


@pytest.mark.parametrize("header", ["Authorization", "cookie", "X-Shopify-Hmac-Sha256"])
def test_credentials_and_signatures_are_no_headers_of_an_event(header: str) -> None:
    text = (
        f"verify: {{preset: shopify}}\nheaders: [{header}]\n"
        "rules: [{name: a, type: b, send: {campaign_id: c, recipients: [{external_user_id: u}]}}]\n"
    )
    assert findings(text) == [f"2:1: an event never carries {header.lower()}"]


@pytest.mark.parametrize("topic", ["orders/create", "customers/create", "draft_orders/create"])
def test_a_shopify_creation_is_known_by_its_id_and_happened_when_it_was_created(topic: str) -> None:
    event = event_of("shopify", ORDER, x_shopify_topic=topic)
    assert (event.type, event.id) == (topic, "820982911946154508")
    assert event.occurred_at == 1_767_366_000


@pytest.mark.parametrize("topic", ["orders/updated", "orders/paid", "customers/update"])
def test_a_shopify_change_is_known_by_id_and_time_and_happened_at_the_change(topic: str) -> None:
    event = event_of("shopify", ORDER, x_shopify_topic=topic)
    assert event.id == "820982911946154508@2026-03-04T11:00:00-05:00"
    assert event.occurred_at == 1_772_640_000


def test_a_shopify_update_played_again_as_a_creation_repeats_the_creations_id() -> None:
    later = ORDER | {"updated_at": "2026-09-09T09:09:09Z"}
    ids = {event_of("shopify", body, x_shopify_topic="orders/create").id for body in (ORDER, later)}
    assert len(ids) == 1


@pytest.mark.parametrize("topic", ["orders/delete", "customers/redact", "nonsense"])
def test_a_shopify_webhook_without_id_or_time_has_the_digest_and_no_time(topic: str) -> None:
    event = event_of("shopify", {"id": 1}, x_shopify_topic=topic)
    assert event.id == digest(b'{"id": 1}')
    assert event.occurred_at is None


def test_a_preset_can_be_overridden_key_by_key() -> None:
    source = source_of("stripe", timestamp={"tolerance": 600}, signature={"key": "v2"})
    assert isinstance(source.scheme, HmacScheme)
    assert source.scheme.timestamp
    assert (source.scheme.timestamp.key, source.scheme.timestamp.tolerance) == ("t", 600)
    assert (source.scheme.signature.key, source.scheme.signature.header) == (
        "v2",
        "stripe-signature",
    )


def test_the_presets_are_fixed() -> None:
    with pytest.raises(TypeError):
        PRESETS["shopify"] = PRESETS["stripe"]  # type: ignore[index]  # that is the claim
