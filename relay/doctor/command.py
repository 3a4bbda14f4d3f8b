"""`relay doctor`: reports what is wrong with a deployed stack; it changes nothing."""

import json
import re
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final

import requests
import typer
from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.secrets import SecretCache
from handler.compiled_rules import rules_files
from handler.core.errors import RulesError, Unavailable
from handler.core.rules.source import Source
from handler.core.secret_values import Secret, api_key
from handler.core.workspace import Workspace
from handler.rules_directory import read
from handler.workspaces import read as read_workspaces
from relay.console.options import RulesOption
from relay.doctor import stack_checks
from relay.doctor.braze_checks import braze_findings
from relay.doctor.stack_checks import StackProblem
from relay.paths import RULES
from relay.stacks.cloudformation import client, outputs, parameters
from relay.stacks.package import download, read_package
from relay.stacks.selection import QUEUES, ChosenStack, ConfigEnv, StackName, chosen
from relay.webhooks.samples import sources_in

_FUNCTIONS: Final = ("IngestFunction", "DeliverFunction")
_TOPIC: Final = "AWS::SNS::Topic"
_TOPIC_ARN: Final = re.compile(r"arn:[\w-]+:sns:")  # of a topic that is not the stack's own
_NEEDED: Final = {"SigningSecretsArn", "BrazeKeysArn", "DeadLetterQueueUrl"}


@dataclass(frozen=True, slots=True)
class _Stack:
    """A deployed stack; `resources` are its physical ids by type and logical id."""

    chosen: ChosenStack
    outputs: Mapping[str, str]
    resources: Mapping[tuple[str, str], str]

    def function(self, name: str) -> str:
        return self.resources["AWS::Lambda::Function", name]

    def environment(self, name: str) -> Mapping[str, str]:
        """Return the environment variables of one of the functions."""
        found = client("lambda").get_function_configuration(FunctionName=self.function(name))
        return dict(found["Environment"]["Variables"])

    def secret(self, output: str) -> Secret:
        """Return a secret as the functions read it; raise Unavailable where they cannot."""
        return SecretCache(client("secretsmanager"), self.outputs[output], time.time).current()


def doctor(
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    rules: RulesOption = RULES,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, a list of findings.")
    ] = False,
) -> None:
    """Report what is wrong with a deployed stack and how to fix it; nothing is sent or changed.

    Example: relay doctor --config-env prod

    Exit codes: 0 no error (notes may be printed), 1 an error was found, 2 usage
    or no such stack
    """
    findings = _findings(_found(chosen(stack_name, config_env)), rules)
    is_good = all(finding.level != "error" for finding in findings)
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        typer.echo("\n".join([*map(str, findings), *(["no problem found"] if is_good else [])]))
    raise typer.Exit(0 if is_good else 1)


def _found(stack: ChosenStack) -> _Stack:
    name = stack.stack_name
    found = outputs(name, *_NEEDED)  # first: it reports a missing stack
    pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name)
    resources = {
        (one["ResourceType"], one["LogicalResourceId"]): one["PhysicalResourceId"]
        for page in pages
        for one in page["StackResourceSummaries"]
        if "PhysicalResourceId" in one
    }
    functions = {logical for kind, logical in resources if kind == "AWS::Lambda::Function"}
    if not functions.issuperset(_FUNCTIONS):
        raise typer.BadParameter(f"{name} is no stack of this relay")
    return _Stack(stack, found, resources)


def _findings(stack: _Stack, rules: Path) -> list[StackProblem]:
    looks: Mapping[str, Callable[[], Iterable[StackProblem]]] = {
        "signing secrets": lambda: _sources(stack, rules),
        "Braze": lambda: _braze(stack, rules),
        "event source mapping": lambda: _mapping(stack),
        "package": lambda: _package(stack, rules),
        "alarms": lambda: _alarms(stack),
        "dead letters": lambda: _dead_letters(stack),
    }
    return [finding for what, look in looks.items() for finding in _tried(what, look)]


def _tried(what: str, look: Callable[[], Iterable[StackProblem]]) -> Iterator[StackProblem]:
    """Yield a check's findings; a check that cannot run is a finding, and the others continue."""
    why, remedy = "", "check that it exists and that your AWS credentials may read it"
    try:
        yield from look()
    except RulesError as error:
        why, remedy = str(error), "name the folder of rules files by --rules"
    except (ClientError, BotoCoreError, Unavailable) as error:
        why = f"{what}: cannot be checked: {error}"
    except (requests.RequestException, zipfile.BadZipFile) as error:
        name = type(error).__name__  # the error's text holds a signed URL
        why = f"{what}: cannot be checked: {name}"
    if why:
        yield StackProblem("error", why, remedy)


def _sources(stack: _Stack, rules: Path) -> Iterator[StackProblem]:
    secret = stack.secret("SigningSecretsArn")
    environment = stack.environment("IngestFunction")
    may_broadcast = environment.get("ALLOW_BROADCAST") == "true"
    found = sources_in(rules, environment["RULES_STAGE"], broadcasts=may_broadcast)
    yield from stack_checks.source_findings(found, secret, stack.chosen)


def _braze(stack: _Stack, rules: Path) -> Iterator[StackProblem]:
    default = Workspace.default(stack.environment("DeliverFunction")["BRAZE_ENDPOINT"])
    stage = stack.environment("IngestFunction")["RULES_STAGE"]
    try:
        workspaces = read_workspaces(rules, default, stage)
    except RulesError as error:
        yield StackProblem("error", str(error), f"mend it, then {stack.chosen.deploy}")
        workspaces = {default.name: default}
    secret = stack.secret("BrazeKeysArn")
    # Files that do not load are another check's findings.
    found = read(rules, stage, broadcasts=True)
    sources = [one for one in found.values() if isinstance(one, Source)]
    for workspace in workspaces.values():
        try:
            key = api_key(secret, workspace.key)
        except Unavailable as error:
            yield StackProblem("error", str(error), stack.chosen.set_key(workspace.key))
        else:
            yield from braze_findings(workspace, key, sources, stack.chosen)


def _mapping(stack: _Stack) -> Iterator[StackProblem]:
    pages = client("lambda").get_paginator("list_event_source_mappings")
    found = pages.paginate(FunctionName=stack.function("DeliverFunction"))
    mappings = [one for page in found for one in page["EventSourceMappings"]]
    urls = [stack.outputs[one] for one in QUEUES if one in stack.outputs]
    yield from stack_checks.mapping_findings(mappings, urls, stack.chosen)


def _package(stack: _Stack, rules: Path) -> Iterator[StackProblem]:
    packages, architectures, runtimes = {}, {}, {}
    for name in _FUNCTIONS:
        found = client("lambda").get_function(FunctionName=stack.function(name))
        packages[name] = read_package(download(found["Code"]["Location"]))
        (architectures[name],) = found["Configuration"]["Architectures"]
        runtimes[name] = found["Configuration"]["Runtime"]
    here = rules_files(rules)
    ingest, environment = packages["IngestFunction"], stack.environment("IngestFunction")
    yield from stack_checks.rules_findings(here, ingest.rules, stack.chosen)
    yield from stack_checks.compiled_findings(ingest, environment["RULES_STAGE"], stack.chosen)
    yield from stack_checks.architecture_findings(packages, architectures, stack.chosen)
    yield from stack_checks.bytecode_findings(packages, runtimes, stack.chosen)


def _alarms(stack: _Stack) -> Iterator[StackProblem]:
    made = {physical for (kind, _), physical in stack.resources.items() if kind == _TOPIC}
    given = {value for value in stack.outputs.values() if _TOPIC_ARN.match(value)}
    heard = {topic: _subscriptions(topic) for topic in sorted(made | given)}
    is_local = parameters(stack.chosen.stack_name)["Stage"] == "local"
    yield from stack_checks.alarm_findings(heard, stack.chosen, is_local=is_local)


def _subscriptions(topic: str) -> list[str]:
    pages = client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    return [one["SubscriptionArn"] for page in pages for one in page["Subscriptions"]]


def _dead_letters(stack: _Stack) -> Iterator[StackProblem]:
    url = stack.outputs["DeadLetterQueueUrl"]
    name = "ApproximateNumberOfMessages"
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    yield from stack_checks.dead_letter_findings(int(found["Attributes"][name]), url)
