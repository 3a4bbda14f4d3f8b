"""Braze's operators within attributes: counting, and changing an array by its elements."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeGuard

NESTED: Final = ("$add", "$remove", "$update")
_NAMED: Final = frozenset({"$identifier_key", "$identifier_value"})
_NEEDED: Final = {"$add": frozenset(), "$remove": _NAMED, "$update": _NAMED | {"$new_object"}}


def is_operator(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Tell whether an attribute's value is an operator: an object of operators' keys alone."""
    if not isinstance(value, Mapping) or not value:
        return False
    keys = value.keys()
    return keys == {"inc"} or keys <= {"add", "remove"} or keys <= set(NESTED)


def problems(value: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with an operator."""
    for key, operand in value.items():
        if key == "inc":
            if type(operand) is not int:  # exact, for a bool is an int to isinstance
                yield "inc takes a whole number"
        elif not isinstance(operand, list):
            yield f"{key} takes a list"
        elif key in _NEEDED:
            for one in operand:
                if not isinstance(one, dict) or not _NEEDED[key] <= one.keys():
                    yield f"{key} takes objects, which name what is meant"


def changed(old: Any, value: Any, *, merge: bool) -> Any:
    """Return what becomes of an attribute that is given this value."""
    if is_operator(value):
        if "inc" in value:
            return (old if isinstance(old, int) else 0) + value["inc"]
        kept = old if isinstance(old, list) else []
        if value.keys() <= {"add", "remove"}:
            return _listed(kept, value.get("add", []), value.get("remove", []))
        return _objects(kept, value, merge=merge)
    return _merged(old, value) if merge else value


def _merged(old: Any, value: Any) -> Any:
    """Return an object with what another has put over it, in any depth."""
    if isinstance(value, Mapping) and isinstance(old, Mapping):
        return {**old, **{key: _merged(old.get(key), it) for key, it in value.items()}}
    return value


def _listed(old: list[Any], added: list[Any], removed: list[Any]) -> list[Any]:
    """Return an array of plain values: what is added again moves to the end."""
    return [it for it in old if it not in (*added, *removed)] + list(added)


def _objects(old: list[Any], value: Mapping[str, Any], *, merge: bool) -> list[Any]:
    """Return an array of objects after `$remove`, `$update` and `$add`."""
    kept = [it for it in old if not any(_is_meant(it, one) for one in value.get("$remove", []))]
    for one in value.get("$update", []):
        new = one["$new_object"]
        kept = [({**it, **new} if merge else new) if _is_meant(it, one) else it for it in kept]
    return [*kept, *value.get("$add", [])]


def _is_meant(item: Any, one: Mapping[str, Any]) -> bool:
    key = one["$identifier_key"]
    return isinstance(item, Mapping) and key in item and item[key] == one["$identifier_value"]
