"""Routes of dead letters and held deliveries: their list, and what is done with them.

Each act is asked for first, with what it will do; the answer to that names exactly these letters.
"""

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web
from multidict import MultiMapping

from relay.dead_letters.letter import NAMES
from relay.page.braze.answers import Wrong, in_words, shown
from relay.page.braze.letter_rows import rows
from relay.page.braze.letters import ACTS, Done, LetterAction, carry_out, names_of, read
from relay.page.context import CONTEXT, PageContext
from relay.page.remedies import BUTTONS
from relay.page.stack import operated

_ID: Final = re.compile("[0-9a-f]{64}")
_DONE: Final = {
    "redrive": "redriven",
    "rendered": "rendered anew and redriven",
    "release": "released",
    "drop": "dropped",
}
_MEANINGS: Final = {
    "redrive": "The request goes to Braze again as it was, if the ledger permits it.",
    "rendered": "The rules that are served make the request anew of the event that was kept.",
    "release": "It is sent after all: a recipient who has the message gets it twice.",
    "drop": "It is deleted from the queue, and nobody can bring it back.",
}


@in_words
async def _letters(request: web.Request) -> web.Response:
    context = request.app[CONTEXT]
    stack, side = operated(context), context.side
    async with side.reading:
        found = await asyncio.to_thread(read, stack)
        side.orders = await asyncio.to_thread(names_of, stack, found.letters, side.orders)
    made = rows(found, side.orders, time.time())
    values = {"rows": made, "found": found, "acts": ACTS, "buttons": BUTTONS, "names": NAMES}
    return shown("letters", values)


def wanted(form: MultiMapping[Any]) -> LetterAction:
    """Return what a form asks for; raise Wrong."""
    kind = next((one for one in ACTS if one == form.get("kind")), None)
    if kind is None:
        raise Wrong("there are dead letters and held deliveries")
    act = next((one for one in ACTS[kind] if one == form.get("act")), None)
    if act is None:
        raise Wrong(f"that is nothing that is done with a {NAMES[kind]}")
    ids = tuple(map(str, form.getall("id", [])))
    if not ids or not all(map(_ID.fullmatch, ids)):  # the beginning of an id may be of many
        raise Wrong(f"Tick a {NAMES[kind]} first.")
    return LetterAction(act, kind, ids, bool(form.get("again")))


@in_words
async def _ask(request: web.Request) -> web.Response:
    context, asked = request.app[CONTEXT], wanted(await request.post())
    made = await _carried_out(context, asked, rehearsal=True)
    return shown("ask_letters", _values(asked, made, context))


@in_words
async def _do(request: web.Request) -> web.Response:
    context, asked = request.app[CONTEXT], wanted(await request.post())
    made = await _carried_out(context, asked, rehearsal=False)
    context.side.letters = None
    context.changes.publish("letters")
    return shown("done_letters", _values(asked, made, context))


async def _carried_out(context: PageContext, asked: LetterAction, *, rehearsal: bool) -> list[Done]:
    stack, sources = operated(context), context.live.served.sources
    async with context.side.reading:
        return await asyncio.to_thread(carry_out, stack, asked, sources, rehearsal=rehearsal)


def _values(asked: LetterAction, made: list[Done], context: PageContext) -> Mapping[str, Any]:
    return {
        "asked": asked,
        "orders": context.side.orders,
        "made": made,
        "good": [one for one in made if one.is_done],
        "button": BUTTONS[asked.act],
        "done": _DONE[asked.act],
        "meaning": _MEANINGS[asked.act],
        "name": NAMES[asked.kind],
    }


ROUTES: Final = (
    web.get("/braze/letters", _letters),
    web.post("/braze/letters/ask", _ask),
    web.post("/braze/letters/do", _do),
)
