"""Checks of single fields of a request to Braze, as written in a rules file or as rendered.

An expression fits any field: its result is checked when it is rendered. Sources:
braze.com/docs/api/endpoints/messaging/send_messages/post_send_triggered_campaigns and
braze.com/docs/api/objects_filters/recipient_object.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Final

from handler.core.braze.contract.predicates import is_open
from handler.core.braze.identifiers import ALIAS_KEYS
from handler.core.braze.request import utf8
from handler.core.expressions.blanks import names_nothing
from handler.core.expressions.template import Problem, Template, Text, Whole

MAX_SEND_ID: Final = 64
MAX_ALIAS_BYTES: Final = 236  # of a name, and of a label ("User alias object")
KINDS: Final = ("identified", "unidentified")
RECENCIES: Final = ("most_recently_updated", "least_recently_updated")
# A tie reaches no profile. A second of the same kind breaks no tie, or contradicts the first.
PRIORITIZATIONS: Final = (
    *((one,) for one in (*KINDS, *RECENCIES)),
    *product(KINDS, RECENCIES),
)
ATTACHMENT_KEYS: Final = ("file_name", "url", "basic_auth_credential")
_URL: Final = re.compile(r"https://[^\s/?#\\@]+([/?#]\S*)?")
_HOST: Final = re.compile(r"https://[0-9A-Za-z.-]+(:\d+)?/", re.ASCII)
_SENDS_A_CREDENTIAL: Final = (
    "basic_auth_credential goes to the host of url: that is to be written down, as text"
    " that begins with https://host/"
)


def check_send_id(value: object) -> Iterator[Problem]:
    """Yield the problem of a `send_id`, which is literal."""
    if isinstance(value, str) and (len(value) > MAX_SEND_ID or not value.isascii()):
        yield ("send_id",), f"Braze takes a send_id of ASCII, of {MAX_SEND_ID} characters at most"


def check_one_name(send: Mapping[str, object], names: Sequence[str]) -> Iterator[Problem]:
    """Yield every use of another name of the properties than the first, anywhere in a request.

    A Canvas's properties have two names, and Braze does not document which of them wins.
    """
    recipients = send.get("recipients")
    listed = recipients if isinstance(recipients, list) else []
    blocks = [((), send), *((("recipients", at), one) for at, one in enumerate(listed))]
    given = [(path, one) for path, one in blocks if isinstance(one, dict)]
    used = [((*path, name), name) for path, one in given for name in names if name in one]
    text = f"{' and '.join(names)} are one thing: use one name in all of a request"
    yield from ((path, text) for path, name in used if name != used[0][1])


def check_prioritization(value: object) -> Iterator[Problem]:
    """Yield the problem of a `prioritization`."""
    if is_open(value) or (isinstance(value, list) and any(map(is_open, value))):
        return
    if not isinstance(value, list) or tuple(value) not in PRIORITIZATIONS:
        text = (
            f"prioritization takes a list of one of {', '.join((*KINDS, *RECENCIES))}, or of one of"
            f" {' and '.join(KINDS)} and then one of {' and '.join(RECENCIES)}"
        )
        yield ("prioritization",), text


def check_alias(alias: Template) -> Iterator[Problem]:
    """Yield the problems of a `user_alias`."""
    if not isinstance(alias, dict) or set(alias) != set(ALIAS_KEYS):
        yield ("user_alias",), "user_alias takes alias_name and alias_label, both"
        return
    for key, part in alias.items():
        if text := _misnamed(part):
            yield ("user_alias", key), f"{key}: {text}"


def _misnamed(part: Template) -> str | None:
    """Return why an alias can have no such name, or label; None where it can."""
    if is_open(part):
        return None
    if not isinstance(part, str | int) or isinstance(part, bool) or names_nothing(str(part)):
        return "it takes text that is not empty"
    if len(utf8(str(part))) > MAX_ALIAS_BYTES:
        return f"it is longer than {MAX_ALIAS_BYTES} bytes"
    return None


def check_creation(recipient: Mapping[str, object]) -> list[Problem]:
    """Return the problems of the fields by which a recipient is found or created."""
    problems: list[Problem] = []
    if ("email" in recipient) != ("prioritization" in recipient):
        text = (
            "prioritization goes with email as the identifier: Braze takes none without the other"
        )
        problems.append((("prioritization",), text))
    elif "prioritization" in recipient:
        problems += check_prioritization(recipient["prioritization"])
    existing = recipient.get("send_to_existing_only", True)
    if not (is_open(existing) or isinstance(existing, bool)):
        problems.append((("send_to_existing_only",), "send_to_existing_only takes true or false"))
    if existing is False and not recipient.get("attributes"):
        text = "send_to_existing_only: false needs attributes: Braze creates no profile without"
        problems.append((("send_to_existing_only",), text))
    attributes = recipient.get("attributes", {})
    if not isinstance(attributes, dict | Whole):
        problems.append((("attributes",), "attributes takes an object"))
    return problems


def check_attachments(send: Mapping[str, object]) -> Iterator[Problem]:
    """Yield the problems of a campaign's `attachments`."""
    if "attachments" not in send:
        return
    attachments = send["attachments"]
    if isinstance(attachments, list):
        for index, attachment in enumerate(attachments):
            for path, text in _check_attachment(attachment):
                yield ("attachments", index, *path), text
    else:
        yield ("attachments",), "attachments takes a list of objects with file_name and url"


def _check_attachment(attachment: object) -> Iterator[Problem]:
    if not isinstance(attachment, dict):
        yield (), "an attachment is an object with file_name and url"
        return
    for key in attachment.keys() - set(ATTACHMENT_KEYS):
        yield (key,), f"an attachment has no {key} (there are: {', '.join(ATTACHMENT_KEYS)})"
    for key in ATTACHMENT_KEYS:
        if key in attachment and not _is_text(attachment[key]):
            yield (key,), f"{key} takes text"
        elif key not in attachment and key != ATTACHMENT_KEYS[-1]:
            yield (), f"an attachment needs {key}"
    url = attachment.get("url")
    if isinstance(url, str) and not _URL.fullmatch(url):
        yield ("url",), "the url of an attachment begins with https:// and has no blanks"
    yield from _check_credential(attachment)


def _check_credential(attachment: Mapping[str, object]) -> Iterator[Problem]:
    """Yield a problem where a webhook could choose a credential, or the server that gets it."""
    credential, url = attachment.get("basic_auth_credential"), attachment.get("url")
    if credential is None:
        return
    start = url.parts[0] if isinstance(url, Text) else url
    if is_open(credential) or not isinstance(start, str) or not _HOST.match(start):
        yield ("basic_auth_credential",), _SENDS_A_CREDENTIAL


def _is_text(value: object) -> bool:
    return is_open(value) or (isinstance(value, str) and bool(value.strip()))
