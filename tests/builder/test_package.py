"""Contents of a package: all that its function loads, now or later, and nothing else."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samtranslator.yaml_helper import yaml_parse

from builder.errors import BuildFailed
from builder.package import FUNCTIONS, Sources, add_code, add_rules, compile_rules
from builder.target import RUNTIME
from relay.paths import PROJECT, SOURCE, TEMPLATE
from relay.virtualenvs import environment
from tests.builder.conftest import NAMES, PYTHON, RULES, Builder
from tests.test_imports import imports

# What Lambda's runtime has beside Python: boto3 with what it takes along, and what its client
# brings, which requests takes where it is there.
PROVIDED = {"boto3", "botocore", "s3transfer", "dateutil", "six", "jmespath", "urllib3"}
OPTIONAL = {"simplejson"}
IMPORT_ALL = """
import json, pathlib, sys
from importlib import import_module
folder = pathlib.Path(sys.argv[1])
for file in sorted(folder.glob("handler/**/*.py")):
    import_module(".".join(file.relative_to(folder).with_suffix("").parts).removesuffix(".__init__"))
"""
TELL = """
origins = {name: getattr(it, "__file__", None) for name, it in list(sys.modules.items())}
print(json.dumps({name: file for name, file in origins.items() if file}))
"""


def run(package: Path, code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run code as a function runs: with its package and what Lambda has, and no other library."""
    done = subprocess.run(
        [environment("lambda-runtime") / "python", "-P", *options, "-c", code, str(package)],
        env={"PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1", "STAGE": "local"},
        cwd=package,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done


def strangers(origins: dict[str, str]) -> set[str]:
    """Return the libraries that were loaded from elsewhere than the package."""
    found = {name for name, file in origins.items() if "site-packages" in Path(file).parts}
    return {name.partition(".")[0] for name in found}


@pytest.mark.parametrize("name", NAMES)
def test_a_package_has_all_that_its_modules_import(build: Builder, name: str) -> None:
    package = build(name)
    origins: dict[str, str] = json.loads(run(package, IMPORT_ALL + TELL).stdout)
    found = strangers(origins) - OPTIONAL
    assert {"boto3", "botocore"} <= found <= PROVIDED
    assert {it for it in found if (package / it).exists()} == set()


@pytest.mark.parametrize("name", NAMES)
def test_a_package_has_no_module_of_ours_that_its_function_does_not_import(
    build: Builder, name: str
) -> None:
    package = build(name)
    files = set((package / "handler").rglob("*.py"))
    reached = {package / "handler" / "__init__.py"}
    waiting = [package / f"{FUNCTIONS[name].entry.replace('.', '/')}.py"]
    while waiting:
        file = waiting.pop()
        reached.add(file)
        places = [package.joinpath(*it.split(".")) for it in imports(file)]
        named = [it for place in places for it in (place.with_suffix(".py"), place / "__init__.py")]
        above = [folder / "__init__.py" for it in named for folder in it.parents]
        waiting += [it for it in (*named, *above) if it in files and it not in reached]
    assert files == reached


def test_ingest_has_the_tables_that_functions_of_rules_read_later(build: Builder) -> None:
    code = """
import phonenumbers
from handler.core.expressions import zones
for region in phonenumbers.SUPPORTED_REGIONS:
    assert phonenumbers.PhoneMetadata.metadata_for_region(region)
for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
    phonenumbers.parse(f"+{region}55512345")
assert all(zones.named(name) for name in zones.names()) and len(zones.names()) > 500
"""
    run(build("IngestFunction"), code)


def test_ingest_says_of_broken_rules_all_that_the_checkout_says(build: Builder) -> None:
    broken = PROJECT / "tests" / "broken"
    code = f"""
import pathlib
from handler import rules_directory
found = rules_directory.read(pathlib.Path({str(broken)!r}), "dev")
print([str(source) for source in found.values() if isinstance(source, Exception)])
"""
    found = run(build("IngestFunction"), code).stdout
    here = subprocess.run(
        [sys.executable, "-c", code], cwd=SOURCE, capture_output=True, text=True, check=True
    )
    assert found == here.stdout
    assert len(found) > 1000


def test_deliver_has_no_rules_and_nothing_that_reads_them(build: Builder) -> None:
    names = {path.name for path in build("DeliverFunction").iterdir()}
    assert not names & {"rules", "yaml", "_yaml", "pydantic", "pydantic_core", "phonenumbers"}


def test_with_a_workspaces_file_deliver_reads_it(tmp_path: Path, wheels: Path) -> None:
    (tmp_path / "workspaces.yaml").write_text("usa: {endpoint: https://rest.iad-03.braze.com}")
    sources = Sources(SOURCE, tmp_path, wheels)
    package = tmp_path / "package"
    add_code(FUNCTIONS["DeliverFunction"], sources, package, None, reads_rules=False)
    code = f"""
import pathlib
from handler import workspaces
print(*workspaces.read(pathlib.Path({str(tmp_path)!r}), None))
"""
    assert run(package, code).stdout.split() == ["usa"]


@pytest.mark.parametrize("name", NAMES)
def test_a_package_has_the_metadata_and_licences_of_its_libraries_and_of_no_other(
    build: Builder, name: str
) -> None:
    package = build(name)
    infos = {path.name.split("-")[0]: path for path in package.glob("*.dist-info")}
    code = {path.name for path in package.iterdir()} - {"handler", "rules", "__pycache__"}
    assert len(infos) == len([it for it in code if ".dist-info" not in it and it != "_yaml"])
    for info in infos.values():
        text = (info / "METADATA").read_text(encoding="utf-8")
        assert "\nName: " in text
        assert (info / "WHEEL").is_file()
        assert [it for it in info.rglob("*") if "LICEN" in it.name.upper() or "COPY" in it.name]
        assert not (info / "RECORD").exists()


def test_the_functions_are_those_of_the_template() -> None:
    template: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    handlers = {
        name: it["Properties"]["Handler"]
        for name, it in template["Resources"].items()
        if it["Type"] == "AWS::Serverless::Function"
    }
    assert handlers == {name: f"{it.entry}.lambda_handler" for name, it in FUNCTIONS.items()}
    assert template["Globals"]["Function"]["Runtime"] == RUNTIME
    processors = template["Parameters"]["Architecture"]["AllowedValues"]
    makefiles = (SOURCE / "builder").glob("*/Makefile")
    assert {file.parent.name for file in makefiles} == set(processors)
    for name in FUNCTIONS:
        assert f"build-{name}" in (SOURCE / "builder" / "package.mk").read_text(encoding="utf-8")


def test_what_neither_the_lock_nor_lambda_has_is_named(tmp_path: Path, wheels: Path) -> None:
    code = tmp_path / "handler"
    code.mkdir()
    (code / "__init__.py").touch()
    (code / "ingest.py").write_text("def later():\n    import numpy", encoding="utf-8")
    sources, into = Sources(tmp_path, RULES, wheels), tmp_path / "it"
    with pytest.raises(BuildFailed, match=r"^handler.ingest imports numpy, which neither"):
        add_code(FUNCTIONS["IngestFunction"], sources, into, PYTHON, reads_rules=True)


def test_hidden_files_are_no_rules(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").touch()
    (tmp_path / ".#shop.yaml").symlink_to("me@here.123:456")
    add_rules(FUNCTIONS["IngestFunction"], tmp_path, tmp_path / "it")
    assert [file.name for file in tmp_path.glob("it/rules/*")] == ["shop.yaml"]


def test_rules_that_are_not_there_are_named(tmp_path: Path) -> None:
    add_rules(FUNCTIONS["DeliverFunction"], tmp_path, tmp_path / "it")
    with pytest.raises(BuildFailed, match=rf"^there is no rules file \(NAME.yaml\) in {tmp_path}$"):
        add_rules(FUNCTIONS["IngestFunction"], tmp_path, tmp_path / "it")
    (tmp_path / "shop.yaml").symlink_to("nowhere")
    with pytest.raises(BuildFailed, match=rf"^{tmp_path}/shop.yaml is no file that can be read$"):
        add_rules(FUNCTIONS["IngestFunction"], tmp_path, tmp_path / "it")


@pytest.fixture
def rules(build: Builder, tmp_path: Path) -> Path:
    """Return a package's folder of rules, as they are before they are compiled."""
    return Path(shutil.copytree(build("IngestFunction") / "rules", tmp_path / "rules"))


def test_the_rules_are_compiled_beside_their_files(build: Builder, rules: Path) -> None:
    names = {file.name for file in rules.iterdir()}
    assert compile_rules(build.sources, rules) == ""
    assert {file.name for file in rules.iterdir()} == {*names, "compiled_rules.jsonl"}


def test_rules_are_compiled_by_a_python_that_finds_its_library_by_a_variable(
    build: Builder, rules: Path, apart: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(apart))
    assert compile_rules(build.sources, rules) == ""


def test_a_mistake_in_a_rule_fails_the_build_by_its_place(build: Builder, rules: Path) -> None:
    file = rules / "shopify.yaml"
    file.write_text(f"{file.read_text(encoding='utf-8')}\nrulez: []\n", encoding="utf-8")
    place = r"^the rules cannot be compiled:\n(.*\n)*rules/shopify.yaml:\d+:1: .*rulez"
    with pytest.raises(BuildFailed, match=place):
        compile_rules(build.sources, rules)


def test_where_this_python_cannot_have_the_libraries_the_rules_are_not_compiled(
    build: Builder, rules: Path, tmp_path: Path
) -> None:
    (tmp_path / "requirements.txt").write_text("pyyaml==1.0 --hash=sha256:00", encoding="utf-8")
    why = compile_rules(replace(build.sources, code=tmp_path), rules)
    assert why.startswith("the rules are not compiled, and each start is slower: ")
    assert not (rules / "compiled_rules.jsonl").exists()


def test_the_builder_imports_the_standard_library_alone() -> None:
    for file in (SOURCE / "builder").glob("*.py"):
        for name in imports(file):
            top = name.partition(".")[0]
            assert top in sys.stdlib_module_names | {"builder"}, f"{file.name} imports {name}"


def test_nothing_that_is_deployed_imports_the_builder() -> None:
    for file in (SOURCE / "handler").rglob("*.py"):
        assert not [name for name in imports(file) if name.partition(".")[0] == "builder"]
