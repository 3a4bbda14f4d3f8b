"""Says in words why a file of events/ is no sample, and where."""

import re
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

_PLACE: Final = re.compile(r"(.*) at line (\d+) column (\d+)", re.DOTALL)
_KEYS: Final = 3  # that a sample must have
_SHAPE: Final = "(a sample has source, headers, body)"


class WrongSample(Exception):
    """A file of events/ that is no sample; its text says which, where and why."""


def misread(file: str, error: ValidationError) -> str:
    """Return what is wrong with a file, a line for each mistake, as `file:line:column: why`."""
    found = error.errors(include_url=False)
    if sum(one["type"] == "missing" for one in found) == _KEYS:
        source = Path(file).stem.partition("-")[0]
        wrapped = f'{{"source": "{source}", "headers": {{}}, "body": ...}}'
        return f"{file}: this is a bare body: wrap it as {wrapped}"
    return "\n".join(_told(file, one) for one in found)


def _told(file: str, error: ErrorDetails) -> str:
    if error["type"] == "json_invalid":
        words = str(error["ctx"]["error"])
        place = _PLACE.fullmatch(words)
        return (
            f"{file}:{place[2]}:{place[3]}: not JSON: {place[1]}" if place else f"{file}: {words}"
        )
    where = ".".join(map(str, error["loc"])) or "the file"
    if error["type"] == "missing":
        return f"{file}: {where} is missing {_SHAPE}"
    if error["type"] == "model_type":
        return f"{file}: not a JSON object {_SHAPE}"
    return f"{file}: {where}: {error['msg'].lower()}"
