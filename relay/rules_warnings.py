"""What is legal in a rules file and seldom meant: warnings of `relay rules check`.

Lambda says nothing of these; a rule with a warning does what it says.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from handler.core.attributes import literals
from handler.core.compiling import header_names, leaves
from handler.core.source import Rule, Source
from handler.core.template import Problem, Template, Text, Whole
from handler.core.yaml12 import Path
from relay.rules_paths import unseen

_LONGEST_NAME: Final = 255
_OPERATORS: Final = ("inc", "$add")
_UNTRIED: Final = {
    "push_tokens": "a webhook seldom knows them",
    "_merge_objects": "Braze documents it for /users/track only; try it in your workspace",
    "subscription_groups": (
        "Braze's page on Canvases says both that it takes them and that it does not;"
        " try it in your workspace"
    ),
}
_BUYING: Final = ("order", "checkout", "payment")
# What stands in every type of these senders, whichever webhook it is.
_IN_EVERY_TYPE: Final = {"shopify": "/", "woocommerce": "."}
_WILD: Final = frozenset("*?[")
_LIQUID: Final = ("{{ body.", "{{body.", "{{ vars.", "{{vars.", "{{ item.", "{{item.")


def warnings(source: Source, preset: str) -> Iterator[Problem]:
    """Yield what is seldom meant, by its path within the file."""
    yield from _unbound(source)
    for at, rule in enumerate(source.rules):
        for path, text in _of_rule(rule, source, preset):
            yield ("rules", at, *path), text


def unseen_paths(source: Source, documents: Mapping[str, list[object]]) -> Iterator[Problem]:
    """Yield paths under body that no sample has; `documents` are the samples' by event type."""
    for at, rule in enumerate(source.rules):
        fitting = [it for kind, all_of in documents.items() if rule.takes(kind) for it in all_of]
        for path, text in unseen(rule, fitting):
            yield ("rules", at, *path), text


def _of_rule(rule: Rule, source: Source, preset: str) -> Iterator[Problem]:
    yield from _types(rule, preset)
    for name in header_names(rule.when) if rule.when else ():
        if name is None or not source.scheme.proves(name):
            text = "the sender does not sign it, and a webhook played again may say otherwise"
            yield ("when",), f"when reads {name or 'all headers'}: {text}"
    if rule.expires_after and not any(_timed(glob, source) for glob in rule.types):
        text = "the sender signs no time of the event: this counts from when the webhook came"
        yield ("expires_after",), text
    for path, leaf in (*leaves(dict(rule.send)), *leaves(dict(rule.folded))):
        yield from _liquid(("send", *path), leaf)
    for at, recipient in enumerate(rule.recipients):
        for path, text in _of_recipient(recipient, rule):
            yield ("send", "recipients", at, *path), text


def _types(rule: Rule, preset: str) -> Iterator[Problem]:
    wild = [glob for glob in rule.types if _WILD.intersection(glob)]
    sign = _IN_EVERY_TYPE.get(preset)
    if sign and not wild and not any(sign in kind for kind in rule.types):
        types = " or ".join(rule.types)
        yield ("type",), f"{preset} sends no type {types}: each of its types has a {sign} in it"
    if rule.once is None and rule.for_each is None and (wild or len(rule.types) > 1):
        text = "without once each of these types sends for itself; say what happens only once"
        yield ("type",), text


def _timed(glob: str, source: Source) -> bool:
    return any(fnmatchcase(glob, it) or fnmatchcase(it, glob) for it, _ in source.event.times)


def _unbound(source: Source) -> Iterator[Problem]:
    """Yield once that a webhook can be played again under the topic of another rule."""
    rules = [rule for rule in source.rules if rule.enabled]
    if source.event.type_signed or len({rule.types for rule in rules}) < 2:  # noqa: PLR2004 - two
        return
    globs = [glob for glob, _ in source.event.binds]
    free = [
        kind
        for rule in rules
        for kind in rule.types
        if not any(kind == glob or fnmatchcase(kind, glob) for glob in globs)
    ]
    if free:
        kinds = ", ".join(dict.fromkeys(free))
        text = (
            f"the sender does not sign the type: any webhook of it can be played again as {kinds}"
        )
        yield ("verify",), f"{text}; tie each type to the body with bind, under event"


def _of_recipient(recipient: Mapping[str, Template], rule: Rule) -> Iterator[Problem]:
    for path, leaf in leaves(dict(recipient)):
        yield from _liquid(path, leaf)
    attributes = recipient.get("attributes")
    if not isinstance(attributes, dict):
        return
    for path, text in _attributes(attributes, rule):
        yield ("attributes", *path), text
    is_creating = recipient.get("send_to_existing_only", True) is not True
    has_consent = {"email_subscribe", "subscription_groups"} & attributes.keys()
    if is_creating and "email" in attributes and not has_consent:
        text = "Braze makes every new profile subscribed; say email_subscribe beside email"
        yield ("attributes", "email"), text


def _attributes(attributes: Mapping[str, Template], rule: Rule) -> Iterator[Problem]:
    for name, value in attributes.items():
        for path, text in (*_named(name), *_operators(value)):
            yield (name, *path), text
        if name in _UNTRIED and (name != "subscription_groups" or "canvas" in rule.path):
            yield (name,), f"{name}: {_UNTRIED[name]}"
    yield from _consent(attributes.get("email_subscribe"), rule)


def _named(name: str) -> Iterator[Problem]:
    if len(name.encode()) > _LONGEST_NAME:
        yield (), f"Braze takes names of {_LONGEST_NAME} characters at most"
    if "$" in name or "." in name:
        yield (), f"Braze takes no $ and no dot in a name: {name}"


def _operators(value: Template) -> Iterator[Problem]:
    for operator in _OPERATORS:
        if isinstance(value, dict) and operator in value and len(value) == 1:
            text = f"{operator} is not repeatable: a retry adds again; send the whole value"
            yield (operator,), text


def _consent(value: Template, rule: Rule) -> Iterator[Problem]:
    """Yield whether an order could subscribe somebody who has unsubscribed."""
    is_buying = any(word in glob.lower() for glob in rule.types for word in _BUYING)
    given = list(literals(value)) if value is not None else []
    is_from_event = isinstance(value, Whole | Text)
    if is_buying and None not in given and ("opted_in" in given or (is_from_event and not given)):
        text = "an order can subscribe again who has unsubscribed; let it be null for who is known"
        yield ("email_subscribe",), f"{text}: ${{body.customer == `null` && ... || `null`}}"


def _liquid(path: Path, leaf: Template) -> Iterator[Problem]:
    parts = leaf.parts if isinstance(leaf, Text) else (leaf,)
    for part in parts:
        if isinstance(part, str) and any(sign in part for sign in _LIQUID):
            yield path, f"{part.strip()} goes to Braze as Liquid; the event's value is ${{body.x}}"
