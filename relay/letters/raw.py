"""Letters of a webhook's own bytes (malformed, too_many): parsed, matched and rendered anew."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from handler.core.errors import ExpressionError, Malformed, NotJson, Unrenderable
from handler.core.models import Delivery, Parked, Plan, Verified, Webhook
from handler.core.planning.parse import Part, parse, split
from handler.core.planning.plan import plan
from handler.core.rules.source import Source
from relay.letters.pieces import planned_in_pieces


def planned_anew(
    content: Delivery | Parked, fields: Mapping[str, Any], source: Source
) -> list[Plan]:
    """Return what the rules make of a webhook's bytes, event by event; raise Unrenderable.

    The limits of one webhook do not count: nobody waits for its answer any more.
    """
    raw = b64decode(fields["raw"])
    webhook = Webhook(source.name, "POST", fields["headers"], "", raw, content.accepted_at)
    single = replace(source, event=replace(source.event, events=None))
    try:
        return list(_planned(_parts(Verified(webhook), source, single), webhook, single))
    except (Malformed, NotJson) as error:
        raise Unrenderable("", f"it still cannot be read: {error}") from None


def _parts(verified: Verified, source: Source, single: Source) -> tuple[Part, ...]:
    """Return the events of a whole webhook, or the one of many that was parked by itself."""
    (whole,), _ = split(verified, single)
    return split(verified, source)[0] if _holds_many(whole, verified, source) else (whole,)


def _holds_many(whole: Part, verified: Verified, source: Source) -> bool:
    headers = source.signed(verified.webhook.headers)
    events = source.event.events
    try:
        found = events.search({"headers": headers, "body": whole.body}) if events else None
    except ExpressionError:
        return False
    return isinstance(found, list)


def _planned(parts: tuple[Part, ...], webhook: Webhook, source: Source) -> Iterator[Plan]:
    """Yield what becomes of each event; of two with one id only the first is taken."""
    known: dict[tuple[str, str], bytes] = {}
    for part in parts:
        verified = Verified(replace(webhook, body=part.raw))
        try:
            event = parse(part, verified, source)
        except Malformed as error:
            yield Plan(1, parked=(_malformed(source, str(error)),))
            continue
        if known.setdefault((event.type, event.id), part.raw) != part.raw:
            yield Plan(1, parked=(_malformed(source, "another event has the same id"),))
            continue
        made = plan(verified, source)
        is_large = any(it.reason == "too_many" for it in made.parked)
        yield planned_in_pieces(event, source) if is_large else made


def _malformed(source: Source, detail: str) -> Parked:
    return Parked(source.name, None, source.version, "", "", 0, "malformed", detail)
