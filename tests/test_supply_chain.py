"""What Lambda installs is locked, listed and free to ship, and checkov accepts the template."""

import json
import re
import subprocess
from importlib.metadata import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from samtranslator.yaml_helper import yaml_parse

from relay.paths import PROJECT, SOURCE, TEMPLATE
from relay.virtualenvs import environment, uv
from tests.translated import translated

REQUIREMENTS = SOURCE / "requirements.txt"
LOCKED = set(re.findall(r"^(\S+)==(\S+)", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE))
CHECKOV = PROJECT / ".checkov.yaml"
# SPDX identifiers; what is not here (also an expression of several) is for a person to judge.
FREE_TO_SHIP = {"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "PSF-2.0"}


def checkov(folder: Path, *arguments: str) -> dict[str, Any]:
    made = folder / "translated.json"
    made.write_text(json.dumps(translated()))
    both: list[str | Path] = ["--file", TEMPLATE, "--file", made]
    settings: list[str | Path] = ["--config-file", CHECKOV, "--output", "json"]
    run = subprocess.run(
        [environment("checkov") / "checkov", *settings, *both, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(run.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] > len(translated()["Resources"]), "both are read"
    return report


def failed(report: dict[str, Any]) -> set[str]:
    return {f"{one['check_id']} {one['resource']}" for one in report["results"]["failed_checks"]}


def test_checkov_is_clean_on_the_template_and_on_what_sam_makes_of_it(tmp_path: Path) -> None:
    assert failed(checkov(tmp_path)) == set()


def test_checkov_skips_four_checks_at_most_and_none_in_vain(tmp_path: Path) -> None:
    skipped = set(yaml.safe_load(CHECKOV.read_text(encoding="utf-8"))["skip-check"])
    assert len(skipped) <= 4
    unskipped = checkov(tmp_path, "--skip-check", "none")
    assert {one.split()[0] for one in failed(unskipped)} == skipped


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
    runtime = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Globals"]["Function"]["Runtime"]
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


def test_the_sbom_is_valid_and_lists_exactly_what_is_locked_with_hashes() -> None:
    subprocess.run(["make", "sbom"], cwd=PROJECT, check=True)
    made = (PROJECT / "build" / "sbom.json").read_text(encoding="utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(made) is None
    components = json.loads(made)["components"]
    assert {(one["name"], one["version"]) for one in components} == LOCKED
    for component in components:
        assert all(one["hashes"] for one in component["externalReferences"])
