"""What is true of every preset as data; what each makes of webhooks is in tests/senders."""

import pytest

from handler.core.verification.presets.catalogue import PRESETS
from tests.handler.core.rules_files import findings, source_of

EVERY_PRESET = pytest.mark.parametrize("name", PRESETS)


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
        "rules:\n  - {name: a, type: /, send: {campaign_id: c,"
        " recipients: [{external_user_id: '${id}'}]}}\n"
    )
    assert findings(text) == [f"2:1: an event never carries {header.lower()}"]


def test_the_presets_are_fixed() -> None:
    with pytest.raises(TypeError):
        PRESETS["shopify"] = PRESETS["stripe"]  # type: ignore[index]  # that is the claim
