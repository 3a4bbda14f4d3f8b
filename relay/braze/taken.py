"""What Braze makes of a body that it accepts: what it passes over is left out. Pure."""

from collections.abc import Mapping
from typing import Final

from relay.braze import attributes
from relay.braze.contract import bad_attributes
from relay.braze.endpoints import CONTEXTS, Endpoint
from relay.braze.profiles import Json
from relay.braze.sizes import Path
from relay.braze.switches import Switches

_EXISTING: Final = "send_to_existing_only"


def taken(at: Endpoint, body: Json, switches: Switches) -> tuple[Json, list[str]]:
    """Return an accepted body as Braze works with it, and its minor errors."""
    out = {key: value for key, value in body.items() if key in at.top}
    if "recipient" in out:
        one = out.pop("recipient")
        # Unknown users are made of any attributes: nothing has to ask for it.
        existing = {} if "user_alias" in one else {_EXISTING: False}
        out["recipients"] = [{**one, **existing}]
    if "audience" in out and not out.get("recipients"):
        out["broadcast"] = True
    errors: list[str] = []
    if "recipients" in out:
        found = [_recipient(at, one, switches) for one in out["recipients"]]
        out["recipients"] = [one for one, _ in found]
        errors = [f"recipients[{i}]: {why}" for i, (_, all_) in enumerate(found) for why in all_]
    return _one_context(out, switches), errors


def without_dropped(at: Endpoint, body: Json, found: Mapping[Path, int]) -> Json:
    """Return an accepted body without the attributes that Braze drops; `found` are its sizes."""
    if at.kind == "transactional":
        return {**body, "recipient": _kept(body["recipient"], ("recipient",), found)}
    if "recipients" not in body:
        return body
    listed = enumerate(body["recipients"])
    return {**body, "recipients": [_kept(it, ("recipients", n), found) for n, it in listed]}


def _kept(one: Json, path: Path, found: Mapping[Path, int]) -> Json:
    given = one.get("attributes", {})
    at = (*path, "attributes")
    kept = {k: it for k, it in given.items() if not attributes.is_dropped(k, it, found[*at, k])}
    return {**one, "attributes": kept} if given else one


def _recipient(at: Endpoint, one: Json, switches: Switches) -> tuple[Json, list[str]]:
    known = {key: value for key, value in one.items() if key in (*at.recipient, _EXISTING)}
    given = known.get("attributes", {})
    bad = bad_attributes(given)
    passed_over = attributes.IDENTIFIERS | bad.keys()
    if at.kind == "canvas" and switches.canvas_subscription_groups == "ignored":
        passed_over |= {"subscription_groups"}
    if given:
        known["attributes"] = {k: value for k, value in given.items() if k not in passed_over}
    return known, list(bad.values()) if switches.bad_attributes == "errors" else []


def _one_context(body: Json, switches: Switches) -> Json:
    """Leave out the name of the context that loses, where a request uses both."""
    wins = switches.both_context_names
    recipients = body.get("recipients", [])
    if wins not in body.keys() | {key for one in recipients for key in one}:
        return body
    loser = CONTEXTS[1 - CONTEXTS.index(wins)]
    out = {key: value for key, value in body.items() if key != loser}
    if recipients:
        out["recipients"] = [{k: v for k, v in one.items() if k != loser} for one in recipients]
    return out
