"""The entry of the `relay` command: Ctrl-C ends it at once, and quietly, while the rest loads."""

import signal


def main() -> None:
    """Run the command; nothing that takes time may be imported before SIGINT is seen to."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from relay.cli import main as run  # noqa: PLC0415 - it takes a second or more

    run()
