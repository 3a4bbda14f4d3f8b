"""Files of a git revision, read from the repository: nothing is checked out, nothing changes."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

# Of the caller's environment: where git is, and whose settings hold. GIT_DIR, GIT_INDEX_FILE and
# their like, which a hook has, would lead to another repository.
_KEPT: Final = ("PATH", "HOME", "XDG_CONFIG_HOME", "SYSTEMROOT", "USERPROFILE")
_OWN: Final = {
    "LC_ALL": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_LITERAL_PATHSPECS": "1",
}
_FILES: Final = (b"100644", b"100755")  # modes; a link or a submodule is no file of rules
_BRANCH: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]*", re.ASCII)
_OTHERWISE: Final = "give a folder of the rules as they were: relay rules diff OTHER/src/rules"


class NoRevisionError(Exception):
    """A revision that cannot be read; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit, under the name that it was asked for, of the repository at `top`."""

    name: str
    commit: str
    top: Path

    def path_of(self, folder: Path) -> PurePosixPath | None:
        """Return the path of a folder within the repository; None where it is outside."""
        path = os.path.relpath(os.path.realpath(folder), self.top)
        is_outside = path == os.pardir or path.startswith(os.pardir + os.sep)
        return None if is_outside else PurePosixPath(Path(path).as_posix())

    def write(self, path: PurePosixPath, into: Path) -> bool:
        """Write the files below a path into a folder; return whether there are any."""
        files = list(_files(self._listed(path)))
        contents = _contents(self.top, [blob for blob, _ in files])
        for (_, name), content in zip(files, contents, strict=True):
            file = into / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        return bool(files)

    def unread(self, path: PurePosixPath) -> list[str]:
        """Return the paths below a path that are not written: links, and names not in UTF-8."""
        return [name for mode, _, name in _entries(self._listed(path)) if not _is_read(mode, name)]

    def _listed(self, path: PurePosixPath) -> bytes:
        below = [] if path == PurePosixPath() else [f"{path}/"]
        return _git(self.top, "ls-tree", "-r", "-z", "--full-tree", self.commit, "--", *below)


def revision(name: str, folder: Path) -> Revision:
    """Return a revision of the repository that a folder is in; raise NoRevisionError."""
    if name.startswith(("-", "^")) or not name.strip() or "\0" in name:
        raise NoRevisionError(f"{name!r} is no revision: give a branch, a tag or a commit")
    top = _top(folder)
    try:
        commit = _git(top, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", "--")
    except NoRevisionError:
        raise NoRevisionError(_why_not(name, top)) from None
    return Revision(name, commit.decode("ascii").split()[0], top)


def _top(folder: Path) -> Path:
    try:
        found = _git(folder, "rev-parse", "--show-toplevel")
    except NoRevisionError as error:
        said = str(error)
        why = f"{folder} is in no git repository" if "not a git repository" in said else said
        raise NoRevisionError(f"{why}; {_OTHERWISE}") from None
    return Path(os.path.realpath(os.fsdecode(found.rstrip(b"\r\n"))))


def _why_not(name: str, top: Path) -> str:
    try:
        _git(top, "cat-file", "-e", name)
    except NoRevisionError:
        return f"git knows no revision {name} here{_fetch(name, top)}"
    return f"{name} is no commit: give a branch, a tag or a commit"


def _fetch(name: str, top: Path) -> str:
    """Return the command that gets a revision, as text to append to an error."""
    is_shallow = _git(top, "rev-parse", "--is-shallow-repository").strip() == b"true"
    is_branch = _BRANCH.fullmatch(name)
    fetch = f"git fetch origin {name.removeprefix('origin/')}" if is_branch else "git fetch"
    if not is_shallow:
        return f": {fetch} gets it if another repository has it"
    one = f"{fetch}, then --against FETCH_HEAD" if is_branch else fetch
    return f", and this clone is shallow: git fetch --unshallow, or {one}"


def _files(listed: bytes) -> Iterator[tuple[str, str]]:
    """Yield the blob and the path of each file of a listing."""
    for mode, blob, name in _entries(listed):
        if _is_read(mode, name):
            yield blob, name


def _is_read(mode: bytes, name: str) -> bool:
    return mode in _FILES and _is_text(name) and not {"", "..", "."} & set(name.split("/"))


def _entries(listed: bytes) -> Iterator[tuple[bytes, str, str]]:
    """Yield mode, blob and path of each entry of a listing."""
    for entry in filter(None, listed.split(b"\0")):
        about, _, path = entry.partition(b"\t")
        mode, _, rest = about.partition(b" ")
        yield mode, rest.split()[-1].decode("ascii"), os.fsdecode(path)


def _is_text(name: str) -> bool:
    """Return whether a name can be printed: others hold halves of surrogate pairs."""
    return name == name.encode("utf-8", "replace").decode("utf-8")


def _contents(top: Path, blobs: Sequence[str]) -> Iterator[bytes]:
    """Yield the contents of blobs, in their order."""
    asked = "".join(f"{blob}\n" for blob in blobs).encode("ascii")
    given = _git(top, "cat-file", "--batch", asked=asked)
    at = 0
    for _ in blobs:
        end = given.index(b"\n", at)
        head = given[at:end].split()
        if len(head) != 3:  # noqa: PLR2004 - blob, type and size; or "missing"
            raise NoRevisionError("this clone lacks files of the revision: git fetch --refetch")
        size = int(head[2])
        yield given[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _git(folder: Path, *arguments: str, asked: bytes = b"") -> bytes:
    """Return the output of git in a folder; raise NoRevisionError with what it says."""
    program = shutil.which("git")
    if program is None:
        raise NoRevisionError("git is not installed")
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    run = subprocess.run(
        [program, "-C", str(folder), *arguments],
        input=asked,
        env=kept | _OWN,
        capture_output=True,
        check=False,
    )
    if run.returncode:
        said = run.stderr.decode("utf-8", "replace").strip().splitlines()
        raise NoRevisionError(said[0] if said else f"git {arguments[0]} fails")
    return run.stdout
