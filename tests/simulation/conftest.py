"""The emulator, beside which the services in memory are held, and the figures of all runs."""

from collections.abc import Callable
from typing import Any, Final

import boto3
import pytest
from botocore.config import Config

from relay.stacks.local import REGION
from tests.simulation.figures import Figures, told, total

_NAME: Final = "figures"


@pytest.fixture(scope="session")
def client(emulated: str) -> Callable[[str], Any]:
    session = boto3.Session("test", "test", region_name=REGION)
    make: Any = session.client
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    return lambda service: make(service, endpoint_url=emulated, config=once)


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Callable[[Figures], None]:
    """What takes a run's figures; pytest-xdist carries them to the process that tells them."""
    return lambda figures: record_property(_NAME, dict(figures))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the sums of all runs, of each test's by itself."""
    runs: dict[str, list[Figures]] = {}
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    for report in reports:
        for name, figures in getattr(report, "user_properties", ()):
            if name == _NAME and report.when == "call":
                runs.setdefault(report.nodeid.partition("[")[0], []).append(figures)
    for test, found in runs.items():
        terminalreporter.section(f"{test}: {len(found)} runs")
        terminalreporter.write_line("\n".join(told(total(found))))
