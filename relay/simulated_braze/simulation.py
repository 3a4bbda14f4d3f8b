"""Answers of the simulated Braze to requests.

The order of checks is inferred from Braze's API errors page; see `contract` for the rules.
"""

import uuid
from collections.abc import Mapping
from functools import partial
from typing import Final

from aiohttp import web

from relay.simulated_braze.catalogue import DETAILS, Target
from relay.simulated_braze.contract import attributes
from relay.simulated_braze.contract.body import bad_attributes, refusal
from relay.simulated_braze.contract.endpoints import (
    CONTEXTS,
    DATA,
    Endpoint,
    id_in,
    rate_of,
)
from relay.simulated_braze.contract.request import (
    RequestRefused,
    admit,
    audience_of,
    find_endpoint,
    find_target,
    read,
    read_body,
    shown,
)
from relay.simulated_braze.contract.sizes import Path, oversize, sizes
from relay.simulated_braze.faults import act
from relay.simulated_braze.profiles import Json
from relay.simulated_braze.rate_limits import STYLES, Window
from relay.simulated_braze.store import Trigger
from relay.simulated_braze.switches import Switches
from relay.simulated_braze.updates import update
from relay.simulated_braze.workspace import Workspace

_RECIPIENTS: Final = "recipients"
_EXISTING: Final = "send_to_existing_only"
_MEND: Final = {"archived": "Unarchive", "paused": "Resume"}
_NOTICE: Final = "The {0} is {1}. {2} the {0} to ensure trigger requests will take effect."
_REFUSAL: Final = (
    "The campaign is {0}. {1} the campaign in order for trigger requests to take effect."
)
_DAY: Final = 86_400
_QUEUED: Final = "The external reference has been queued.  Please retry to obtain send_id."


def taken(at: Endpoint, body: Json, switches: Switches) -> tuple[Json, list[str]]:
    """Return an accepted body as Braze processes it, and its minor errors."""
    out = {key: value for key, value in body.items() if key in at.top}
    if "recipient" in out:
        one = out.pop("recipient")
        # Any attributes make an unknown user: no switch is needed.
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
    return {**body, "recipients": [_kept(one, ("recipients", n), found) for n, one in listed]}


def _kept(one: Json, path: Path, found: Mapping[Path, int]) -> Json:
    given = one.get("attributes", {})
    at = (*path, "attributes")
    kept = {
        k: each for k, each in given.items() if not attributes.is_dropped(k, each, found[*at, k])
    }
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


def refused_places(errors: object) -> frozenset[int]:
    """Return the places of the recipients that errors name as Braze's page "User track" has it."""
    listed = errors if isinstance(errors, list) else []
    named = [one for one in listed if isinstance(one, dict) and type(one.get("index")) is int]
    return frozenset(
        one["index"] for one in named if one.get("input_array", _RECIPIENTS) == _RECIPIENTS
    )


def _one_context(body: Json, switches: Switches) -> Json:
    """Return the body without the losing name of the context, where it uses both."""
    wins = switches.both_context_names
    recipients = body.get("recipients", [])
    if wins not in body.keys() | {key for one in recipients for key in one}:
        return body
    loser = CONTEXTS[1 - CONTEXTS.index(wins)]
    out = {key: value for key, value in body.items() if key != loser}
    if recipients:
        out["recipients"] = [{k: v for k, v in one.items() if k != loser} for one in recipients]
    return out


def notice(at: Endpoint, target: Target, switches: Switches) -> Json:
    """Return the notice on an accepted request; raise RequestRefused where Braze refuses it."""
    if (state := target.state()) is None:
        return {}
    mend = _MEND[state]
    if at.kind == "canvas":
        return {"notice": _NOTICE.format("Canvas", state, mend)}
    if at.kind == "transactional" or switches.paused_campaign == "refused":
        raise RequestRefused(400, _REFUSAL.format(state, mend))
    has_notice = switches.paused_campaign == "notice"
    return {"notice": _NOTICE.format("campaign", state, mend)} if has_notice else {}


class Simulation:
    """Answers requests for a workspace, which remembers them."""

    def __init__(self, space: Workspace) -> None:
        self._space = space

    async def braze(self, request: web.Request) -> web.StreamResponse:
        """Answer any request but the control API's; record it first: it may never be answered."""
        space = self._space
        entry: Json = {"time": space.now(), "method": request.method, "path": request.path}
        entry |= dict.fromkeys(("status", "body", "outcome", "reason", "dispatch_id", "fault"))
        space.store.requests.append(entry)
        raw = await read(request)
        entry["body"] = shown(raw)
        braze = partial(self._answer, request, raw, entry)
        fault = space.faults.take(request.path, entry["body"])
        entry["fault"] = fault and fault.kind
        answer = await act(fault, request, entry, braze) if fault else braze({})
        if fault and (style := fault.limit_style(space.switches.rate_limit_headers)):
            own = space.limiter.of(rate_of(request.path), space.now())
            answer.headers.update(STYLES[style](Window(own.limit, -1, own.reset), space.now()))
        entry["status"] = answer.status
        return answer

    def _answer(
        self, request: web.Request, raw: bytes | None, entry: Json, extra: Json
    ) -> web.Response:
        space = self._space
        space.window = space.limiter.of(rate_of(request.path), space.now())
        try:
            if request.method == "GET" and request.path in DETAILS:
                answer = web.json_response(self._details(request))
            else:
                act = partial(update, space) if request.path in DATA else self._send
                body = act(request, raw, entry, extra)
                answer = web.json_response(body, status=space.switches.accepted_status)
        except RequestRefused as refused:
            entry |= {"outcome": "rejected", "reason": str(refused)}
            answer = web.json_response(refused.body, status=refused.status)
        style = STYLES[space.switches.rate_limit_headers]
        answer.headers.update(style(space.window, space.now()))
        return answer

    def _details(self, request: web.Request) -> Json:
        admit(self._space, request, request.path[1:].replace("/", "."))
        api_id = request.query.get(DETAILS[request.path])
        found = self._space.catalogue.details(request.path, api_id)
        if found is None:
            raise RequestRefused(400, "Invalid Campaign ID")
        return found

    def _send(self, request: web.Request, raw: bytes | None, entry: Json, extra: Json) -> Json:
        space = self._space
        at = find_endpoint(space, request)
        body = read_body(space, request, raw)
        api_id = id_in(request.path) or body.get(at.id_name)
        admit(space, request, at.permission, audience_of(space, api_id, body))
        target = find_target(space, at, api_id)
        found = sizes(raw or b"{}")
        if why := refusal(at, body, space.switches) or self._oversize(found):
            raise RequestRefused(400, why)
        if again := self._again(body):
            return again
        notices = notice(at, target, space.switches) | extra
        stamp = {"dispatch_id": uuid.uuid4().hex, "time": space.now()}
        known, errors = taken(at, without_dropped(at, body, found), space.switches)
        content, lost = {at.id_name: api_id, **known}, refused_places(extra.get("errors"))
        trigger = Trigger(request.path, target, content, stamp, lost)
        if "notice" not in extra:
            space.store.apply(trigger, space.switches)
        entry["outcome"] = "notice" if "notice" in notices else "accepted"
        entry["dispatch_id"] = stamp["dispatch_id"]
        return {**self._accepted(at, trigger), **({"errors": errors} if errors else {}), **notices}

    def _oversize(self, found: Mapping[Path, int]) -> str | None:
        is_strict = self._space.switches.properties_over_50_kb == "refused"
        return next(oversize(found), None) if is_strict else None

    def _accepted(self, at: Endpoint, trigger: Trigger) -> Json:
        body, answer = trigger.body, {"dispatch_id": trigger.stamp["dispatch_id"]}
        if at.kind == "transactional":
            metadata = {"campaign_api_id": body["campaign_id"]}
            answer |= {"status": "sent", "metadata": metadata}
            if "external_send_id" in body:
                metadata["external_send_id"] = body["external_send_id"]
                self._space.answered[body["external_send_id"]] = (trigger.stamp["time"], answer)
            return answer
        if "send_id" in body or (body.get("broadcast") and at.kind == "campaign"):
            answer["send_id"] = body.get("send_id", trigger.stamp["dispatch_id"][:24])
        return {**answer, "message": "success"}

    def _again(self, body: Json) -> Json | None:
        """Return or refuse the answer to this external_send_id of the last 24 hours."""
        time, answer = self._space.answered.get(body.get("external_send_id", ""), (0.0, None))
        if answer is None or self._space.now() - time >= _DAY:
            return None
        if self._space.switches.repeated_external_send_id == "refused":
            raise RequestRefused(400, _QUEUED)
        return answer
