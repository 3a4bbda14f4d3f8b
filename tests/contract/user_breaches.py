"""Braze's rules on bodies about one user: each broken alone, with words of the relay's message."""

from typing import Any, Final, NamedTuple

from tests.contract.bodies import Body
from tests.contract.user_bodies import without

GROUP: Final = "9d1b6f2e-5f0a-4c62-8a7f-1d3b6e0c9f24"
ALIAS: Final = {"alias_name": "a", "alias_label": "b"}
WHO: Final = {"external_id": "u", "_update_existing_only": True}
TIME: Final = "2026-11-20T21:00:00Z"
EVENT: Final = {**WHO, "name": "viewed", "time": TIME}
STATE: Final = {"subscription_group_id": GROUP, "subscription_state": "subscribed"}


class Breach(NamedTuple):
    """A body that breaks one rule, and words that the relay says of it."""

    body: Body
    words: str


def profile(*left_out: str, **fields: Any) -> Body:
    return {"attributes": [{**without(WHO, *left_out), "vip": True, **fields}]}


def event(*left_out: str, **fields: Any) -> Body:
    return {"events": [{**without(EVENT, *left_out), **fields}]}


def holding(**properties: Any) -> Body:
    return event(properties=properties)


def group(*left_out: str, **fields: Any) -> Body:
    whole = {**STATE, "external_ids": ["u"], **fields}
    return {"subscription_groups": [without(whole, *left_out)]}


IDENTITY: Final = {
    "nobody": Breach(profile("external_id"), "it names nobody"),
    "nobody's event": Breach(event("external_id"), "it names nobody"),
    "id and alias": Breach(profile(user_alias=ALIAS), "has external_id and user_alias"),
    "id and braze_id": Breach(event(braze_id="b"), "has external_id and braze_id"),
    "all primary ones": Breach(
        profile(user_alias=ALIAS, braze_id="b"), "has external_id and user_alias and braze_id"
    ),
    "half an alias": Breach(profile("external_id", user_alias={"alias_name": "a"}), "alias_label"),
    "more of an alias": Breach(
        profile("external_id", user_alias={**ALIAS, "label": "b"}),
        "user_alias takes alias_name and alias_label",
    ),
    "an alias as text": Breach(profile("external_id", user_alias="a"), "user_alias takes"),
    "no address": Breach(profile("external_id", email="nobody"), "takes an e-mail address"),
    "no number": Breach(profile("external_id", phone="(504) 327-7269"), "takes a number in E.164"),
    "update as text": Breach(profile(_update_existing_only="no"), "takes true or false"),
    "update unwritten": Breach(profile("_update_existing_only"), "is to be written"),
    "a trigger's identifier": Breach(
        profile("external_id", external_user_id="u"), "it is called external_id here"
    ),
}
TRACK: Final = {
    "nothing": Breach({}, "it has no object"),
    "empty lists": Breach({"attributes": [], "events": []}, "it has no object"),
    "no list": Breach({"events": EVENT}, "events takes a list that is written down"),
    "no object": Breach({"attributes": ["u"]}, "attributes takes objects"),
    "76 objects": Breach(
        {"attributes": profile()["attributes"] * 38, "events": event()["events"] * 38},
        "Braze takes 75",
    ),
    "purchases": Breach(
        {
            "purchases": [
                {**WHO, "product_id": "p", "currency": "EUR", "price": 1, "time": TIME},
            ]
        },
        "ecommerce.order_placed",
    ),
    "an unknown key": Breach({**event(), "event": []}, "unknown key event"),
    "a key": Breach({**event(), "api_key": "k"}, "the relay adds the API key itself"),
    "two users": Breach(
        {**profile(), **event("external_id", user_alias=ALIAS)}, "one request is about one user"
    ),
}
EVENTS: Final = {
    "no name": Breach(event("name"), "name is missing"),
    "a number as name": Breach(event(name=7), "name is missing"),
    "a blank name": Breach(event(name=" "), "name is missing"),
    "a long name": Breach(event(name="x" * 256), "1 to 255 characters"),
    "a dollar": Breach(event(name="$viewed"), "no $ in front"),
    "no time": Breach(event("time"), "time is missing"),
    "an epoch": Breach(event(time=1_795_208_400), "time takes a time with its zone"),
    "a day": Breach(event(time="2026-11-20"), "time takes a time with its zone"),
    "no day": Breach(event(time="2026-02-30T21:00:00Z"), "time takes a time with its zone"),
    "no zone": Breach(event(time="2026-11-20T21:00:00"), "time takes a time with its zone"),
    "an event's address": Breach(event(email="nobody"), "email: it takes an e-mail address"),
    "an event's addresses": Breach(event(email=["a@example.org"]), "an e-mail address, and is a"),
    "an event's numbers": Breach(event(phone=["+4915123456789"]), "American one, and is a list"),
    "an app's number": Breach(event(app_id=7), "app_id takes text"),
    "an unknown part": Breach(event(colour="red"), "unknown key colour"),
    "properties as a list": Breach(event(properties=[]), "properties takes an object"),
    "a property time": Breach(holding(time="x"), "time is Braze's own name"),
    "a property event_name": Breach(holding(event_name="x"), "event_name is Braze's own name"),
    "a nameless property": Breach(holding(**{"": 1}), "1 to 255 characters"),
    "a property's dollar": Breach(holding(**{"$a": 1}), "no $ in front"),
    "a property's long name": Breach(holding(**{"x" * 256: 1}), "1 to 255 characters"),
    "a long text": Breach(holding(note="x" * 256), "255 characters at most"),
    "a long text within": Breach(holding(note={"a": ["x" * 256]}), "255 characters at most"),
    "a date in a list": Breach(holding(seen=["2026-11-20"]), "holds no dates"),
    "a time in a list within": Breach(holding(a={"b": [{"c": [TIME]}]}), "holds no dates"),
    "another ecommerce name": Breach(
        event(name="ecommerce.order_paid"), "none of Braze's eCommerce events"
    ),
    "another spelling": Breach(
        event(name="eCommerce.Order_Placed"), "did you mean ecommerce.order_placed?"
    ),
}
ATTRIBUTES: Final = {
    "a state of e-mail": Breach(profile(email_subscribe="yes"), "email_subscribe"),
    "a state of push": Breach(profile(push_subscribe="yes"), "push_subscribe"),
    "a place": Breach(profile(current_location=[1, 2]), "current_location"),
    "a token": Breach(profile(push_tokens=[{"app_id": "a"}]), "push_tokens"),
    "half a group": Breach(
        profile(subscription_groups=[{"subscription_group_id": GROUP}]), "subscription_groups"
    ),
    "a group that is none": Breach(
        profile(subscription_groups=[{**STATE, "subscription_group_id": "news"}]),
        "subscription_groups",
    ),
    "a birthday": Breach(profile(dob="20.11.1980"), "dob"),
    "a bad address": Breach(profile(email="nobody"), "email"),
    "a dot after an address": Breach(profile(email="a@example.org."), "it takes an e-mail address"),
    "a month that is none": Breach(
        profile(marked_email_as_spam_at="Fri 20 11 21:00:00.UTC 2026"), "it takes a date"
    ),
    "a long name of an attribute": Breach(profile(**{"x" * 256: 1}), "1 to 255 characters"),
    "a long attribute": Breach(profile(note="x" * 256), "255 characters at most"),
    "many items": Breach(profile(tags=[*range(501)]), "500 items at most"),
    "text to add": Breach(profile(points={"inc": "1"}), "inc takes a whole number, and text is"),
    "a part to add": Breach(profile(points={"inc": 2.5}), "inc takes a whole number: round("),
    "no objects to add": Breach(profile(pets={"$add": {"a": 1}}), "$add takes a list of objects"),
    "nothing that is meant": Breach(
        profile(pets={"$remove": [{"id": 1}]}), "$remove takes a list of objects"
    ),
    "an e-mail's history": Breach(profile(email_subscription_info="x"), "email_subscription_info"),
}
SUBSCRIBE: Final = {
    "no groups": Breach({"subscription_groups": []}, "a list of 1 to 50 objects"),
    "groups as an object": Breach({"subscription_groups": STATE}, "a list of 1 to 50 objects"),
    "a group as text": Breach({"subscription_groups": [GROUP]}, "takes objects"),
    "no group": Breach(group("subscription_group_id"), "takes a group's id, a UUID"),
    "no UUID": Breach(group(subscription_group_id="news"), "takes a group's id, a UUID"),
    "no state": Breach(group("subscription_state"), "subscription_state is missing"),
    "a third state": Breach(group(subscription_state="opted_in"), "one of subscribed and"),
    "logic as text": Breach(group(use_double_opt_in_logic="yes"), "takes true or false"),
    "logic of an address": Breach(
        group("external_ids", emails=["a@example.org"], use_double_opt_in_logic=True),
        "is for SMS groups",
    ),
    "no user": Breach(group("external_ids"), "exactly one of external_ids, emails, phones"),
    "two ways": Breach(group(emails=["a@example.org"]), "exactly one of external_ids, emails"),
    "no users": Breach(group(external_ids=[]), "takes a list of one"),
    "a user as text": Breach(group(external_ids="u"), "takes a list of one"),
    "two users of a group": Breach(group(external_ids=["u", "v"]), "takes a list of one"),
    "no address of a group": Breach(
        group("external_ids", emails=["nobody"]), "it is no e-mail address"
    ),
    "no number of a group": Breach(group("external_ids", phones=["5043277269"]), "E.164"),
    "a part of no group": Breach(group(external_id="u"), "unknown key external_id"),
    "a top of no group": Breach({**group(), "emails": []}, "unknown key emails"),
    "users in two ways": Breach(
        {
            "subscription_groups": [
                *group()["subscription_groups"],
                *group(
                    "external_ids", phones=["+4915123456789"], subscription_group_id=GROUP[::-1]
                )["subscription_groups"],
            ]
        },
        "one request is about one user",
    ),
    "a group twice": Breach(
        {"subscription_groups": group()["subscription_groups"] * 2}, "the same group twice"
    ),
    "51 groups": Breach(
        {"subscription_groups": group()["subscription_groups"] * 51}, "a list of 1 to 50 objects"
    ),
}
BREACHES: Final = {**IDENTITY, **TRACK, **EVENTS, **ATTRIBUTES, **SUBSCRIBE}
# What the relay alone refuses, and why Braze's side does not.
OURS_ALONE: Final = {
    "update unwritten": "Braze makes a profile, or none: the rule's author is to know it",
    "purchases": "Braze takes them of old customers",
    "two users": "Braze takes a request of many: a delivery is one user's",
    "no zone": "Braze takes it for UTC",
    "another ecommerce name": "to Braze it is an ordinary event, which counts nothing",
    "another spelling": "to Braze it is an ordinary event, which counts nothing",
    "two users of a group": "Braze takes 50: a delivery is one user's",
    "a group twice": "Braze does not say which state counts",
    "51 groups": "Braze counts users: of one user there is no reason for more",
}
# What the simulated Braze alone drops.
THEIRS_ALONE: Final[dict[str, str]] = {}
