"""Imports point one way: entry points -> adapters -> core; relay -> handler. Names are unique.

Each guard is a function over a folder or over the names of modules, and is itself tested on a
planted breach: one that has gone blind fails here, and does not pass everything.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
SRC = PROJECT / "src"
# Clock, environment, randomness, files, network and processes, and what speaks to them.
IMPURE = {
    *("os", "time", "sched", "random", "uuid", "secrets", "logging", "platform"),
    *("pathlib", "io", "shutil", "tempfile", "glob"),
    *("socket", "select", "selectors", "ssl", "http", "urllib", "ftplib", "smtplib"),
    *("subprocess", "signal", "asyncio", "threading", "_thread", "queue", "concurrent"),
    *("multiprocessing", "ctypes"),
    *("boto3", "botocore", "requests", "urllib3", "aiohttp", "aws_lambda_powertools"),
}
# Calls that read a clock, or reach outside, without any of these modules.
READS = {"now", "utcnow", "today", "getenv"}
REACHES = {"open", "input", "print", "__import__", "import_module"}
# These parts of them compute, and no more.
PURE = {"urllib.parse"}
ENTRIES = {"handler.ingest", "handler.deliver"}

# What each entry point must not load, directly or through others: modules of ours, then packages
# of others. A name stands for itself and for all below it.
FOREIGN = {
    "handler.ingest": (
        *("handler.braze_client", "handler.ledger", "handler.worker", "handler.core.delivery"),
        # What loads rules files: only where they are not compiled.
        *("handler.rules_directory", "handler.rules_build", "handler.core.configuration"),
        *("handler.core.rules.load", "handler.core.rules.encode_source"),
        *("handler.core.verification.presets", "pydantic", "yaml"),
        *("requests", "phonenumbers", "tzdata", "aws_xray_sdk"),
    ),
    "handler.deliver": (
        *("handler.core.verification", "handler.core.expressions", "handler.core.rules"),
        *("handler.core.planning", "handler.core.braze.contract"),
        *("pydantic", "yaml", "phonenumbers", "tzdata", "aws_xray_sdk"),
    ),
}

# Which packages may import which, the lowest first: each may import those above it in this list,
# and itself. What lies in `handler` itself is named module by module.
ORDER = (
    *("handler.core", "handler.core.configuration", "handler.core.verification"),
    *("handler.core.verification.presets", "handler.core.expressions", "handler.core.braze"),
    *("handler.core.braze.contract", "handler.core.rules", "handler.core.planning"),
    *("handler.core.delivery", "handler.init_phase", "handler.settings", "handler.workspaces"),
    *("handler.rules_directory", "handler.aws", "handler.compiled_rules", "handler.webhook_log"),
    "handler.braze_client",
    *(
        "handler.rules_build",
        "handler.ledger",
        "handler.worker",
        "handler.ingest",
        "handler.deliver",
    ),
)
# The same of the tools, a group of commands each; `relay.rules` is one with its folders.
TOOLS = (
    *("relay.paths", "relay.console", "relay.virtualenvs", "relay.webhooks", "relay.stacks"),
    *("relay.simulated_braze", "relay.rules", "relay.sources", "relay.local", "relay.send"),
    *("relay.deploy", "relay.ci", "relay.cost", "relay.doctor", "relay.dead_letters"),
    *("relay.operations", "relay.reconcile", "relay.scaffold", "relay.capture"),
    *("relay.page", "relay.run", "relay.cli", "relay.start"),
)

# Public classes that have one name in several modules, and why.
SHARED = {
    "Endpoint": "Braze's endpoint, of the relay and of the simulated Braze, which repeats it",
    "Ledger": "the same table: the worker's client of it, and the operator's",
    "Workspace": "Braze's workspace, as the relay addresses it and as the simulated Braze keeps it",
}


@cache  # several tests read all files
def imports(file: Path) -> tuple[str, ...]:
    return tuple(_imports(file))


def _imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


def is_below(name: str, packages: Iterable[str]) -> bool:
    """Return whether a module is one of these packages, or lies in one."""
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def impure(source: Path) -> list[str]:
    """Return what core imports, anywhere in it, that is not pure, or not core."""
    return [
        f"{file.relative_to(source)} imports {name}"
        for file in sorted((source / "handler" / "core").rglob("*.py"))
        for name in imports(file)
        if (is_below(name, IMPURE) and not is_below(name, PURE | _parents(PURE, file)))
        or (is_below(name, {"handler"}) and not is_below(name, {"handler.core"}))
    ]


def _parents(names: Iterable[str], file: Path) -> set[str]:
    """Return the packages that a file names only to take one of these from them."""
    taken = set(imports(file))
    return {name.rpartition(".")[0] for name in names if name in taken}


def calls(source: Path) -> list[str]:
    """Return the calls of core that read a clock, or reach outside, without an impure module."""
    return [
        f"{file.relative_to(source)} calls {name}"
        for file in sorted((source / "handler" / "core").rglob("*.py"))
        for name in _impure_calls(file)
    ]


def _impure_calls(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in READS:
            yield node.attr
        if isinstance(node, ast.Name) and node.id in REACHES:
            yield node.id


def importers(folder: Path, packages: Iterable[str]) -> list[str]:
    """Return which modules of a folder import one of these packages."""
    wanted = tuple(packages)
    return [
        f"{file.relative_to(folder)} imports {name}"
        for file in sorted(folder.rglob("*.py"))
        for name in imports(file)
        if is_below(name, wanted)
    ]


def absent(source: Path, names: Iterable[str]) -> list[str]:
    """Return the modules of ours that do not exist: nothing ever loads what is called otherwise."""
    ours = [name for name in names if is_below(name, {"handler"})]
    places = {name: source.joinpath(*name.split(".")) for name in ours}
    return [
        name
        for name, place in places.items()
        if not (place.with_suffix(".py").is_file() or (place / "__init__.py").is_file())
    ]


def foreign(entry: str, modules: Iterable[str]) -> list[str]:
    return sorted(name for name in modules if is_below(name, FOREIGN[entry]))


def loaded(code: str, *folders: Path) -> list[str]:
    return subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"],
        env={"PYTHONPATH": os.pathsep.join(map(str, folders or (SRC,))), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()


def planted(folder: Path, file: str, text: str, top: str = "handler") -> Path:
    """Return a source folder with one file in it, in the package `top`."""
    place = folder / top / file
    place.parent.mkdir(parents=True)
    place.write_text(text, encoding="utf-8")
    return folder


def test_core_imports_neither_clock_nor_environment_nor_network_nor_adapters() -> None:
    assert impure(SRC) == []


@pytest.mark.parametrize("file", ["core/plan.py", "core/presets/shops.py", "core/a/b/c.py"])
@pytest.mark.parametrize(
    "text, name",
    [
        *((f"import {name}", name) for name in sorted(IMPURE)),
        ("def f():\n    import os", "os"),
        ("import os.path", "os.path"),
        ("from time import time", "time"),
        ("from urllib import request", "urllib"),
        ("import urllib.request", "urllib.request"),
        ("from urllib.request import urlopen", "urllib.request"),
        ("import handler.ledger", "handler.ledger"),
        ("from handler import ledger", "handler.ledger"),
        ("import handler.core_of_another", "handler.core_of_another"),
    ],
)
def test_what_core_must_not_import_is_found_wherever_in_it_it_is_planted(
    tmp_path: Path, file: str, text: str, name: str
) -> None:
    found = impure(planted(tmp_path, file, text))
    assert f"handler/{file} imports {name}" in found


def test_core_reads_no_clock_and_no_file_by_a_call() -> None:
    assert calls(SRC) == []


@pytest.mark.parametrize("file", ["core/plan.py", "core/presets/shops.py", "core/a/b/c.py"])
@pytest.mark.parametrize(
    "text, name",
    [
        *((f"from datetime import datetime\ndatetime.{name}()", name) for name in sorted(READS)),
        *((f"{name}('x')", name) for name in sorted(REACHES)),
        ("def f():\n    read = datetime.now\n    return read(UTC)", "now"),
    ],
)
def test_a_planted_call_of_clock_or_file_is_found_wherever_in_core_it_is(
    tmp_path: Path, file: str, text: str, name: str
) -> None:
    assert calls(planted(tmp_path, file, text)) == [f"handler/{file} calls {name}"]


def test_what_core_may_import_is_not_found(tmp_path: Path) -> None:
    text = "import re\nfrom urllib.parse import unquote\nfrom handler.core import message\n"
    assert [it for it in impure(planted(tmp_path, "core/a.py", text)) if "handler.core" in it] == []
    assert not [it for it in impure(tmp_path) if "urllib" in it]


def test_nothing_that_is_deployed_imports_the_tools() -> None:
    assert importers(SRC, {"relay"}) == []


def test_the_functions_never_import_what_builds_them() -> None:
    assert importers(SRC / "handler", {"builder"}) == []


def test_no_adapter_imports_an_entry_point() -> None:
    assert importers(SRC, ENTRIES) == []


@pytest.mark.parametrize("file", ["ingest.py", "core/presets/shops.py", "worker/send.py"])
@pytest.mark.parametrize(
    "text, packages",
    [
        ("import relay.paths", {"relay"}),
        ("from relay import paths", {"relay"}),
        ("import builder.package", {"builder"}),
        ("from builder import package", {"builder"}),
        ("from handler import ingest", ENTRIES),
        ("from handler.deliver import lambda_handler", ENTRIES),
    ],
)
def test_a_planted_import_of_tools_or_entry_points_is_found(
    tmp_path: Path, file: str, text: str, packages: set[str]
) -> None:
    assert importers(planted(tmp_path, file, text), packages)


def test_a_planted_import_of_tools_is_found_in_what_builds_the_packages_too(tmp_path: Path) -> None:
    source = planted(tmp_path, "package.py", "import relay.paths", top="builder")
    assert importers(source, {"relay"}) == ["builder/package.py imports relay.paths"]


@pytest.mark.parametrize("entry", FOREIGN)
def test_an_entry_point_loads_nothing_of_the_other(entry: str) -> None:
    assert foreign(entry, loaded(f"import {entry}")) == []


@pytest.mark.parametrize("entry", FOREIGN)
def test_what_an_entry_point_must_not_load_exists(entry: str) -> None:
    assert absent(SRC, [entry, *FOREIGN[entry]]) == []


def test_a_module_that_was_renamed_or_moved_is_missed(tmp_path: Path) -> None:
    source = planted(tmp_path, "parcels/parcel.py", "")
    assert absent(source, ["handler.parcels", "handler.parcel"]) == [
        "handler.parcels",
        "handler.parcel",
    ]
    (source / "handler" / "parcels" / "__init__.py").touch()
    assert absent(source, ["handler.parcels", "handler.parcels.parcel"]) == []


@pytest.mark.parametrize(
    "entry, module",
    [(entry, module) for entry, modules in FOREIGN.items() for module in modules],
)
def test_a_planted_load_of_the_other_side_is_found_below_its_package_too(
    entry: str, module: str
) -> None:
    assert foreign(entry, ["sys", module, f"{module}x"]) == [module]
    assert foreign(entry, [f"{module}.inner"]) == [f"{module}.inner"]


def test_what_one_entry_point_may_load_the_other_is_caught_with() -> None:
    assert "handler.core.rules" in foreign("handler.deliver", loaded("import handler.ingest"))
    assert "handler.ledger" in foreign("handler.ingest", loaded("import handler.deliver"))


def test_a_file_of_workspaces_costs_deliver_its_readers_and_nothing_of_the_rules(
    tmp_path: Path,
) -> None:
    read = f"from handler.workspaces import Path, read; read(Path({str(tmp_path)!r}), None)"
    assert "yaml" not in loaded(f"import handler.deliver; {read}")
    file = tmp_path / "workspaces.yaml"
    file.write_text("usa: {endpoint: https://rest.iad-03.braze.com}", encoding="utf-8")
    found = foreign("handler.deliver", loaded(f"import handler.deliver; {read}"))
    assert found
    assert all(is_below(name, {"yaml", "pydantic"}) for name in found)


def package(name: str, order: Iterable[str]) -> str | None:
    """Return the package of the order that a module lies in: the one with the longest name."""
    return max((it for it in order if is_below(name, {it})), key=len, default=None)


def modules(folder: Path) -> dict[str, Path]:
    """Return the modules of a source folder by their dotted names."""
    base = folder.parent
    files = {
        ".".join(it.relative_to(base).with_suffix("").parts): it for it in folder.rglob("*.py")
    }
    return {name.removesuffix(".__init__"): file for name, file in sorted(files.items())}


def upward(folder: Path, order: tuple[str, ...]) -> list[str]:
    """Return the imports that go against an order, and the modules that it does not name."""
    wrong = []
    known = modules(folder)
    for name, file in known.items():
        if name == folder.name:
            continue
        own = package(name, order)
        if own is None:
            wrong.append(f"{name} is in no package of the order")
            continue
        for other in imports(file):
            taken = package(other, order) if is_below(other, {folder.name}) else None
            if taken and order.index(taken) > order.index(own):
                wrong.append(f"{name} imports {other}")
    return wrong


def talking(folder: Path) -> list[str]:
    """Return the `__init__.py` that hold more than a docstring: one that re-exports loads more."""
    found = []
    for file in sorted(folder.rglob("__init__.py")):
        body = ast.parse(file.read_text(encoding="utf-8")).body
        is_text = len(body) == 1 and isinstance(body[0], ast.Expr)
        if not (is_text and isinstance(body[0].value, ast.Constant)):  # type: ignore[attr-defined] # an Expr
            found.append(str(file.relative_to(folder)))
    return found


@pytest.mark.parametrize("folder, order", [(SRC / "handler", ORDER), (PROJECT / "relay", TOOLS)])
def test_packages_import_one_way(folder: Path, order: tuple[str, ...]) -> None:
    assert upward(folder, order) == []


@pytest.mark.parametrize("folder, order", [(SRC / "handler", ORDER), (PROJECT / "relay", TOOLS)])
def test_each_package_of_the_order_exists(folder: Path, order: tuple[str, ...]) -> None:
    assert set(order) <= set(modules(folder))


@pytest.mark.parametrize(
    "order, at", [(order, at) for order in (ORDER, TOOLS) for at in range(len(order) - 1)]
)
def test_an_import_against_the_order_is_found_in_every_package(
    tmp_path: Path, order: tuple[str, ...], at: int
) -> None:
    lower, upper = order[at], order[at + 1]
    top, _, name = lower.replace(".", "/").partition("/")
    real = {"handler": SRC, "relay": PROJECT}[top] / top
    file = f"{name}.py" if (real / f"{name}.py").is_file() else f"{name}/planted.py"
    source = planted(tmp_path, file, f"import {upper}", top)
    assert any(f"imports {upper}" in it for it in upward(source / top, order))


def test_a_package_that_the_order_does_not_name_is_found(tmp_path: Path) -> None:
    source = planted(tmp_path, "parcels/parcel.py", "")
    assert upward(source / "handler", ORDER) == [
        "handler.parcels.parcel is in no package of the order"
    ]


@pytest.mark.parametrize("folder", [SRC / "handler", PROJECT / "relay"])
def test_each_init_holds_its_docstring_and_no_more(folder: Path) -> None:
    assert talking(folder) == []


@pytest.mark.parametrize("text", ["", "import handler.core", '"""Words."""\nX = 1\n'])
def test_an_init_that_holds_more_or_nothing_is_found(tmp_path: Path, text: str) -> None:
    source = planted(tmp_path, "core/rules/__init__.py", text)
    assert talking(source / "handler") == ["core/rules/__init__.py"]


def test_the_simulated_braze_knows_nothing_of_the_relays_contract() -> None:
    assert importers(PROJECT / "relay" / "simulated_braze", {"handler.core.braze"}) == []


@pytest.mark.parametrize("file", ["app.py", "contract/track.py", "a/b.py"])
@pytest.mark.parametrize(
    "text",
    [
        "import handler.core.braze.endpoints",
        "from handler.core.braze import endpoints",
        "from handler.core import braze",
        "def f():\n    from handler.core.braze.contract.track import check",
    ],
)
def test_a_planted_import_of_the_relays_contract_is_found(
    tmp_path: Path, file: str, text: str
) -> None:
    assert importers(planted(tmp_path, file, text, "simulated_braze"), {"handler.core.braze"})


def test_the_simulated_braze_loads_the_relays_contract_through_no_other_module() -> None:
    found = loaded("import relay.simulated_braze.app", PROJECT, SRC)
    assert "relay.simulated_braze.contract.track" in found
    assert [name for name in found if is_below(name, {"handler.core.braze"})] == []


def shared(*folders: Path) -> dict[str, list[str]]:
    """Return the public classes of more than one module by name, with the files that have them."""
    found: dict[str, list[str]] = {}
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found.setdefault(node.name, []).append(str(file.relative_to(folder.parent)))
    return {name: files for name, files in found.items() if len(files) > 1}


def test_a_public_class_has_a_name_of_its_own() -> None:
    found = shared(SRC, PROJECT / "relay")
    assert {name: files for name, files in found.items() if name not in SHARED} == {}


def test_each_name_that_may_be_shared_is_shared_by_two() -> None:
    found = shared(SRC, PROJECT / "relay")
    assert {name: len(found.get(name, ())) for name in SHARED} == dict.fromkeys(SHARED, 2)


def test_a_planted_class_of_a_name_that_another_module_has_is_found(tmp_path: Path) -> None:
    source = planted(tmp_path, "core/a.py", "class Change:\n    pass\n\nclass _Own:\n    pass\n")
    tools = (
        planted(tmp_path, "page/b.py", "class Change: ...\nclass _Own: ...\n", "relay") / "relay"
    )
    assert shared(source / "handler") == {}
    assert shared(source / "handler", tools) == {"Change": ["handler/core/a.py", "relay/page/b.py"]}
