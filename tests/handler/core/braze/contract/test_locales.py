"""Language, country, time zone and telephone number, as Braze takes them."""

import json
from importlib.resources import files
from typing import Any

import pytest

from handler.core.braze.contract.attributes import breach, normal
from handler.core.braze.contract.locales import COUNTRIES, LANGUAGES
from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.load import load

NAMES = ("country", "time_zone", "phone", "language")
RULE: dict[str, Any] = {
    "name": "welcome",
    "type": "*",
    "send": {
        "campaign_id": "c",
        "recipients": [
            {
                "external_user_id": "${body.id}",
                "attributes": {"email": "a@example.org"} | {it: f"${{body.{it}}}" for it in NAMES},
            }
        ],
    },
}


def planned(rule: Any = RULE, **body: Any) -> Plan:
    text = json.dumps({"verify": {"preset": "shopify"}, "rules": [rule]})
    raw = json.dumps({"id": 1, **body}).encode()
    webhook = Webhook("shop", "POST", {"x-shopify-topic": "customers/create"}, "", raw, 1)
    return plan(Verified(webhook), load("shop", text, "shop.yaml", "dev"))


def sent(name: str, value: Any) -> Any:
    (delivery,) = planned(**{name: value}).deliveries
    assert delivery.recipient is not None
    attributes: Any = delivery.recipient["attributes"]
    return attributes.get(name)


def test_the_countries_are_those_of_iso_3166() -> None:
    table = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text(encoding="utf-8")
    assert {line[:2] for line in table.splitlines() if not line.startswith("#")} == COUNTRIES


def test_the_languages_are_those_of_brazes_page() -> None:
    """Of the page of September 2026: 170 codes, of which 44 have three letters."""
    assert len(LANGUAGES) == 170
    assert sum(len(one) == 3 for one in LANGUAGES) == 44
    assert {"fil", "gsw", "haw", "mo", "nb", "nn", "tl", "zh"} <= LANGUAGES
    assert not {"no", "iw", "sh", "xx"} & LANGUAGES


@pytest.mark.parametrize(
    "name, value, shown",
    [
        ("language", "fil", "fil"),
        ("language", "gsw", "gsw"),
        ("language", "pt-BR", "pt"),
        ("language", "en_US", "en"),
        ("language", "en_US.UTF-8", "en"),
        ("language", "zh-Hant-TW", "zh"),
        ("language", "DE ", "de"),
        ("language", "no", "nb"),
        ("language", "iw", "he"),
        ("country", "de", "DE"),
        ("country", " US ", "US"),
        ("time_zone", "Europe/Berlin", "Europe/Berlin"),
        ("time_zone", "US/Eastern", "US/Eastern"),
        ("time_zone", "Eastern Time (US & Canada)", "Eastern Time (US & Canada)"),
        ("phone", "+4915123456789", "+4915123456789"),
        ("phone", "+49 151/234-567.89", "+49 151/234-567.89"),
        ("phone", "(202) 555-0143", "(202) 555-0143"),
        ("phone", "1-202-555-0143", "1-202-555-0143"),
    ],
)
def test_what_braze_takes_is_sent_as_braze_has_it(name: str, value: str, shown: str) -> None:
    assert sent(name, value) == shown
    assert planned(**{name: value}).warnings == ()


@pytest.mark.parametrize(
    "name, value, takes",
    [
        ("language", "German", "a code of Braze's list of languages, such as de or fil"),
        ("language", "xx", "a code of Braze's list of languages"),
        ("language", "-", "a code of Braze's list of languages"),
        ("country", "Germany", "two letters of ISO 3166-1, such as DE"),
        ("country", "DEU", "two letters of ISO 3166-1"),
        ("country", "UK", "two letters of ISO 3166-1"),
        ("time_zone", "(GMT-05:00) Eastern Time (US & Canada)", "a time zone's name, such as"),
        ("time_zone", "europe/berlin", "a time zone's name"),
        ("time_zone", "+02:00", "a time zone's name"),
        ("phone", "030 1", "a number in E.164, such as +4915123456789, or an American one"),
        ("phone", "0151 23456789", "a number in E.164"),
        ("phone", "+49 (0)151 23456789", "a number in E.164"),
        ("phone", "+1 202 555 0143 ext. 5", "a number in E.164"),
        ("phone", "123 456 7890", "a number in E.164"),
        ("phone", "\uff10\uff11\uff15\uff11", "a number in E.164"),
        ("phone", 4930, "a number in E.164"),
    ],
)
def test_what_braze_would_not_take_is_left_out_with_a_warning(
    name: str, value: Any, takes: str
) -> None:
    assert sent(name, value) is None
    (warning,) = planned(**{name: value}).warnings
    assert warning.startswith(f"welcome: attributes.{name} is left out: it takes {takes}")


@pytest.mark.parametrize("name", NAMES)
def test_where_it_is_required_the_event_becomes_a_dead_letter(name: str) -> None:
    (parked,) = planned({**RULE, "required": [f"attributes.{name}"]}, **{name: "none"}).parked
    assert parked.detail.startswith(f"attributes.{name}: it is required, and it takes ")


@pytest.mark.parametrize("name", ["country", "time_zone", "phone"])
def test_a_literal_of_another_form_loads(name: str) -> None:
    """Such rules exist: the check warns of them."""
    send = {**RULE["send"]["recipients"][0], "attributes": {"email": "a@b.io", name: "Germany"}}
    made = planned({**RULE, "send": {**RULE["send"], "recipients": [send]}})
    assert len(made.deliveries) == len(made.warnings) == 1


@pytest.mark.parametrize("name", ["country", "time_zone", "phone"])
def test_an_empty_text_that_is_to_be_kept_is(name: str) -> None:
    rule = {**RULE, "keep_empty": [f"attributes.{name}"]}
    (delivery,) = planned(rule, **{name: ""}).deliveries
    assert delivery.recipient
    assert delivery.recipient["attributes"] == {"email": "a@example.org", name: ""}


def test_what_has_no_form_stays_as_it_is() -> None:
    given: Any = {"language": "German", "country": None, "email": " a@b.io ", "city": " Oslo "}
    assert normal(given) == {**given, "email": "a@b.io"}
    assert breach("language", None) is None
