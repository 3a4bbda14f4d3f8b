"""Outcomes of attempts, judged by how far the request got and what Braze answered.

Braze's pages say of every 4xx, 429 and 5xx that no message was sent, so an answer that carries
Braze's JSON is believed. A 5xx without it came from something in between: the outcome is unknown.
It is unknown, too, where a 200 carries an HTML page, as proxies send for maintenance or a login. A
201 is what Braze documents for a request that it has taken: it counts, whatever follows it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

from handler.core.braze.endpoints import RECIPIENTS
from handler.core.braze.rate_limit import seconds_asked
from handler.core.reasons import Reason

Reached = Literal["not_connected", "interrupted", "answered"]
Kind = Literal["accepted", "not_sent", "unknown", "rejected", "held", "withheld", "stale"]

# Braze's documented texts for a Canvas (`notice`) and for a transactional campaign (`message`).
_PAUSED: Final = re.compile(r"the (canvas|campaign) is (paused|stopped|archived)\b", re.IGNORECASE)
# The transactional endpoint, on a repeat within 24 hours: the first request was accepted.
_REPEATED: Final = re.compile(r"the external reference has been queued\b", re.IGNORECASE)
# Refusals of a key, its permissions or its IP allowlist: some come without a 401 or 403.
_KEY: Final = re.compile(
    r"(?:unknown rest api key|error authenticating credentials|invalid whitelisted ips"
    r"|you do not have permission to access this resource)\b",
    re.IGNORECASE,
)
# A campaign or Canvas that this workspace does not have, or that is of another kind: a deleted one,
# a mistyped id. Braze, "API errors" and "Send transactional emails"; it documents no text for a
# Canvas, so the same ones are expected.
_NO_TARGET: Final = re.compile(
    r"(?:invalid (?:campaign|canvas)(?: api)? id\b"
    r"|(?:campaign|canvas) does not exist\b"
    r"|the campaign is not a transactional campaign\b"
    r"|(?:campaign|canvas)_id must be a string of the (?:campaign|canvas) api identifier\b)",
    re.IGNORECASE,
)
_PLAIN_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")
_GOOD_WORDS: Final = ("success", "queued")
_CREATED: Final = 201  # RFC 9110; what Braze documents for a request that it has taken
_BLANKS: Final = b"\xef\xbb\xbf \t\r\n"  # a byte order mark may stand before a page
# RFC 9110 15.5.9 and RFC 8470: the server did not take the request, or not yet.
_NOT_TAKEN: Final = (408, 425)
_RATE_LIMITED: Final = 429  # RFC 6585


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """The answer to one POST, or how far the request got without one.

    `reached` is not_connected (no byte of the body was sent), interrupted (some of it may have
    arrived, and the head of the answer is incomplete: `status` is set if its first line was read)
    or answered. Header names are in lower case; `body` is what was read of it, bounded, and `cut`
    says that this may not be all. `why` is a word for logs.
    """

    reached: Reached
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    cut: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an attempt. `accepted` means a 2xx, and not that a message reached a person.

    `reason` is a word; `detail` is Braze's own text, **not yet redacted** (see `redact`);
    `wait` is what Braze asks for, in seconds; `warnings` are words for the log. `refused` holds
    the errors of an accepted request by array and index: these recipients, or objects, were not
    accepted. `withheld` and `stale` are no answers: the workspace may not reach the recipient, and
    newer attributes than all that is to be sent were accepted.
    """

    kind: Kind
    reason: Reason
    status: int | None = None
    detail: str = field(default="", repr=False)
    dispatch_id: str | None = None
    warnings: tuple[str, ...] = ()
    wait: int | None = None
    refused: Mapping[tuple[str, int], str] = field(default_factory=dict, repr=False)


# By the status, the JSON document if there is one, and the seconds that Braze asks to wait.
_Class = Callable[[int, dict[str, object] | None, int | None], Outcome]


def classify(answer: HttpResponse, now: float, arrays: Sequence[str] = (RECIPIENTS,)) -> Outcome:
    """Return the outcome of any answer at all; `now` is in seconds since the epoch.

    `arrays` are those of the request that its endpoint's `errors` name (`Endpoint.refusing`).
    """
    if answer.reached == "not_connected":
        return Outcome("not_sent", Reason.UNREACHABLE, detail=answer.why)
    status = answer.status
    if answer.reached == "interrupted" or status is None:
        return _interrupted(answer)
    document = _document(answer.body)
    if status // 100 == 2 and status != _CREATED and document is None and _is_page(answer):  # noqa: PLR2004 - its class
        return Outcome("unknown", Reason.PAGE, status)
    success = partial(_success, arrays)
    classes: dict[int, _Class] = {2: success, 3: _redirect, 4: _refusal, 5: _failure}
    by_class = classes.get(status // 100)
    if by_class is None:
        return Outcome("unknown", Reason.UNEXPECTED_STATUS, status)
    limited = status == _RATE_LIMITED
    outcome = by_class(status, document, seconds_asked(answer.headers, now, limited=limited))
    if outcome.kind == "rejected" and answer.cut and document is None:
        # The missing part may say that it was taken before. A refusal sends nothing: retry.
        return Outcome("not_sent", Reason.NOT_TAKEN, status, "a refusal that is cut short")
    return outcome


def _interrupted(answer: HttpResponse) -> Outcome:
    if answer.status == _CREATED:
        return Outcome("accepted", Reason.ACCEPTED, _CREATED, answer.why, warnings=("unreadable",))
    return Outcome("unknown", Reason.INTERRUPTED, answer.status, answer.why)


def _is_page(answer: HttpResponse) -> bool:
    """Return whether an answer is HTML: Braze answers in JSON only, which never begins with <."""
    begins_so = answer.body.lstrip(_BLANKS).startswith(b"<")
    return begins_so or "html" in answer.headers.get("content-type", "").lower()


def _success(
    arrays: Sequence[str], status: int, document: dict[str, object] | None, _wait: int | None
) -> Outcome:
    if document is None:
        return Outcome("accepted", Reason.ACCEPTED, status, warnings=("unreadable",))
    dispatch_id = _dispatch_id(document)
    if notice := document.get("notice"):
        text = _text(notice)
        if _PAUSED.match(text):
            return Outcome("not_sent", Reason.TARGET_PAUSED, status, text, dispatch_id)
        return Outcome("held", Reason.NOTICE, status, text, dispatch_id)
    warnings, detail = _warnings(document)
    refused = _refused(document.get("errors"), arrays)
    return Outcome(
        "accepted", Reason.ACCEPTED, status, detail, dispatch_id, warnings, refused=refused
    )


def _refused(errors: object, arrays: Sequence[str]) -> dict[tuple[str, int], str]:
    """Return the texts of errors that name an object of an array, by its place in that.

    Braze, "User track": `{"type": ..., "input_array": ..., "index": ...}`. Where there is one array
    alone, its name may be missing. An object may have several errors.
    """
    only = arrays[0] if len(arrays) == 1 else None
    found: dict[tuple[str, int], list[str]] = {}
    for error in errors if isinstance(errors, list) else ():
        index = error.get("index") if isinstance(error, dict) else None
        array = error.get("input_array", only) if isinstance(error, dict) else None
        if type(index) is int and isinstance(array, str) and array in arrays:
            found.setdefault((array, index), []).append(_text(error.get("type", "")))
    return {place: "; ".join(dict.fromkeys(texts)) for place, texts in found.items()}


def _warnings(document: dict[str, object]) -> tuple[tuple[str, ...], str]:
    # Where an error names no recipient and no object, all of them count as accepted.
    words, texts = [], []
    if errors := document.get("errors"):
        words.append("errors")
        texts.append(_text(errors))
    # The transactional endpoint answers without `message`, but with an id.
    message = document.get("message")
    known = message in _GOOD_WORDS if message is not None else "dispatch_id" in document
    if not known:
        words.append("message")
        texts.append(_text(message))
    return tuple(words), "; ".join(texts)


def _redirect(status: int, _document: dict[str, object] | None, _wait: int | None) -> Outcome:
    return Outcome("not_sent", Reason.CONFIGURATION, status, "a redirect, which is never followed")


def _refusal(status: int, document: dict[str, object] | None, wait: int | None) -> Outcome:
    text = _message(document)
    if _REPEATED.match(text):
        warnings = ("repeated",)
        return Outcome("accepted", Reason.ACCEPTED, status, text, _dispatch_id(document), warnings)
    if status == _RATE_LIMITED:
        return Outcome("not_sent", Reason.RATE_LIMITED, status, text, wait=wait)
    if reason := _fault(status, text):
        return Outcome("not_sent", reason, status, text)
    errors = document.get("errors") if document else None  # Braze, "User track": of each object
    return Outcome(
        "rejected", Reason.REJECTED, status, f"{text}; {_text(errors)}" if errors else text
    )


def _fault(status: int, text: str) -> Reason | None:
    """Return the reason where the fault is not the message's (key, target, endpoint), else None."""
    if _PAUSED.match(text):
        return Reason.TARGET_PAUSED
    if status in _NOT_TAKEN:
        return Reason.NOT_TAKEN
    if status in (401, 403) or _KEY.match(text):
        return Reason.KEY_REFUSED
    nothing_there = status == 404 or _NO_TARGET.match(text)  # noqa: PLR2004 - the number is its name
    return Reason.CONFIGURATION if nothing_there else None


def _failure(status: int, document: dict[str, object] | None, wait: int | None) -> Outcome:
    text = _message(document)
    kind: Kind = "not_sent" if text else "unknown"
    return Outcome(kind, Reason.SERVER_ERROR, status, text, wait=wait)


def _document(body: bytes) -> dict[str, object] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _message(document: dict[str, object] | None) -> str:
    # Malformed JSON is answered with `error` in the place of `message`.
    for name in ("message", "error"):
        value = document.get(name) if document else None
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def _dispatch_id(document: dict[str, object] | None) -> str | None:
    value = document.get("dispatch_id") if document else None
    return value if isinstance(value, str) and _PLAIN_ID.fullmatch(value) else None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    try:
        return json.dumps(value, ensure_ascii=False)  # as `redact` knows what was sent
    except RecursionError:
        return "(nested too deeply)"
