"""Import graph of a function, read from sources: which modules its package needs.

Read, not run: a package for arm64 is built on any machine. Imports within functions count, and
where a module loads others beside it by names that it computes, all of them do.
"""

import ast
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final

from builder.errors import BuildFailed

# What Lambda's runtime for Python brings along.
PROVIDED: Final = frozenset({"boto3", "botocore"})
_LOADERS: Final = {"import_module", "__import__"}
# Without one of these words in its text a module imports by statements alone.
_CALLED: Final = (*(name.encode() for name in sorted(_LOADERS)), b"files")
_BLOCKS: Final = ("body", "orelse", "handlers", "finalbody", "cases")


@dataclass(frozen=True, slots=True)
class Import:
    """An import of a module, or of a name in it; `whole`: by a computed name, of all below it."""

    name: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Needed:
    """Modules by their files: all, and those that most environments load.

    `often` has not what only computed names load, nor what only rarely loaded modules need.
    """

    all: frozenset[Path]
    often: frozenset[Path]


@dataclass(frozen=True, slots=True)
class _Module:
    """The imports of a module, and the modules that it takes names from once they are asked for."""

    imports: tuple[Import, ...]
    exports: Mapping[str, str]


class Modules:
    """The modules in some folders, by their dotted names; `own` is the package that is ours.

    Those that are left out, by patterns of their names, are so with all below them.
    """

    def __init__(self, folders: Iterable[Path], own: str, left_out: Iterable[str] = ()) -> None:
        self._own = own
        patterns = [pattern for name in left_out for pattern in (name, f"{name}.*")]
        self._read: dict[str, _Module] = {}
        self.files: dict[str, tuple[Path, Path]] = {}
        for folder in folders:
            for path in sorted(file.relative_to(folder) for file in folder.rglob("*.py")):
                name = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
                if not any(fnmatchcase(name, pattern) for pattern in patterns):
                    self.files.setdefault(name, (folder, path))
        self._tops = {name.partition(".")[0] for name in self.files}

    def needed(self, entry: str, rarely: Iterable[str] = ()) -> Needed:
        """Return what a module needs, directly and through others; some are rarely loaded.

        Raise BuildFailed where ours import what neither the lock nor Lambda has.
        """
        every = self._reached(entry, frozenset(), computed=True)
        often = self._reached(entry, frozenset(rarely), computed=False)
        return Needed(self._paths(every), self._paths(often))

    def _paths(self, names: Iterable[str]) -> frozenset[Path]:
        return frozenset(self.files[name][1] for name in names)

    def _reached(self, entry: str, without: frozenset[str], *, computed: bool) -> set[str]:
        reached: set[str] = set()
        waiting = deque([entry])
        while waiting:
            name = waiting.popleft()
            if name not in reached | without:
                reached.add(name)
                for one in self._module(name).imports:
                    if computed or not one.whole:
                        waiting.extend(self._meant(one, name))
        return reached

    def _module(self, name: str) -> _Module:
        if name not in self._read:
            folder, path = self.files[name]
            package = name if path.name == "__init__.py" else name.rpartition(".")[0]
            self._read[name] = _read((folder / path).read_bytes(), package)
        return self._read[name]

    def _meant(self, one: Import, importer: str) -> Iterator[str]:
        """Yield the modules that an import loads: the module, its packages, or all below it."""
        parts = one.name.split(".")
        if parts[0] not in self._tops:
            self._refuse_unknown(parts[0], importer)
        names = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
        yield from (name for name in names if name in self.files)
        yield from (name for name in self._exported(one.name) if name in self.files)
        if one.whole:
            yield from (name for name in self.files if name.startswith(f"{one.name}."))

    def _exported(self, name: str) -> Iterator[str]:
        """Yield the module that a package takes a name from."""
        package, _, attribute = name.rpartition(".")
        if package in self.files and attribute in (found := self._module(package).exports):
            yield found[attribute]

    def _refuse_unknown(self, top: str, importer: str) -> None:
        if (
            importer.partition(".")[0] == self._own
            and top not in PROVIDED | sys.stdlib_module_names
        ):
            raise BuildFailed(
                f"{importer} imports {top}, which neither src/requirements.txt nor Lambda's "
                "runtime has: add it to pyproject.toml, then make lock"
            )


@cache
def _read(text: bytes, package: str) -> _Module:
    """Read a module in a package, once for all functions of one build.

    What it imports for type checkers alone is left out.
    """
    module = ast.parse(text)
    exports = _exports(module, package)
    below = ast.iter_child_nodes if any(word in text for word in _CALLED) else _statements
    found: list[Import] = []
    waiting: deque[ast.AST] = deque([module])
    while waiting:
        node = waiting.popleft()
        found += _of(node, package)
        if isinstance(node, ast.If) and _is_for_checkers(node.test):
            waiting.extend(node.orelse)
        else:
            waiting.extend(below(node))
    return _Module(tuple(it for it in found if not (it.whole and exports)), exports)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the statements of a statement's blocks; most of a module are expressions."""
    for block in _BLOCKS:
        yield from getattr(node, block, ())


def _exports(module: ast.Module, package: str) -> dict[str, str]:
    """Return the modules of the names that a package loads once they are asked for (PEP 562).

    They are in a table of its own, from each name to what has the module as `.module` in it.
    """
    if not any(isinstance(it, ast.FunctionDef) and it.name == "__getattr__" for it in module.body):
        return {}
    tables = [it for one in module.body for it in ast.walk(one) if isinstance(it, ast.Dict)]
    rows = [row for it in tables for row in zip(it.keys, it.values, strict=True)]
    texts = [(key, part) for key, value in rows for part in ast.walk(value)]
    return {
        str(getattr(key, "value", "")): f"{package}{part.value}"
        for key, part in texts
        if isinstance(part, ast.Constant)
        if isinstance(part.value, str) and part.value.startswith(".")
    }


def _of(node: ast.AST, package: str) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = _base(node, package)
        yield from (Import(f"{base}.{alias.name}") for alias in node.names)
    elif isinstance(node, ast.Call):
        yield from _called(node, package)


def _base(node: ast.ImportFrom, package: str) -> str:
    """Return the module that names are imported from, absolutely."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    above = parts[: len(parts) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def _called(node: ast.Call, package: str) -> Iterator[Import]:
    """Yield what a call loads, if it is one of a loader."""
    called = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
    first = node.args[0] if node.args else None
    name = getattr(first, "value", None)
    if called == "files" and isinstance(name, str):  # of importlib.resources
        yield Import(name, whole=True)
    elif called in _LOADERS and isinstance(name, str):
        yield Import(name)
    elif called in _LOADERS and _is_relative(node, first):
        yield Import(package, whole=True)


def _is_relative(call: ast.Call, name: ast.expr | None) -> bool:
    """Return whether a loader is given its own package, beside the name or as its beginning."""
    names = {it.id for it in ast.walk(name) if isinstance(it, ast.Name)} if name else set()
    return "__name__" in names or bool({"package", "level"} & {it.arg for it in call.keywords})


def _is_for_checkers(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in {getattr(test, "id", ""), getattr(test, "attr", "")}
