"""What Braze surely refuses, or passes over, of the attributes in a rules file.

Sources: braze.com/docs/api/objects_filters/user_attributes_object and
braze.com/docs/api/objects_filters/recipient_object.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from handler.core.template import Problem, Template, Whole
from handler.core.trees import results

if TYPE_CHECKING:
    from pydantic import JsonValue

_THE_RECIPIENT: Final = "the recipient itself says who it is; Braze takes one identifier only"
_SUBSCRIPTION: Final = ("opted_in", "subscribed", "unsubscribed")
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
# What a profile's own fields take, where that is a closed list; null takes the value away.
CHOICES: Final[Mapping[str, tuple[str | None, ...]]] = {
    "email_subscribe": (*_SUBSCRIPTION, None),
    "push_subscribe": (*_SUBSCRIPTION, None),
    "gender": ("M", "F", "O", "N", "P", None),
}


def check_attributes(attributes: Template) -> Iterator[Problem]:
    """Yield what Braze would not take of a recipient's attributes."""
    if not isinstance(attributes, dict):
        return
    for name in attributes.keys() & FORBIDDEN.keys():
        yield (name,), f"{name} is no attribute: {FORBIDDEN[name]}"
    for name in attributes.keys() & CHOICES.keys():
        for value in literals(attributes[name]):
            if value not in CHOICES[name]:
                known = ", ".join(it for it in CHOICES[name] if it)
                yield (name,), f"{name} takes one of {known}, and not {value}"


def literals(template: Template) -> "Iterator[JsonValue]":
    """Yield the values that a template surely or possibly gives, as far as they stand in it."""
    if isinstance(template, Whole):
        ends = results(template.expression.tree)
        yield from (it["value"] for it in ends if it["type"] == "literal")
    elif isinstance(template, str | int | float | None):
        yield template
