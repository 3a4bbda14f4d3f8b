"""States of subscription groups of an address or number that no profile has. Pure.

After Braze's page "Update user's subscription group status (V2)": they are kept for 30 days, and
the first profile that is given the address or number takes them over.
"""

from typing import Any, Final

Json = dict[str, Any]

_KEPT: Final = 30 * 86_400  # seconds
# The name of the attribute by the name of the list in a request.
ATTRIBUTES: Final = {"emails": "email", "phones": "phone"}


class Orphans:
    """States by attribute and address or number, each with the time at which it was set."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], dict[str, tuple[float, Json]]] = {}

    def keep(self, name: str, value: str, group: Json, now: float) -> None:
        """Keep the state of a group for the profile that comes."""
        known = self._states.setdefault((name, value.casefold()), {})
        known[group["subscription_group_id"]] = (now, group)

    def take(self, profile: Json, now: float) -> list[Json]:
        """Return what was kept for the address and number of a profile, and keep it no longer."""
        found: list[Json] = []
        for name in ATTRIBUTES.values():
            value = profile.get(name)
            kept = self._states.pop((name, value.casefold()), {}) if isinstance(value, str) else {}
            found += [group for at, group in kept.values() if now - at <= _KEPT]
        return found

    def shown(self) -> Json:
        """Return what is kept, by address or number."""
        return {
            value: [group for _, group in kept.values()]
            for (_, value), kept in self._states.items()
        }
