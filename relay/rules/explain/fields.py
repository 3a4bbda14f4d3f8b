"""Fields of a rule's request: their places, and the templates that fill them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pydantic import JsonValue

from handler.core.configuration.yaml12 import Path
from handler.core.expressions.form import Evaluated, Filled, Filling, Form
from handler.core.expressions.template import Template
from handler.core.rules.compiler import dotted, leaves
from handler.core.rules.source import ITEM, Rule
from handler.core.rules.users import FIXED_LISTS, identifiers, users


@dataclass(frozen=True, slots=True)
class Field:
    """A value of the request: `path` within it, `inner` as `required` and `keep_empty` name it.

    `keys` is the same path step by step, for names with a point in them. `is_identifier` says that
    it identifies the user.
    """

    path: str
    inner: str
    template: Template
    recipient: int | None = None
    keys: Path = ()
    is_identifier: bool = False

    @property
    def is_item(self) -> bool:
        """Whether it is, or is within, an item of a list from which items may be left out."""
        before = (None, *self.keys)
        steps = zip(before, self.keys, strict=False)
        return any(isinstance(key, int) and name not in FIXED_LISTS for name, key in steps)

    def is_optional(self, rule: Rule) -> bool:
        """Return whether the request can be made without it."""
        return not (self.is_identifier or self.inner in rule.needed)


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
    """Yield the fields of a rule's request: shared ones first, then each recipient's.

    A request about one user has them at its top, in the objects of its arrays.
    """
    yield from _fields(dict(rule.send))
    varying = list(_fields(dict(rule.varying)))
    yield from varying if rule.is_broadcast else ()
    for at, recipient in enumerate(rule.recipients):
        own = [_identified(one, recipient, rule) for one in _fields(dict(recipient))]
        names = {_property(one) for one in own}
        # What varies with the event goes into the recipient, whose own keys win.
        for field in [*own, *(one for one in varying if _property(one) not in names)]:
            place = f"recipients[{at}].{field.path}" if rule.kind == "send" else field.path
            yield replace(field, path=place, recipient=at)


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


def _identified(field: Field, body: Mapping[str, Template], rule: Rule) -> Field:
    """Return a field that knows whether it identifies the user."""
    places = (
        (*path, key)
        for path, about in users(body, rule.kind)
        for key in identifiers(about, rule.kind)
    )
    return replace(field, is_identifier=any(field.keys[: len(one)] == one for one in places))


def _property(field: Field) -> str:
    """Return the property of an object such as `context` that a field belongs to."""
    return ".".join(field.inner.split(".")[:2])
