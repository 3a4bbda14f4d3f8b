"""Contents of a deployed function's package: rules, code, and the machines of its wheels."""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from handler.compiled_rules import FILE

# The machine at the end of a wheel's platform tag, with Lambda's name for it; `any` has none.
_MACHINE: Final = re.compile(rb"^Tag: .*_(aarch64|arm64|x86_64)\s*$", re.MULTILINE)
_LAMBDA: Final = {b"aarch64": "arm64", b"arm64": "arm64", b"x86_64": "x86_64"}


@dataclass(frozen=True, slots=True)
class Package:
    """A package: its rules files by name, and the machines that its wheels are built for.

    `code` are the modules in its folder `handler`, by their paths there; `compiled` is its file of
    compiled rules, empty where it has none.
    """

    rules: Mapping[str, bytes]
    machines: frozenset[str]
    code: Mapping[str, bytes]
    compiled: bytes


def read_package(content: bytes) -> Package:
    """Return the contents of a zip; raise BadZipFile."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        paths = [PurePosixPath(name) for name in package.namelist()]
        rules = [path for path in paths if str(path.parent) == "rules" and path.suffix == ".yaml"]
        code = [path for path in paths if path.is_relative_to("handler") and path.suffix == ".py"]
        compiled = [path for path in paths if path == PurePosixPath("rules", FILE)]
        wheels = [package.read(str(path)) for path in paths if path.match("*.dist-info/WHEEL")]
        return Package(
            rules={path.name: package.read(str(path)) for path in rules},
            machines=frozenset(name for wheel in wheels for name in _machines(wheel)),
            code={str(path.relative_to("handler")): package.read(str(path)) for path in code},
            compiled=b"".join(package.read(str(path)) for path in compiled),
        )


def _machines(wheel: bytes) -> set[str]:
    """Return the machine that a wheel is for; empty for one that runs on any or on both."""
    found = {_LAMBDA[name] for name in _MACHINE.findall(wheel)}
    return found if len(found) == 1 else set()
