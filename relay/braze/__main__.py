"""`python -m relay.braze --port N --key KEY`: a simulated Braze, until SIGTERM or SIGINT."""

import argparse
import asyncio
import signal
import sys

from aiohttp import web

from relay.braze.app import DEFAULT_KEY, create_app


async def listen(app: web.Application, port: int) -> tuple[web.AppRunner, int]:
    """Listen on 127.0.0.1 alone, on a free port for 0; `cleanup()` of the runner ends it."""
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,  # a fault that never answers ends when its client goes
        shutdown_timeout=0.05,  # seconds; nor is it waited for. 0 would mean for ever
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner, runner.addresses[0][1]


async def _serve(port: int, key: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner, bound = await listen(create_app(key), port)
    sys.stdout.write(f"ready http://127.0.0.1:{bound}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m relay.braze", description="A simulated Braze.")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free one")
    parser.add_argument("--key", default=DEFAULT_KEY, help="the REST API key it accepts")
    options = parser.parse_args()
    asyncio.run(_serve(options.port, options.key))


if __name__ == "__main__":
    main()
