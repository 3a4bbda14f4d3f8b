"""Four ways to deliver from a queue, under the same faults, on the same services in memory."""

import sys
from pathlib import Path
from types import ModuleType

# Some distributions install a package of the name `tests`, which would hide this project's folder.
_tests = ModuleType("tests")
_tests.__path__ = [str(Path(__file__).parents[2] / "tests")]
sys.modules.setdefault("tests", _tests)
