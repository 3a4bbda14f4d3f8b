"""Kinds of personal data, told by the names of keys: where in doubt, a value is one."""

import re
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The kind of a value that is personal; its text is the word in a list of replacements."""

    EMAIL = "e-mail address"
    PHONE = "telephone number"
    GIVEN = "first name"
    FAMILY = "last name"
    NAME = "name"
    ADDRESS = "address"
    IP = "IP address"
    BIRTH = "date of birth"
    TEXT = "free text"
    AGENT = "browser"
    TOKEN = "token"  # noqa: S105 - a word
    URL = "URL"


def _split(words: str) -> frozenset[str]:
    return frozenset(words.split())


# The first kind that knows the whole key, or else a word of it, or else its end, has it.
_BY_KEY: Final = {
    Kind.TOKEN: _split("""
        api_key access_key private_key order_key license_key tax_id vat_id vat_number session_id
        account_number card_number credit_card_number cart_hash last4 hash
    """),
    Kind.AGENT: _split("user_agent browser device_name"),
    Kind.GIVEN: _split("""
        first_name firstname given_name givenname forename fname middle_name
    """),
    Kind.FAMILY: _split("last_name lastname family_name familyname surname lname maiden_name"),
    Kind.NAME: _split("""
        fullname username nickname login handle screenname displayname contact alternate_id author
    """),
    Kind.ADDRESS: _split("""
        address address1 address2 address_1 address_2 address3 line1 line2 line_1 line_2 street
        street1 street2 street_address street_and_number street_additional house_number
        address_line address_line_1 address_line_2 address_line1 address_line2 city town
        locality suburb district zip zip_code zipcode postal_code postcode postalcode company
        company_name business_name latitude longitude lat lng lon
    """),
}
_BY_WORD: Final = {
    Kind.TOKEN: _split("""
        token secret password passwd pwd apikey signature hmac authorization cookie cookies otp jwt
        csrf iban bic ssn passport fingerprint gravatar
    """),
    Kind.IP: _split("ip ipaddress remoteaddr"),
    Kind.EMAIL: _split("email emails mail"),
    Kind.PHONE: _split("phone phones mobile tel telephone msisdn cell cellphone fax whatsapp sms"),
    Kind.BIRTH: _split("birth birthday birthdate birthyear dob"),
}
# `customer_firstname` and `billing_city` are a person's; `product_handle` is none's.
_BY_END: Final = (Kind.GIVEN, Kind.FAMILY, Kind.ADDRESS)
_TEXTS: Final = _split("""
    note notes comment comments message remark remarks memo feedback bio description instructions
    greeting text body
""")
# `event_name` and `line_items[].name` are no person's.
_THINGS: Final = _split("""
    account app application brand campaign cart category channel charge class country coupon
    currency definition discount domain event field file flow form gateway group host item items
    key library line lines list location metadata method metric organization page payment plan
    price product products property refund repository repo rule segment service shipping shop
    source store subscription tag tax template theme title type variant variants webhook workspace
""")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LABELS: Final = frozenset({"name", "key", "label", "question", "title"})
_GIVEN: Final = frozenset({"value", "answer"})


def words_of(key: str) -> list[str]:
    """Return the words of a key in small letters: `emailAddress` is email, address."""
    return [one for one in re.split(r"[\W_]+", _CAMEL.sub("_", key).lower()) if one]


def kind_of(key: str, parent: str, beside: frozenset[str] = frozenset()) -> Kind | None:
    """Return what a key says of its value, None for nothing.

    `parent` is the key of the object that it is in, `beside` are that object's keys.
    """
    words = words_of(key)
    if not words:
        return None
    if key in _GIVEN and beside & _LABELS:
        return Kind.TEXT
    last = _one(words[-1])
    ends = ["_".join([*words[at:-1], end]) for end in (words[-1], last) for at in range(len(words))]
    known = [kind for kind, keys in _BY_KEY.items() if "_".join(words) in keys]
    known += [kind for kind, those in _BY_WORD.items() if those.intersection(words)]
    known += [kind for kind in _BY_END if not _BY_KEY[kind].isdisjoint(ends)]
    if known:
        return known[0]
    things = set(words[:-1]) | set(words_of(parent)[-1:])
    if things & _THINGS or (key in _LABELS and beside & _GIVEN):
        return None
    if last == "name":
        return Kind.NAME
    return Kind.TEXT if words[-1] in _TEXTS else None


def _one(word: str) -> str:
    """Return the singular of a word in the plural: of names and addresses, name and address."""
    return word.removesuffix("es") if word.endswith("sses") else word.removesuffix("s")
