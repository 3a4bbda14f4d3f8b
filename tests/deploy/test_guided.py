"""`sam deploy --guided`: few questions first, and what it saves is what the commands then read."""

import re
from collections.abc import Iterator

import pytest

from relay.stacks.samconfig import read
from tests.deploy.conftest import Sam, deployable

ANSWERS = {"BrazeEndpoint": "https://rest.fra-01.braze.eu", "AlarmEmail": "team@example.com"}


@pytest.fixture
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sam]:
    with deployable(tmp_path_factory.mktemp("newcomer")) as made:
        yield made


def parameters_asked(shown: str) -> list[str]:
    return re.findall(r"Parameter (\w+) \[", shown)


def test_guided_asks_what_every_deployment_needs_first_and_saves_what_doctor_reads(
    newcomer: Sam,
) -> None:
    questions = parameters_asked(newcomer.run("deploy", "--guided", answers="\n" * 30).stdout)
    assert questions[:4] == ["Stage", "BrazeEndpoint", "AlarmEmail", "DomainName"]

    given = [ANSWERS.get(name, "") for name in questions]
    # Change set, role, rollback, no authorizer for either route, save.
    confirmed = ["n", "y", "n", "y", "y", "y", "", ""]
    answers = "\n".join(["", "", *given, *confirmed, ""])
    run = newcomer.run("deploy", "--guided", answers=answers)
    assert run.returncode == 0, run.stdout + run.stderr
    saved = (newcomer.project / "samconfig.toml").read_text(encoding="utf-8")
    parameters = read(saved, "default").parameters
    assert parameters["Architecture"] == "arm64"
    assert {name: parameters[name] for name in ANSWERS} == ANSWERS
    assert "AlarmSubscription" in newcomer.resources()
