"""Renders one recipient of a rule, and refuses what Braze would refuse or not send."""

from collections.abc import Iterator, Mapping
from typing import Final

from handler.core.braze.contract.fields import check_attachments, check_prioritization
from handler.core.braze.endpoints import MAX_PROPERTIES_BYTES, PROPERTIES
from handler.core.braze.identifiers import IDENTIFIERS, REACHING, REACHING_ATTRIBUTES
from handler.core.braze.request import encode_request
from handler.core.errors import Unrenderable
from handler.core.expressions.defines import Roots
from handler.core.expressions.form import Filling, Form
from handler.core.json_types import JsonValue
from handler.core.planning.attributes import kept_attributes
from handler.core.planning.identity import Recipient, find_nobody, identifier, take_signed
from handler.core.planning.required import has
from handler.core.rules.source import RecipientForm, Rule, Scope

_OBJECTS: Final = frozenset({"attributes", *PROPERTIES})


def fill_recipient(form: RecipientForm, rule: Rule, scope: Scope, warnings: list[str]) -> Recipient:
    """Return a recipient, with the rule's varying properties; raise Unrenderable.

    Who is reached comes from `scope.signed` alone, however the expressions are spelt. Each field
    that is left out, because its expression fails on the event's types, is added to `warnings`.
    """
    filling = Filling(scope.document)
    recipient = _filled(form.whole, filling)
    recipient |= _with_own(_filled(rule.varying_form, filling), recipient)
    warnings += [f"{rule.name}: {one.path} is left out: {one.detail}" for one in filling.lost]
    who = _filled(form.who, Filling(scope.signed))
    recipient = _with_signed_attributes(take_signed(REACHING, recipient, who), who)
    for name in IDENTIFIERS:
        if name in form.template:
            find_nobody(name, form.template[name], scope.signed)
            recipient[name] = identifier(name, who.get(name), name)
    return recipient


def _with_own(varying: Mapping[str, JsonValue], recipient: Recipient) -> Recipient:
    """Return the varying properties as the recipient gets them: its own keys win."""
    merged: Recipient = {}
    for name, properties in varying.items():
        own = recipient.get(name, {})
        if not isinstance(properties, dict) or not isinstance(own, dict):
            raise Unrenderable(name, "it is not an object")
        if properties or own:
            merged[name] = {**properties, **own}
    return merged


def _with_signed_attributes(recipient: Recipient, who: Recipient) -> Recipient:
    """Return a recipient whose addresses and consents are those of the signed attributes.

    Attributes may be one expression. Unsigned data must not take an address or a consent away
    either, so signed attributes that are no object count as empty.
    """
    given, signed = recipient.get("attributes", {}), who.get("attributes")
    if not isinstance(given, dict):
        return recipient  # refused where attributes are checked
    known = take_signed(REACHING_ATTRIBUTES, given, signed if isinstance(signed, dict) else {})
    return {**recipient, "attributes": known} if known or "attributes" in recipient else recipient


def leave_out(recipient: Recipient, rule: Rule, warnings: list[str]) -> Recipient:
    """Return a recipient without the attributes that are not sent: see `kept_attributes`."""
    attributes = recipient.get("attributes")
    if not isinstance(attributes, dict):
        return recipient
    return {**recipient, "attributes": kept_attributes(attributes, rule, warnings)}


def fill_object(form: Form, document: Roots) -> dict[str, JsonValue]:
    """Return a filled object; raise Unrenderable."""
    return _filled(form, Filling(document))


def _filled(form: Form, filling: Filling) -> dict[str, JsonValue]:
    filled = form.fill(filling)
    members = filled if isinstance(filled, dict) else {}
    # PHP's JSON has [] for an empty map.
    return {key: {} if one == [] and key in _OBJECTS else one for key, one in members.items()}


def check_recipient(recipient: Recipient, send: Mapping[str, JsonValue], rule: Rule) -> None:
    """Raise Unrenderable for a recipient that Braze would refuse, or accept and not send to."""
    for path in rule.required:
        if not (has(recipient, path) or has(send, path)):
            raise Unrenderable(path, "it is required, and missing")
    _check_creation(recipient)
    for problem in _written(recipient, send):
        raise Unrenderable(*problem)
    for name, properties in merged_properties(recipient, send):
        if len(encode_request(properties)) > MAX_PROPERTIES_BYTES:
            raise Unrenderable(name, f"it is larger than {MAX_PROPERTIES_BYTES:,} bytes")


def _check_creation(recipient: Recipient) -> None:
    attributes = recipient.get("attributes", {})
    if not isinstance(attributes, dict):
        raise Unrenderable("attributes", "it is not an object")
    existing_only = recipient.get("send_to_existing_only", True)
    if not isinstance(existing_only, bool):
        raise Unrenderable("send_to_existing_only", "it is neither true nor false")
    if not existing_only and not attributes:
        raise Unrenderable("attributes", "there are none, and Braze creates no profile without")


def _written(recipient: Recipient, send: Mapping[str, JsonValue]) -> Iterator[tuple[str, str]]:
    """Yield problems of the fields that may hold expressions."""
    problems = list(check_attachments(send))
    if "email" in recipient:
        problems += check_prioritization(recipient.get("prioritization"))
    yield from ((".".join(map(str, path)), text) for path, text in problems)


def merged_properties(
    recipient: Recipient, send: Mapping[str, JsonValue]
) -> Iterator[tuple[str, JsonValue]]:
    """Yield the properties that Braze sees, by name: a recipient's own win; raise Unrenderable."""
    for name in PROPERTIES:
        if name not in recipient and name not in send:
            continue
        shared, own = send.get(name, {}), recipient.get(name, {})
        if not isinstance(own, dict) or not isinstance(shared, dict):
            raise Unrenderable(name, "it is not an object")
        yield name, {**shared, **own}
