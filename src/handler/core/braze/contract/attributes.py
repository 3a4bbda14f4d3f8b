"""Checks of a recipient's attributes: what Braze certainly refuses or ignores.

Sources: braze.com/docs/api/objects_filters/user_attributes_object and
braze.com/docs/api/objects_filters/recipient_object.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Final

from handler.core.braze.contract.breaches import dotted
from handler.core.braze.contract.custom_attributes import (
    MAX_TEXT,
    custom_breach,
    is_moment,
    null_within,
)
from handler.core.braze.contract.locales import country, is_phone, is_zone, language
from handler.core.braze.contract.predicates import (
    Fits,
    between,
    is_day,
    is_open,
    is_text,
    is_truth,
    is_whole_number,
    like,
    list_of,
    one_of,
    record,
)
from handler.core.braze.request import utf8
from handler.core.expressions.pitfalls import forgotten
from handler.core.expressions.syntax_tree import results
from handler.core.expressions.template import Problem, Template, Whole
from handler.core.json_types import JsonValue

_STATES: Final = ("opted_in", "subscribed", "unsubscribed")
# Fields that take one of a closed list; null removes the value, as everywhere.
CHOICES: Final[Mapping[str, tuple[str | None, ...]]] = {
    "email_subscribe": (*_STATES, None),
    "push_subscribe": (*_STATES, None),
    "gender": ("M", "F", "O", "N", "P", None),
}
# The least that an address has; Braze has the last word on it.
_EMAIL: Final = re.compile(r"[^\s@,;<>()\"]+@[^\s@,;<>()\"]+\.[^\s@,;<>()\".]+")
UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_DEVICE_BYTES: Final = range(8, 256)
_MAX_LINK: Final = 1024  # characters ("Standard attributes")
_GROUP: Final = record(
    {
        "subscription_group_id": like(UUID),
        "subscription_state": one_of("subscribed", "unsubscribed"),
    },
    {"use_double_opt_in_logic": is_truth},
)
_A_GROUP: Final = (
    "a list of subscription_group_id (a UUID) and subscription_state (subscribed or unsubscribed),"
    " perhaps with use_double_opt_in_logic"
)
_PLACE: Final = record({"longitude": between(-180, 180), "latitude": between(-90, 90)})
_COUNTS: Final = ("id", "followers_count", "friends_count", "statuses_count")
_TRUTH: Final = (is_truth, "true or false")
_MOMENT: Final = (is_moment, "a date, such as 2026-11-20T21:00:00Z")
__all__ = ["CHOICES", "FORBIDDEN", "breaches", "check_attributes", "misnamed", "shown"]
_THE_RECIPIENT: Final = "the recipient itself says who it is; Braze takes one identifier only"
FORBIDDEN: Final = {
    **dict.fromkeys(
        ("external_id", "external_user_id", "user_alias", "alias_name", "alias_label", "braze_id"),
        _THE_RECIPIENT,
    ),
    "_update_existing_only": "send_to_existing_only, beside attributes, says it",
    "push_token_import": "Braze takes it for people without an id only",
    "email_subscription_info": "Braze takes email_subscribe, and writes this itself",
    "bio": "Braze has removed it",
}


def _short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _link(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_LINK


def _blank_or(fits: Callable[[str], object]) -> Fits:
    return lambda value: isinstance(value, str) and (not value or bool(fits(value)))


def _device(value: object) -> bool:
    return isinstance(value, str) and len(utf8(value)) in _DEVICE_BYTES


_TOKEN: Final = record({"app_id": is_text, "token": is_text}, {"device_id": _device})
_LIKES: Final = list_of(_short)
_FACEBOOK: Final = record({}, {"id": _short, "likes": _LIKES, "num_friends": is_whole_number})
_TWITTER: Final = record({}, {**dict.fromkeys(_COUNTS, is_whole_number), "screen_name": _short})
_WORDS: Final = (_short, f"text of {MAX_TEXT} characters at most")
# A profile's own fields: the values that fit, and the same in words. null always fits: it removes.
FIELDS: Final[Mapping[str, tuple[Fits, str]]] = {
    **dict.fromkeys(("first_name", "last_name", "home_city"), _WORDS),
    "image_url": (_link, f"text of {_MAX_LINK:,} characters at most"),
    "country": (_blank_or(country), "two letters of ISO 3166-1, such as DE"),
    "time_zone": (_blank_or(is_zone), "a time zone's name, such as Europe/Berlin"),
    "phone": (_blank_or(is_phone), "a number in E.164, such as +4915123456789, or an American one"),
    **{
        name: (one_of(*each), f"one of {', '.join(filter(None, each))}")
        for name, each in CHOICES.items()
    },
    **dict.fromkeys(("email_open_tracking_disabled", "email_click_tracking_disabled"), _TRUTH),
    **dict.fromkeys(("date_of_first_session", "date_of_last_session"), _MOMENT),
    "marked_email_as_spam_at": _MOMENT,
    "email": (like(_EMAIL), "an e-mail address"),
    "language": (
        lambda value: isinstance(value, str) and language(value) is not None,
        "a code of Braze's list of languages, such as de or fil",
    ),
    "dob": (is_day, "a day as YYYY-MM-DD"),
    "current_location": (_PLACE, "longitude (-180 to 180) and latitude (-90 to 90), as numbers"),
    "push_tokens": (list_of(_TOKEN), "a list of app_id, token and perhaps device_id"),
    "subscription_groups": (list_of(_GROUP), _A_GROUP),
    "facebook": (_FACEBOOK, "id, likes (a list of text) and num_friends"),
    "twitter": (_TWITTER, f"screen_name, and as whole numbers {', '.join(_COUNTS)}"),
    "_merge_objects": _TRUTH,
}


# Fields whose literal of a wrong form is only warned of: Braze makes something of some such values
# ("Australia"), and a rule that has one already must load.
WARNED: Final = ("country", "time_zone", "phone")
# Fields whose text has several forms, and the one that is sent.
_ONE_FORM: Final[Mapping[str, Callable[[str], str | None]]] = {
    "email": str.strip,
    "language": language,
    "country": country,
}


def normal(attributes: "Mapping[str, JsonValue]") -> "dict[str, JsonValue]":
    """Return attributes as they are sent: a language without its region, a country in capitals."""
    forms = {
        name: _ONE_FORM[name](value)
        for name, value in attributes.items()
        if name in _ONE_FORM and isinstance(value, str)
    }
    return {**attributes, **{name: form for name, form in forms.items() if form is not None}}


def is_address(text: str) -> bool:
    """Return whether a text may be an e-mail address."""
    return bool(_EMAIL.fullmatch(text))


def breach(name: str, value: object, *, may_add: bool = False) -> str | None:
    """Return the rule of Braze's that an attribute's value breaks, or None."""
    if value is None or is_open(value):
        return None
    if name not in FIELDS:
        return custom_breach(value, may_add=may_add)
    fits, takes = FIELDS[name]
    if fits(value):
        return None
    kind = ", and is a list" if isinstance(value, list) else ", and is an object"
    return f"it takes {takes}{kind if isinstance(value, dict | list) else ''}"


def check_attributes(
    attributes: Template, forbidden: Mapping[str, str] = FORBIDDEN, *, may_add: bool = False
) -> Iterator[Problem]:
    """Yield the problems of a user's attributes, as they are written in a rules file."""
    if not isinstance(attributes, dict):
        return
    for name, value in attributes.items():
        text = misnamed(name, forbidden)
        for wrong in [text] if text else _wrong(name, value, may_add=may_add):
            yield (name,), wrong


def _wrong(name: str, value: Template, *, may_add: bool) -> Iterator[str]:
    if _is_forgotten(value):
        return  # that is reported already, with the fix
    for one in [value] if isinstance(value, dict | list) else literals(value):
        text = breach(name, one, may_add=may_add) or null_within(one)
        if name in WARNED and isinstance(one, str):
            continue
        if text and name in CHOICES:
            known = ", ".join(each for each in CHOICES[name] if each)
            given = str(one).lower() if isinstance(one, bool) else one
            yield f"{name} takes one of {known}, and not {given}"
        elif text:
            yield f"{name}: {text}"


def _is_forgotten(value: Template) -> bool:
    """Return whether an expression is meant: text without `${}`, or `{body.x}`, YAML's object."""
    if isinstance(value, dict):
        return any(key.startswith(("body.", "vars.", "item.")) for key in value)
    return isinstance(value, str) and forgotten(value) is not None


def misnamed(name: str, forbidden: Mapping[str, str] = FORBIDDEN) -> str | None:
    """Return why no attribute can have this name, or None."""
    if name in forbidden:
        return f"{name} is no attribute: {forbidden[name]}"
    if not name.strip() or len(name) > MAX_TEXT:
        return f"names of attributes have 1 to {MAX_TEXT} characters"
    return None


def breaches(
    attributes: "Mapping[str, JsonValue]", adding: Collection[str] = ()
) -> Iterator[tuple[str, str]]:
    """Yield each rendered attribute whose value Braze would not take, and the rule it breaks.

    Those of `adding` may add to what the profile has.
    """
    for name, value in attributes.items():
        if text := breach(name, value, may_add=name in adding):
            yield name, text


def shown(name: str) -> str:
    """Return an attribute's path for messages, without a name that a webhook may have made up."""
    return dotted(("attributes", name))


def literals(template: Template) -> "Iterator[JsonValue]":
    """Yield the literal values that a template gives, or may give."""
    if isinstance(template, Whole):
        ends = results(template.expression.tree)
        yield from (one["value"] for one in ends if one["type"] == "literal")
    elif isinstance(template, str | int | float | None):
        yield template
