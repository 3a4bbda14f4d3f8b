"""A run in several processes, each of which collects a file only when it is to run it.

By itself xdist has each process collect all tests of the suite, though it runs but its share of
them, hands them out one by one, and reports each of them five times: to set it up, to tear it down.
Here the unit is the file, and a test is reported once, unless it is set up or torn down in vain.
"""

import gc
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol


class Unit(pytest.Item):
    """All tests of a file, in their place until they run."""

    def runtest(self) -> None:
        """Be what a file without tests has instead."""
        pytest.skip("it has no tests")

    def tests(self) -> list[pytest.Item]:
        """Collect them, as a process does that collects all files at once."""
        file: Any = self.parent
        module = pytest.Module.from_parent(file.parent, path=self.path)
        items = list(self.session.genitems(module))
        hook = self.config.hook
        hook.pytest_collection_modifyitems(session=self.session, config=self.config, items=items)
        gc.freeze()  # what was loaded for them lives as long as the process
        return items


class Uncollected(pytest.File):
    """A file that is not loaded yet."""

    def collect(self) -> list[pytest.Item]:
        """Return what stands for its tests."""
        return [Unit.from_parent(self, name="tests")]


class Worker:
    """The process that runs files."""

    def pytest_pycollect_makemodule(self, module_path: Path, parent: Any) -> Uncollected:
        """Load no file while all are collected."""
        return Uncollected.from_parent(parent, path=module_path)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        """Run the tests of a file one after the other; report of one what there is to say."""
        if isinstance(item, Unit):
            return _run(item, nextitem) or None
        for report in runtestprotocol(item, log=False, nextitem=nextitem):
            if report.when == "call" or not report.passed:
                item.ihook.pytest_runtest_logreport(report=report)
        return True


def _run(unit: Unit, following: pytest.Item | None) -> bool:
    """Run the tests of a file; return whether there was one."""
    session, tests = unit.session, unit.tests()
    at = session.items.index(unit)
    for test, after in zip(tests, [*tests[1:], following], strict=False):
        session.items[at] = test  # a report is of the item in hand, xdist makes sure
        test.ihook.pytest_runtest_protocol(item=test, nextitem=after)
        if session.shouldfail or session.shouldstop:
            break
    session.items[at] = unit
    if tests:  # else it is reported itself
        unit.ihook.pytest_runtest_logfinish(nodeid=unit.nodeid, location=unit.location)
    return bool(tests)


class Controller:
    """The process that hands out files, and shows how far the others are."""

    def __init__(self) -> None:
        self.files = self.done = 0

    def pytest_configure_node(self, node: Any) -> None:
        """Tell a process of it, which sees no `--dist`."""
        node.workerinput["file_by_file"] = True

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self.session = session
        self.terminal: Any = session.config.pluginmanager.getplugin("terminalreporter")

    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self.files = len(ids)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self) -> None:
        self._estimate()

    def pytest_runtest_logfinish(self) -> None:
        self.done += 1
        self._estimate()

    def _estimate(self) -> None:
        """Take it that the other files have as many tests as those that are done."""
        reported = max(self.terminal.reported_progress, 1)
        self.session.testscollected = reported * self.files // max(self.done, 1)


def register(config: pytest.Config) -> None:
    """Run file by file where `--dist loadfile` says so and no single tests are asked for."""
    if hasattr(config, "workerinput"):
        if config.workerinput.get("file_by_file"):
            config.pluginmanager.register(Worker())
    elif config.getoption("dist") == "loadfile" and not any("::" in one for one in config.args):
        config.pluginmanager.register(Controller())
