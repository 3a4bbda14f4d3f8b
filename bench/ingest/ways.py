"""Ways to take a webhook, each in a process of its own on core 1, and functions to start cold."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from bench.deliver.packages import RELEASE
from bench.deliver.ways import TYPICAL as WORKER
from bench.deliver.ways import environment, segment
from bench.deliver.webhooks import TOPICS, gateway_event, queue_event, typical_message
from bench.ingest import packages
from bench.ingest.bodies import FEW, MANY
from bench.ingest.cold import Function
from bench.ingest.figures import (
    CROWDED,
    DELIVER,
    HAND,
    INGEST,
    KIT,
    LIGHT,
    ONCE,
    PLAIN,
    with_bytecode,
)
from bench.paths import PROJECT
from bench.processes import CLIENTS, Program, Ways
from bench.results import OURS

BATCH: Final = 10  # messages of a cold batch
# The relay's packages with many rules, of which log lines alone are taken.
CROWDS: Final = {OURS: f"{OURS}, {MANY} rules", RELEASE: f"{RELEASE}, {MANY} rules"}
_HANDLERS: Final = {PLAIN: "bench.ingest.typical", ONCE: "bench.ingest.typical_once"}


def starts(url: str) -> Mapping[str, Callable[[], Program]]:
    """Return how each way is started, beside a sink."""

    def relay(way: str, rules: int) -> Program:
        return _functions(url, _package(way, INGEST, rules), "handler.ingest")

    def typical(way: str) -> Program:
        return _functions(url, packages.typical(bytecode=False), _HANDLERS[way])

    return {
        OURS: lambda: relay(OURS, FEW),
        RELEASE: lambda: relay(RELEASE, FEW),
        CROWDS[OURS]: lambda: relay(OURS, MANY),
        CROWDS[RELEASE]: lambda: relay(RELEASE, MANY),
        PLAIN: lambda: typical(PLAIN),
        ONCE: lambda: typical(ONCE),
        HAND: lambda: _program(url, "bench.ingest.by_hand"),
        LIGHT: lambda: _program(url, "bench.ingest.by_hand", "1"),
        KIT: lambda: _kit(url),
    }


def _package(way: str, function: str, rules: int) -> Path:
    return packages.ours(function, rules) if way == OURS else packages.release(rules)


def _functions(url: str, package: Path, module: str) -> Program:
    return _program(url, "bench.ingest.functions", str(package), module)


def _program(url: str, *module: str) -> Program:
    command = (str(packages.python()), "-m", *module)
    return Program(CLIENTS, command, cwd=PROJECT, env=variables(url))


def variables(url: str) -> dict[str, str]:
    """Return the environment of a function, whose package is read-only."""
    return {**environment(url), "PYTHONDONTWRITEBYTECODE": "1"}


def _kit(url: str) -> Program:
    program = segment(url)
    program.ask("map", events=10_000)  # compiled from here on
    return program


def functions(ways: Ways) -> dict[str, dict[str, Function]]:
    """Return the functions to be started cold, by name and then by way: those of ways that run."""
    webhook = gateway_event(1, TOPICS["plain"])
    found: dict[str, dict[str, Function]] = {INGEST: {}, DELIVER: {}, CROWDED: {}}
    for way in ways.running.keys() & CROWDS.keys():
        batch = queue_event(ways.running[way].ask("messages", count=BATCH))
        for name, event in ((INGEST, webhook), (DELIVER, batch)):
            package = _package(way, name, FEW)
            found[name][way] = Function(package, f"handler.{name}.lambda_handler", event)
    if OURS in ways.running:
        crowd = _package(OURS, INGEST, MANY)
        found[CROWDED][OURS] = found[INGEST][OURS]._replace(package=crowd)
    if PLAIN in ways.running:
        batch = queue_event([typical_message(number) for number in range(BATCH)])
        for way in ways.running.keys() & _HANDLERS.keys():
            found[INGEST] |= _typical(way, _HANDLERS[way], webhook)
        found[DELIVER] |= _typical(WORKER, "bench.deliver.typical", batch)
    return found


def _typical(way: str, module: str, event: Any) -> dict[str, Function]:
    names = {way: False, with_bytecode(way): True}
    return {
        name: Function(packages.typical(bytecode=bytecode), f"{module}.lambda_handler", event)
        for name, bytecode in names.items()
    }
