"""Conclusions of `relay doctor` on a stack, where no emulated one can show them."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from handler.compiled_rules import FILE, code
from handler.rules_build import compiled
from relay.doctor.stack_checks import (
    alarm_findings,
    architecture_findings,
    bytecode_findings,
    compiled_findings,
    dead_letter_findings,
    mapping_findings,
)
from relay.stacks.package import PackageContents, read_package
from relay.stacks.selection import ChosenStack, chosen
from tests.handler.core.rules_files import GOOD

DEV = ChosenStack("relay-dev", "default")
TOPIC = "arn:aws:sns:us-east-1:000000000000:alarms"
UNHEARD: list[list[str]] = [[], ["PendingConfirmation"], ["Deleted"]]


def built(*tags: str) -> PackageContents:
    """Return a package of one wheel for each text of tags, and of one that runs anywhere."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        for number, tag in enumerate([*tags, "py3-none-any"]):
            lines = "".join(f"Tag: {one}\n" for one in tag.split())
            package.writestr(f"it{number}-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\n{lines}\n")
        package.writestr("handler/WHEEL", "Tag: cp313-cp313-linux_x86_64\n")
        package.writestr("rules/shopify.yaml", "verify:\n")
        package.writestr("rules/old/shopify.yaml", "verify: 1\n")
    return read_package(content.getvalue())


@pytest.mark.parametrize("subscriptions", UNHEARD)
def test_a_topic_needs_one_confirmed_subscription(subscriptions: list[str]) -> None:
    assert list(alarm_findings({TOPIC: [*subscriptions, f"{TOPIC}:1"]}, DEV, is_local=False)) == []
    (finding,) = alarm_findings({TOPIC: subscriptions}, DEV, is_local=False)
    assert finding.level == "error"
    assert f"--topic-arn {TOPIC}" in finding.remedy


@pytest.mark.parametrize("subscriptions", UNHEARD)
def test_on_the_local_stack_alarms_that_nobody_hears_are_a_note(subscriptions: list[str]) -> None:
    (finding,) = alarm_findings({TOPIC: subscriptions}, DEV, is_local=True)
    assert finding.level == "note"


def test_a_stack_without_a_topic_is_worth_a_note() -> None:
    assert [finding.level for finding in alarm_findings({}, DEV, is_local=False)] == ["note"]


@pytest.mark.parametrize(
    "stack, deploy",
    [
        (DEV, "make deploy"),
        (ChosenStack("relay-prod", "prod"), "make deploy CONFIG=prod"),
        (ChosenStack("another"), "deploy another again"),
    ],
)
def test_a_mapping_must_be_there_and_deploying_makes_one(stack: ChosenStack, deploy: str) -> None:
    (finding,) = mapping_findings([], ["https://sqs/1/queue"], stack)
    assert (finding.level, finding.remedy) == ("error", deploy)


def test_each_queue_needs_a_mapping_of_its_own() -> None:
    mapping = {"State": "Enabled", "EventSourceArn": "arn:aws:sqs:us-east-1:1:queue"}
    (finding,) = mapping_findings([mapping], ["https://sqs/1/queue", "https://sqs/1/low"], DEV)
    assert "out of low:" in finding.problem


@pytest.mark.parametrize(
    "options, stack",
    [
        ((None, None), ChosenStack("braze-relay-dev", "default")),
        ((None, "prod"), ChosenStack("braze-relay-prod", "prod")),
        (("braze-relay-prod", None), ChosenStack("braze-relay-prod", "prod")),
        (("another", None), ChosenStack("another")),
    ],
)
def test_a_stack_is_chosen_by_its_name_or_its_environment(
    options: tuple[str | None, str | None], stack: ChosenStack
) -> None:
    assert chosen(*options) == stack


def test_a_stack_is_not_chosen_by_both() -> None:
    with pytest.raises(typer.BadParameter, match="either --stack-name or --config-env"):
        chosen("braze-relay-prod", "prod")


def test_the_command_that_examines_a_stack_names_it_the_shortest_way() -> None:
    named = [DEV, ChosenStack("relay-prod", "prod"), ChosenStack("another")]
    assert [stack.examine for stack in named] == [
        ".venv/bin/relay doctor",
        ".venv/bin/relay doctor --config-env prod",
        ".venv/bin/relay doctor --stack-name another",
    ]


def test_dead_letters_are_counted() -> None:
    assert list(dead_letter_findings(0, "url")) == []
    (finding,) = dead_letter_findings(2, "url")
    assert finding.problem == "about 2 dead letters waiting"


@pytest.mark.parametrize(
    "tags, machine",
    [
        ("cp313-cp313-manylinux_2_17_aarch64 cp313-cp313-manylinux2014_aarch64", "arm64"),
        ("cp313-cp313-manylinux_2_17_x86_64.manylinux2014_x86_64", "x86_64"),
        ("cp313-cp313-musllinux_1_2_x86_64", "x86_64"),
        ("cp311-cp311-macosx_11_0_arm64", "arm64"),
    ],
)
def test_a_package_is_for_the_machine_of_its_wheels(tags: str, machine: str) -> None:
    assert built(tags).machines == {machine}


@pytest.mark.parametrize("tags", ["py3-none-any", "cp313-abi3-macosx_11_0_universal2"])
def test_wheels_that_run_on_any_machine_say_nothing(tags: str) -> None:
    assert built(tags).machines == set()


def test_a_wheel_for_both_machines_says_nothing() -> None:
    assert built("cp313-abi3-macosx_11_0_arm64 cp313-abi3-macosx_11_0_x86_64").machines == set()


def test_a_package_has_the_rules_files_of_its_rules_folder() -> None:
    assert built().rules == {"shopify.yaml": b"verify:\n"}


def test_a_package_for_another_machine_names_the_functions_that_cannot_run_it() -> None:
    arm, intel = built("cp3-cp3-linux_aarch64"), built("cp3-cp3-linux_x86_64")

    for packages, functions in (
        ({"A": arm, "B": arm}, []),
        ({"A": arm, "B": built()}, []),
        ({"A": arm, "B": intel}, ["B"]),
        ({"A": intel, "B": intel}, ["A, B"]),
    ):
        findings = list(architecture_findings(packages, {"A": "arm64", "B": "arm64"}, DEV))
        told = "the package is built for x86_64 and the functions run on arm64: "
        assert [finding.problem.removeprefix(told) for finding in findings] == functions
        assert all("Architecture in samconfig.toml" in finding.remedy for finding in findings)


def package_of(files: Mapping[str, bytes]) -> PackageContents:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        for name, text in files.items():
            package.writestr(name, text)
    return read_package(content.getvalue())


def test_compiled_rules_that_ingest_does_not_use_are_a_note_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "home.yaml").write_text(GOOD, encoding="utf-8")
    files = {f"handler/{name}": text for name, text in code().items()}
    files |= {"rules/home.yaml": GOOD.encode(), f"rules/{FILE}": compiled(tmp_path)}
    good = package_of(files)
    assert list(compiled_findings(good, "dev", DEV)) == []
    other = replace(good, rules={"home.yaml": b"verify:\n"})
    older = replace(good, code={**good.code, "core/rules/checks.py": b""})
    for package, stage, why in (
        (other, "dev", "they are of other rules: home.yaml"),
        (
            older,
            "dev",
            "they are of another relay: core/rules/checks.py",
        ),
        (replace(good, compiled=good.compiled[:-1]), "dev", "they are damaged"),
        (replace(good, compiled=b""), "dev", "there are none"),
        (good, "prod", "home is not there for stage prod"),
    ):
        (finding,) = compiled_findings(package, stage, DEV)
        assert finding.level == "note"
        assert finding.problem.startswith("each start of ingest is slower: its compiled rules are ")
        assert f"not used, for {why}" in finding.problem
        assert finding.remedy == "make deploy"


CHECKED, DATED = 0b11, 0b00  # PEP 552


def with_bytecode(flags: int, tag: str = "cpython-313") -> PackageContents:
    """Return a package with a bytecode file of ours, and one of a library's."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        package.writestr("handler/ingest.py", "")
        package.writestr(f"handler/__pycache__/ingest.{tag}.pyc", bytes([0, 0, 0, 0, flags]))
        package.writestr("yaml/__pycache__/nodes.cpython-314.pyc", bytes([0, 0, 0, 0, CHECKED]))
    return read_package(content.getvalue())


def test_bytecode_counts_if_it_is_checked_by_a_hash_for_every_file_is_dated_1980() -> None:
    assert with_bytecode(CHECKED).runtimes == {"python3.13"}
    assert with_bytecode(CHECKED, "cpython-314").runtimes == {"python3.14"}
    assert with_bytecode(DATED).runtimes == set()
    assert built().runtimes == set()


def test_functions_without_bytecode_of_their_runtime_are_a_note_with_its_remedy() -> None:
    runtimes = {"A": "python3.13", "B": "python3.13"}
    good, other = with_bytecode(CHECKED), with_bytecode(CHECKED, "cpython-311")
    assert list(bytecode_findings({"A": good, "B": good}, runtimes, DEV)) == []
    (finding,) = bytecode_findings({"A": other, "B": built()}, runtimes, DEV)
    assert finding.level == "note"
    assert finding.problem.startswith("no bytecode of python3.13, so that each cold start takes")
    assert finding.problem.endswith(": A, B")
    assert finding.remedy == ".venv/bin/uv python install 3.13, then make deploy"


def test_a_custom_runtime_such_as_the_local_stacks_has_a_python_of_its_own() -> None:
    assert list(bytecode_findings({"A": built()}, {"A": "provided.al2023"}, DEV)) == []
