"""`relay braze` and `python -m relay.simulated_braze`: serve until SIGTERM or SIGINT."""

import asyncio
import signal
from typing import Annotated

import typer
from aiohttp import web

from relay.simulated_braze.app import DEFAULT_KEY, create_app

_PORT = 3001  # beside the relay's own 3000


async def listen(app: web.Application, port: int) -> tuple[web.AppRunner, int]:
    """Listen on 127.0.0.1 only, on a free port for 0; `cleanup()` of the runner ends it."""
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,  # a fault that never answers ends when its client leaves
        shutdown_timeout=0.05,  # seconds to wait for such a fault; 0 would wait for ever
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner, runner.addresses[0][1]


async def _serve(port: int, key: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner, bound = await listen(create_app(key), port)
    typer.echo(f"ready http://127.0.0.1:{bound}")
    await stop.wait()
    await runner.cleanup()


def braze(
    port: Annotated[
        int, typer.Option(help="Port on 127.0.0.1; 0 takes any free one.", min=0, max=65535)
    ] = _PORT,
    key: Annotated[str, typer.Option(help="The REST API key that it accepts.")] = DEFAULT_KEY,
) -> None:
    """Serve a simulated Braze until Ctrl-C: strict, with a memory, and with faults on request.

    Example: relay braze --port 3001

    Exit codes: 0 ended by Ctrl-C, 2 usage or a port in use
    """
    try:
        asyncio.run(_serve(port, key))
    except OSError as error:
        raise typer.BadParameter(f"{port}: {error.strerror}", param_hint="--port") from None


if __name__ == "__main__":
    typer.run(braze)
