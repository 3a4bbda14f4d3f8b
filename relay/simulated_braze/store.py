"""Memory of the simulated Braze, and the users that a request reaches. Pure: no socket or clock."""

from dataclasses import dataclass

from relay.simulated_braze.catalogue import Target
from relay.simulated_braze.commerce import Commerce
from relay.simulated_braze.contract.audience import includes
from relay.simulated_braze.contract.endpoints import IDENTIFIERS, PROPERTIES
from relay.simulated_braze.profiles import UNIDENTIFIED, Json, Profiles
from relay.simulated_braze.switches import Switches


@dataclass(frozen=True, slots=True)
class Trigger:
    """An accepted request: its path, target, body, dispatch id and time.

    `refused` are the places of the recipients that the answer's `errors` name by their index.
    """

    path: str
    target: Target
    body: Json
    stamp: Json
    refused: frozenset[int] = frozenset()

    def to(self, user: str) -> tuple[str, str]:
        """Return the key of a send, and its user: one id may name a campaign and a Canvas."""
        what = "canvas_id" if "canvas_id" in self.body else "campaign_id"
        return f"{what} {self.body[what]}", user


class Store:
    """Profiles with their events; the sends, the updates and the requests in order."""

    def __init__(self) -> None:
        self.profiles = Profiles()
        self.sends: list[Json] = []
        self.updates: list[Json] = []  # an entry for each object of a request without a message
        self.requests: list[Json] = []
        self.total = Commerce()
        self._commerce: dict[str, Commerce] = {}
        self._recorded: dict[str, list[Json]] = {}  # events and purchases by user
        self._last: dict[tuple[str, str], float] = {}  # time of the last send, by target and user

    def record(self, user: str, array: str, one: Json) -> None:
        """Record an event or a purchase of a user, as often as it comes."""
        self._recorded.setdefault(user, []).append({"kind": array[:-1], **one})
        for figures in (self.total, self._commerce.setdefault(user, Commerce())):
            if array == "events":
                figures.add_event(one["name"], one.get("properties", {}))
            else:
                figures.add_purchase(one)

    def shown(self, user: str) -> Json:
        """Return a profile with its history and events, the oldest first, and its figures."""
        own = self._commerce.get(user, Commerce()).shown()
        return {
            **self.profiles.shown(user),
            "events": self._recorded.get(user, []),
            "commerce": own,
        }

    def commerce(self) -> Json:
        """Return orders and revenue of the workspace, and of each user who has any events."""
        users = {user: one.shown() for user, one in self._commerce.items()}
        return {"total": self.total.shown(), "users": users}

    def apply(self, trigger: Trigger, switches: Switches) -> None:
        """Write all recipients' attributes, then find out whom the message reaches."""
        if trigger.body.get("broadcast"):
            self.sends.append(self._broadcast(trigger, switches))
            return
        recipients = trigger.body["recipients"]
        changes = [
            _refused(one) if index in trigger.refused else self._change(trigger, one, switches)
            for index, one in enumerate(recipients)
        ]
        users = [change["external_id"] for change in changes]
        for index, change in enumerate(changes):
            if users[index] in users[index + 1 :]:
                # One message to a user named twice, with the last one's properties ("Recipients").
                change["because"] = change["because"] or "this user is in the request once more"
            self._reach(trigger, change, recipients[index], switches)

    def _reach(self, trigger: Trigger, change: Json, recipient: Json, switches: Switches) -> None:
        user = change["external_id"]
        because = change["because"] or self._ineligible(trigger, user, switches)
        message = None if because else _message(trigger, recipient)
        if because is None:
            self._last[trigger.to(user)] = trigger.stamp["time"]
        result = {"reached": because is None, "because": because, "message": message}
        self.sends.append({**trigger.stamp, **change, **result})

    def _broadcast(self, trigger: Trigger, switches: Switches) -> Json:
        """Return one record for all; `users` are those whom it reaches."""
        because = _not_running(trigger)
        users = [
            user
            for user in self.profiles.current
            if because is None and self._ineligible(trigger, user, switches) is None
        ]
        for user in users:
            self._last[trigger.to(user)] = trigger.stamp["time"]
        if because is None and not users:
            because = "no profile is in the audience and may be sent to"
        return {
            **trigger.stamp,
            **dict.fromkeys(("recipient", "external_id", "profile_before", "profile_after")),
            "users": users,
            "attributes": {},
            "reached": because is None,
            "because": because,
            "message": None if because else _message(trigger, {}),
        }

    def _change(self, trigger: Trigger, recipient: Json, switches: Switches) -> Json:
        """Write a recipient's attributes; `because` is why there is no user to send to."""
        because = _not_running(trigger)
        writes = because is None or switches.paused_attributes == "written"
        given = recipient.get("attributes", {}) if writes else {}
        may_be_made = bool(given) and recipient.get("send_to_existing_only") is False
        user, why = self._user(recipient, switches, may_be_made=may_be_made)
        before = self.profiles.current.get(user or "")
        if user and given:
            cause = {**trigger.stamp, "cause": f"POST {trigger.path}"}
            self.profiles.write(user, given, cause, switches)
        return {
            "recipient": _named(recipient),
            "external_id": user,
            "profile_before": before,
            "attributes": given if user else {},
            "profile_after": self.profiles.current.get(user or ""),
            "because": because or why,
        }

    def _user(
        self, recipient: Json, switches: Switches, *, may_be_made: bool
    ) -> tuple[str | None, str | None]:
        """Return the key of the profile that exists or may be made, or else why there is none."""
        if "external_user_id" in recipient:
            user: str = recipient["external_user_id"]
            if may_be_made or user in self.profiles.current:
                return user, None
            return None, "unknown user, and send_to_existing_only is true"
        if "user_alias" in recipient:
            found = self.profiles.by_alias(recipient["user_alias"])
            return found, None if found else "unknown alias"
        email = recipient["email"]
        found = self.profiles.by_email(email, recipient["prioritization"])
        having = self.profiles.having("email", email)
        known = any(self.profiles.current[user].get("email") == email for user in having)
        if found is None and may_be_made and not known and switches.unknown_email == "created":
            found = UNIDENTIFIED + email
        return found, None if found else "prioritization leaves no user, or more than one"

    def _ineligible(self, trigger: Trigger, user: str, switches: Switches) -> str | None:
        """Return why a user does not get the message, by the profile as it is now."""
        profile, now = self.profiles.current[user], trigger.stamp["time"]
        for whose, audience in (
            ("dashboard's", trigger.target.audience),
            ("request's", trigger.body.get("audience")),
        ):
            if audience and not includes(audience, profile, now, switches.absent_attribute):
                return f"the user is not in the {whose} audience"
        if why := trigger.target.unreachable(profile):
            return why
        last, wait = self._last.get(trigger.to(user)), trigger.target.reeligible_after
        if last is not None and (wait is None or now - last < wait):
            return "the user is not eligible again yet"
        if last is not None and "canvas_id" in trigger.body and now - last < 1:
            return "a user enters a Canvas once a second at most"
        return None


def _named(recipient: Json) -> Json:
    return {name: recipient[name] for name in IDENTIFIERS if name in recipient}


def _refused(recipient: Json) -> Json:
    """Return what a recipient comes to that the answer's errors name: nothing is written."""
    return {
        "recipient": _named(recipient),
        **dict.fromkeys(("external_id", "profile_before", "profile_after")),
        "attributes": {},
        "because": "the errors of the answer name this recipient",
    }


def _not_running(trigger: Trigger) -> str | None:
    what = "Canvas" if "canvas_id" in trigger.body else "campaign"
    state = trigger.target.state()
    return f"the {what} is {state}" if state else None


def _message(trigger: Trigger, recipient: Json) -> Json:
    """Return the message to one user: its own properties override those of the request."""
    body = trigger.body
    name = next((key for key in PROPERTIES if key in body or key in recipient), None)
    own = {name: {**body.get(name, {}), **recipient.get(name, {})}} if name else {}
    return {k: v for k, v in body.items() if k not in ("recipients", *PROPERTIES)} | own
