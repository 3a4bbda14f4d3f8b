from typing import Any

import pytest
import yaml

from handler.core.errors import RulesError, Unrenderable
from handler.core.models import Event
from handler.core.planning.render import Packed, render
from handler.core.rules.load import Source, load

FILE = {"file_name": "bill-${body.id}", "url": "${body.url}"}
KEPT = {
    "file_name": "bill",
    "url": "https://files.example.org/${body.id}.pdf",
    "basic_auth_credential": "files",
}


def source(*attachments: Any) -> Source:
    send = {
        "campaign_id": "c",
        "recipients": [{"external_user_id": "${body.id}"}],
        "attachments": list(attachments),
    }
    block = {"name": "bill", "type": "*", "send": send}
    file = {"verify": {"preset": "shopify"}, "rules": [block]}
    return load("shop", yaml.safe_dump(file), "shop.yaml", "dev")


def attachments(of: Source, **body: Any) -> Any:
    event = Event("shop", "any", "e-1", body, {}, None, 1)
    (delivery,) = render(of.rules[0], Packed(event, "packed"), of)
    return delivery.send["attachments"]


def test_a_url_may_come_from_the_event() -> None:
    url = "https://files.example.org/7.pdf?key=1"
    assert attachments(source(FILE), id=7, url=url) == [{"file_name": "bill-7", "url": url}]


@pytest.mark.parametrize(
    "url",
    ["http://files.example.org/7", "//files.example.org/7", "https://", "https://a b/7",
     "https://files.example.org\\@evil.example/7", "https://me:word@files.example.org/", None, 7],
)  # fmt: skip
def test_a_url_of_an_event_that_is_not_https_is_unrenderable(url: Any) -> None:
    with pytest.raises(Unrenderable) as raised:
        attachments(source(FILE), id=7, url=url)
    assert raised.value.path.startswith("attachments.0")
    assert "example" not in str(raised.value)


def test_a_credential_goes_to_a_host_that_is_written_down() -> None:
    (made,) = attachments(source(KEPT), id=7)
    assert made == {**KEPT, "url": "https://files.example.org/7.pdf"}


@pytest.mark.parametrize(
    "change",
    [
        {"url": "${body.url}"},
        {"url": "https://${body.host}/bill.pdf"},
        {"url": "https://files.example.org${body.rest}"},
        {"basic_auth_credential": "${body.credential}"},
    ],
)
def test_no_webhook_chooses_which_host_gets_a_credential_or_which_it_gets(change: Any) -> None:
    with pytest.raises(RulesError, match="basic_auth_credential goes to the host of url"):
        source({**KEPT, **change})
