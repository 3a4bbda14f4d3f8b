"""Profiles by what else than their key finds them: address, number and aliases. Pure.

Without it each change of a profile would look at all others.
"""

from collections.abc import Iterator
from itertools import count
from typing import Any, Final

Json = dict[str, Any]
Name = tuple[str, ...]  # what is meant, and its value

EMAIL: Final = "email"
PHONE: Final = "phone"


def _names(profile: Json) -> Iterator[Name]:
    for name in (EMAIL, PHONE):
        if isinstance(value := profile.get(name), str):
            yield name, value.casefold()  # for addresses; numbers have no case
    aliases = profile.get("user_aliases")
    for alias in aliases if isinstance(aliases, list) else ():
        if isinstance(alias, dict):
            yield _alias(alias)


def _alias(alias: Json) -> Name:
    return "alias", repr(alias.get("alias_label")), repr(alias.get("alias_name"))


class AddressIndex:
    """Users by name, the least recently put first."""

    def __init__(self) -> None:
        self._users: dict[Name, dict[str, None]] = {}
        self._turns: dict[str, int] = {}
        self._count = count()

    def put(self, user: str, before: Json | None, after: Json) -> None:
        """Put a user where the profile says, behind all others, and away from where it was."""
        for name in _names(before or {}):
            self._users.get(name, {}).pop(user, None)
        for name in _names(after):
            self._users.setdefault(name, {})[user] = None
        self._turns[user] = next(self._count)

    def by_address(self, profile: Json) -> list[str]:
        """Return the users with the address or number of a profile."""
        return self._found(list(_names({**profile, "user_aliases": None})))

    def by(self, name: str, value: str) -> list[str]:
        """Return the users with this address, or with this number."""
        return self._found([(name, value.casefold())])

    def by_alias(self, alias: Json) -> list[str]:
        """Return the users of an alias in exactly this spelling."""
        return self._found([_alias(alias)])

    def _found(self, names: list[Name]) -> list[str]:
        found = {user for name in names for user in self._users.get(name, {})}
        return sorted(found, key=self._turns.__getitem__)
