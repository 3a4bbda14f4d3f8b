"""`sam build && sam deploy` as the README shows it, and what later deployments keep."""

import json
import re
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.deploy.conftest import STACK, Sam, project_in


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the whole package, as a user builds it."""
    project = project_in(tmp_path_factory.mktemp("whole"))
    Sam(project, endpoint="")("build")
    template = (project / ".aws-sam" / "build" / "template.yaml").read_text(encoding="utf-8")
    folders: set[str] = set(re.findall(r"CodeUri: (\S+)", template)) - {"src/"}
    assert len(folders) == 1, "both functions share one package"
    return project / ".aws-sam" / "build" / folders.pop()


def test_the_package_holds_the_code_the_rules_and_wheels_for_the_functions_own_platform(
    built: Path,
) -> None:
    assert (built / "handler" / "ingest.py").is_file()
    assert (built / "rules" / "shopify.yaml").is_file()
    machines = {file.name.split("-")[-3] for file in built.rglob("*.so") if "-" in file.name}
    assert machines == {"aarch64"}
    assert {"cpython-313"} == {
        found[0] for file in built.rglob("*.so") if (found := re.search(r"cpython-\d+", file.name))
    }


def test_the_package_leaves_out_what_lambdas_runtime_brings_and_what_nobody_needs(
    built: Path,
) -> None:
    names = {path.name for path in built.iterdir()}
    assert not names & {"boto3", "botocore", "s3transfer", "relay", "tests", "aws_xray_sdk"}
    size = sum(file.stat().st_size for file in built.rglob("*") if file.is_file())
    assert size < 25_000_000  # bytes unzipped; a tenth of Lambda's limit of 250 MB


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
