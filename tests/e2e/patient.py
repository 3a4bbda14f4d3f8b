"""A stack for `relay doctor` to examine, and how to break one thing of it for a while."""

import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from relay.cli import app
from relay.local.processes import BRAZE_KEY
from relay.local.stack import Local
from relay.stacks.local import NAME
from tests.e2e.harness import ACCOUNTS_SECRET, SHOPIFY_SECRET, aws_environment, invoke, until
from tests.forked import Forked


@dataclass(frozen=True)
class Patient:
    """A stack whose own rules folder is `rules`, and how to break and examine it."""

    local: Local
    rules: Path
    command: Forked

    def client(self, service: str) -> Any:
        return self.local.stack.client(service)

    def doctor(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.relay("doctor", *arguments)

    def relay(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours on this stack and its rules."""
        options = ("--stack-name", NAME, "--rules", str(self.rules))
        return self.command(name, *options, *arguments, env=aws_environment(self.local))

    def errors(self, *arguments: str) -> list[dict[str, str]]:
        """Return the findings that are faults."""
        return [one for one in self.findings(*arguments) if one["level"] == "error"]

    def findings(self, *arguments: str) -> list[dict[str, str]]:
        """Return what is found; the exit code must say whether there is a fault in it.

        In this process, for a command takes two seconds to start.
        """
        options = ["--stack-name", NAME, "--rules", str(self.rules), "--json", *arguments]
        run = invoke(app, self.local, "doctor", *options)
        assert run.exit_code in {0, 1}, run.output
        findings: list[dict[str, str]] = json.loads(run.stdout)
        assert all(set(one) == {"level", "problem", "remedy"} for one in findings)
        for secret in (SHOPIFY_SECRET, ACCOUNTS_SECRET, BRAZE_KEY, "canary"):
            assert secret not in run.stdout + run.stderr
        assert run.exit_code == any(one["level"] == "error" for one in findings)
        return findings

    def braze(self, method: str, path: str, body: Any = None) -> Any:
        """Speak to the control API of the simulated Braze."""
        url = f"{self.local.braze_url}/_sim{path}"
        answer = requests.request(method, url, json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    @contextmanager
    def target(self, api_id: str, state: dict[str, bool]) -> Iterator[None]:
        """Give a campaign or Canvas another state for a while."""
        self.braze("PUT", f"/targets/{api_id}", state)
        try:
            yield
        finally:
            self.braze("PUT", f"/targets/{api_id}", {})

    @contextmanager
    def refused(self, *paths: str) -> Iterator[None]:
        """Refuse the key at some paths of Braze for a while."""
        faults = [{"kind": "status", "status": 403, "path": path} for path in paths]
        self.braze("POST", "/faults", faults)
        try:
            yield
        finally:
            self.braze("DELETE", "/faults")

    @contextmanager
    def architecture(self, logical: str) -> Iterator[tuple[str, str]]:
        """Let a function run on the other processor for a while; give what was and what is."""
        functions, name = self.client("lambda"), self.local.stack.resources[logical]
        found = functions.get_function(FunctionName=name)
        content = requests.get(found["Code"]["Location"], timeout=60).content
        (before,) = found["Configuration"]["Architectures"]
        (other,) = {"arm64", "x86_64"} - {before}

        def run_on(machine: str) -> None:
            functions.update_function_code(
                FunctionName=name, ZipFile=content, Architectures=[machine]
            )

        run_on(other)
        try:
            yield before, other
        finally:
            run_on(before)

    @contextmanager
    def wheel_for_another(self, logical: str) -> Iterator[tuple[str, str]]:
        """Add a wheel for the other processor to one function's package; give what was and is."""
        functions, name = self.client("lambda"), self.local.stack.resources[logical]
        found = functions.get_function(FunctionName=name)
        before = requests.get(found["Code"]["Location"], timeout=60).content
        (machine,) = found["Configuration"]["Architectures"]
        (other,) = {"arm64", "x86_64"} - {machine}
        made = io.BytesIO(before)
        with zipfile.ZipFile(made, "a") as package:
            package.writestr("other-1.dist-info/WHEEL", f"Tag: cp313-cp313-linux_{other}\n")
        functions.update_function_code(FunctionName=name, ZipFile=made.getvalue())
        try:
            yield machine, other
        finally:
            functions.update_function_code(FunctionName=name, ZipFile=before)

    @contextmanager
    def secret(self, output: str, values: Any) -> Iterator[None]:
        """Put other values into a secret for a while."""
        manager, arn = self.client("secretsmanager"), self.local.stack.outputs[output]
        before = manager.get_secret_value(SecretId=arn)["SecretString"]
        manager.put_secret_value(SecretId=arn, SecretString=json.dumps(values))
        try:
            yield
        finally:
            manager.put_secret_value(SecretId=arn, SecretString=before)

    @contextmanager
    def endpoint(self, url: str) -> Iterator[None]:
        """Give the deliver function another Braze endpoint for a while."""
        functions, name = self.client("lambda"), self.local.stack.resources["DeliverFunction"]
        before = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        changed = {"Variables": before | {"BRAZE_ENDPOINT": url}}
        functions.update_function_configuration(FunctionName=name, Environment=changed)
        try:
            yield
        finally:
            functions.update_function_configuration(
                FunctionName=name, Environment={"Variables": before}
            )

    @contextmanager
    def disabled_mapping(self) -> Iterator[str]:
        """Disable an event source mapping of the deliver function for a while; give its UUID."""
        functions, name = self.client("lambda"), self.local.stack.resources["DeliverFunction"]
        found, _ = functions.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
        uuid = str(found["UUID"])
        functions.update_event_source_mapping(UUID=uuid, Enabled=False)
        self._wait_for_mapping(uuid, "Disabled")
        try:
            yield uuid
        finally:
            functions.update_event_source_mapping(UUID=uuid, Enabled=True)
            self._wait_for_mapping(uuid, "Enabled")

    def _wait_for_mapping(self, uuid: str, state: str) -> None:
        functions = self.client("lambda")
        until(
            lambda: functions.get_event_source_mapping(UUID=uuid)["State"],
            lambda found: bool(found == state),
            f"{state} mapping",
        )

    def listen(self) -> None:
        """Let somebody hear every alarm: a queue, for it need not confirm."""
        self.client("sqs").create_queue(QueueName="alarms-heard")
        for topic in self._topics():
            self.client("sns").subscribe(
                TopicArn=topic,
                Protocol="sqs",
                Endpoint="arn:aws:sqs:us-east-1:000000000000:alarms-heard",
            )

    @contextmanager
    def nobody_listening(self) -> Iterator[str]:
        """Take every subscription from the alarm topic for a while; give the topic's ARN."""
        (topic,), sns = self._topics(), self.client("sns")
        for one in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
            sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])
        try:
            yield topic
        finally:
            self.listen()

    def _topics(self) -> list[str]:
        formation = self.client("cloudformation")
        found = formation.describe_stack_resources(StackName=NAME)["StackResources"]
        kind = "AWS::SNS::Topic"
        return [one["PhysicalResourceId"] for one in found if one["ResourceType"] == kind]
