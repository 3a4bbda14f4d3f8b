"""Time zones by name, of the IANA database in the package tzdata.

Not of the machine's own files, which the library would take first: of those Lambda has some of no
known version. Only rules that name a zone load this.
"""

from functools import cache
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from handler.core.suggestions import closest

_NONE: Final = "Factory"  # IANA's own word for a clock whose zone nobody has set

_ALIKE: Final = 0.75  # names of towns are short, and there are many


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


def nearest(text: str) -> str | None:
    """Return the zone that was probably meant: by its town, or by its name; None for neither."""
    written = text.strip().replace(" ", "_")
    # Etc/GMT+2 is two hours behind Greenwich, and never what was meant.
    known = sorted(name for name in names() if not name.startswith("Etc/"))
    towns = {name.rpartition("/")[2].lower(): name for name in known}
    return towns.get(written.rpartition("/")[2].lower()) or closest(written, known, _ALIKE)
