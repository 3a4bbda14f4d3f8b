"""Renders the states of one user in subscription groups: a rule's `subscribe`."""

from collections.abc import Mapping

from handler.core.braze.contract.breaches import dotted
from handler.core.braze.contract.subscription import GROUPS, breaches, named_by
from handler.core.errors import Unrenderable
from handler.core.expressions.form import Filling
from handler.core.expressions.template import Template, as_template
from handler.core.json_types import JsonValue
from handler.core.planning.identity import Recipient, compared, find_nobody, identifier
from handler.core.planning.required import has
from handler.core.rules.source import Rule, Scope


def fill_subscribe(rule: Rule, scope: Scope, warnings: list[str]) -> Recipient:
    """Return the states of one user; raise Unrenderable.

    All of it is consent, and comes from `scope.signed` alone. There is nothing in it that could be
    left out, so none is added to `warnings`.
    """
    del warnings
    (form,) = rule.recipient_forms
    templates = form.template.get(GROUPS)
    filled = form.who.fill(Filling(scope.signed))
    listed = filled.get(GROUPS) if isinstance(filled, dict) else None
    groups: list[Recipient] = []
    for template, group in zip(
        templates if isinstance(templates, list) else (),
        listed if isinstance(listed, list) else (),
        strict=True,
    ):
        if isinstance(template, dict) and isinstance(group, dict):
            groups.append(_made(template, group, scope))
    _find_another_user(groups)
    body: Recipient = {GROUPS: [*groups]}
    for path in rule.required:
        if not has(body, path):
            raise Unrenderable(path, "it is required, and missing")
    return body


def _made(template: Mapping[str, Template], group: Recipient, scope: Scope) -> Recipient:
    """Return the state of one group as it is sent."""
    key = named_by(template) or ""
    path = dotted((GROUPS, key))
    for one in _items(template.get(key)):
        find_nobody(path, one, scope.signed)
    given = group.get(key)
    user = given[0] if isinstance(given, list) and given else None
    made = {**group, key: [identifier(key, user, path)]}
    for breach in breaches(as_template(made)):
        raise Unrenderable(dotted((GROUPS, *breach.place)), breach.text)
    return made


def _user(listed: JsonValue, key: str) -> JsonValue:
    return compared(key, listed[0] if isinstance(listed, list) else listed)


def _items(template: Template) -> list[Template]:
    return template if isinstance(template, list) else []


def _find_another_user(groups: list[Recipient]) -> None:
    """Raise Unrenderable where two groups are about two users."""
    named = [(key, _user(one[key], key)) for one in groups if (key := named_by(one))]
    for key, user in named[1:]:
        if (key, user) != named[0]:
            text = "it is another user than that of the first group: a request is about one"
            raise Unrenderable(dotted((GROUPS, key)), text)
