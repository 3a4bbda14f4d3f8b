"""Checks of a deployment's parameters by the template's rules, before anything is built."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final

import yaml

from handler.core.configuration.secret_forms import is_secret
from handler.core.suggestions import closest
from relay.paths import TEMPLATE

_SECTION: Final = re.compile(r"^Parameters:\n(?:[ #].*\n|\n)+", re.MULTILINE)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Declared = Mapping[str, Any]  # one parameter of the template


def problems(given: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with parameters, in the template's own words where it has them."""
    declared = _declared()
    for name, value in given.items():
        if name not in declared:
            near = closest(name, declared)
            hint = f"; did you mean {near}?" if near else ""
            yield f"there is no parameter {name}{hint}"
        elif wrong := _wrong(value, declared[name]):
            shown = "..." if is_secret(value) else value
            yield f"{name}={shown}: {declared[name].get('ConstraintDescription', wrong)}"


@cache
def _declared() -> dict[str, Declared]:
    # The section alone has no tags of CloudFormation's, and is read in a tenth of the time.
    section = _SECTION.search(TEMPLATE.read_text(encoding="utf-8"))
    found: dict[str, Declared] = {}
    if section:
        found = _Loader(section[0]).get_single_data()["Parameters"]
    return found


def _wrong(value: str, parameter: Declared) -> str:
    """Return what a value must be, as CloudFormation would say it; empty for a good one."""
    allowed = [str(one) for one in parameter.get("AllowedValues", [])]
    if allowed and value not in allowed:
        return f"must be one of {', '.join(allowed)}"
    pattern = parameter.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        return f"must fit {pattern}"
    if parameter["Type"] == "Number" and not allowed:
        least, most = parameter["MinValue"], parameter["MaxValue"]
        with suppress(ValueError):
            if least <= float(value) <= most:
                return ""
        return f"must be a number from {least} to {most}"
    return ""
