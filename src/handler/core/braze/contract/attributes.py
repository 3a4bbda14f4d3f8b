"""What Braze surely refuses, or passes over, of the attributes of a recipient.

Sources: braze.com/docs/api/objects_filters/user_attributes_object and
braze.com/docs/api/objects_filters/recipient_object.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from handler.core.braze.contract.custom_attributes import MAX_TEXT
from handler.core.expressions.pitfalls import forgotten
from handler.core.expressions.syntax_tree import results
from handler.core.expressions.template import Problem, Template, Whole
from handler.core.profile import CHOICES, breach

if TYPE_CHECKING:
    from pydantic import JsonValue

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
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][0-9A-Za-z_-]{0,63}")


def check_attributes(attributes: Template) -> Iterator[Problem]:
    """Yield what Braze would not take of a recipient's attributes, as they are written."""
    if not isinstance(attributes, dict):
        return
    for name, value in attributes.items():
        text = misnamed(name)
        for wrong in [text] if text else _wrong(name, value):
            yield (name,), wrong


def _wrong(name: str, value: Template) -> Iterator[str]:
    if _is_forgotten(value):
        return  # that is said already, with the mend
    for one in [value] if isinstance(value, dict | list) else literals(value):
        text = breach(name, one)
        if text and name in CHOICES:
            known = ", ".join(it for it in CHOICES[name] if it)
            yield f"{name} takes one of {known}, and not {one}"
        elif text:
            yield f"{name}: {text}"


def _is_forgotten(value: Template) -> bool:
    """Return whether an expression is meant: text without `${}`, or `{body.x}`, YAML's object."""
    if isinstance(value, dict):
        return any(key.startswith(("body.", "vars.", "item.")) for key in value)
    return isinstance(value, str) and forgotten(value) is not None


def misnamed(name: str) -> str | None:
    """Return why nothing can be called this among attributes, None if it can."""
    if name in FORBIDDEN:
        return f"{name} is no attribute: {FORBIDDEN[name]}"
    if not name.strip() or len(name) > MAX_TEXT:
        return f"names of attributes have 1 to {MAX_TEXT} characters"
    return None


def breaches(attributes: "Mapping[str, JsonValue]") -> Iterator[tuple[str, str]]:
    """Yield each rendered attribute whose value Braze would not take, and the rule it breaks."""
    for name, value in attributes.items():
        if text := breach(name, value):
            yield name, text


def shown(name: str) -> str:
    """Return what messages call an attribute: a webhook may have named it, and with anything."""
    return f"attributes.{name}" if _PLAIN_NAME.fullmatch(name) else "attributes.*"


def literals(template: Template) -> "Iterator[JsonValue]":
    """Yield the values that a template surely or possibly gives, as far as they stand in it."""
    if isinstance(template, Whole):
        ends = results(template.expression.tree)
        yield from (it["value"] for it in ends if it["type"] == "literal")
    elif isinstance(template, str | int | float | None):
        yield template
