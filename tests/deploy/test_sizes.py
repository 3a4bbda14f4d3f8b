"""The list of what a package weighs, made of a package that SAM has built."""

from pathlib import Path

import pytest
from rich.console import Console

from relay import virtualenvs
from relay.deploy.package_sizes import PackageSize, build, packages, table
from relay.paths import PROJECT
from tests.deploy.conftest import assert_compiled, forking

FUNCTIONS_PAGE = PROJECT / "docs" / "functions.md"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sizes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(virtualenvs, "ENVIRONMENTS", forking(folder))
        return build(folder / "package")


def test_the_list_names_every_function_and_all_that_its_package_holds(built: Path) -> None:
    ingest, deliver = packages(built)
    assert (ingest.function, deliver.function) == ("IngestFunction", "DeliverFunction")
    assert {"handler/", "rules/", "pydantic_core/", "typing_extensions.py"} <= ingest.parts.keys()
    assert {"handler/", "requests/", "metadata and licences"} <= deliver.parts.keys()
    for package in (ingest, deliver):
        assert not [name for name in package.parts if "dist-info" in name or "__pycache__" in name]
        files = [path for path in (built / package.function).rglob("*") if path.is_file()]
        assert sum(package.parts.values()) == sum(path.stat().st_size for path in files)
        assert package.zipped < sum(package.parts.values()) / 2


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize("function", ["IngestFunction", "DeliverFunction"])
def test_a_build_finds_a_python_of_the_functions_version_and_compiles_ours_by_it(
    built: Path, function: str
) -> None:
    assert_compiled(built / function)


@pytest.mark.parametrize("library", ["phonenumbers", "tzdata"])
def test_the_page_says_what_the_tables_of_some_functions_weigh(built: Path, library: str) -> None:
    folder = built / "IngestFunction" / library
    files = [file for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc"]
    weight = sum(file.stat().st_size for file in files) / 1e6
    assert f"{weight:.1f} MB of the package" in FUNCTIONS_PAGE.read_text(encoding="utf-8")


def test_a_package_with_bytecode_is_small(built: Path) -> None:
    ingest, deliver = packages(built)
    assert ingest.zipped < 5e6
    assert deliver.zipped < 2e6


def test_the_sums_stand_beside_lambdas_limits() -> None:
    package = PackageSize("IngestFunction", {"yaml 6": 2**20, "handler/": 249 * 2**20}, 2**20)
    console = Console(width=100)
    with console.capture() as shown:
        console.print(table(package))
    assert "IngestFunction" in shown.get()
    assert "100% of 262,144,000" in shown.get()
    assert "2% of 52,428,800" in shown.get()
