"""What the fields of a profile take in Braze: its own by name, and custom attributes.

Source: braze.com/docs/api/objects_filters/user_attributes_object.
"""

import re
from collections.abc import Mapping
from typing import Final

from handler.core.braze.contract.custom_attributes import MAX_TEXT, custom_breach, is_moment
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

_STATES: Final = ("opted_in", "subscribed", "unsubscribed")
# Fields that take one of a closed list; null takes the value away, as everywhere.
CHOICES: Final[Mapping[str, tuple[str | None, ...]]] = {
    "email_subscribe": (*_STATES, None),
    "push_subscribe": (*_STATES, None),
    "gender": ("M", "F", "O", "N", "P", None),
}
# Braze has the last word on what an address is; this is what none is without.
_EMAIL: Final = re.compile(r"[^\s@,;<>()\"]+@[^\s@,;<>()\"]+\.[^\s@,;<>()\"]+")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2}")
_DEVICE_BYTES: Final = range(8, 256)


def _short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MAX_TEXT


def _device(value: object) -> bool:
    return isinstance(value, str) and len(utf8(value)) in _DEVICE_BYTES


_GROUP: Final = record(
    {
        "subscription_group_id": like(_UUID),
        "subscription_state": one_of("subscribed", "unsubscribed"),
    },
    {"use_double_opt_in_logic": is_truth},
)
_A_GROUP: Final = (
    "a list of subscription_group_id (a UUID) and subscription_state (subscribed or unsubscribed),"
    " perhaps with use_double_opt_in_logic"
)
_TOKEN: Final = record({"app_id": is_text, "token": is_text}, {"device_id": _device})
_PLACE: Final = record({"longitude": between(-180, 180), "latitude": between(-90, 90)})
_LIKES: Final = list_of(_short)
_FACEBOOK: Final = record({}, {"id": _short, "likes": _LIKES, "num_friends": is_whole_number})
_COUNTS: Final = ("id", "followers_count", "friends_count", "statuses_count")
_TWITTER: Final = record({}, {**dict.fromkeys(_COUNTS, is_whole_number), "screen_name": _short})
_WORDS: Final = (_short, f"text of {MAX_TEXT} characters at most")
_TRUTH: Final = (is_truth, "true or false")
_MOMENT: Final = (is_moment, "a date, such as 2026-11-20T21:00:00Z")
# A profile's own fields: what fits, and the same in words. null always does: it removes.
FIELDS: Final[Mapping[str, tuple[Fits, str]]] = {
    **dict.fromkeys(("first_name", "last_name", "home_city", "country"), _WORDS),
    **dict.fromkeys(("time_zone", "phone", "image_url"), _WORDS),
    **{
        name: (one_of(*it), f"one of {', '.join(filter(None, it))}") for name, it in CHOICES.items()
    },
    **dict.fromkeys(("email_open_tracking_disabled", "email_click_tracking_disabled"), _TRUTH),
    **dict.fromkeys(("date_of_first_session", "date_of_last_session"), _MOMENT),
    "marked_email_as_spam_at": _MOMENT,
    "email": (like(_EMAIL), "an e-mail address"),
    "language": (like(_LANGUAGE), "two letters of ISO 639-1"),
    "dob": (is_day, "a day as YYYY-MM-DD"),
    "current_location": (_PLACE, "longitude (-180 to 180) and latitude (-90 to 90), as numbers"),
    "push_tokens": (list_of(_TOKEN), "a list of app_id, token and perhaps device_id"),
    "subscription_groups": (list_of(_GROUP), _A_GROUP),
    "facebook": (_FACEBOOK, "id, likes (a list of text) and num_friends"),
    "twitter": (_TWITTER, f"screen_name, and as whole numbers {', '.join(_COUNTS)}"),
    "_merge_objects": _TRUTH,
}


def is_address(text: str) -> bool:
    """Return whether a text may be an e-mail address."""
    return bool(_EMAIL.fullmatch(text))


def breach(name: str, value: object) -> str | None:
    """Return the rule of Braze's that an attribute's value breaks, None if it keeps to all."""
    if value is None or is_open(value):
        return None
    if name not in FIELDS:
        return custom_breach(value)
    fits, takes = FIELDS[name]
    if fits(value):
        return None
    kind = ", and is a list" if isinstance(value, list) else ", and is an object"
    return f"it takes {takes}{kind if isinstance(value, dict | list) else ''}"
