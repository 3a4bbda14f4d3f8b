"""Renders the request to users/track that a rule makes about one user."""

from handler.core.errors import Unrenderable
from handler.core.expressions.form import Filling
from handler.core.json_types import JsonValue
from handler.core.planning.recipient import Recipient
from handler.core.rules.source import Rule, Scope


def fill_track(rule: Rule, scope: Scope, warnings: list[str]) -> Recipient:
    """Return the rendered body; raise Unrenderable."""
    (form,) = rule.recipient_forms
    filling = Filling(scope.document)
    body, who = form.whole.fill(filling), form.who.fill(Filling(scope.signed))
    warnings += [f"{rule.name}: {one.path} is left out: {one.detail}" for one in filling.lost]
    if not isinstance(body, dict) or not isinstance(who, dict):
        raise Unrenderable(rule.kind, "it is not an object")
    return {name: _signed(one, who.get(name)) for name, one in body.items()}


def _signed(array: JsonValue, signed: JsonValue) -> JsonValue:
    if not isinstance(array, list) or not isinstance(signed, list):
        return array
    return [
        {**one, **each} if isinstance(one, dict) and isinstance(each, dict) else one
        for one, each in zip(array, signed, strict=True)
    ]
