"""Time zones by name, of the IANA database in the package tzdata.

Not of the machine's own files, which the library would take first: of those Lambda has some of no
known version. Only rules that name a zone load this.
"""

from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

_NONE: Final = "Factory"  # IANA's own word for a clock whose zone nobody has set


@cache
def names() -> frozenset[str]:
    """Return the names of all zones, also the older ones that are links to others."""
    listed = (files("tzdata") / "zones").read_text(encoding="ascii").split()
    return frozenset(listed) - {_NONE}


def named(name: str) -> ZoneInfo | None:
    """Return a zone by its name, as IANA spells it; None where there is none."""
    return _zone(name) if name in names() else None


@cache
def _zone(name: str) -> ZoneInfo:
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
