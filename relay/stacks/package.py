"""Contents of a function's package: rules, code, bytecode, and the machines of its wheels."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import requests

from handler.compiled_rules import FILE

_RULES: Final = re.compile(r"rules/([^/]+\.yaml)")
_CODE: Final = re.compile(r"handler/(.+\.py)")
# The machine at the end of a wheel's platform tag, with Lambda's name for it; `any` has none.
_MACHINE: Final = re.compile(rb"^Tag: .*_(aarch64|arm64|x86_64)\s*$", re.MULTILINE)
_LAMBDA: Final = {b"aarch64": "arm64", b"arm64": "arm64", b"x86_64": "x86_64"}
_OURS: Final = "handler/__pycache__/*.pyc"
_TAG: Final = re.compile(r"\.cpython-(\d)(\d+)\.pyc$")
_SECONDS: Final = 10
_CHUNK: Final = 1 << 20  # bytes
_FLAGS: Final = 4  # where the flags begin, after the number of the bytecode's version


@dataclass(frozen=True, slots=True)
class PackageContents:
    """A package: its rules files by name, and the machines that its wheels are built for.

    `code` are the modules in its folder `handler`, by their paths there; `compiled` is its file of
    compiled rules, empty where it has none; `runtimes` are those that its bytecode is for.
    """

    rules: Mapping[str, bytes]
    machines: frozenset[str]
    code: Mapping[str, bytes]
    compiled: bytes
    runtimes: frozenset[str] = frozenset()


def read_package(content: bytes) -> PackageContents:
    """Return the contents of a zip; raise BadZipFile."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        names = package.namelist()
        rules = [found[1] for name in names if (found := _RULES.fullmatch(name))]
        code = [found[1] for name in names if (found := _CODE.fullmatch(name))]
        compiled = [name for name in names if name == f"rules/{FILE}"]
        wheels = [package.read(name) for name in names if name.endswith(".dist-info/WHEEL")]
        return PackageContents(
            rules={name: package.read(f"rules/{name}") for name in rules},
            machines=frozenset(name for wheel in wheels for name in _machines(wheel)),
            code={name: package.read(f"handler/{name}") for name in code},
            compiled=b"".join(map(package.read, compiled)),
            runtimes=frozenset(
                runtime
                for name in names
                if fnmatch(name, _OURS)
                for runtime in _runtime(name, package.read(name))
            ),
        )


def download(url: str) -> bytes:
    """Return the zip at the location that Lambda gives; raise RequestException.

    The error's text holds a signed URL.
    """
    with requests.get(url, timeout=_SECONDS, stream=True) as answer:
        answer.raise_for_status()
        return b"".join(answer.iter_content(_CHUNK))


def is_compiled(folder: Path, runtime: str) -> bool:
    """Return whether a package that is not yet packed has bytecode of a runtime."""
    found = folder.glob(_OURS)
    return any(runtime in _runtime(file.name, file.read_bytes()) for file in found)


def without_bytecode(functions: Sequence[str], runtime: str) -> tuple[str, str]:
    """Return what it costs that functions have no bytecode, and the remedy before a deployment."""
    problem = (
        f"no bytecode of {runtime}, so that each cold start takes up to half as long again: "
        f"{', '.join(functions)}"
    )
    version = runtime.removeprefix("python")
    return problem, f".venv/bin/uv python install {version}"


def _runtime(name: str, content: bytes) -> set[str]:
    """Return the runtime that a bytecode file is for; empty for one that is checked by its date.

    Archives are dated 1980, which is no source's date.
    """
    tag = _TAG.search(name)
    return {f"python{tag[1]}.{tag[2]}"} if tag and content[_FLAGS] & 1 else set()  # PEP 552


def _machines(wheel: bytes) -> set[str]:
    """Return the machine that a wheel is for; empty for one that runs on any or on both."""
    found = {_LAMBDA[name] for name in _MACHINE.findall(wheel)}
    return found if len(found) == 1 else set()
