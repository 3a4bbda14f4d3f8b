"""State of a rules file: as it is on disk, and whether the stack serves that."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from relay.console.format import clock
from relay.local.live_rules import LiveRules
from relay.local.reload import not_served
from relay.page.bench.rules_files import NotDone, RulesText, read
from relay.rules.check.report import Remark

Standing = Literal["served", "waits", "refused", "changed", "gone"]


@dataclass(frozen=True, slots=True)
class FileState:
    """A file beside what was read of it; `digest` is that of the text that the page shows.

    `text` is the new one where it has changed on disk. `words` and `remarks` say since when
    it is served, or why not.
    """

    name: str
    digest: str
    standing: Standing
    words: str = ""
    remarks: tuple[Remark, ...] = ()
    text: RulesText | None = field(default=None, repr=False)
    is_saved: bool = False  # by the request that this answers


def state(folder: Path, name: str, digest: str, live: LiveRules) -> FileState:
    """Return the state of a file of which a page shows the text with a digest."""
    try:
        found = read(folder, name)
    except NotDone as error:
        return FileState(name, digest, "gone", str(error))
    if found.digest != digest:
        return FileState(name, digest, "changed", text=found)
    return _served(folder / name, digest, live)


def _served(place: Path, digest: str, live: LiveRules) -> FileState:
    try:
        is_served = live.served.files.get(place.name) == place.read_bytes()
    except OSError as error:
        return FileState(place.name, digest, "gone", f"{place.name}: {error.strerror}")
    if is_served:
        return FileState(place.name, digest, "served", f"since {clock(live.since)}")
    if live.refusal:
        return FileState(place.name, digest, "refused", not_served(clock(live.since)), live.refusal)
    return FileState(place.name, digest, "waits")
