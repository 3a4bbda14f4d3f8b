"""A trigger in Braze's own field names: what each endpoint takes, as one closed table.

Sources: braze.com/docs/api/endpoints/messaging/send_messages/, "Sending campaign messages via
API-triggered delivery" and "Sending Canvas messages via API-triggered delivery", and
braze.com/docs/api/objects_filters/recipient_object.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from handler.core.template import Problem, Template, Text, Whole, is_literal

Path = tuple[str | int, ...]

IDENTIFIERS: Final = ("external_user_id", "user_alias", "email")
ALIAS_KEYS: Final = ("alias_name", "alias_label")
# What decides who is reached, and with what: no webhook may have a say in it.
LITERAL_KEYS: Final = ("campaign_id", "canvas_id", "send_id", "broadcast", "audience")
MAX_RECIPIENTS: Final = 50
MAX_PROPERTIES_BYTES: Final = 50 * 1024
MAX_IDENTIFIER_BYTES: Final = 987

_RECIPIENT_KEYS: Final = (*IDENTIFIERS, "prioritization", "send_to_existing_only", "attributes")
_MISPLACED: Final = {
    "api_key": "the relay adds the API key itself; it never stands in a rules file",
    "segment_id": "Braze takes no segment_id here; put the segment into the campaign's audience",
    "braze_id": "Braze documents no braze_id for this endpoint; use external_user_id",
    "trigger_properties": "trigger_properties are for campaigns; a Canvas takes context",
    "context": "context is for Canvases; a campaign takes trigger_properties",
    "canvas_entry_properties": "these are for Canvases; a campaign takes trigger_properties",
    "attachments": "Braze takes attachments with a campaign only, beside its recipients",
    "send_id": "Braze takes a send_id with a campaign only, beside its recipients",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A Braze endpoint: the key that chooses it, and the keys that it takes."""

    key: str
    path: str
    properties: tuple[str, ...]
    others: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """What stands at the top of the request."""
        return (self.key, "recipients", "broadcast", "audience", *self.properties, *self.others)

    @property
    def recipient_keys(self) -> tuple[str, ...]:
        """What stands in each recipient."""
        return (*_RECIPIENT_KEYS, *self.properties)


ENDPOINTS: Final = (
    Endpoint(
        "campaign_id",
        "/campaigns/trigger/send",
        ("trigger_properties",),
        ("send_id", "attachments"),
    ),
    Endpoint("canvas_id", "/canvas/trigger/send", ("context", "canvas_entry_properties")),
)
PROPERTIES: Final = tuple(name for it in ENDPOINTS for name in it.properties)


def endpoint(send: Mapping[str, object]) -> Endpoint | None:
    """Return the endpoint that a request is for; None unless exactly one key chooses one."""
    chosen = [it for it in ENDPOINTS if it.key in send]
    return chosen[0] if len(chosen) == 1 else None


def check(send: Mapping[str, Template]) -> list[Problem]:
    """Return what Braze would refuse, or silently leave unsent, in the template of a request."""
    at = endpoint(send)
    if at is None:
        known = {key for it in ENDPOINTS for key in it.keys}
        problems = [_unknown(key, known) for key in send if key not in known]
        found = "both" if ENDPOINTS[0].key in send else "neither"
        text = f"send needs exactly one of campaign_id and canvas_id, and has {found}"
        return [((), text), *problems]
    problems = [_unknown(key, at.keys) for key in send if key not in at.keys]
    problems += _check_ids(send)
    problems += _check_broadcast(send)
    problems += _check_properties(send, at)
    recipients = send.get("recipients")
    if not isinstance(recipients, list) or not 0 < len(recipients) <= MAX_RECIPIENTS:
        return [*problems, (("recipients",), "recipients takes a list of 1 to 50 recipients")]
    for index, recipient in enumerate(recipients):
        place = ("recipients", index)
        problems += [((*place, *path), text) for path, text in _check_recipient(recipient, at)]
    return problems


def unknown_key(key: str, known: Iterable[str]) -> str:
    """Return the message for a key that does not exist, with what was probably meant."""
    near = get_close_matches(key, list(known), n=1)
    return f"unknown key {key}" + (f"; did you mean {near[0]}?" if near else "")


def _unknown(key: str, known: Iterable[str]) -> Problem:
    text = unknown_key(key, known)
    return (key,), f"{text} ({_MISPLACED[key]})" if key in _MISPLACED else text


def _check_ids(send: Mapping[str, Template]) -> list[Problem]:
    return [
        ((key,), f"{key} takes text, as Braze's dashboard shows it")
        for key in ("campaign_id", "canvas_id", "send_id")
        if key in send and not _is_id(send[key])
    ]


def _is_id(value: Template) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _check_broadcast(send: Mapping[str, Template]) -> list[Problem]:
    if send.get("broadcast", False) is False:
        return []
    if send["broadcast"] is True:
        text = "broadcast: true reaches the campaign's whole audience; rules cannot do that yet"
    else:
        text = "broadcast takes true or false"
    return [(("broadcast",), text)]


def _check_properties(block: Mapping[str, Template], at: Endpoint) -> list[Problem]:
    given = [key for key in at.properties if key in block]
    problems: list[Problem] = [
        ((key,), f"{key} takes an object")
        for key in given
        if not isinstance(block[key], dict | Whole)
    ]
    if len(given) > 1:
        problems.append(((given[1],), f"{' and '.join(given)} are one thing: give only one"))
    return problems


def _check_recipient(recipient: Template, at: Endpoint) -> list[Problem]:
    if not isinstance(recipient, dict):
        return [((), "a recipient is an object with external_user_id, user_alias or email")]
    problems = [
        _unknown(key, at.recipient_keys) for key in recipient if key not in at.recipient_keys
    ]
    identifiers = [key for key in IDENTIFIERS if key in recipient]
    if len(identifiers) != 1:
        has = " and ".join(identifiers) or "none"
        text = f"a recipient needs exactly one of {', '.join(IDENTIFIERS)}, and has {has}"
        problems.append(((), f"{text}; an address to write to belongs under attributes"))
    problems += _check_alias(recipient) if "user_alias" in recipient else []
    return problems + _check_creation(recipient) + _check_properties(recipient, at)


def _check_alias(recipient: Mapping[str, Template]) -> list[Problem]:
    problems: list[Problem] = []
    alias = recipient["user_alias"]
    if not isinstance(alias, dict) or set(alias) != set(ALIAS_KEYS):
        problems.append((("user_alias",), "user_alias takes alias_name and alias_label, both"))
    if "send_to_existing_only" in recipient:
        text = "Braze takes no send_to_existing_only with user_alias: the alias must exist already"
        problems.append((("send_to_existing_only",), text))
    return problems


def _check_creation(recipient: Mapping[str, Template]) -> list[Problem]:
    problems: list[Problem] = []
    if ("email" in recipient) != ("prioritization" in recipient):
        text = (
            "prioritization goes with email as the identifier: Braze takes none without the other"
        )
        problems.append((("prioritization",), text))
    existing = recipient.get("send_to_existing_only", True)
    if is_literal(existing) and not isinstance(existing, bool):
        problems.append((("send_to_existing_only",), "send_to_existing_only takes true or false"))
    if existing is False and not recipient.get("attributes"):
        text = "send_to_existing_only: false needs attributes: Braze creates no profile without"
        problems.append((("send_to_existing_only",), text))
    attributes = recipient.get("attributes", {})
    if isinstance(attributes, Text) or not isinstance(attributes, dict | Whole):
        problems.append((("attributes",), "attributes takes an object"))
    return problems
