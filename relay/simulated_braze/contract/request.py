"""Admission of a request: its endpoint, body, key, rate limits and target."""

from typing import Final

from aiohttp import web
from pydantic_core import from_json, to_json

from relay.simulated_braze.catalogue import Target, is_identifier
from relay.simulated_braze.contract.endpoints import DataEndpoint, Endpoint, endpoint
from relay.simulated_braze.profiles import Json
from relay.simulated_braze.rate_limits import Window
from relay.simulated_braze.workspace import Workspace

_SYNTAX: Final = "Error while parsing request body. Please check your syntax."
_OTHER_KIND = (
    "The campaign is not a transactional campaign. "
    "Only transactional campaigns may use this endpoint"
)
_FORBIDDEN = "You do not have permission to access this resource"


class RequestRefused(Exception):
    """Braze refuses the request: the answer's status, and its text under a key of the body."""

    def __init__(
        self, status: int, text: str, key: str = "message", more: Json | None = None
    ) -> None:
        super().__init__(text)
        self.status = status
        self.body: Json = {key: text, **(more or {})}


async def read(request: web.Request) -> bytes | None:
    """Return the body of a request; None for one that is too large."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return None


def parsed(raw: bytes) -> Json:
    """Return the JSON object that a body holds; raise RequestRefused."""
    try:
        body = from_json(raw, allow_inf_nan=False)
    except ValueError:
        raise RequestRefused(400, _SYNTAX, "error") from None
    if not isinstance(body, dict):
        raise RequestRefused(400, _SYNTAX, "error")
    return body


def shown(raw: bytes | None) -> object:
    """Return a body as the record of its request shows it: JSON, or else its text."""
    try:
        return from_json(raw or b"null", allow_inf_nan=False)
    except ValueError:
        return (raw or b"").decode(errors="replace")


def find_endpoint(space: Workspace, request: web.Request) -> Endpoint:
    """Return the trigger endpoint that a request is for; raise RequestRefused."""
    found = endpoint(request.path)
    if found is None:
        raise RequestRefused(404, "Invalid URL")
    check_method(space, request)
    return found


def check_method(space: Workspace, request: web.Request) -> None:
    """Raise RequestRefused for a request that is no POST."""
    if request.method != "POST":
        status = space.switches.wrong_method
        raise RequestRefused(status, "Method Not Allowed" if status == 405 else "Invalid URL")  # noqa: PLR2004 - the number is its name


def read_body(space: Workspace, request: web.Request, raw: bytes | None) -> Json:
    """Return the JSON object of a request; raise RequestRefused."""
    if request.content_type != "application/json":
        raise RequestRefused(415, "Unsupported Media Type")
    if raw is None:
        raise RequestRefused(space.switches.body_too_large, "Request Entity Too Large")
    return parsed(raw)


def admit(
    space: Workspace, request: web.Request, permission: str, audience: str | None = None
) -> None:
    """Count a request to send; raise RequestRefused for a wrong key, or a used-up window."""
    _authorize(space, request, permission)
    _count(space, space.limiter.spend(space.now(), audience))


def admit_data(space: Workspace, request: web.Request, at: DataEndpoint) -> None:
    """Count a request that changes profiles, in the limit of its endpoint; raise RequestRefused."""
    _authorize(space, request, at.permission)
    _count(space, space.limiter.spend_on(at.rate, space.now()))


def _authorize(space: Workspace, request: web.Request, permission: str) -> None:
    if request.headers.get("authorization") != f"Bearer {space.secret}":
        raise RequestRefused(401, "Error authenticating credentials")
    if not space.key.address_allowed:
        raise RequestRefused(space.switches.permission_missing, "Invalid whitelisted IPs")
    if space.key.permissions is not None and permission not in space.key.permissions:
        raise RequestRefused(space.switches.permission_missing, _FORBIDDEN)


def _count(space: Workspace, window: Window) -> None:
    space.window = window
    if window.remaining < 0:
        raise RequestRefused(429, "Rate Limited")


def audience_of(space: Workspace, api_id: object, body: Json) -> str | None:
    """Return the key of a broadcast's audience; None for no broadcast."""
    is_broadcast = body.get("broadcast") is True
    if "audience" in body:
        is_alone = not body.get("recipients")
        is_limited = space.switches.audience_with_recipients == "broadcast_limits"
        is_broadcast = is_broadcast or is_alone or is_limited
    return to_json([str(api_id), body.get("audience")]).decode() if is_broadcast else None


def find_target(space: Workspace, at: Endpoint, api_id: object) -> Target:
    """Return the target of an id; raise RequestRefused with the endpoint's own text."""
    found = space.catalogue.find(api_id, at.kind)
    if found is not None:
        return found
    raise RequestRefused(400, _unknown(space, at, api_id))


def _unknown(space: Workspace, at: Endpoint, api_id: object) -> str:
    """Return the text for an id that names nothing here (Braze documents none for a Canvas)."""
    if at.kind == "canvas" or (at.kind == "campaign" and isinstance(api_id, str | None)):
        return "Invalid Campaign ID"
    if not is_identifier(api_id):
        return "campaign_id must be a string of the campaign api identifier"
    is_other = space.catalogue.find(api_id, "campaign")
    return _OTHER_KIND if is_other else "Campaign does not exist"
