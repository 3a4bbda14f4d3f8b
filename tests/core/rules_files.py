"""Rules files that load, and what is said of changed ones."""

import pytest

from handler.core.errors import RulesError
from handler.core.rules import load

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


def findings(text: str, stage: str = "dev") -> list[str]:
    with pytest.raises(RulesError) as raised:
        load("shop", text, "shop.yaml", stage)
    return [str(finding).removeprefix("shop.yaml:") for finding in raised.value.findings]


def changed(old: str, new: str, text: str = GOOD) -> str:
    assert old in text
    return text.replace(old, new)
