"""Entry point of the `relay` command: Ctrl-C ends it at once and quietly while modules load."""

import atexit
import gc
import signal


def main() -> None:
    """Run the command; slow imports come only after SIGINT has its handler."""
    # Python collects garbage among all modules once more when it ends: a seventh of the CPU of
    # `relay rules check`, for memory that goes with the process anyway. So what a file is to hold
    # is written before: one that is still open then, in a cycle of references, would lack its end.
    atexit.register(gc.freeze)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from relay.cli import main as run  # noqa: PLC0415 - a second or more

    run()
