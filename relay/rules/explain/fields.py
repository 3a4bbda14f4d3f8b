"""Fields of a rule's request: their places, and the templates that fill them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pydantic import JsonValue

from handler.core.braze.identifiers import ALIAS_KEYS, IDENTIFIERS
from handler.core.configuration.yaml12 import Path
from handler.core.expressions.form import Evaluated, Filled, Filling, Form
from handler.core.expressions.template import Template
from handler.core.rules.compiler import dotted, leaves
from handler.core.rules.source import ITEM, Rule

_IDENTIFIERS = {*IDENTIFIERS, *(f"user_alias.{key}" for key in ALIAS_KEYS)}


@dataclass(frozen=True, slots=True)
class Field:
    """A value of the request: `path` within it, `inner` as `required` and `keep_empty` name it.

    `keys` is the same path step by step, for names with a point in them.
    """

    path: str
    inner: str
    template: Template
    recipient: int | None = None
    keys: Path = ()

    @property
    def is_identifier(self) -> bool:
        """Whether it identifies the recipient."""
        return self.recipient is not None and self.inner in _IDENTIFIERS

    def is_optional(self, rule: Rule) -> bool:
        """Return whether the request can be made without it."""
        return not (self.is_identifier or self.inner in rule.required)


def filled(
    field: Field, rule: Rule, document: JsonValue, seen: list[Evaluated]
) -> tuple[Filled, str | None]:
    """Return a field's value as it is sent, and why an expression's failure leaves it out.

    `seen` gets each evaluation. Raise Unrenderable where the request cannot be made without it.
    """
    form = Form(field.template, field.inner, rule.keep_empty, rule.may_lose)
    filling = Filling(document, record=seen)
    value = form.fill(filling)
    return value, filling.lost[0].detail if filling.lost else None


def fields(rule: Rule) -> Iterator[Field]:
    """Yield the fields of a rule's request: shared ones first, then each recipient's."""
    yield from _fields(dict(rule.send))
    varying = list(_fields(dict(rule.varying)))
    yield from varying if rule.is_broadcast else ()
    for at, recipient in enumerate(rule.recipients):
        own = list(_fields(dict(recipient)))
        names = {_property(one) for one in own}
        # What varies with the event goes into the recipient, whose own keys win.
        for field in [*own, *(one for one in varying if _property(one) not in names)]:
            yield replace(field, path=f"recipients[{at}].{field.path}", recipient=at)


def documents(rule: Rule, document: dict[str, JsonValue]) -> Iterator[dict[str, JsonValue]]:
    """Yield what a rule's expressions see: the event, for `for_each` with each element."""
    if rule.for_each is None:
        yield document
        return
    found = rule.for_each.search(document)
    for item in found if isinstance(found, list) else []:
        yield {**document, ITEM: item}


def _fields(template: Template) -> Iterator[Field]:
    for path, leaf in leaves(template):
        yield Field(dotted(path), dotted(path, place=""), leaf, keys=path)


def _property(field: Field) -> str:
    """Return the property of an object such as `context` that a field belongs to."""
    return ".".join(field.inner.split(".")[:2])
