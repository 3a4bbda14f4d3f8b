"""Braze's rules, each with a way to break it and words that our message has to say."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from tests.contract.bodies import Body


class Breach(NamedTuple):
    """How a valid body is broken, and the words of the finding; `path` is where."""

    change: Callable[[Body], object]
    words: str


def at_top(**fields: Any) -> Callable[[Body], object]:
    return lambda body: body.update(fields)


def of_recipient(**fields: Any) -> Callable[[Body], object]:
    """Give a recipient by an id these fields, and nothing that could hide them."""

    def change(body: Body) -> None:
        body["recipients"] = [{"external_user_id": "u", **fields}]

    return change


def of_attributes(**fields: Any) -> Callable[[Body], object]:
    return of_recipient(attributes={"vip": True, **fields})


def to_nobody(**fields: Any) -> Callable[[Body], object]:
    """Leave out the recipients, and all that could stand for them."""

    def change(body: Body) -> None:
        for key in ("recipients", "audience", "broadcast"):
            body.pop(key, None)
        body.update(fields)

    return change


def by_alias(**fields: Any) -> Callable[[Body], object]:
    alias = {"alias_name": "${body.id}", "alias_label": "b", **fields}
    return lambda body: body.update(recipients=[{"user_alias": alias}])


def by_email(prioritization: Any) -> Callable[[Body], object]:
    recipient = {"email": "a@example.org", "prioritization": prioritization}
    return lambda body: body.update(recipients=[recipient])


def attached(**fields: Any) -> Callable[[Body], object]:
    whole = {"file_name": "bill", "url": "https://a.example/b.pdf", **fields}
    given = {key: it for key, it in whole.items() if it is not None}
    return at_top(attachments=[given])


def narrowed(audience: Any) -> Callable[[Body], object]:
    return at_top(audience=audience)


def compared(comparison: str, value: object = None) -> Callable[[Body], object]:
    block = {"custom_attribute_name": "a", "comparison": comparison}
    given = block if value is None else block | {"value": value}
    return narrowed({"AND": [{"OR": [{"custom_attribute": given}]}]})


_DEEP: Final = "audience.AND[0].OR[0].custom_attribute"
_STATUS: Final = {"comparison": "is", "value": "subscribed"}
# What any request may break, by the name of the rule.
REQUEST: Final = {
    "no target": Breach(lambda body: body.pop("campaign_id"), "exactly one of campaign_id"),
    "two targets": Breach(at_top(canvas_id="c"), "exactly one of campaign_id"),
    "campaign_id is text": Breach(at_top(campaign_id=7), "campaign_id takes text"),
    "send_id is ASCII": Breach(at_top(send_id="é"), "send_id of ASCII"),
    "send_id is short": Breach(at_top(send_id="x" * 65), "64 characters"),
    "recipients are given": Breach(to_nobody(), "1 to 50 recipients"),
    "recipients are some": Breach(at_top(recipients=[]), "1 to 50 recipients"),
    "recipients are 50": Breach(
        at_top(recipients=[{"external_user_id": str(it)} for it in range(51)]), "1 to 50"
    ),
    "broadcast is boolean": Breach(at_top(broadcast="yes"), "broadcast takes true or false"),
    "properties are an object": Breach(at_top(trigger_properties=""), "takes an object"),
    "context is for Canvases": Breach(at_top(context={"a": 1}), "context is for Canvases"),
    "no api_key": Breach(at_top(api_key="k"), "the relay adds the API key itself"),
    "no segment_id": Breach(at_top(segment_id="s"), "Braze takes no segment_id here"),
    "no external_user_ids": Breach(at_top(external_user_ids=["a"]), "/messages/send"),
    "no user_aliases": Breach(at_top(user_aliases=[]), "/messages/send"),
    "no messages": Breach(at_top(messages={}), "/messages/send"),
    "no schedule": Breach(at_top(schedule={}), "delays are made in the Canvas"),
    "no unknown key": Breach(at_top(recipient_ids=[]), "unknown key recipient_ids"),
    "attachments are a list": Breach(at_top(attachments={}), "attachments takes a list"),
    "an attachment has a name": Breach(attached(file_name=None), "needs file_name"),
    "an attachment's name is text": Breach(attached(file_name=" "), "file_name takes text"),
    "an attachment has a url": Breach(attached(url=None), "needs url"),
    "an attachment comes by https": Breach(attached(url="http://a.example/b"), "https://"),
    "an attachment's url has a host": Breach(attached(url="https:///b"), "https://"),
    "an attachment has no more": Breach(attached(size=1), "an attachment has no size"),
    "a credential is text": Breach(attached(basic_auth_credential=1), "takes text"),
    "an audience is an object": Breach(narrowed([]), "exactly one of AND, OR"),
    "an audience has one key": Breach(
        narrowed({"last_used_app": {}, "custom_attribute": {}}), "audience takes an object"
    ),
    "AND is a list": Breach(narrowed({"AND": {}}), "audience.AND takes a list"),
    "AND is not empty": Breach(narrowed({"AND": []}), "audience.AND takes a list"),
    "OR is not empty": Breach(narrowed({"AND": [{"OR": []}]}), "audience.AND[0].OR takes a list"),
    "a filter is known": Breach(
        narrowed({"OR": [{"last_use_app": {}}]}), "no filter last_use_app; did you mean last_used"
    ),
    "a filter is an object": Breach(narrowed({"last_used_app": "x"}), "takes an object"),
    "a filter has no more": Breach(
        narrowed({"push_subscription_status": {**_STATUS, "a": 1}}), "has no a"
    ),
    "an attribute is named": Breach(
        narrowed({"custom_attribute": {"comparison": "exists"}}), "custom_attribute_name, as text"
    ),
    "a comparison is given": Breach(
        narrowed({"last_used_app": {"value": "2026-01-01"}}), "comparison takes one of after"
    ),
    "a comparison is known": Breach(compared("eq", 1), f"{_DEEP}.comparison takes one of equals"),
    "a status is compared by is": Breach(
        narrowed({"email_subscription_status": {"comparison": "equals", "value": "opted_in"}}),
        "comparison takes one of is, is_not",
    ),
    "a status is a state": Breach(
        narrowed({"push_subscription_status": {"comparison": "is", "value": "yes"}}),
        "is takes one of opted_in, subscribed, unsubscribed",
    ),
    "a value is given": Breach(compared("equals"), f"{_DEEP}.value: equals takes"),
    "one of some texts": Breach(compared("is_any_of", [1]), "takes text, or a list of texts"),
    "one text of none": Breach(compared("is_none_of", []), "takes text, or a list of texts"),
    "a value among some": Breach(compared("includes_value", []), "or a list of these"),
    "a value among others": Breach(
        compared("does_not_include_value", ["a"]), "a list goes with is_none_of"
    ),
    "an audience alone says so": Breach(
        to_nobody(audience={"last_used_app": {"comparison": "after", "value": "2026-01-01"}}),
        "say broadcast: false beside it",
    ),
    "no broadcast reaches somebody": Breach(to_nobody(broadcast=False), "1 to 50 recipients"),
    "no recipients are none": Breach(
        at_top(
            recipients=[],
            broadcast=False,
            audience={"last_used_app": {"comparison": "after", "value": "2026-01-01"}},
        ),
        "1 to 50 recipients",
    ),
    "a text is not_equal": Breach(compared("does_not_equal", "a"), "go with not_equal"),
    "a pattern is text": Breach(compared("matches_regex", 1), "takes text"),
    "an order is of numbers": Breach(compared("greater_than", "1"), "takes a number"),
    "days are a number": Breach(compared("less_than_x_days_ago", value=True), "a number of days"),
    "a time is ISO 8601": Breach(compared("before", "tomorrow"), "a time in ISO 8601"),
    "a day is in the calendar": Breach(compared("after", "2026-02-30"), "a time in ISO 8601"),
    "a value is a scalar": Breach(compared("includes_value", [["a"]]), "text, a number, true"),
    "equals takes one": Breach(compared("equals", ["a"]), "text, a number, true"),
    "a last use is a time": Breach(
        narrowed({"last_used_app": {"comparison": "after", "value": 5}}), "a time in ISO 8601"
    ),
    "one identifier": Breach(
        of_recipient(email="a@example.org", prioritization=["identified"]), "exactly one of"
    ),
    "some identifier": Breach(at_top(recipients=[{"attributes": {"a": 1}}]), "and has none"),
    "no braze_id": Breach(of_recipient(braze_id="b"), "Braze documents no braze_id"),
    "no external_id": Breach(of_recipient(external_id="b"), "has an external_user_id"),
    "an alias has a label": Breach(
        at_top(recipients=[{"user_alias": {"alias_name": "a"}}]), "alias_name and alias_label"
    ),
    "an alias's label is no blank": Breach(by_alias(alias_label=" "), "alias_label: it takes text"),
    "an alias's label is no null": Breach(by_alias(alias_label=None), "alias_label: it takes text"),
    "a label has 236 bytes": Breach(by_alias(alias_label="ü" * 119), "longer than 236 bytes"),
    "an alias exists already": Breach(
        at_top(
            recipients=[
                {
                    "user_alias": {"alias_name": "a", "alias_label": "b"},
                    "send_to_existing_only": True,
                }
            ]
        ),
        "no send_to_existing_only with user_alias",
    ),
    "email is prioritized": Breach(
        at_top(recipients=[{"email": "a@example.org"}]), "prioritization goes with email"
    ),
    "only email is prioritized": Breach(
        of_recipient(prioritization=["identified"]), "prioritization goes with email"
    ),
    "creation has attributes": Breach(
        of_recipient(send_to_existing_only=False), "Braze creates no profile without"
    ),
    "creation has some attributes": Breach(
        of_recipient(send_to_existing_only=False, attributes={}), "Braze creates no profile without"
    ),
    "existing_only is boolean": Breach(
        of_recipient(send_to_existing_only=1), "send_to_existing_only takes true or false"
    ),
    "attributes are an object": Breach(of_recipient(attributes=[]), "attributes takes an object"),
}
# What an event can break as well: the request is not made of it.
RENDERED: Final = {
    "prioritization is a list": Breach(by_email("identified"), "prioritization takes a list"),
    "prioritization is not empty": Breach(by_email([]), "prioritization takes a list"),
    "prioritization is known": Breach(by_email(["newest"]), "prioritization takes a list"),
    "identified or not": Breach(by_email(["identified", "unidentified"]), "prioritization takes"),
    "recency once": Breach(
        by_email(["least_recently_updated", "most_recently_updated"]), "prioritization takes"
    ),
    **{
        f"attributes have no {name}": Breach(of_attributes(**{name: "x"}), "is no attribute")
        for name in ("external_id", "user_alias", "braze_id", "_update_existing_only", "bio")
    },
    "attribute names are short": Breach(of_attributes(**{"x" * 256: 1}), "1 to 255 characters"),
}
