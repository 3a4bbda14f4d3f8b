"""SQS and Secrets Manager in memory answer as the emulator does, but for what is stricter."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.simulation import scripts_sqs
from tests.simulation.clock import Clock
from tests.simulation.pairs import Both, Given, result
from tests.simulation.secrets import Secrets
from tests.simulation.sqs import Sqs
from tests.simulation.sqs_queue import Queue

Handles = dict[str, list[str]]  # by a message's body, one of each receive

_LONG: Final = 600  # seconds of visibility: nothing comes back before a test ends


@pytest.fixture
def queues(client: Callable[[str], Any]) -> Both:
    sqs = client("sqs")
    settings = {"VisibilityTimeout": str(_LONG)}
    url = sqs.create_queue(QueueName=uuid4().hex, Attributes=settings)["QueueUrl"]
    return Both(Sqs(Clock(), queues={url: Queue(url, visibility=_LONG)}), sqs, url)


def outcome(call: Callable[..., Any], given: Given) -> str:
    """Return what came of a send, without the ids and digests that SQS makes of it."""
    found = json.loads(result(call, given))
    for each in [found, *found.get("Successful", []), *found.get("Failed", [])]:
        for name in ("MessageId", "MD5OfMessageBody", "MD5OfMessageAttributes", "Message"):
            each.pop(name, None)
    return json.dumps(found, sort_keys=True)


def both(queues: Both, operation: str, given: Given) -> tuple[str, str]:
    """Make a call in memory and in the emulator; return what came of both."""
    whole = given | {"QueueUrl": queues.name}
    here, there = (outcome(getattr(one, operation), whole) for one in queues.each())
    return here, there


@pytest.mark.parametrize("name", scripts_sqs.SENT)
def test_a_queue_takes_the_same(queues: Both, name: str) -> None:
    here, there = both(queues, "send_message", scripts_sqs.SENT[name])
    assert "error" not in here
    assert here == there


@pytest.mark.parametrize("name", scripts_sqs.REFUSED)
def test_a_queue_refuses_the_same(queues: Both, name: str) -> None:
    here, there = both(queues, "send_message", scripts_sqs.REFUSED[name])
    assert "error" in here
    assert here == there


@pytest.mark.parametrize("name", scripts_sqs.STRICTER)
def test_a_queue_refuses_what_the_emulator_takes(queues: Both, name: str) -> None:
    here, there = both(queues, "send_message", scripts_sqs.STRICTER[name])
    assert "error" in here
    assert "error" not in there


@pytest.mark.parametrize("name", scripts_sqs.BATCHES)
def test_a_queue_does_the_same_with_a_batch(queues: Both, name: str) -> None:
    here, there = both(queues, "send_message_batch", scripts_sqs.BATCHES[name])
    assert here == there


@pytest.mark.parametrize("seed", range(4))
def test_messages_are_received_hidden_and_deleted_alike(queues: Both, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - to be repeated
    handles: tuple[Handles, Handles] = ({}, {})
    for number, step in enumerate(scripts_sqs.steps(random, 50)):
        here = _done(queues.memory, queues.name, handles[0], step)
        if "MessageNotInflight" in str(here):  # the emulator would hide it
            continue
        there = _done(queues.emulator, queues.name, handles[1], step)
        assert here == there, f"{number}: {step}"


@pytest.mark.parametrize("seconds", [0, 43_201])
def test_visibility_is_of_messages_in_flight_and_within_12_hours(
    queues: Both, seconds: int
) -> None:
    handles: tuple[Handles, Handles] = ({}, {})
    steps = (scripts_sqs.Step("send_message", "m"), scripts_sqs.Step("receive_message"))
    change = scripts_sqs.Step("change_message_visibility", "m", more={"VisibilityTimeout": seconds})
    for step in (*steps, *([change] if not seconds else [])):
        for client, kept in zip(queues.each(), handles, strict=True):
            _done(client, queues.name, kept, step)
    assert "error" in _done(queues.memory, queues.name, handles[0], change)
    assert "error" not in _done(queues.emulator, queues.name, handles[1], change)


@pytest.mark.parametrize("name", scripts_sqs.CHANGES)
def test_waits_of_a_batch_are_set_alike_and_each_by_itself(queues: Both, name: str) -> None:
    here, there = (_changed(client, queues.name, name) for client in queues.each())
    assert here == there


def _changed(client: Any, url: str, name: str) -> tuple[str, Any]:
    """Set the waits of two messages; return the answer, and which message is then received."""
    handles: Handles = {}
    for body in ("first", "second"):
        _done(client, url, handles, scripts_sqs.Step("send_message", body))
    _done(client, url, handles, scripts_sqs.Step("receive_message"))
    receipts = [handles[body][-1] for body in ("first", "second")]
    entries = [
        {
            "Id": each,
            "ReceiptHandle": "no receipt" if which is None else receipts[which],
            "VisibilityTimeout": seconds,
        }
        for each, which, seconds in scripts_sqs.CHANGES[name]
    ]
    found = outcome(client.change_message_visibility_batch, {"QueueUrl": url, "Entries": entries})
    return found, _done(client, url, handles, scripts_sqs.Step("receive_message"))


def _done(client: Any, url: str, handles: Handles, step: scripts_sqs.Step) -> Any:
    """Do a step; return what is seen of it: bodies, counts of receives, or an error."""
    if step.operation == "send_message":
        handles[step.body] = []
        return outcome(client.send_message, {"QueueUrl": url, "MessageBody": step.body})
    if step.operation == "receive_message":
        found = client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"]
        ).get("Messages", [])
        for message in found:
            handles[message["Body"]].append(message["ReceiptHandle"])
        counts = {each["Body"]: each["Attributes"]["ApproximateReceiveCount"] for each in found}
        return sorted(counts.items())
    if not handles.get(step.body):
        return None
    given = {"QueueUrl": url, "ReceiptHandle": handles[step.body][step.which], **step.more}
    found = result(getattr(client, step.operation), given)
    # AWS takes an old receipt and deletes nothing; the emulator refuses it. Neither may delete.
    return None if step.operation == "delete_message" else found


def test_a_secret_is_read_by_its_stage(client: Callable[[str], Any]) -> None:
    manager, memory = client("secretsmanager"), Secrets(Clock())
    arn = manager.create_secret(Name="conformance", SecretString="first")["ARN"]
    memory.put(arn, "first")
    for text in ("second", "third"):
        assert _texts(memory, arn) == _texts(manager, arn)
        manager.put_secret_value(SecretId=arn, SecretString=text)
        memory.put(arn, text)
    assert _texts(memory, arn) == _texts(manager, arn) == ("third", "second")


def _texts(client: Any, arn: str) -> tuple[str, str]:
    return _text(client, arn, "AWSCURRENT"), _text(client, arn, "AWSPREVIOUS")


def _text(client: Any, arn: str, stage: str) -> str:
    try:
        found = client.get_secret_value(SecretId=arn, VersionStage=stage)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return str(found["SecretString"])
