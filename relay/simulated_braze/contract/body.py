"""Refusals of a request body as a whole. Pure: no sockets, no clock.

After Braze's pages on the trigger endpoints, recipients, user attributes and API errors. Texts
are Braze's where it documents one; where it is silent, the strict reading applies, or a switch.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

from relay.simulated_braze.contract import attributes, audience
from relay.simulated_braze.contract.endpoints import CONTEXTS, IDENTIFIERS, Endpoint
from relay.simulated_braze.contract.identifiers import MAX_EXTERNAL_ID, alias_problems
from relay.simulated_braze.profiles import Json
from relay.simulated_braze.switches import Switches

MAX_RECIPIENTS: Final = 50
MAX_SEND_ID: Final = 64  # characters

_LINK: Final = re.compile(r"https://[^\s/?#\\@]+([/?#]\S*)?")
_SEND_KEY: Final = re.compile(r"[a-zA-Z0-9\-_+/=]+")
_KIND: Final = ("identified", "unidentified")
_AGE: Final = ("most_recently_updated", "least_recently_updated")
_PRIORITIES: Final = [*((one,) for one in _KIND + _AGE), *product(_KIND, _AGE)]


def refusal(at: Endpoint, body: Json, switches: Switches) -> str | None:
    """Return why Braze refuses this body as a whole (a 400's text); None where it accepts it."""
    return next(_problems(at, body, switches), None)


# Each check may rely on the success of those before it: only the first problem is ever used.
def _problems(at: Endpoint, body: Json, switches: Switches) -> Iterator[str]:
    yield from misfits(body, at.top, switches)
    if at.kind == "transactional":
        if "recipient" not in body:
            yield "No Recipients"
        if not _SEND_KEY.fullmatch(body.get("external_send_id", "-")):
            yield "external_send_id has characters other than a-z, A-Z, 0-9 and -_+/="
        yield from _recipient_problems(at, body["recipient"], switches)
        return
    yield from _top_problems(body, switches)
    for index, recipient in enumerate(body.get("recipients", [])):
        for problem in _recipient_problems(at, recipient, switches):
            yield f"recipients[{index}]: {problem}"
    used = body.keys() | {key for one in body.get("recipients", []) for key in one}
    if used >= set(CONTEXTS) and switches.both_context_names == "refused":
        yield "context and canvas_entry_properties are two names of one thing: use one"


def misfits(values: Json, types: Mapping[str, type], switches: Switches) -> Iterator[str]:
    """Yield the keys of an object that Braze does not list, and those of another type."""
    for key, value in values.items():
        if key not in types:
            if switches.unknown_keys == "refused":
                yield f"unknown key {key}"
        elif type(value) is not types[key]:  # exact, for a bool is an int to isinstance
            yield f"{key} has the wrong type"


def _top_problems(body: Json, switches: Switches) -> Iterator[str]:
    recipients = body.get("recipients", [])
    if len(recipients) > MAX_RECIPIENTS:
        yield "The max number of external_ids and aliases per request was exceeded"
    if not recipients and not body.get("broadcast") and not _is_for_audience(body, switches):
        yield "No Recipients"
    if body.get("broadcast") and body.keys() & {"recipients", "attachments"}:
        yield "broadcast excludes recipients and attachments"
    send_id = body.get("send_id", "-")
    if not send_id.isascii() or not send_id.strip() or len(send_id) > MAX_SEND_ID:
        yield f"send_id must be 1 to {MAX_SEND_ID} ASCII characters"
    if "audience" in body:
        yield from audience.problems(body["audience"])
    yield from _attachment_problems(body.get("attachments", []), switches)


def _is_for_audience(body: Json, switches: Switches) -> bool:
    """Return whether an audience without recipients is sent to.

    The page's own example has `broadcast: false` beside it. By the endpoints' pages a request that
    leaves both out fails, and by their comments it reaches everybody.
    """
    is_said = body.get("broadcast") is False or switches.audience_alone == "broadcast"
    return "audience" in body and "recipients" not in body and is_said


def _attachment_problems(given: list[object], switches: Switches) -> Iterator[str]:
    needed = {"file_name", "url"}
    for index, one in enumerate(given):
        if not (
            isinstance(one, dict)
            and needed <= one.keys() <= needed | {"basic_auth_credential"}
            and all(isinstance(each, str) and each.strip() for each in one.values())
        ):
            yield f"attachments[{index}] takes file_name, url and basic_auth_credential"
        elif switches.attachments == "https" and not _LINK.fullmatch(one["url"]):
            yield f"attachments[{index}].url begins with https:// and a host"


def _recipient_problems(at: Endpoint, recipient: object, switches: Switches) -> Iterator[str]:
    if not isinstance(recipient, dict):
        yield "must be an object"
        return
    yield from misfits(recipient, at.recipient, switches)
    names = [name for name in IDENTIFIERS if name in at.recipient]
    if len(recipient.keys() & set(names)) != 1:
        yield f"needs exactly one of {', '.join(names[:-1])} and {names[-1]}"
    yield from _identifier_problems(recipient)
    given = recipient.get("attributes", {})
    if recipient.get("send_to_existing_only") is False and not given:
        yield "send_to_existing_only: false needs attributes"
    if switches.identifiers_in_attributes == "refused":
        for name in given.keys() & attributes.IDENTIFIERS:
            yield f"attributes.{name}: the recipient says who it is"
    if switches.bad_attributes == "refused":
        yield from bad_attributes(given).values()


def bad_attributes(given: Json) -> dict[str, str]:
    """Return the attributes that Braze refuses, each with the reason."""
    found = {name: attributes.problem(name, value) for name, value in given.items()}
    return {name: f"attributes.{name}: {why}" for name, why in found.items() if why}


def _identifier_problems(recipient: Json) -> Iterator[str]:
    external_id = recipient.get("external_user_id", "-")
    if not external_id.strip() or len(external_id.encode()) > MAX_EXTERNAL_ID:
        yield "external_user_id is blank or over 987 bytes"
    if not recipient.get("email", "-").strip():
        yield "email is blank"
    if "user_alias" in recipient:
        yield from alias_problems(recipient["user_alias"])
        if "send_to_existing_only" in recipient:
            yield "send_to_existing_only cannot be used with user_alias"
    priorities = recipient.get("prioritization")
    if ("email" in recipient) != (priorities is not None):
        yield "email and prioritization need each other"
    if priorities is not None and tuple(priorities) not in _PRIORITIES:
        yield "prioritization is none that Braze knows"
