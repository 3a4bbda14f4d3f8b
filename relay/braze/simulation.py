"""How the simulated Braze answers what is asked of Braze.

The order of checks is inferred from Braze's API errors page; see `contract` for the rules.
"""

import uuid
from collections.abc import Mapping
from functools import partial
from typing import Final

from aiohttp import web

from relay.braze.acting import act
from relay.braze.admission import admit, audience_of, find_endpoint, find_target, read_body
from relay.braze.catalogue import DETAILS
from relay.braze.contract import refusal
from relay.braze.endpoints import Endpoint, id_in
from relay.braze.limits import STYLES, Window
from relay.braze.profiles import Json
from relay.braze.sizes import Path, oversize, sizes
from relay.braze.state import notice
from relay.braze.store import Trigger
from relay.braze.taken import taken, without_dropped
from relay.braze.wire import Refused, read, shown
from relay.braze.workspace import Workspace

_DAY: Final = 86_400
_QUEUED: Final = "The external reference has been queued.  Please retry to obtain send_id."


class Simulation:
    """Answers requests out of a workspace, which remembers them."""

    def __init__(self, space: Workspace) -> None:
        self._space = space

    async def braze(self, request: web.Request) -> web.StreamResponse:
        """Answer anything but the control API, recording it first: it may never be answered."""
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
            hour = space.limiter.hour(space.now())
            answer.headers.update(STYLES[style](Window(hour.limit, -1, hour.reset), space.now()))
        entry["status"] = answer.status
        return answer

    def _answer(
        self, request: web.Request, raw: bytes | None, entry: Json, extra: Json
    ) -> web.Response:
        space = self._space
        space.window = space.limiter.hour(space.now())
        try:
            if request.method == "GET" and request.path in DETAILS:
                answer = web.json_response(self._details(request))
            else:
                body = self._send(request, raw, entry, extra)
                answer = web.json_response(body, status=space.switches.accepted_status)
        except Refused as refused:
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
            raise Refused(400, "Invalid Campaign ID")
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
            raise Refused(400, why)
        if again := self._again(body):
            return again
        told = notice(at, target, space.switches) | extra
        stamp = {"dispatch_id": uuid.uuid4().hex, "time": space.now()}
        known, errors = taken(at, without_dropped(at, body, found), space.switches)
        trigger = Trigger(request.path, target, {at.id_name: api_id, **known}, stamp)
        if "notice" not in extra:
            space.store.apply(trigger, space.switches)
        entry["outcome"] = "notice" if "notice" in told else "accepted"
        entry["dispatch_id"] = stamp["dispatch_id"]
        return {**self._accepted(at, trigger), **({"errors": errors} if errors else {}), **told}

    def _oversize(self, found: Mapping[Path, int]) -> str | None:
        is_strict = self._space.switches.properties_over_50_kb == "refused"
        return next(oversize(found), None) if is_strict else None

    def _accepted(self, at: Endpoint, trigger: Trigger) -> Json:
        body, answer = trigger.body, {"dispatch_id": trigger.stamp["dispatch_id"]}
        if at.kind == "transactional":
            told = {"campaign_api_id": body["campaign_id"]}
            answer |= {"status": "sent", "metadata": told}
            if "external_send_id" in body:
                told["external_send_id"] = body["external_send_id"]
                self._space.answered[body["external_send_id"]] = (trigger.stamp["time"], answer)
            return answer
        if "send_id" in body or (body.get("broadcast") and at.kind == "campaign"):
            answer["send_id"] = body.get("send_id", trigger.stamp["dispatch_id"][:24])
        return {**answer, "message": "success"}

    def _again(self, body: Json) -> Json | None:
        """Return or refuse what was sent under this external_send_id in the last 24 hours."""
        time, answer = self._space.answered.get(body.get("external_send_id", ""), (0.0, None))
        if answer is None or self._space.now() - time >= _DAY:
            return None
        if self._space.switches.repeated_external_send_id == "refused":
            raise Refused(400, _QUEUED)
        return answer
