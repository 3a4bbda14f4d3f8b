import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest
from pydantic import JsonValue, ValidationError

from handler.core.expressions import search
from handler.core.presets import PRESETS, ByType, Preset

ORDER: dict[str, JsonValue] = {
    "id": 820982911946154508,
    "created_at": "2026-01-02T10:00:00-05:00",
    "updated_at": "2026-03-04T11:00:00-05:00",
}
EVERY_PRESET = pytest.mark.parametrize("name", PRESETS)


def expressions(spec: ByType | None) -> list[str]:
    if spec is None:
        return []
    return [spec] if isinstance(spec, str) else list(spec.values())


def evaluate(spec: ByType | None, event_type: str, event: Mapping[str, JsonValue]) -> JsonValue:
    assert spec is not None
    if isinstance(spec, dict):
        spec = next(text for glob, text in spec.items() if fnmatchcase(event_type, glob))
    return search(spec, {**event})


@EVERY_PRESET
def test_every_expression_of_a_preset_compiles(name: str) -> None:
    event = PRESETS[name].event

    for text in [event.type, *expressions(event.id), *expressions(event.occurred_at)]:
        search(text, {"headers": {}, "body": {}})


@EVERY_PRESET
def test_ids_and_times_stand_only_on_what_is_signed(name: str) -> None:
    preset = PRESETS[name]
    read = [*expressions(preset.event.id), *expressions(preset.event.occurred_at)]
    read += [preset.event.type] if preset.event.type_signed else []
    headers = {found for text in read for found in re.findall(r'headers\."([^"]+)"', text)}

    assert headers <= preset.scheme.signed_headers
    assert sum(text.count("headers") for text in read) == len(headers)


@EVERY_PRESET
def test_a_preset_names_the_vendors_document(name: str) -> None:
    assert PRESETS[name].document.startswith("https://")


@EVERY_PRESET
def test_every_header_that_an_expression_reads_is_carried(name: str) -> None:
    event = PRESETS[name].event
    texts = [event.type, *expressions(event.id), *expressions(event.occurred_at)]

    for header in re.findall(r'headers\."([^"]+)"', " ".join(texts)):
        assert header in PRESETS[name].headers


@pytest.mark.parametrize(
    "header", ["authorization", "cookie", "x-shopify-hmac-sha256", "X-Shopify-Topic"]
)
def test_credentials_signatures_and_capitals_are_no_headers_of_an_event(header: str) -> None:
    block: dict[str, Any] = PRESETS["shopify"].model_dump()

    with pytest.raises(ValidationError):
        Preset.model_validate(block | {"headers": [header]})


@pytest.mark.parametrize("topic", ["orders/create", "customers/create", "draft_orders/create"])
def test_a_shopify_creation_is_known_by_its_id_and_happened_when_it_was_created(topic: str) -> None:
    spec = PRESETS["shopify"].event
    event: dict[str, JsonValue] = {"headers": {"x-shopify-topic": topic}, "body": ORDER}

    assert search(spec.type, event) == topic
    assert evaluate(spec.id, topic, event) == "820982911946154508"
    assert evaluate(spec.occurred_at, topic, event) == "2026-01-02T10:00:00-05:00"


@pytest.mark.parametrize("topic", ["orders/updated", "orders/paid", "customers/update"])
def test_a_shopify_change_is_known_by_id_and_time_and_happened_at_the_change(topic: str) -> None:
    spec = PRESETS["shopify"].event
    event: dict[str, JsonValue] = {"headers": {"x-shopify-topic": topic}, "body": ORDER}

    assert evaluate(spec.id, topic, event) == "820982911946154508@2026-03-04T11:00:00-05:00"
    assert evaluate(spec.occurred_at, topic, event) == "2026-03-04T11:00:00-05:00"


def test_a_shopify_update_played_again_as_a_creation_repeats_the_creations_id() -> None:
    spec = PRESETS["shopify"].event
    later: dict[str, JsonValue] = ORDER | {"updated_at": "2026-09-09T09:09:09Z"}

    ids = {
        evaluate(spec.id, "orders/create", {"headers": {}, "body": body}) for body in (ORDER, later)
    }

    assert len(ids) == 1


@pytest.mark.parametrize("topic", ["orders/delete", "customers/redact", "nonsense", ""])
def test_a_shopify_webhook_without_id_or_time_has_neither(topic: str) -> None:
    spec = PRESETS["shopify"].event
    event: dict[str, JsonValue] = {"headers": {}, "body": {"id": 1}}

    assert evaluate(spec.id, topic, event) is None
    assert evaluate(spec.occurred_at, topic, event) is None


def test_a_standard_webhook_is_known_by_its_id_header() -> None:
    spec = PRESETS["standard_webhooks"].event
    event: dict[str, JsonValue] = {
        "headers": {"webhook-id": "msg_1", "webhook-timestamp": "1614265330"},
        "body": {"type": "user.created", "timestamp": "2026-11-03T20:26:10.344522Z", "data": {}},
    }

    assert search(spec.type, event) == "user.created"
    assert evaluate(spec.id, "user.created", event) == "msg_1"
    assert evaluate(spec.occurred_at, "user.created", event) == "2026-11-03T20:26:10.344522Z"


def test_the_presets_are_fixed() -> None:
    with pytest.raises(TypeError):
        PRESETS["shopify"] = PRESETS["standard_webhooks"]  # type: ignore[index]  # that is the claim
