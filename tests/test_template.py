"""template.yaml: its numbers relate as they must, and it gives what the code reads."""

import json
import re
import subprocess
import sys
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from handler import settings
from handler.core.braze.endpoints import ENDPOINTS, MAX_OBJECTS, MAX_RECIPIENTS
from handler.core.delivery import horizon
from handler.core.delivery.backoff import LONGEST_WAIT, Timing
from handler.core.errors import Unavailable
from relay.ci.roles import GITHUB, roles
from relay.local.deploy import route_keys
from relay.paths import PROJECT, TEMPLATE
from relay.stacks.template import parse
from relay.virtualenvs import environment
from tests.translated import translated

DAY = 86_400
# Read by Powertools itself, not by the settings.
OTHERS = {"POWERTOOLS_SERVICE_NAME"}


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    parsed: dict[str, Any] = parse(TEMPLATE.read_text(encoding="utf-8"))
    return parsed


@pytest.fixture(scope="module")
def resources(template: dict[str, Any]) -> dict[str, Any]:
    return {name: one.get("Properties", {}) for name, one in template["Resources"].items()}


@pytest.mark.parametrize(
    "queue, event", [("Queue", "Delivery"), ("LowPriorityQueue", "LowPriorityDelivery")]
)
def test_a_source_queue_hides_a_message_for_six_timeouts_and_the_window(
    resources: dict[str, Any], queue: str, event: str
) -> None:
    timeout = resources["DeliverFunction"]["Timeout"]
    mapping = resources["DeliverFunction"]["Events"][event]["Properties"]
    window = max(mapping["MaximumBatchingWindowInSeconds"]["Fn::If"][1:])
    assert mapping["Queue"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert resources[queue]["VisibilityTimeout"] >= 6 * timeout + window


def test_the_low_priority_queue_and_its_mapping_are_as_the_other_but_for_their_workers(
    template: dict[str, Any], resources: dict[str, Any]
) -> None:
    assert template["Resources"]["LowPriorityQueue"] == template["Resources"]["Queue"]
    events = resources["DeliverFunction"]["Events"]
    normal, low = (events[one]["Properties"] for one in ("Delivery", "LowPriorityDelivery"))
    workers = {"MaximumConcurrency": {"Ref": "LowPriorityConcurrency"}}
    own = {"Queue": {"Fn::GetAtt": ["LowPriorityQueue", "Arn"]}, "ScalingConfig": workers}
    assert low == normal | own


def test_the_worker_is_told_how_many_there_are_for_each_queue(resources: dict[str, Any]) -> None:
    function = resources["DeliverFunction"]
    told = function["Environment"]["Variables"]
    for event, name in {
        "Delivery": "DELIVER_CONCURRENCY",
        "LowPriorityDelivery": "LOW_PRIORITY_CONCURRENCY",
    }.items():
        scaling = function["Events"][event]["Properties"]["ScalingConfig"]
        assert scaling["MaximumConcurrency"] == told[name]


def test_dead_letters_outlive_every_message_of_the_source_queue(resources: dict[str, Any]) -> None:
    # A message keeps the time of its first enqueueing when it moves.
    assert resources["Queue"]["MessageRetentionPeriod"] == 10 * DAY
    assert resources["DeadLetterQueue"]["MessageRetentionPeriod"] == 14 * DAY


@pytest.mark.parametrize(
    "volume,batch,window",
    [("false", 10, 0), ("true", MAX_RECIPIENTS, 1), ("events", MAX_OBJECTS, 1)],
)
def test_a_batch_is_ten_or_as_many_as_one_request_holds_with_a_window_as_lambda_demands(
    template: dict[str, Any], resources: dict[str, Any], volume: str, batch: int, window: int
) -> None:
    assert volume in template["Parameters"]["HighVolume"]["AllowedValues"]
    is_met = {"IsHighVolume": volume != "false", "IsForEvents": volume == "events"}
    assert template["Conditions"]["IsHighVolume"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "HighVolume"}, "false"]}]
    }
    assert template["Conditions"]["IsForEvents"] == {
        "Fn::Equals": [{"Ref": "HighVolume"}, "events"]
    }
    event = resources["DeliverFunction"]["Events"]["Delivery"]["Properties"]
    assert chosen(event["BatchSize"], is_met) == batch
    assert chosen(event["MaximumBatchingWindowInSeconds"], is_met) == window


def chosen(value: Any, is_met: dict[str, bool]) -> Any:
    """Return what a value of the template is where these conditions are met."""
    if not isinstance(value, dict):
        return value
    name, met, not_met = value["Fn::If"]
    return chosen(met if is_met[name] else not_met, is_met)


def test_the_waits_of_a_whole_horizon_stay_under_the_receive_count(
    resources: dict[str, Any],
) -> None:
    shortest_outage_wait = 300
    receives = resources["Queue"]["RedrivePolicy"]["maxReceiveCount"]
    assert receives > DAY / shortest_outage_wait
    assert receives == horizon.RECEIVES  # for which longer horizons stretch their waits


def test_the_queue_keeps_a_message_for_longer_than_it_is_tried_and_waits_at_last(
    resources: dict[str, Any],
) -> None:
    kept = resources["Queue"]["MessageRetentionPeriod"]
    assert Timing().horizon + LONGEST_WAIT < kept
    assert max(one.horizon for one in ENDPOINTS) <= Timing().horizon


@pytest.mark.parametrize(
    "function, model",
    [("IngestFunction", settings.IngestSettings), ("DeliverFunction", settings.DeliverSettings)],
)
def test_every_variable_given_is_read_and_every_one_read_is_given(
    template: dict[str, Any],
    function: str,
    model: type[settings.IngestSettings | settings.DeliverSettings],
) -> None:
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    own = template["Resources"][function]["Properties"]["Environment"]["Variables"]
    read = {field.name.upper() for field in fields(model)}
    assert set(shared | own) - OTHERS == read


def hosts(template: dict[str, Any]) -> list[str]:
    rule = template["Rules"]["OnlyBrazeOutsideTheLocalStack"]["Assertions"][0]["Assert"]
    found: list[str] = rule["Fn::Contains"][0]
    return found


def deliver_settings(endpoint: str, **given: str) -> settings.DeliverSettings:
    names = {field.name.upper() for field in fields(settings.DeliverSettings)}
    others = {"STAGE": "prod", "BRAZE_ENDPOINT": endpoint, "ALLOW_OTHER_BRAZE_HOST": "false"}
    return settings.DeliverSettings.from_environment(dict.fromkeys(names, "1") | others | given)


def test_the_worker_takes_every_host_on_the_list_of_the_template(template: dict[str, Any]) -> None:
    pattern = re.compile(template["Parameters"]["BrazeEndpoint"]["AllowedPattern"])
    assert len(hosts(template)) == len(set(hosts(template))) == 15
    for host in hosts(template):
        assert pattern.fullmatch(host)
        assert deliver_settings(host).braze_endpoint == host


def test_a_host_that_is_not_on_the_list_needs_a_word_of_its_own(template: dict[str, Any]) -> None:
    other = f"{hosts(template)[0]}.example.com"
    assert other not in hosts(template)
    parameter = template["Parameters"]["AllowOtherBrazeHost"]
    assert (parameter["Default"], parameter["AllowedValues"]) == ("false", ["true", "false"])
    condition = template["Rules"]["OnlyBrazeOutsideTheLocalStack"]["RuleCondition"]
    stage, allowed = condition["Fn::Not"][0]["Fn::Or"]
    assert stage == {"Fn::Equals": [{"Ref": "Stage"}, "local"]}
    assert allowed == {"Fn::Equals": [{"Ref": "AllowOtherBrazeHost"}, "true"]}
    with pytest.raises(Unavailable, match="BRAZE_ENDPOINT"):
        deliver_settings(other)
    assert deliver_settings(other, ALLOW_OTHER_BRAZE_HOST="true").braze_endpoint == other


def test_what_holds_customers_data_outlives_the_stack(
    template: dict[str, Any],
) -> None:
    for name in ("Queue", "LowPriorityQueue", "DeadLetterQueue", "Ledger"):
        resource = template["Resources"][name]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
        assert not {"QueueName", "TableName"} & set(resource["Properties"])


def test_queues_and_ledger_are_encrypted_by_ones_own_key_or_else_by_awss(
    resources: dict[str, Any],
) -> None:
    own, nothing = {"Ref": "KmsKeyArn"}, {"Ref": "AWS::NoValue"}
    encryption = resources["Ledger"]["SSESpecification"]
    assert encryption["SSEEnabled"] is True
    assert encryption["KMSMasterKeyId"] == {"Fn::If": ["HasKmsKey", own, nothing]}
    for name in ("Queue", "LowPriorityQueue", "DeadLetterQueue"):
        assert resources[name]["KmsMasterKeyId"] == {"Fn::If": ["HasKmsKey", own, nothing]}
        assert resources[name]["SqsManagedSseEnabled"] == {"Fn::If": ["HasKmsKey", nothing, True]}


def test_all_queues_deny_whoever_does_not_come_over_tls(resources: dict[str, Any]) -> None:
    policy = resources["QueuesOverTlsOnly"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert len(policy["Queues"]) == len(statement["Resource"]) == 3
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == (
        "Deny",
        "*",
        "sqs:*",
    )
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_access_log_shows_nothing_of_body_header_or_query(resources: dict[str, Any]) -> None:
    shown = re.findall(r"\$context\.([\w.]+)", resources["Api"]["AccessLogSettings"]["Format"])
    assert set(shown) == {
        *("requestId", "requestTime", "routeKey", "status"),
        *("responseLength", "responseLatency", "identity.sourceIp"),
    }


def test_a_slash_at_the_end_a_deeper_path_and_any_other_path_reach_the_function(
    template: dict[str, Any],
) -> None:
    assert route_keys(template) == ["ANY /webhooks/{source+}", "$default"]
    made = translated()["Resources"]
    paths = made["Api"]["Properties"]["Body"]["paths"]
    assert set(paths) == {"/webhooks/{source+}", "/$default"}
    assert paths["/$default"]["x-amazon-apigateway-any-method"]["isDefaultRoute"] is True
    # One permission for both, that of the catch-all: every route of this API, and no other's.
    (allowed,) = [it["Properties"] for it in made.values() if "Permission" in it["Type"]]
    assert allowed["Principal"] == "apigateway.amazonaws.com"
    source, named = allowed["SourceArn"]["Fn::Sub"]
    assert source.endswith(":${__ApiId__}/${__Stage__}/*")
    assert named["__ApiId__"] == {"Ref": "Api"}


def test_what_is_no_webhook_has_a_low_limit_of_its_own(resources: dict[str, Any]) -> None:
    api = resources["Api"]
    assert api["DefaultRouteSettings"]["ThrottlingRateLimit"] == {"Ref": "WebhooksPerSecond"}
    assert set(api["RouteSettings"]) == {"$default"}
    elsewhere = api["RouteSettings"]["$default"]
    assert elsewhere == {"ThrottlingRateLimit": 5, "ThrottlingBurstLimit": 10}
    stage = translated()["Resources"]["ApiApiGatewayDefaultStage"]["Properties"]
    assert stage["RouteSettings"] == api["RouteSettings"]


def test_no_role_is_granted_a_wildcard(template: dict[str, Any]) -> None:
    for resource in template["Resources"].values():
        for policy in resource.get("Properties", {}).get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                assert "*" not in json.dumps(statement)


def test_cfn_lint_is_clean_on_the_template_on_what_sam_makes_of_it_and_on_a_forges_roles(
    tmp_path: Path,
) -> None:
    made, forge = tmp_path / "translated.json", tmp_path / "ci-roles.yaml"
    made.write_text(json.dumps(translated()))
    forge.write_text(roles(GITHUB, "acme/relay"), encoding="utf-8")
    run = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), TEMPLATE, made, forge],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout + run.stderr == ""
    assert run.returncode == 0


def test_sam_validates_the_template_and_would_lint_it_by_the_same_cfn_lint(tmp_path: Path) -> None:
    keys = {"AWS_ACCESS_KEY_ID": "-", "AWS_SECRET_ACCESS_KEY": "-"}  # wanted, and not used
    run = subprocess.run(
        [environment("sam") / "sam", "validate", "--template", TEMPLATE],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "SAM_CLI_TELEMETRY": "0"}
        | {"AWS_DEFAULT_REGION": "us-east-1"}
        | keys,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    libraries = environment("sam").parent / "lib"
    assert [*libraries.glob(f"*/site-packages/cfn_lint-{version('cfn-lint')}.dist-info")]
