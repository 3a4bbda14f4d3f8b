"""The list of what a package weighs, made of a package that SAM has built."""

from pathlib import Path

import pytest
from rich.console import Console

from relay.deploy.package_sizes import Package, build, packages, table
from relay.paths import PROJECT

FUNCTIONS_PAGE = PROJECT / "docs" / "functions.md"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("sizes") / "package")


def test_the_list_names_every_function_and_all_that_its_package_holds(built: Path) -> None:
    (package,) = packages(built)
    assert package.functions == ("IngestFunction", "DeliverFunction")
    names = {name.split()[0] for name in package.parts}
    assert {"handler/", "rules/", "requests", "pydantic_core"} <= names
    assert not [name for name in names if "dist-info" in name or name == "bin/"]
    files = [path for path in built.glob("*/**/*") if path.is_file()]
    assert sum(package.parts.values()) == sum(path.stat().st_size for path in files)
    for part in ("phonenumbers", "tzdata"):
        (size,) = [size for name, size in package.parts.items() if part in name]
        assert f"{size / 1e6:.1f} MB of the package" in FUNCTIONS_PAGE.read_text(encoding="utf-8")
    assert package.zipped < sum(package.parts.values()) / 2


def test_the_sums_stand_beside_lambdas_limits() -> None:
    package = Package(("Ingest", "Deliver"), {"yaml 6": 2**20, "handler/": 249 * 2**20}, 2**20)
    console = Console(width=100)
    with console.capture() as shown:
        console.print(table(package))
    assert "Ingest and Deliver" in shown.get()
    assert "100% of 262,144,000" in shown.get()
    assert "2% of 52,428,800" in shown.get()
