"""Attributes as they are sent: without the values that Braze would ignore or store as another."""

from collections.abc import Collection, Mapping

from handler.core.braze.contract.attributes import breaches, misnamed, normal
from handler.core.braze.contract.breaches import dotted
from handler.core.errors import Unrenderable
from handler.core.json_types import JsonValue
from handler.core.planning.required import is_required
from handler.core.rules.source import Rule


def kept_attributes(
    attributes: Mapping[str, JsonValue],
    rule: Rule,
    warnings: list[str],
    block: str = "attributes",
    adding: Collection[str] = (),
) -> dict[str, JsonValue]:
    """Return attributes without those whose value Braze would not take.

    Braze would ignore them or store something else; the rest is still worth sending. Raise
    Unrenderable where such an attribute is required, and where a name is no attribute's. `block` is
    the place of the attributes, for messages; those of `adding` may add to the profile's value.
    """
    made = normal(attributes)
    for name in made:
        if text := misnamed(name):
            raise Unrenderable(dotted((block, name)), text)
    bad = dict(breaches(made, adding))
    for name, text in bad.items():
        path = dotted((block, name))
        if is_required(f"{block}.{name}", rule):
            raise Unrenderable(path, f"it is required, and {text}")
        warnings.append(f"{rule.name}: {path} is left out: {text}")
    return {name: value for name, value in made.items() if name not in bad}
