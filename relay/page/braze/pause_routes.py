"""Routes of pauses: what is paused, and pause and resume, each after it has said what it does."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from relay.operations.clients import StackClients, StatusSection
from relay.operations.pause import STOPS, THEN, Scopes, go_on, scopes_in, stop, unknown
from relay.operations.status_parts import ledger
from relay.page.braze.answers import Wrong, in_words, shown
from relay.page.context import CONTEXT, PageContext
from relay.page.stack import known_names, operated
from relay.rules.names import Names
from relay.stacks.ledger import Ledger
from relay.stacks.selection import command, operator

_SHOWN: Final = frozenset({"Braze", "rate limit", "surges"})  # parts of `relay status`
_RESUMED: Final = "What waits is sent within 15 minutes, on this stack within seconds."


@dataclass(frozen=True, slots=True)
class _State:
    scopes: list[str]
    paused: Scopes
    parts: list[StatusSection]


@in_words
async def _pauses(request: web.Request) -> web.Response:
    return shown("pauses", await _values(request.app[CONTEXT]))


async def _values(context: PageContext) -> dict[str, object]:
    state = await asyncio.to_thread(_read, context)
    return {"state": state, "now": time.time()}


def _read(context: PageContext) -> _State:
    names, stack = known_names(context), operated(context)
    desk = StackClients.of(stack, names, ("dynamodb",))
    parts = [one for one in ledger(desk, time.time()) if one.name in _SHOWN]
    paused = scopes_in(Ledger.of(stack))
    gone = sorted(paused.keys() - set(names.scopes))
    return _State([*names.scopes, *gone], paused, parts)


@in_words
async def _ask(request: web.Request) -> web.Response:
    context, form = request.app[CONTEXT], await request.post()
    scope, is_pause = str(form.get("scope", "")), form.get("act") == "pause"
    if is_pause:
        _check(scope, await asyncio.to_thread(known_names, context))
    values = {
        "scope": scope,
        "is_pause": is_pause,
        "words": [STOPS, THEN] if is_pause else [_RESUMED],
        "resume": command(operated(context), f"resume {scope}"),
    }
    return shown("ask_pause", values)


def _check(scope: str, names: Names) -> None:
    if wrong := unknown(scope, names):
        raise Wrong(wrong)


@in_words
async def _do(request: web.Request) -> web.Response:
    context, form = request.app[CONTEXT], await request.post()
    scope, is_pause = str(form.get("scope", "")), form.get("act") == "pause"
    said = await asyncio.to_thread(_pause if is_pause else _resume, context, scope)
    return shown("paused", {"said": said, **await _values(context)})


def _pause(context: PageContext, scope: str) -> str:
    _check(scope, known_names(context))
    stack = operated(context)
    is_new, _ = stop(Ledger.of(stack), scope, int(time.time()), operator(stack))
    return f"{scope} {'is' if is_new else 'was already'} paused."


def _resume(context: PageContext, scope: str) -> str:
    was_paused, left = go_on(Ledger.of(operated(context)), scope)
    said = f"{scope} is resumed. {_RESUMED}" if was_paused else f"{scope} was not paused."
    others = ", ".join(sorted(left))
    return f"{said} Still paused, whatever else is resumed: {others}." if others else said


ROUTES: Final = (
    web.get("/braze/pauses", _pauses),
    web.post("/braze/pauses/ask", _ask),
    web.post("/braze/pauses/do", _do),
)
