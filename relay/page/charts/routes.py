"""Routes of the charts: a fragment for whichever page includes them."""

import time
from typing import Final

from aiohttp import web

from relay.page.charts.drawing import HEIGHT, TITLES, WIDTH, charts, rows
from relay.page.charts.samples import EVERY, SPAN, Samples
from relay.page.context import CONTEXT
from relay.page.rendering import fragment, html


async def _shown(request: web.Request) -> web.Response:
    return html(drawn(request.app[CONTEXT].samples, time.time()))


def drawn(samples: Samples, now: float) -> str:
    """Return the charts at a time, and the table of their figures, as HTML."""
    found = samples.since(now - SPAN)
    values = {
        "charts": charts(found, now),
        "titles": TITLES,
        "rows": rows(found),
        "width": WIDTH,
        "height": HEIGHT,
        "every": round(EVERY),
        "minutes": round(SPAN / 60),
        "begin": found[0].at if found else None,
    }
    return fragment("charts/figures.html", values)


ROUTES: Final = (web.get("/charts", _shown),)
