"""The suite that all JMESPath implementations share, if it is here.

It is not part of this project: JMESPATH_COMPLIANCE names a directory of its files, such as
`tests/compliance` of github.com/jmespath/jmespath.py.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handler.core.errors import ExpressionError
from handler.core.expressions.expression import search

SUITE = os.environ.get("JMESPATH_COMPLIANCE")


def cases() -> Iterator[Any]:
    for file in sorted(Path(SUITE).glob("*.json")) if SUITE else ():
        for group in json.loads(file.read_text(encoding="utf-8")):
            for case in group["cases"]:
                if "bench" not in case:  # those say only what to time
                    yield pytest.param(
                        group["given"], case, id=f"{file.stem}: {case['expression']}"
                    )


def marked(value: Any) -> Any:
    """Tell true from 1, which Python does not."""
    if isinstance(value, list):
        return [marked(it) for it in value]
    if isinstance(value, dict):
        return {key: marked(it) for key, it in value.items()}
    return str(value) if isinstance(value, bool) else value


@pytest.mark.skipif(not SUITE, reason="JMESPATH_COMPLIANCE names no directory of the suite")
@pytest.mark.parametrize("given, case", list(cases()))
def test_the_suite_agrees(given: Any, case: Any) -> None:
    if "error" in case:
        with pytest.raises(ExpressionError):
            search(case["expression"], given)
    else:
        assert marked(search(case["expression"], given)) == marked(case["result"])
