"""Rules files that the bench opens and saves: those of the rules folder, and no other.

A save is refused where the file has changed since it was read, so that no work of an editor beside
the bench is lost. It is atomic: who reads the file finds the old text or the new one.
"""

import os
import stat
import tempfile
import threading
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from handler.rules_directory import files

_SAVING: Final = ".saving"  # the end of a temporary file's name: no rules file ends so
_LINE_BREAKS: Final = "\r\n"
_WRITING: Final = threading.Lock()  # of two pages that save at once, the second finds a change


class NotDone(Exception):
    """A file that is not opened or saved; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class RulesText:
    """The text of a rules file, with line breaks as browsers have them, and its digest."""

    name: str
    text: str = field(repr=False)

    @property
    def digest(self) -> str:
        """What tells this text from others; its line breaks do not count."""
        return sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


def names(folder: Path) -> list[str]:
    """Return the names of the rules files of a folder that can be opened: no links."""
    return [one.name for one in files(folder) if one.is_file() and not one.is_symlink()]


def read(folder: Path, name: str) -> RulesText:
    """Return a rules file of a folder; raise NotDone."""
    return _text(name, _content(_place(folder, name)))


def save(folder: Path, name: str, text: str, digest: str) -> RulesText:
    """Write a text over the one with this digest; return it, or raise NotDone."""
    with _WRITING:
        return _saved(_place(folder, name), text, digest)


def _saved(place: Path, text: str, digest: str) -> RulesText:
    name, before = place.name, _content(place)
    if _text(name, before).digest != digest:
        raise NotDone(f"{name} has changed on disk since it was read here: nothing is saved")
    new = RulesText(name, with_newlines(text))
    if not _is_kept(new.text):
        raise NotDone("there are characters in it that a text file cannot have: nothing is saved")
    try:
        _replace(place, _encoded(new.text, before), before)
    except OSError as error:
        raise NotDone(f"{name} cannot be written: {error.strerror}") from None
    return new


def with_newlines(text: str) -> str:
    """Return a text with line breaks as a text area has them: forms send others."""
    return text.replace(_LINE_BREAKS, "\n")


def _place(folder: Path, name: str) -> Path:
    """Return the place of a file: its name must be one that the folder has."""
    if name not in names(folder):
        raise NotDone(f"the rules folder has no file {name!r} that can be edited here")
    return folder / name


def _content(place: Path) -> bytes:
    """Return the bytes of a file, also where it has become a link meanwhile: then none."""
    try:
        with os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return file.read()
    except OSError as error:
        raise NotDone(f"{place.name} cannot be read: {error.strerror}") from None


def _text(name: str, content: bytes) -> RulesText:
    try:
        text = with_newlines(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise NotDone(f"{name} is not UTF-8 text: open it in an editor") from None
    if not _is_kept(text):
        raise NotDone(f"{name} has characters that a browser would change: open it in an editor")
    return RulesText(name, text)


def _is_kept(text: str) -> bool:
    """Return whether browsers and UTF-8 keep a text as it is."""
    is_whole = not any("\ud800" <= one <= "\udfff" for one in text)
    return is_whole and "\r" not in text and "\0" not in text


def _encoded(text: str, before: bytes) -> bytes:
    """Return a text as bytes, with the line breaks of the file that it replaces."""
    is_windows = b"\r\n" in before and before.count(b"\n") == before.count(b"\r\n")
    return (text.replace("\n", _LINE_BREAKS) if is_windows else text).encode()


def _replace(place: Path, content: bytes, before: bytes) -> None:
    """Put bytes in the place of a file at once; raise OSError, or NotDone where it has changed."""
    mode = stat.S_IMODE(place.lstat().st_mode)
    opened, name = tempfile.mkstemp(_SAVING, f".{place.stem}-", place.parent)
    temporary = Path(name)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        if _content(place) != before:
            raise NotDone(f"{place.name} has changed on disk this moment: nothing is saved")
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)
