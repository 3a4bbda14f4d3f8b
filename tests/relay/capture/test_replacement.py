"""No person of a webhook is in the sample that is made of it, and all else is as it was."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handler.core.expressions.expression import search
from handler.core.expressions.scalars import INT64
from relay.capture.replacement import Replaced, without_persons
from relay.paths import PROJECT
from tests.examples import examples

WHOLE = sorted((PROJECT / "tests" / "recipes" / "bodies").glob("*.json"))


def replaced(body: Any, **headers: str) -> Replaced:
    return without_persons(headers, body)


def decoded(found: Replaced) -> str:
    """Return all of a sample as text, with its URL escapes and those of nested JSON undone."""
    text = json.dumps([dict(found.headers), found.body], ensure_ascii=False).replace("\\", "")
    for _ in range(3):
        text = re.sub("%([0-9a-fA-F]{2})", lambda it: chr(int(it[1], 16)), text)
    return text.lower()


LOCAL = st.from_regex(r"[a-z][a-z0-9]{0,8}([._+-][a-z0-9]{1,5})?", fullmatch=True)
HOST = st.from_regex(r"[a-z]{2,8}(-[a-z]{2,4})?\.(com|org|co\.uk|example)", fullmatch=True)
EMAILS = st.builds(lambda local, host: f"{local}@{host}", LOCAL, HOST)
PHONES = st.from_regex(r"\+[1-9][0-9]{1,2} ?[0-9]{3}[ -]?[0-9]{4,6}", fullmatch=True)
SHAPES = st.sampled_from(
    [
        lambda it: {"email": it, "phone": it},
        lambda it: {"customer": {"contact_email": it.upper(), "sms": it}},
        lambda it: {"deep": [[{"x": f"call {it} now"}]]},
        lambda it: {it: 1},
        lambda it: {"raw": json.dumps({"to": it, "list": [it]})},
        lambda it: {"twice": json.dumps({"inner": json.dumps({"x": it})})},
        lambda it: {"url": f"https://shop.example/u/{quote(it, safe='')}?e={quote(it)}#{it}"},
        lambda it: {"url": f"https://shop.example/?next={quote(quote('/a?e=' + it))}"},
        lambda it: {"text": f"<a href='mailto:{it}'>{it}</a>"},
        lambda it: {"value": it, "name": "Who?"},
        lambda it: {"name": it, "title": it, "id": it},
        lambda it: {"phone": it, "number": re.sub(r"\D", "", it), "raw": it.replace(" ", "")},
    ]
)


@settings(max_examples=examples(25), deadline=None)
@given(SHAPES, SHAPES, EMAILS, PHONES)
@example(lambda it: {"email": it}, lambda it: {"x": it}, "person1@example.org", "+1200 0000001")
def test_no_address_and_no_number_survives_anywhere(
    first: Any, second: Any, email: str, phone: str
) -> None:
    body = {"a": first(email), "b": second(phone), "c": [second(email), first(phone)]}
    found = replaced(body, **{"x-to": email, "x-from": f"<{phone}>", "x-url": quote(email)})
    text = decoded(found)
    assert email.lower() not in text
    digits = re.sub(r"\D", "", phone)
    assert not re.search(rf"(?<!\d){'[^a-z0-9]*'.join(digits)}(?!\d)", text)


@pytest.mark.parametrize(
    "key, value",
    [
        *(("first_name", "Maren"), ("lastName", "Osthoff"), ("customer_name", "Maren Osthoff")),
        *(("username", "maren82"), ("address1", "Kirchweg 3"), ("city", "Bremen")),
        *(("postal_code", "28195"), ("company", "Osthoff & Sons"), ("browser_ip", "203.0.113.9")),
        *(("remote", "2001:db8:85a3::8a2e:370:7334"), ("date_of_birth", "1982-04-17")),
        *(("birthday", "17.04.1982"), ("note", "Ring twice"), ("user_agent", "Mozilla/5.0 (X11)")),
        *(("checkout_token", "5b7e13c4a2"), ("x", "sk_live_51H8abcdEFGH"), ("latitude", 53.07)),
        *(("x", "Please leave it with the neighbour"), ("zip", 28195), ("phone", 4942123456)),
        *(("customer_firstname", "Maren"), ("billingLastname", "Ost"), ("buyer_surname", "Ost")),
        *(("billing_address_1", "Tidal Way 3"), ("shippingCity", "Hull"), ("home_zip", "HU1 1AA")),
        *(("first_names", ["Maren"]), ("names", ["Maren Ost"]), ("addresses", ["Tidal Way 3"])),
        *(("address_lines", ["Tidal Way 3"]), ("phone", 1e16), ("phone", 4942123456.0)),
        *(("x", ' {"first_name": "Maren"}'), ("birth_date", 19820417.0)),
        *(("x", "Bearer abc.def"), ("x", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln")),
    ],
)
def test_personal_data_is_told_by_its_key_or_its_form(key: str, value: Any) -> None:
    found = replaced({"customer": {key: value}})
    body: Any = found.body
    assert body["customer"][key] != value
    assert type(body["customer"][key]) is type(value)
    (path,) = found.paths
    assert path.startswith(f"body.customer.{key}")


@pytest.mark.parametrize("sign", [1, -1])
def test_the_stand_in_of_a_long_number_is_one_that_ingest_takes(sign: int) -> None:
    given = [sign * (10**18 + at) for at in range(40)]
    body: Any = replaced([{"session_id": one, "token": str(one)} for one in given]).body
    made = [one["session_id"] for one in body]
    assert [int(one["token"]) for one in body] == made
    assert all(one in INT64 for one in made)
    assert len({*made}) == len(given)
    assert {*made}.isdisjoint(given)


@pytest.mark.parametrize(
    "kept",
    [
        {"id": 6120445500117, "name": "#1042", "currency": "EUR", "total_price": "119.20"},
        {"line_items": [{"name": "Harbour Blend", "title": "Tea", "sku": "HB-1", "quantity": 2}]},
        {"event_name": "order_created", "email_verified": True, "email_action_type": "signup"},
        {"created_at": "2026-11-20T21:00:00+01:00", "updated": 1795208400, "locale": "de-AT"},
        {"country_code": "DE", "country": "Germany", "state": "active", "first_name": None},
        {"uri": "https://api.calendly.com/scheduled_events/CCCCCCCC/invitees/BBBBBBBBBB"},
        {"admin_graphql_api_id": "gid://shopify/Order/6120445500117", "phone": "", "tags": []},
        {"token_count": None, "is_phone": False, "version": "10.2.1", "type": "user.created"},
    ],
)
def test_what_a_rule_maps_stays(kept: dict[str, Any]) -> None:
    assert replaced(kept) == Replaced({}, kept, {})


def test_the_same_value_has_the_same_stand_in_wherever_it_is() -> None:
    body: Any = replaced(
        {
            "email": "Maren@Tea.example",
            "customer": {"email": "maren@tea.example", "first_name": "Maren", "last_name": "Ost"},
            "billing": {"name": "Maren Ost", "phone": "+49 421 234567"},
            "shipping": {"name": "Jan Ost", "phone": "+49421234567"},
            "greeting_line": "For Maren, from Jan",
            "url": "https://tea.example/u/maren@tea.example?to=maren%40tea.example",
        }
    ).body
    assert body["email"] == body["customer"]["email"] != "maren@tea.example"
    given_name, family = body["customer"]["first_name"], body["customer"]["last_name"]
    assert body["billing"]["name"] == f"{given_name} {family}"
    assert body["shipping"]["name"].endswith(f" {family}")
    assert body["shipping"]["name"] != body["billing"]["name"]
    assert body["shipping"]["phone"] == body["billing"]["phone"].replace(" ", "")
    assert "Maren" not in body["greeting_line"]
    assert unquote(body["url"]).count(body["email"]) == 2


@pytest.mark.parametrize(
    "known",
    [
        {"first_name": "Maren", "last_name": "Ost"},
        {"first_name": "maren", "last_name": "ost"},
        {"from": "Maren Ost <maren@tea.example>"},
        {"from": '"Maren Ost" <maren@tea.example>, Jan <jan@tea.example>'},
    ],
)
def test_a_known_name_is_found_elsewhere_also_in_capitals(known: dict[str, str]) -> None:
    found = replaced({"customer": known, "label": "MAREN OST", "line": "Maren's tea, Ost"})
    assert not re.search("[Mm]aren|MAREN|Ost|OST", json.dumps(found.body))


def test_a_header_is_told_by_its_name_too() -> None:
    given = {"x-auth-token": "s3cret-of-tea", "x-user-name": "Maren Ost", "webhook-id": "msg_1"}
    found = without_persons(given, {"line": "by Maren"})
    assert not re.search("s3cret|Maren|Ost", json.dumps([dict(found.headers), found.body]))
    assert found.headers["webhook-id"] == "msg_1"


def test_a_number_keeps_its_country_and_form() -> None:
    body: Any = replaced({"phone": "+351 210 123 456"}).body
    assert body["phone"] != "+351 210 123 456"
    assert re.fullmatch(r"\+351 21\d \d{3} \d{3}", body["phone"])
    assert search("phone(body.phone, 'PT')", {"body": body})


def test_a_url_keeps_its_place_and_loses_its_keys() -> None:
    url = "https://maren:pw@shop.example/orders/42/a1b2c3d4e5f6a1b2c3d4e5f6a1b2?key=wc_7Qx&page=2"
    body: Any = replaced({"status_url": url}).body
    made = body["status_url"]
    assert made.startswith("https://shop.example/orders/42/")
    assert made.endswith("&page=2")
    assert not re.search("maren|pw@|a1b2c3|wc_7Qx", made)


def test_a_value_that_is_kept_stays_whatever_its_key_says() -> None:
    body: Any = without_persons({}, {"name": "user created"}, frozenset({"user created"})).body
    assert body == {"name": "user created"}


def shape(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    return [shape(part) for part in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize("file", WHOLE, ids=lambda it: str(it.stem))
def test_a_whole_webhook_keeps_its_shape_and_loses_its_addresses(file: Path) -> None:
    body = json.loads(file.read_text(encoding="utf-8"))["body"]
    found = replaced(body)
    assert shape(found.body) == shape(body)
    emails = re.findall(r"[\w.]+@[\w.]+", json.dumps(body))
    assert [one for one in emails if one.lower() in decoded(found)] == []
    assert not emails or found.paths


@pytest.mark.parametrize(
    "part", ["a", ":", "%40", "a@", "a.", "+1", "1", "%25", "25", "https://a/", "aB1"]
)
def test_a_text_as_long_as_a_webhook_may_be_is_read_in_one_go(part: str) -> None:
    long = part * (10_000 // len(part))
    assert replaced({"x": long, "u": f"https://a.example/{long}?k=%{long}"}).body
