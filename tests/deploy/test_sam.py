"""`sam build && sam deploy` as the README shows it, and what later deployments keep."""

import json
import re
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.deploy.conftest import STACK, Sam, assert_compiled, project_in

FUNCTIONS = ("IngestFunction", "DeliverFunction")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project_in(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def built(project: Path) -> Path:
    """Return the folder of the whole packages, as a user builds them without Python 3.13."""
    said = Sam(project, endpoint="")("build")
    for function in FUNCTIONS:
        assert said.count(f"note: {function} has no bytecode") == 1
    assert said.count("uv python install 3.13") == len(FUNCTIONS)
    return project / ".aws-sam" / "build"


def machines(folder: Path) -> set[str]:
    return {file.name.split("-")[-3] for file in folder.rglob("*.so") if "-" in file.name}


def test_each_package_holds_its_code_its_rules_and_wheels_for_the_functions_own_platform(
    built: Path,
) -> None:
    ingest, deliver = (built / function for function in FUNCTIONS)
    assert (ingest / "handler" / "ingest.py").is_file()
    assert (ingest / "rules" / "shopify.yaml").is_file()
    assert (deliver / "handler" / "deliver.py").is_file()
    assert not (deliver / "rules").exists()
    for folder in (ingest, deliver):
        assert machines(folder) == {"aarch64"}
        names = " ".join(file.name for file in folder.rglob("*.so"))
        assert set(re.findall(r"cpython-\d+", names)) == {"cpython-313"}
        assert not list(folder.rglob("*.pyc"))


def test_the_packages_leave_out_what_lambdas_runtime_brings_and_what_nobody_needs(
    built: Path,
) -> None:
    names = {path.name for function in FUNCTIONS for path in (built / function).iterdir()}
    assert not names & {"boto3", "botocore", "s3transfer", "relay", "tests", "aws_xray_sdk"}
    assert not names & {"builder", "bin", "requirements.txt", "Makefile"}
    ingest, deliver = ({it.name for it in (built / function).iterdir()} for function in FUNCTIONS)
    assert not ingest & {"requests", "urllib3", "certifi", "idna", "charset_normalizer"}
    assert not deliver & {"pydantic", "pydantic_core", "yaml", "phonenumbers", "tzdata"}


@pytest.fixture(scope="module")
def other(project: Path, built: Path) -> Path:
    """Return deliver's package for another processor, and with a workspaces file, built anew."""
    workspaces = project / "src" / "rules" / "workspaces.yaml"
    workspaces.write_text("usa: {endpoint: https://rest.iad-03.braze.com}", encoding="utf-8")
    sam = Sam(project, endpoint="")
    sam("build", "DeliverFunction", "--parameter-overrides", "Architecture=x86_64")
    workspaces.unlink()
    return built / "DeliverFunction"


def test_a_workspaces_file_brings_deliver_what_reads_it(other: Path) -> None:
    assert [file.name for file in (other / "rules").iterdir()] == ["workspaces.yaml"]
    assert {"pydantic", "yaml"} <= {path.name for path in other.iterdir()}


def test_each_processor_has_a_makefile_of_its_own_and_another_is_unknown(
    project: Path, other: Path
) -> None:
    assert machines(other) == {"x86_64"}
    run = Sam(project, endpoint="").run("build", "--parameter-overrides", "Architecture=sparc")
    assert run.returncode
    assert "builder/sparc/Makefile" in run.stderr


def test_what_fails_a_build_is_its_last_words(project: Path) -> None:
    lock = project / "src" / "requirements.txt"
    text = lock.read_text(encoding="utf-8")
    lock.write_text(re.sub(r"sha256:\w{8}", f"sha256:{8 * '0'}", text), encoding="utf-8")
    run = Sam(project, endpoint="").run("build")
    lock.write_text(text, encoding="utf-8")
    assert run.returncode
    assert (
        "IngestFunction cannot be built: requirements.txt cannot be installed for Python 3.13"
        in (run.stderr)
    )


def test_with_a_python_of_the_functions_version_all_that_a_cold_start_loads_has_bytecode(
    project: Path, python: Path
) -> None:
    sam = Sam(project, endpoint="", settings={"RUNTIME_PYTHON": str(python)})
    said = sam("build", "DeliverFunction")
    assert "bytecode" not in said
    assert_compiled(project / ".aws-sam" / "build" / "DeliverFunction")


def test_a_deployment_takes_no_flags_a_parameter_alone_changes_it_and_data_outlives_it(
    sam: Sam,
) -> None:
    sam.deploy()
    first = sam.resources()
    functions = sam.client("lambda")
    configuration = functions.get_function_configuration(FunctionName=first["IngestFunction"])
    assert configuration["Runtime"] == "python3.13"
    assert configuration["Architectures"] == ["arm64"]
    assert configuration["Environment"]["Variables"]["RULES_STAGE"] == "dev"

    manager = sam.client("secretsmanager")
    manager.put_secret_value(SecretId=first["BrazeKeys"], SecretString='{"default": "key"}')
    sam.deploy(
        "--parameter-overrides",
        "Stage=dev Architecture=arm64 BrazeEndpoint=https://rest.fra-02.braze.eu LedgerDays=30",
    )
    changed = functions.get_function_configuration(FunctionName=first["DeliverFunction"])
    assert changed["Environment"]["Variables"]["BRAZE_ENDPOINT"] == "https://rest.fra-02.braze.eu"
    assert changed["Environment"]["Variables"]["LEDGER_DAYS"] == "30"
    kept = manager.get_secret_value(SecretId=first["BrazeKeys"])["SecretString"]
    assert json.loads(kept) == {"default": "key"}, "an update never resets a secret"

    sam("delete", "--no-prompts", "--stack-name", STACK)
    with pytest.raises(ClientError):
        functions.get_function_configuration(FunctionName=first["IngestFunction"])
    sqs, tables = sam.client("sqs"), sam.client("dynamodb")
    for queue in ("Queue", "DeadLetterQueue"):
        assert sqs.get_queue_attributes(QueueUrl=first[queue], AttributeNames=["All"])
    assert tables.describe_table(TableName=first["Ledger"])["Table"]

    sam.deploy()  # what was kept collides with nothing: no resource of the template has a name
