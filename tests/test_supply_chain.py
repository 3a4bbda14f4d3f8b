"""What Lambda installs is locked, listed and free to ship, and checkov accepts the template."""

import json
import re
import subprocess
from hashlib import sha256
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from relay.paths import PROJECT, SOURCE, TEMPLATE
from relay.stacks.template import parse
from relay.virtualenvs import environment, uv
from tests.translated import translated

REQUIREMENTS = SOURCE / "requirements.txt"
LOCKED = set(re.findall(r"^(\S+)==(\S+)", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE))
CHECKOV = PROJECT / ".checkov.yaml"
SKIPPED = set(yaml.safe_load(CHECKOV.read_text(encoding="utf-8"))["skip-check"])
# SPDX identifiers; what is not here (also an expression of several) is for a person to judge.
FREE_TO_SHIP = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "PSF-2.0"}


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """Return each check of checkov that fails, with the resource: also those that we skip."""
    made = tmp_path_factory.mktemp("checkov") / "translated.json"
    made.write_text(json.dumps(translated()))
    both: list[str | Path] = ["--file", TEMPLATE, "--file", made]
    settings: list[str | Path] = ["--config-file", CHECKOV, "--output", "json"]
    run = subprocess.run(
        [environment("checkov") / "checkov", *settings, "--skip-check", "none", *both],
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(run.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] > len(translated()["Resources"]), "both are read"
    return {(one["check_id"], one["resource"]) for one in report["results"]["failed_checks"]}


def test_checkov_is_clean_on_the_template_and_on_what_sam_makes_of_it(
    failed: set[tuple[str, str]],
) -> None:
    assert {(check, resource) for check, resource in failed if check not in SKIPPED} == set()


def test_checkov_skips_four_checks_at_most_and_none_in_vain(failed: set[tuple[str, str]]) -> None:
    assert len(SKIPPED) <= 4
    assert {check for check, _ in failed} >= SKIPPED


def test_lambda_installs_what_the_lock_says(tmp_path: Path) -> None:
    made = tmp_path / "requirements.txt"
    uv(
        *("export", "--locked", "--no-default-groups", "--no-emit-project", "--no-header"),
        *("--format", "requirements-txt", "--output-file", str(made)),
    )
    assert REQUIREMENTS.read_text(encoding="utf-8") == made.read_text(encoding="utf-8")


@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
def test_every_dependency_has_a_wheel_for_lambda_with_a_locked_hash(
    machine: str, tmp_path: Path
) -> None:
    runtime = parse(TEMPLATE.read_text(encoding="utf-8"))["Globals"]["Function"]["Runtime"]
    uv(
        *("pip", "install", "--require-hashes", "--only-binary", ":all:"),
        *("--python-version", runtime.removeprefix("python")),
        *("--python-platform", f"{machine}-manylinux_2_28"),
        *("--target", str(tmp_path), "--requirements", str(REQUIREMENTS)),
    )


def test_every_dependency_has_a_licence_that_is_free_to_ship() -> None:
    found = {name: metadata(name).json for name, _ in LOCKED}
    licences = {
        name: it.get("license_expression") or it.get("license") for name, it in found.items()
    }
    assert {name: one for name, one in licences.items() if one not in FREE_TO_SHIP} == {}


def test_what_the_page_brings_along_is_as_its_release_has_it() -> None:
    static = PROJECT / "relay" / "page" / "static"
    named = (static / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {file: known for known, _, file in (line.partition("  ") for line in named)}
    assert sums.keys() == {one.name for one in static.glob("*.min.js")}
    for file, known in sums.items():
        assert sha256((static / file).read_bytes()).hexdigest() == known
        assert (static / f"{file.removesuffix('.min.js')}.LICENSE").is_file()


def test_the_sbom_is_valid_and_lists_exactly_what_is_locked_with_hashes() -> None:
    subprocess.run(["make", "sbom"], cwd=PROJECT, check=True)
    made = (PROJECT / "build" / "sbom.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(made) is None
    components = json.loads(made)["components"]
    assert {(one["name"], one["version"]) for one in components} == LOCKED
    for component in components:
        assert all(one["hashes"] for one in component["externalReferences"])
