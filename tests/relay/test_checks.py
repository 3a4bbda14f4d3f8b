"""What `relay doctor` concludes of a stack where no emulated one can show it."""

import io
import zipfile

import pytest

from relay.checks import (
    alarm_findings,
    architecture_findings,
    dead_letter_findings,
    mapping_findings,
)
from relay.packaged import Package, read_package

TOPIC = "arn:aws:sns:us-east-1:000000000000:alarms"
UNHEARD: list[list[str]] = [[], ["PendingConfirmation"], ["Deleted"]]


def built(*tags: str) -> Package:
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
    assert list(alarm_findings({TOPIC: [*subscriptions, f"{TOPIC}:1"]}, is_local=False)) == []
    (finding,) = alarm_findings({TOPIC: subscriptions}, is_local=False)
    assert finding.level == "error"
    assert f"--topic-arn {TOPIC}" in finding.remedy


@pytest.mark.parametrize("subscriptions", UNHEARD)
def test_on_the_local_stack_alarms_that_nobody_hears_are_a_note(subscriptions: list[str]) -> None:
    (finding,) = alarm_findings({TOPIC: subscriptions}, is_local=True)
    assert finding.level == "note"


def test_a_stack_without_a_topic_is_worth_a_note() -> None:
    assert [finding.level for finding in alarm_findings({}, is_local=False)] == ["note"]


def test_a_mapping_must_be_there() -> None:
    (finding,) = mapping_findings([])
    assert finding.level == "error"


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
        findings = list(architecture_findings(packages, {"A": "arm64", "B": "arm64"}))
        told = "the package is built for x86_64 and the functions run on arm64: "
        assert [finding.problem.removeprefix(told) for finding in findings] == functions
        assert all("Architecture in samconfig.toml" in finding.remedy for finding in findings)
