"""Verified: by which scheme a webhook proves its sender, or why it does not, and what to do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from handler.core.configuration import yaml12
from handler.core.errors import RulesError, Unavailable, Unverified, UnverifiedReason
from handler.core.models import Webhook
from handler.core.rules.source import Source
from handler.core.secret_values import Secret, signing_secrets
from handler.core.verification.handshake import greet
from handler.core.verification.schemes import BasicScheme, HmacScheme, Scheme, SignedScheme
from handler.core.verification.signature import shown_url
from handler.core.verification.verify import verify
from relay.page.reading import Reading
from relay.page.way.docs_words import table
from relay.stacks.selection import RELAY

_TAKEN, _UNVERIFIED = 200, 401
Result = Literal["verified", "unsigned", "refused", "unavailable", "unknown"]
_OWN: Final = (
    "Start the stack with the sender's own secret, under {key}: {relay} up --secrets FILE."
    " Without a file the stack has secrets for samples, which only {relay} send signs with."
)
_SENDER: Final = "Switch signing on at the sender, or correct verify in the rules file: {scheme}."
_FORM: Final = (
    "Compare verify in the rules file with what the sender sends: the header is there in another"
    " form than {scheme} has it."
)
_CLOCK: Final = (
    "Let the sender send it again: a signature is taken for {tolerance} s. If a new one is refused"
    " too, one of the two clocks is wrong."
)
REMEDIES: Final[Mapping[UnverifiedReason, str]] = {
    "no_signature": _SENDER,
    "malformed_signature": _FORM,
    "wrong_signature": (
        f"{_OWN} If the secret is right, something between the sender and here changes the body."
    ),
    "too_many_signatures": "Let the sender send fewer: end the rotation of its secrets.",
    "duplicate_header": "Let the sender send each header once: a proxy may have added the other.",
    "no_timestamp": _SENDER,
    "malformed_timestamp": _FORM,
    "stale": _CLOCK,
    "from_the_future": _CLOCK,
    "no_id": _SENDER,
    "ambiguous_id": "Let the sender use ids without the marks that stand between signed parts.",
    "no_header": _SENDER,
    "no_credential": _SENDER,
    "malformed_credential": _FORM,
    "wrong_credential": _OWN,
    "duplicate_credential": "Let the sender's URL have the parameter once.",
}


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of a check of the sender.

    `words` say it in a sentence; `scheme` is how the source is verified, with its preset. `remedy`
    is what the user does about a refusal.
    """

    result: Result
    words: str
    scheme: str = ""
    remedy: str = ""
    reason: str = ""
    url: str = ""


def verification(reading: Reading, secret: Secret) -> Verification:
    """Return the check of a webhook with these signing secrets, at the time of its arrival."""
    source, webhook = reading.rules, reading.webhook
    if source is None:
        return _of_no_source(webhook, reading.arrival.served.sources)
    if isinstance(source, RulesError):
        words = "The rules file of this source has a mistake: no webhook of it is taken."
        return Verification("unavailable", words, remedy=f"Mend it and save: {source}")
    scheme = _scheme_words(reading, source)
    if greet(webhook, source.handshakes):
        return Verification("unsigned", "A handshake, which is answered unsigned.", scheme)
    return _as_answered(_checked(webhook, source, secret, scheme), reading.answered.status)


def _as_answered(found: Verification, status: int) -> Verification:
    """Return a check made now; where the answer was another one, the secrets have changed since."""
    if found.result == "verified" and status == _UNVERIFIED:
        words = "It was refused when it came. It fits a secret that the source has now."
        return replace(found, result="refused", words=words, remedy="Let the sender send it again.")
    if found.result == "refused" and status == _TAKEN:
        words = "It was taken when it came. By the secrets of now it would be refused:"
        return replace(found, words=f"{words} {found.words}")
    return found


def _of_no_source(webhook: Webhook, sources: Mapping[str, object]) -> Verification:
    if not webhook.source:
        return Verification("unknown", "The path is not /webhooks/SOURCE.", remedy=_paths(sources))
    words = f"There is no rules file {webhook.source}.yaml, so nobody knows how it is verified."
    return Verification("unknown", words, remedy=_paths(sources))


def _paths(sources: Mapping[str, object]) -> str:
    named = ", ".join(f"/webhooks/{name}" for name in sorted(sources))
    return f"Let the sender post to one of {named}, or write a rules file for it: {RELAY} init."


def _checked(webhook: Webhook, source: Source, secret: Secret, scheme: str) -> Verification:
    try:
        verify(webhook, source.scheme, signing_secrets(secret, source.secret))
    except Unverified as error:
        return _refused(webhook, source, error, scheme)
    except Unavailable as error:
        remedy = _filled(_OWN, source, scheme)
        return Verification("unavailable", f"{_sentence(str(error))}", scheme, remedy)
    what = "Its signature" if isinstance(source.scheme, SignedScheme) else "What it shows"
    return Verification("verified", f"{what} fits a secret of this source.", scheme)


def _refused(webhook: Webhook, source: Source, error: Unverified, scheme: str) -> Verification:
    cells = table("answers.md", "Reasons of a 401", "reason").get(error.reason, ("",))
    remedy = REMEDIES.get(error.reason, "")  # type: ignore[call-overload] # reasons of Unverified are these
    url = shown_url(webhook, source.scheme) if error.reason == "wrong_signature" else ""
    return Verification(
        "refused", _sentence(cells[0]), scheme, _filled(remedy, source, scheme), error.reason, url
    )


def _filled(remedy: str, source: Source, scheme: str) -> str:
    stamp = source.scheme.timestamp if isinstance(source.scheme, SignedScheme) else None
    tolerance = stamp.tolerance if stamp else ""
    return remedy.format(key=source.secret, scheme=scheme, tolerance=tolerance, relay=RELAY)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _scheme_words(reading: Reading, source: Source) -> str:
    preset = _preset(reading.arrival.served.files.get(f"{source.name}.yaml"), source.name)
    return f"{preset}: {described(source.scheme)}" if preset else described(source.scheme)


def _preset(content: bytes | None, name: str) -> str:
    """Return the preset that a rules file names; empty where it is written by hand."""
    try:
        document = yaml12.load((content or b"").decode(), name)
    except (RulesError, UnicodeDecodeError):
        return ""
    written = document.value.get("verify") if isinstance(document.value, dict) else None
    found = written.get("preset") if isinstance(written, dict) else None
    return f"preset {found}" if isinstance(found, str) else ""


def described(scheme: Scheme) -> str:
    """Return in a few words how a scheme proves a sender."""
    if isinstance(scheme, SignedScheme):
        kind = "HMAC" if isinstance(scheme, HmacScheme) else "hash"
        where = f"{scheme.encoding} in {scheme.signature.header}"
        return f"{kind}-{scheme.algorithm.upper()} of {scheme.signed}, {where}"
    if isinstance(scheme, BasicScheme):
        return "user and password"
    return f"token, {scheme.where} {scheme.name or ''}".rstrip()
