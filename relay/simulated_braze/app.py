"""HTTP application of the simulated Braze: Braze's endpoints, and the control API."""

import time
from collections.abc import Callable
from typing import Final

from aiohttp import web

from relay.simulated_braze.control_api import routes
from relay.simulated_braze.simulation import Simulation
from relay.simulated_braze.workspace import Workspace

DEFAULT_KEY: Final = "local-braze-key"
MAX_BODY: Final = 4_000_000  # bytes; Braze says 4 MB
HOURLY_LIMIT: Final = 250_000  # requests in a clock hour ("API rate limits")


def create_app(
    key: str = DEFAULT_KEY,
    *,
    clock: Callable[[], float] = time.time,
    limit: int = HOURLY_LIMIT,
) -> web.Application:
    """Make a simulated workspace with this API key; `clock` gives seconds since the epoch."""
    space = Workspace(key, clock, limit)
    app = web.Application(client_max_size=MAX_BODY)
    app.add_routes(routes(space))
    app.router.add_route("*", r"/{path:(?!_sim(?:/|$)).*}", Simulation(space).braze)
    return app
