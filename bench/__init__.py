"""Measurements of the relay, beside its peers in the same run. Never deployed."""

import sys
from pathlib import Path
from types import ModuleType

# Some distributions install a package of the name `tests`, which would hide this project's folder.
_tests = ModuleType("tests")
_tests.__path__ = [str(Path(__file__).parents[1] / "tests")]
sys.modules.setdefault("tests", _tests)
