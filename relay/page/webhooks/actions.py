"""Actions on one webhook: send again, send as new, save as sample, save as case."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web
from requests import Response

from handler.core.rules.source import Source
from relay.console.format import counted
from relay.page.context import CONTEXT, PageContext, PageFolders
from relay.page.reading import Reading
from relay.page.rendering import fragment, html
from relay.page.webhooks.saving import (
    NotSaved,
    Saved,
    Wish,
    save_case,
    save_sample,
    suggested,
)
from relay.page.webhooks.sending import (
    NotSent,
    Prepared,
    ServedSource,
    again,
    as_new,
    counts_of,
    posted,
)
from relay.webhooks.samples import sample_secrets

_OK: Final = 200
_LOOKS: Final = 50  # for the webhook that was sent, in the feed
_PAUSE_SECONDS: Final = 0.02
_SHOWN: Final = 200  # characters of an answer
_SAME: Final = "What was sent before is not sent again: Send as new gives it new ids."


def action_values(context: PageContext, reading: Reading) -> dict[str, Any]:
    """Return the values of `webhooks/actions.html`."""
    sample, case = suggested(reading, context.folders)
    return {
        "number": reading.arrival.number,
        "sample": sample,
        "case": case,
        "source": reading.source,
        "is_saved": isinstance(reading.rules, Source),
        "folder": context.folders.events.name,
        "cases": f"{context.folders.cases.name}/{reading.source}",
    }


async def _send(request: web.Request) -> web.Response:
    return await _sent(request, again)


async def _send_new(request: web.Request) -> web.Response:
    return await _sent(request, as_new)


async def _sample(request: web.Request) -> web.Response:
    return await _saved(request, save_sample)


async def _case(request: web.Request) -> web.Response:
    return await _saved(request, save_case)


async def _sent(
    request: web.Request, prepare: Callable[[Reading, ServedSource, str], Prepared]
) -> web.Response:
    context, reading = chosen_of(request)
    before = context.journal.count
    try:
        made = prepare(reading, _sender(context, reading), context.local.url)
        answer = await asyncio.to_thread(posted, made.request)
    except NotSent as error:
        return _done(title=f"Not sent: {error}", is_good=False)
    number = await _arrived(context, before, made.request.body)
    notes = [*made.words, *([_SAME] if prepare is again else [])]
    return _done(
        title=_answered(answer), is_good=answer.status_code == _OK, notes=notes, new=number
    )


async def _saved(
    request: web.Request, save: Callable[[Reading, PageFolders, Wish], Saved]
) -> web.Response:
    context, reading = chosen_of(request)
    form = await request.post()
    wish = Wish(str(form.get("name", "")).strip(), as_is="as_is" in form)
    try:
        made = await asyncio.to_thread(save, reading, context.folders, wish)
    except (NotSaved, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        return _done(title=f"Not saved: {why}", is_good=False)
    return _done(
        title=f"Written: {made.file}",
        is_good=True,
        notes=made.notes,
        replaced=made.replaced,
        command=made.command,
    )


def chosen_of(request: web.Request) -> tuple[PageContext, Reading]:
    """Return the webhook that a URL names; answer 404 where it is not kept."""
    context = request.app[CONTEXT]
    arrival = context.journal.find(int(request.match_info["number"]))
    if arrival is None:
        raise web.HTTPNotFound(text="This webhook is no longer kept.")
    return context, context.reading(arrival)


def _sender(context: PageContext, reading: Reading) -> ServedSource:
    served = context.live.served.sources
    given = context.live.secrets
    return ServedSource.of(
        served.get(reading.source), sample_secrets(served) if given is None else given
    )


async def _arrived(context: PageContext, before: int, body: bytes) -> int | None:
    """Return the number of the webhook that was just sent; None where it does not come."""
    for _ in range(_LOOKS):
        for number in range(before + 1, context.journal.count + 1):
            found = context.journal.find(number)
            if found and found.webhook.body == body:
                return number
        await asyncio.sleep(_PAUSE_SECONDS)
    return None


def _answered(answer: Response) -> str:
    """Return what the relay answered, in words."""
    counts = counts_of(answer)
    made = counts.get("deliveries")
    if answer.status_code == _OK and isinstance(made, int):
        parked = counts.get("parked", 0)
        more = f", {parked} parked" if parked else ""
        return f"Sent: answered 200, {counted(made, 'delivery')}{more}"
    return f"Sent: answered {answer.status_code} {answer.text[:_SHOWN]}".strip()


def _done(**values: Any) -> web.Response:
    given = {"notes": (), "replaced": (), "command": "", "new": None, **values}
    return html(fragment("webhooks/done.html", given))


_PATH: Final = r"/webhooks/{number:\d{1,9}}"
ROUTES: Final = (
    web.post(f"{_PATH}/send", _send),
    web.post(f"{_PATH}/send-new", _send_new),
    web.post(f"{_PATH}/sample", _sample),
    web.post(f"{_PATH}/case", _case),
)
