"""Rules files that load, and what is said of changed ones."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from handler.core.errors import RulesError
from handler.core.rules.load import load
from handler.core.rules.sender_blocks import HmacBlock
from handler.core.rules.source import Source
from handler.core.verification.schemes import HmacScheme

GOOD = """\
verify: {preset: shopify}
vars:
  dev: {campaign: c-1}
rules:
  - name: confirm
    type: orders/create
    send:
      campaign_id: ${vars.campaign}
      recipients:
        - external_user_id: ${body.id}
"""
HAND = """\
verify:
  encoding: hex
  signature: {header: X-Sign}
event: {type: body.kind, type_signed: true, id: body.id}
headers: [X-Shop]
rules:
  - name: confirm
    type: a
    send: {campaign_id: c, recipients: [{external_user_id: "${body.id}"}]}
"""


RULES = """\
rules:
  - {name: any, type: "*", send: {campaign_id: c, recipients: [{external_user_id: '${id}'}]}}
"""


def source_of(preset: str, **more: Any) -> Source:
    """Return a source whose file says nothing of its sender but the preset, and `more`."""
    verify = json.dumps({"preset": preset, **more})
    return load("shop", f"verify: {verify}\n{RULES}", "shop.yaml", "dev")


def scheme_of(preset: str, **more: Any) -> HmacScheme:
    """Return the scheme of a preset that signs by HMAC."""
    scheme = source_of(preset, **more).scheme
    assert isinstance(scheme, HmacScheme)
    return scheme


def hmac_scheme(block: Mapping[str, Any]) -> HmacScheme:
    """Return the scheme of a block that is written by hand."""
    return HmacBlock.model_validate(block).made()


def findings(text: str, stage: str = "dev") -> list[str]:
    with pytest.raises(RulesError) as raised:
        load("shop", text, "shop.yaml", stage)
    return [str(finding).removeprefix("shop.yaml:") for finding in raised.value.findings]


def changed(old: str, new: str, text: str = GOOD) -> str:
    assert old in text
    return text.replace(old, new)
