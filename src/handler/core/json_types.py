"""JSON values: their type, and the names that JMESPath gives to their types."""

from typing import Final

# The same type as pydantic's JsonValue, for what must start without pydantic.
JsonValue = list["JsonValue"] | dict[str, "JsonValue"] | str | bool | int | float | None

KINDS: Final = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    int: "number",
    float: "number",
    type(None): "null",
}


def kind(value: object) -> str:
    """Return JMESPath's name for the type of a value; `expref` for `&expression`."""
    return KINDS.get(type(value), "expref")


def a(value: object) -> str:
    """Return the type of a value with its article, for messages: `a string`, `an array`."""
    name = kind(value)
    return name if name == "null" else f"an {name}" if name[0] in "aeo" else f"a {name}"
