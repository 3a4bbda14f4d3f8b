"""Entry point of the `relay` command: Ctrl-C ends it at once and quietly while modules load."""

import signal


def main() -> None:
    """Run the command; slow imports come only after SIGINT has its handler."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from relay.cli import main as run  # noqa: PLC0415 - a second or more

    run()
