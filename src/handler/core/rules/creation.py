"""Types of events that report the beginning of something: of that there is nothing older."""

import re
from typing import Final

BEGINNING: Final = re.compile(r".*(?:creat|insert)(?:ed?)", re.IGNORECASE)
_ROW: Final = re.compile(r"INSERT .+")  # Supabase's database webhooks


def is_creation(kind: str) -> bool:
    """Return whether a type reports that something was made."""
    return bool(BEGINNING.fullmatch(kind) or _ROW.fullmatch(kind))
