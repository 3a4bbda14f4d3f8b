"""A rules file that is saved while a stack serves it, and what the stack's command would print."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from handler.rules_directory import read
from relay.local.live_rules import LiveRules
from relay.local.reload import Version
from relay.local.rules_folder import Folder
from relay.local.stack import Local, Secrets

COLOUR = re.compile(r"\x1b\[\d+m")


class Live:
    """The rules folder of a stack, and one of its files."""

    def __init__(self, local: Local, file: Path, secrets: Secrets) -> None:
        folder = Folder(file.parent)
        served = Version(folder.look(), read(file.parent, "dev", broadcasts=True))
        self.said: list[str] = []
        self.rules = LiveRules(local, folder, "dev", secrets, self.said.append, served)
        self.rules.begin()
        self.file = file

    def save(self, text: str | None) -> str:
        """Save the file, or delete it; return what is said once the state has settled."""
        self.said.clear()
        if text is None:
            self.file.unlink()
        else:
            self.file.write_text(text, encoding="utf-8")
        for _ in range(2):
            self.rules.look()
        return COLOUR.sub("", "\n".join(self.said))


@contextmanager
def live(local: Local, file: Path, secrets: Secrets) -> Iterator[Live]:
    """Give the live rules of a stack; at the end the file is served as it was."""
    made, before = Live(local, file, secrets), file.read_text(encoding="utf-8")
    try:
        yield made
    finally:
        made.save(before)
