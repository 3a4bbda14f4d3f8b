"""Settings for all tests."""

import gc
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import pytest
from botocore import useragent
from botocore.loaders import JSONFileLoader, Loader
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from relay.local.emulator import emulator
from tests import file_by_file
from tests.chromium import MISSING, chromium
from tests.examples import examples
from tests.forked_stacks import forked_starts

# A case is judged by what comes of it, and not by how long a busy machine takes for it.
settings.register_profile("patient", deadline=None, max_examples=examples(40))
settings.load_profile("patient")

# Hardly anything dies in the heap of so many tests. Looked through by Python's own thresholds (700,
# 10, 10), it costs 4 % of the simulation.
gc.set_threshold(20_000, 20, 20)

_load_file = JSONFileLoader.load_file


@cache
def _loaded(path: str) -> Any:
    return _load_file(JSONFileLoader(), path)


def _load_once(self: JSONFileLoader, file_path: str) -> Any:  # noqa: ARG001 - it has no state
    return _loaded(file_path)


# boto3 keeps what it has read of a service for the other clients of a session. Most tests have a
# session of their own, of whose time reading it anew takes a fifth.
JSONFileLoader.load_file = _load_once  # type: ignore[method-assign] # see above

# Each call names its client twice, in 88 words that it looks through letter by letter: a tenth of
# what a call takes.
useragent.sanitize_user_agent_string_component = cache(
    useragent.sanitize_user_agent_string_component
)

_list_services, _listed = Loader.list_available_services, dict[tuple[str, ...], list[str]]()


def _list_once(self: Loader, type_name: str) -> list[str]:
    asked = (type_name, *self.search_paths)
    if asked not in _listed:
        _listed[asked] = _list_services(self, type_name)
    return _listed[asked]


# It looks into each of 450 folders of botocore's, which takes two thirds of the time of a client.
Loader.list_available_services = _list_once  # type: ignore[method-assign] # see above

# What takes longest begins first, so that nothing is waited for at the end. What computes is
# between what waits for a stack: the processors have work all the time.
LONGEST: Final = (
    "tests/simulation/test_world.py",
    "tests/page/test_access.py",
    "tests/e2e/test_away.py",
    "tests/deploy/test_make_deploy.py",
    "tests/deploy/test_update.py",
    "tests/faults/test_outage.py",
    "tests/test_bench_ingest.py",
    "tests/faults/test_killed.py",
    "tests/simulation/test_protocol_soak.py",
    "tests/builder/test_package.py",
    "tests/e2e/test_commands.py",
    "tests/simulation/test_model.py",
    "tests/simulation/test_signing_rotation.py",
    "tests/permissions/test_permissions.py",
    "tests/simulation/test_cells.py",
    "tests/simulation/test_stateful.py",
    "tests/fuzz/test_fuzz.py",
    "tests/simulation/test_overtaking.py",
    "tests/contract/test_breaches.py",
    "tests/simulation/test_rotation.py",
    "tests/faults/test_interim.py",
    "tests/test_supply_chain.py",
    "tests/relay/operations/test_erase.py",
    "tests/faults/test_priority.py",
    "tests/simulation/test_invariants.py",
    "tests/test_template.py",
    "tests/relay/dead_letters/test_interrupt.py",
    "tests/test_bench_deliver.py",
)
# A file goes to one process; so do all files of a folder that share a stack, a loaded SAM or built
# packages, which each process would make anew. But for what makes stacks of its own, for longer
# than most files.
SHARING: Final = ("tests/e2e", "tests/deploy", "tests/builder", "tests/page")
APART: Final = ("tests/e2e/test_commands.py", "tests/deploy/test_update.py")


class Scheduling(LoadFileScheduling):  # type: ignore[misc] # xdist ships no types
    """The tests of a file, or of a folder that shares a stack, in one process."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        folder = file.rpartition("/")[0]
        return folder if folder in SHARING and file not in APART else file


def pytest_configure(config: pytest.Config) -> None:
    """Let each process of a run by `--dist loadfile` collect what it runs alone."""
    file_by_file.register(config)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """Replace `--dist loadfile` alone."""
    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def _forked_starts() -> Iterator[None]:
    with forked_starts():
        yield


@pytest.fixture(scope="session")
def emulated() -> Iterator[str]:
    """Give the endpoint of an emulator that many tests share: what they make has its own name."""
    with emulator() as endpoint:
        yield endpoint


def pytest_collection_finish() -> None:
    """Look no more through what all tests are: it lives as long as the process."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say that the browser's tests were left out, which `--quiet` counts among the skipped."""
    if chromium() is None:
        terminalreporter.write_line(MISSING)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {file: at for at, file in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(order)))
