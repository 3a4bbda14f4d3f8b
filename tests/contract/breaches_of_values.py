"""Values of attributes that break Braze's rules, by the attribute, and words of the message."""

from typing import Final

from tests.contract.breaches import Breach, of_attributes

# Values without which an attribute is left out, and the message sent all the same.
VALUES: Final = {
    "email": Breach(of_attributes(email="ann at example"), "an e-mail address"),
    "first_name": Breach(of_attributes(first_name=7), "text of 255 characters"),
    "last_name": Breach(of_attributes(last_name="x" * 256), "text of 255 characters"),
    "image_url": Breach(of_attributes(image_url="x" * 1025), "text of 1,024 characters"),
    "country": Breach(of_attributes(country=276), "two letters of ISO 3166-1"),
    "time_zone": Breach(of_attributes(time_zone=1), "a time zone's name"),
    "phone": Breach(of_attributes(phone=4930), "a number in E.164"),
    "language": Breach(of_attributes(language="German"), "Braze's list of languages"),
    "dob": Breach(of_attributes(dob="2026-02-30"), "a day as YYYY-MM-DD"),
    "gender": Breach(of_attributes(gender="X"), "one of M, F, O, N, P"),
    "email_subscribe": Breach(of_attributes(email_subscribe="yes"), "one of opted_in"),
    "push_subscribe": Breach(of_attributes(push_subscribe=True), "one of opted_in"),
    "email_open_tracking_disabled": Breach(
        of_attributes(email_open_tracking_disabled="no"), "true or false"
    ),
    "date_of_last_session": Breach(of_attributes(date_of_last_session="now"), "a date"),
    "current_location": Breach(
        of_attributes(current_location={"longitude": 181, "latitude": 0}), "longitude"
    ),
    "push_tokens": Breach(of_attributes(push_tokens=[{"app_id": "a"}]), "app_id, token"),
    "subscription_groups": Breach(
        of_attributes(subscription_groups=[{"subscription_group_id": "g"}]), "a UUID"
    ),
    "facebook": Breach(of_attributes(facebook={"likes": "tea"}), "likes (a list of text)"),
    "twitter": Breach(of_attributes(twitter={"id": "1"}), "as whole numbers id"),
    "text": Breach(of_attributes(text="x" * 256), "255 characters at most"),
    "list": Breach(of_attributes(list=list(range(501))), "500 items at most"),
    "mixed": Breach(of_attributes(mixed=[1, {"a": 1}]), "and not both"),
    "within": Breach(of_attributes(within=[["a"]]), "a list holds objects, or text"),
    "dotted": Breach(of_attributes(dotted={"a.b": 1}), "no $, dot or blank"),
    "long": Breach(of_attributes(long={"a": {"b": "x" * 256}}), "255 characters at most"),
    "large": Breach(
        of_attributes(large=[{"a": "x" * 255} for _ in range(400)]), "102,400 bytes at most"
    ),
    "timed": Breach(of_attributes(timed={"a": {"$time": "soon"}}), "$time stands alone"),
    "counted": Breach(of_attributes(counted={"inc": 1}), "inc is not repeatable"),
    "appended": Breach(of_attributes(appended={"$add": [{"a": 1}]}), "$add is not repeatable"),
    "added": Breach(of_attributes(added={"add": "a"}), "add takes a list of values"),
}
_SWAP: Final = {"$identifier_key": "a", "$identifier_value": None, "$new_object": {"b": None}}
# Values that no file may hold, while an event's own are sent where `keep_empty` says so.
WRITTEN: Final = {
    "empty": Breach(of_attributes(empty={"a": {"b": None}}), "an object holds no null"),
    "some": Breach(of_attributes(some=[{"a": 1}, {"a": None}]), "an object holds no null"),
    "swapped": Breach(of_attributes(swapped={"$update": [_SWAP]}), "an object holds no null"),
}
