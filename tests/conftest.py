"""Settings for all tests."""

import gc
from typing import Any, Final

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

# A case is judged by what comes of it, and not by how long a busy machine takes for it.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Hardly anything dies in the heap of 12,000 tests. Looked through by Python's own thresholds (700,
# 10, 10), it costs 2 of the 10 s of a collection, and 4 % of the simulation.
gc.set_threshold(20_000, 20, 20)

# What takes longest begins first, so that nothing is waited for. One that computes, and beside it
# those that wait for a stack: the processors have work all the time.
LONGEST: Final = (
    "tests/simulation/test_world.py",
    "tests/e2e/test_away.py",
    "tests/deploy/test_update.py",
    "tests/deploy/test_make_deploy.py",
    "tests/faults/test_killed.py",
    "tests/simulation/test_model.py",
    "tests/e2e/test_commands.py",
    "tests/faults/test_outage.py",
    "tests/simulation/test_signing_rotation.py",
    "tests/fuzz/test_fuzz.py",
    "tests/permissions/test_permissions.py",
)
# A file goes to one process; so do all files of a folder that share a stack, or a loaded SAM, which
# each process would make anew. But for what makes stacks of its own, for longer than most files.
SHARING: Final = ("tests/e2e", "tests/deploy")
APART: Final = ("tests/e2e/test_commands.py", "tests/deploy/test_update.py")


class Scheduling(LoadFileScheduling):  # type: ignore[misc] # xdist ships no types
    """The tests of a file, or of a folder that shares a stack, in one process."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        folder = file.rpartition("/")[0]
        return folder if folder in SHARING and file not in APART else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Replace `--dist loadfile` alone."""
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    """Look no more through what all tests are: it lives as long as the process."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {file: at for at, file in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(order)))
