"""Routes of the bench: an event, the rules as they are typed, and what they make of it."""

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from handler.core.verification.presets.catalogue import PRESETS
from relay.local.rules_folder import Folder
from relay.page.bench import editors, rules_files
from relay.page.bench.choosing import ChosenEvent, file_for, first_event, from_url, options
from relay.page.bench.events import PASTED, NoEvent
from relay.page.bench.form import PageForm
from relay.page.bench.new_file import NotMade, make
from relay.page.bench.outcomes import Asked
from relay.page.bench.rules_files import NotDone, RulesText
from relay.page.bench.state import FileState, state
from relay.page.bench.trying import TrySetting, examined, tried
from relay.page.context import CONTEXT, PageContext
from relay.page.rendering import fragment, html, page
from relay.page.way.received import MOST

_LOOK_SECONDS: Final = 0.3
_NOTHING_NEW: Final = 204  # htmx leaves the page as it is
_PAGE_BYTES: Final = 9


async def _shown(request: web.Request) -> web.Response:
    context, query = request.app[CONTEXT], request.query
    event, named = from_url(query), query.get("rules", "")
    asked, problem = await _asked(context, ChosenEvent(event)) if event else (None, "")
    values = await asyncio.to_thread(_values, context, named, event, asked)
    return page("bench/page.html", {**values, "problem": problem})


def _values(context: PageContext, named: str, event: str, asked: Asked | None) -> dict[str, Any]:
    folder = context.folders.rules
    there = rules_files.names(folder)
    name = named if named in there else file_for(folder, asked.source if asked else "")
    chosen = event if asked else first_event(context, Path(name).stem)
    text, problem = _opened(folder, name)
    return {
        "page": token_urlsafe(_PAGE_BYTES),
        "files": there,
        "name": name,
        "text": text,
        "unread": problem,
        "event": chosen,
        "options": list(options(context, chosen)),
        "editor": editors.chosen(os.environ),
        "editors": list(editors.EDITORS),
        "presets": list(PRESETS),
        "state": state(folder, name, text.digest, context.live) if text else None,
    }


def _opened(folder: Path, name: str) -> tuple[RulesText | None, str]:
    try:
        return rules_files.read(folder, name), ""
    except NotDone as error:
        return None, str(error)


async def _event(request: web.Request) -> web.Response:
    context, form = request.app[CONTEXT], await PageForm.of(request)
    if form.chosen.event == PASTED:
        return html(fragment("bench/pasted.html", {}))
    asked, why_not = await _asked(context, form.chosen)
    readable = {"headers": _readable(context, asked), **_written(asked)} if asked else {}
    values = {"why_not": why_not, **readable}
    return html(fragment("bench/event.html", values))


def _readable(context: PageContext, asked: Asked) -> dict[str, str]:
    """Return the headers that rules can read: others may hold what proves the sender."""
    source = context.live.served.loaded.get(asked.source)
    names = {"content-type", *(source.headers if source else ())}
    headers = asked.given.sample.headers.items()
    return {name: value for name, value in headers if name.lower() in names}


def _written(asked: Asked) -> dict[str, Any]:
    """Return the beginning of a body as JSON, and how many characters are left out."""
    text = json.dumps(asked.given.sample.body, indent=2, ensure_ascii=False)
    return {"body": text[:MOST], "cut": max(len(text) - MOST, 0)}


async def _result(request: web.Request) -> web.Response:
    """Answer with what the text makes of the event; a newer text makes it needless."""
    context, form = request.app[CONTEXT], await PageForm.of(request)
    bench, number = context.workbench, context.workbench.take(form.page, form.number)
    async with bench.turn:
        if bench.is_stale(form.page, number):
            return web.Response(status=_NOTHING_NEW)
        asked, why_not = await _asked(context, form.chosen)
        made = await asyncio.to_thread(tried, _desk(context, form), form, asked, why_not)
    return html(made)


async def _check(request: web.Request) -> web.Response:
    """Answer with all remarks of the check on the text, unless there is a newer one by then."""
    context, form = request.app[CONTEXT], await PageForm.of(request)
    number = form.number or context.workbench.newest(form.page)

    def is_stale() -> bool:
        return context.changes.has_ended or context.workbench.is_stale(form.page, number)

    async with context.workbench.checking:
        found = await asyncio.to_thread(examined, _desk(context, form), form, is_stale)
    return web.Response(status=_NOTHING_NEW) if found is None else html(found)


def _desk(context: PageContext, form: PageForm) -> TrySetting:
    place = form.place(context.folders.rules)
    return TrySetting(place, context.live.stage, context.live.served, context.workbench)


async def _asked(context: PageContext, chosen: ChosenEvent) -> tuple[Asked | None, str]:
    """Return the event, or why there is none."""
    try:
        return await chosen.asked(context), ""
    except NoEvent as error:
        return None, str(error)


async def _disk(request: web.Request) -> web.Response:
    context, query = request.app[CONTEXT], request.query
    name, digest = query.get("rules", ""), query.get("digest", "")
    found = await asyncio.to_thread(state, context.folders.rules, name, digest, context.live)
    return _of_state(found)


async def _save(request: web.Request) -> web.Response:
    context, form = request.app[CONTEXT], await PageForm.of(request)
    folder = context.folders.rules
    try:
        saved = await asyncio.to_thread(
            rules_files.save, folder, form.rules, form.text, form.digest
        )
    except NotDone as error:
        found = await asyncio.to_thread(state, folder, form.rules, form.digest, context.live)
        return _of_state(found, str(error))
    found = await asyncio.to_thread(state, folder, saved.name, saved.digest, context.live)
    context.changes.publish("rules")
    return _of_state(replace(found, is_saved=True))


def _of_state(found: FileState, refusal: str = "") -> web.Response:
    return html(fragment("bench/disk.html", {"state": found, "refusal": refusal}))


async def _new(request: web.Request) -> web.Response:
    context, given = request.app[CONTEXT], await request.post()
    source, preset = (str(given.get(one, "")) for one in ("source", "preset"))
    try:
        sample = await asyncio.to_thread(make, source, preset, context.folders)
    except NotMade as error:
        return html(fragment("bench/not_made.html", {"why": str(error)}))
    where = urlencode({"rules": f"{source}.yaml", "sample": sample})
    return web.Response(headers={"HX-Redirect": f"/bench?{where}"})


async def follow(context: PageContext) -> None:
    """Tell open pages when a rules file is saved, and when it is served or refused."""
    folder, live = Folder(context.folders.rules), context.live
    last: tuple[object, ...] = ()
    while True:
        await context.changes.until_watched()
        now = (await asyncio.to_thread(folder.look), live.since, live.refusal)
        if now != last and last:
            context.changes.publish("rules")
        last = now
        await asyncio.sleep(_LOOK_SECONDS)


ROUTES: Final = (
    web.get("/bench", _shown),
    web.get("/bench/disk", _disk),
    web.post("/bench/event", _event),
    web.post("/bench/result", _result),
    web.post("/bench/check", _check),
    web.post("/bench/save", _save),
    web.post("/bench/new", _new),
)
