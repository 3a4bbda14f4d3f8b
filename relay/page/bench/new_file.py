"""New rules files: a preset's starter, as `relay init` writes it."""

from handler.core.verification.presets.catalogue import PRESETS
from relay.page.context import PageFolders
from relay.rules.names import read_names
from relay.scaffold import starter
from relay.scaffold.command import NAMES, is_name, write
from relay.scaffold.starter import StarterTarget, scaffold


class NotMade(Exception):
    """No file is made; the text says why."""


def make(source: str, preset: str, folders: PageFolders) -> str:
    """Write the rules file, sample and case of a new source; return the sample's name."""
    if not is_name(source):
        raise NotMade(f"the name {NAMES}")
    if preset not in PRESETS:
        raise NotMade(f"there is no preset {preset}")
    if source in read_names(folders.rules).sources:
        raise NotMade(f"there is a source {source} already")
    into = starter.StarterFolders(folders.rules, folders.events, folders.cases)
    files = scaffold(source, preset, StarterTarget(), into).files
    try:
        write(files)
    except FileExistsError as error:
        raise NotMade(f"{error.filename} exists, and is not overwritten") from None
    except OSError as error:
        raise NotMade(f"{error.filename}: {error.strerror}") from None
    return next(iter(files)).stem
