"""Settings for all tests."""

import gc
from typing import Final

import pytest
from hypothesis import settings

# A case is judged by what comes of it, and not by how long a busy machine takes for it.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# Hardly anything dies in the heap of 12,000 tests. Looked through by Python's own thresholds (700,
# 10, 10), it costs 2 of the 10 s of a collection, and 4 % of the simulation.
gc.set_threshold(20_000, 20, 20)

# A file goes to one process: what takes longest begins first, so that nothing is waited for. One
# that computes, and beside it those that wait for a stack: the processors have work all the time.
LONGEST: Final = (
    "tests/simulation/test_world.py",
    "tests/faults/test_killed.py",
    "tests/deploy/test_update.py",
    "tests/simulation/test_model.py",
    "tests/e2e/test_commands.py",
    "tests/e2e/test_away.py",
    "tests/faults/test_outage.py",
    "tests/e2e/test_dead_letters.py",
    "tests/simulation/test_signing_rotation.py",
    "tests/deploy/test_make_deploy.py",
    "tests/e2e/test_doctor.py",
    "tests/fuzz/test_fuzz.py",
    "tests/deploy/test_parameters.py",
    "tests/deploy/test_policies.py",
    "tests/permissions/test_permissions.py",
    "tests/e2e/test_send.py",
    "tests/deploy/test_guided.py",
    "tests/deploy/test_sam.py",
)


def pytest_collection_finish() -> None:
    """Look no more through what all tests are: it lives as long as the process."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {file: at for at, file in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(order)))
