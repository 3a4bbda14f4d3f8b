"""The profiles of the simulated workspace, each with its history. Pure: no sockets, no clock."""

from typing import Any, Final

from relay.simulated_braze import consent
from relay.simulated_braze.address_index import AddressIndex
from relay.simulated_braze.contract.attributes import changed, kept
from relay.simulated_braze.orphans import Orphans
from relay.simulated_braze.switches import Switches

Json = dict[str, Any]  # a JSON object, as received or as the control API shows it

# Prefix of the key of a profile without an external id; no external id of a request has it.
UNIDENTIFIED: Final = "(unidentified) "


class Profiles:
    """Attributes by external id, the least recently updated first; every change with its cause."""

    def __init__(self) -> None:
        self.current: dict[str, Json] = {}
        self.orphans = Orphans()
        self._index = AddressIndex()
        self._history: dict[str, list[Json]] = {}

    def put(self, user: str, attributes: Json, cause: Json) -> Json:
        """Put a profile with these attributes in place of any that is there."""
        return self._note(user, attributes, cause)

    def write(self, user: str, attributes: Json, cause: Json, switches: Switches) -> None:
        """Update or create a profile: null removes an attribute, an operator changes it."""
        old = self.current.get(user)
        given = {name: kept(one) for name, one in attributes.items() if name != "_merge_objects"}
        if switches.operators == "applied":
            merge, own = attributes.get("_merge_objects", False), old or {}
            given = {name: changed(own.get(name), one, merge=merge) for name, one in given.items()}
        others = self._sharing(user, given).values()
        brought = consent.brought(old or {}, given, others, switches)
        if waiting := self.orphans.take(given, cause["time"]):
            brought |= consent.written({**(old or {}), **brought}, {"subscription_groups": waiting})
        before = None if old is None else {**old, **brought}
        base = before or brought
        after = self._note(user, {**base, **consent.written(base, given)}, cause)
        self._copy(user, consent.changed(before, given), after, cause)

    def _copy(self, user: str, states: Json, after: Json, cause: Json) -> None:
        """Copy changed consent to the profiles with the same address or number."""
        if not states:
            return
        for name, profile in consent.copies(states, after, self._sharing(user, after)):
            if profile != self.current[name]:
                copied = {**cause, "cause": f"copied from {user}"}
                before, self.current[name] = self.current[name], profile  # it keeps its place
                self._history[name].append({**copied, "before": before, "after": profile})

    def _sharing(self, user: str, like: Json) -> dict[str, Json]:
        """Return the profiles of others with the address or number of one."""
        found = self._index.by_address(like)
        return {name: self.current[name] for name in found if name != user}

    def _note(self, user: str, attributes: Json, cause: Json) -> Json:
        before = self.current.pop(user, None)  # it becomes the most recently updated one
        after = {name: value for name, value in attributes.items() if value is not None}
        self.current[user] = after
        self._index.put(user, before, after)
        self._history.setdefault(user, []).append({**cause, "before": before, "after": after})
        return after

    def shown(self, user: str) -> Json:
        """Return a profile with its history, the oldest change first."""
        return {"profile": self.current.get(user), "history": self._history.get(user, [])}

    def by_alias(self, alias: Json) -> str | None:
        """Return the user of an alias in exactly this spelling; None for none."""
        found = self._index.by_alias(alias)
        return next((user for user in found if alias in self.current[user]["user_aliases"]), None)

    def having(self, name: str, value: str) -> list[str]:
        """Return the users with an address or a number, the least recently updated first."""
        return self._index.by(name, value)

    def by_email(self, email: str, prioritization: list[str]) -> str | None:
        """Return the one profile that an address and its prioritization leave; else None."""
        found = [u for u in self.having("email", email) if self.current[u].get("email") == email]
        for word in prioritization:
            if word in ("identified", "unidentified"):
                found = [u for u in found if u.startswith(UNIDENTIFIED) is (word != "identified")]
            else:
                found = found[-1:] if word == "most_recently_updated" else found[:1]
        return found[0] if len(found) == 1 else None
