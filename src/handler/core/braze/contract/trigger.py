"""Checks of a trigger request, in Braze's own field names, by the fields that each endpoint takes.

Sources: braze.com/docs/api/endpoints/messaging/send_messages/ (post_send_triggered_campaigns,
post_send_triggered_canvases and post_send_transactional_message), and
braze.com/docs/api/objects_filters/recipient_object.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from handler.core.braze.contract.connected_audience import check_audience
from handler.core.braze.contract.fields import (
    check_alias,
    check_attachments,
    check_creation,
    check_one_name,
    check_send_id,
)
from handler.core.braze.endpoints import (
    MAX_PROPERTIES_BYTES,
    MAX_RECIPIENTS,
    RECIPIENTS,
    SENDS,
    TRANSACTIONAL,
    Endpoint,
    endpoint,
    is_part_of_a_path,
    reaches_audience,
)
from handler.core.braze.identifiers import OTHER_IDS
from handler.core.braze.request import encode_request
from handler.core.expressions.template import Problem, Template, Whole, literal_part
from handler.core.suggestions import unknown_key

MISPLACED: Final = {
    "api_key": "the relay adds the API key itself; it never stands in a rules file",
    "segment_id": "Braze takes no segment_id here; put the segment into the campaign's audience",
    "braze_id": "Braze documents no braze_id for this endpoint; use external_user_id",
    "external_user_ids": "it is for /messages/send; give recipients, each with external_user_id",
    "user_aliases": "it is for /messages/send; give recipients, each with a user_alias",
    "messages": "it is for /messages/send; the campaign in the dashboard holds the message",
    "schedule": "the relay sends when the event comes; delays are made in the Canvas",
    **dict.fromkeys(("external_id", *OTHER_IDS), "a recipient has an external_user_id"),
    "phone": "Braze finds nobody by phone here; it belongs under attributes",
    "external_send_id": "Braze takes it with transactional campaigns, and the relay writes it",
    "override_frequency_capping": "the campaign's own settings in the dashboard decide that",
    "recipient_subscription_state": "the campaign's own settings in the dashboard decide that",
    "trigger_properties": "trigger_properties are for campaigns; a Canvas takes context",
    "context": "context is for Canvases; a campaign takes trigger_properties",
    "canvas_entry_properties": "these are for Canvases; a campaign takes trigger_properties",
    "attachments": "Braze takes attachments with a campaign only, beside its recipients",
    "send_id": "Braze takes a send_id with a campaign only, beside its recipients",
}


Path = tuple[str | int, ...]

_AUDIENCE_ALONE: Final = "; to reach everybody in the audience say broadcast: false beside it"


def check(send: Mapping[str, Template]) -> list[Problem]:
    """Return what Braze would refuse, or silently not send, in the template of a request."""
    at = endpoint(send)
    if at is None:
        known = {key for one in SENDS for key in one.keys}
        problems = [_unknown(key, known) for key in send if key not in known]
        keys = [one.key for one in SENDS]
        found = " and ".join(key for key in keys if key in send) or "none"
        text = f"send needs exactly one of {', '.join(keys)}, and has {found}"
        return [((), text), *problems]
    problems = [_unknown(key, at.keys) for key in send if key not in at.keys]
    problems += _check_ids(send)
    problems += _check_broadcast(send)
    problems += _check_properties(send, at)
    problems += _check_sizes(send, at)
    problems += check_one_name(send, at.properties)
    problems += check_attachments(send) if "attachments" in at.keys else ()
    problems += check_audience(send["audience"]) if "audience" in send else ()
    if send.get("broadcast") is True or (RECIPIENTS not in send and reaches_audience(send)):
        return problems
    if at.is_single:
        wrong = _check_recipient(send.get("recipient"), at)
        return problems + [(("recipient", *path), text) for path, text in wrong]
    recipients = send.get("recipients")
    if not isinstance(recipients, list) or not 0 < len(recipients) <= MAX_RECIPIENTS:
        alone = "" if "recipients" in send or "audience" not in send else _AUDIENCE_ALONE
        mend = ": begin each with a dash" if isinstance(send.get("recipients"), dict) else alone
        text = f"recipients takes a list of 1 to {MAX_RECIPIENTS} recipients{mend}"
        return [*problems, (("recipients",), text)]
    for index, recipient in enumerate(recipients):
        place = ("recipients", index)
        problems += [((*place, *path), text) for path, text in _check_recipient(recipient, at)]
    return problems


def _unknown(key: str, known: Iterable[str]) -> Problem:
    return (key,), unknown_key(key, known, MISPLACED.get(key, ""))


def _check_ids(send: Mapping[str, Template]) -> list[Problem]:
    problems: list[Problem] = [
        ((key,), f"{key} takes text, as Braze's dashboard shows it")
        for key in ("campaign_id", "canvas_id", TRANSACTIONAL, "send_id")
        if key in send and not _is_id(key, send[key])
    ]
    return [*problems, *check_send_id(send.get("send_id"))]


def _is_id(key: str, value: Template) -> bool:
    if not isinstance(value, str) or not value.strip():
        return False
    return key != TRANSACTIONAL or is_part_of_a_path(value)


def _check_broadcast(send: Mapping[str, Template]) -> list[Problem]:
    broadcast = send.get("broadcast", False)
    if not isinstance(broadcast, bool):
        return [(("broadcast",), "broadcast takes true or false")]
    if not broadcast:
        return []
    return [
        ((key,), f"a broadcast reaches an audience, and takes no {key}")
        for key in ("recipients", "attachments")
        if key in send
    ]


def _check_properties(block: Mapping[str, Template], at: Endpoint) -> list[Problem]:
    return [
        ((key,), f"{key} takes an object")
        for key in at.properties
        if key in block and not isinstance(block[key], dict | Whole)
    ]


def _check_sizes(send: Mapping[str, Template], at: Endpoint) -> Iterator[Problem]:
    """Yield the properties that are too large by their literal part alone.

    Braze sees a recipient's own and the shared ones as one object, and they are measured as one.
    """
    recipients = send.get("recipients")
    listed = recipients if isinstance(recipients, list) else []
    blocks: list[tuple[Path, Template]] = [(("recipients", n), one) for n, one in enumerate(listed)]
    blocks.append((("recipient",), send.get("recipient")))
    for name in at.properties:
        shared = _block(send, name)
        own = [((*path, name), _block(one, name)) for path, one in blocks]
        given = [(path, {**shared, **one}) for path, one in own if one]
        for path, properties in [((name,), shared), *given]:
            if len(encode_request(literal_part(properties))) > MAX_PROPERTIES_BYTES:
                yield path, f"{name}: it is larger than {MAX_PROPERTIES_BYTES:,} bytes"


def _block(template: Template | Mapping[str, Template], name: str) -> dict[str, Template]:
    found = template.get(name) if isinstance(template, Mapping) else None
    return found if isinstance(found, dict) else {}


def _check_recipient(recipient: Template, at: Endpoint) -> list[Problem]:
    if not isinstance(recipient, dict):
        return [((), "a recipient is an object with external_user_id, user_alias or email")]
    problems = [
        _unknown(key, at.recipient_keys) for key in recipient if key not in at.recipient_keys
    ]
    identifiers = [key for key in at.identifiers if key in recipient]
    if len(identifiers) != 1:
        has = " and ".join(identifiers) or "none"
        text = f"a recipient needs exactly one of {', '.join(at.identifiers)}, and has {has}"
        problems.append(((), f"{text}; an address to write to belongs under attributes"))
    problems += _check_alias(recipient) if "user_alias" in recipient else []
    return problems + check_creation(recipient) + _check_properties(recipient, at)


def _check_alias(recipient: Mapping[str, Template]) -> list[Problem]:
    problems = list(check_alias(recipient["user_alias"]))
    if "send_to_existing_only" in recipient:
        text = "Braze takes no send_to_existing_only with user_alias: the alias must exist already"
        problems.append((("send_to_existing_only",), text))
    return problems
