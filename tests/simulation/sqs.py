"""SQS in memory, as boto3's client has it, and its queues as an event source mapping reads them.

What it does beyond an emulator: control characters are refused, 120,000 messages are all that may
be in flight, messages of quiet groups come first (`sqs_groups.py`), and of 12 hours of visibility
the time since the receive counts. Faults of its own: `sqs.copy` (a received message is visible
again after at most so many seconds), `sqs.undone` (a deletion that is answered well deletes
nothing), `sqs.entry` (one entry of a batch is not taken), `sqs.unset` (one message of a batch keeps
its visibility).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from tests.simulation.clock import Time
from tests.simulation.faults import Calm, Faults
from tests.simulation.line import LATENCY, Line, check_names, refusal
from tests.simulation.sqs_limits import MAX_TIMEOUT, check_batch, check_entry, check_ids, wrong
from tests.simulation.sqs_queue import Message, Queue
from tests.simulation.sqs_words import record, worded

T = TypeVar("T")


@dataclass(slots=True)
class Sqs:
    """The client. Make queues by putting them into `queues`, by URL."""

    clock: Time
    faults: Faults = field(default_factory=Calm)
    queues: dict[str, Queue] = field(default_factory=dict)
    _count: int = 0

    def send_message(self, **given: Any) -> dict[str, Any]:
        """SendMessage (API reference); raise what boto3 raises."""
        check_entry(given, ("QueueUrl", "MessageBody"))

        def apply() -> dict[str, Any]:
            queue = self._queue(given, "SendMessage")
            error = _wrong(given)
            if error is not None:
                raise error
            return self._put(queue, given)

        return self._call("send_message", apply)

    def send_message_batch(self, **given: Any) -> dict[str, Any]:
        """SendMessageBatch (API reference); raise what boto3 raises."""
        check_names(given, ("QueueUrl", "Entries"))
        return self._call("send_message_batch", lambda: self._put_all(given))

    def receive(self, queue_url: str, most: int) -> list[dict[str, Any]]:
        """Receive up to `most` messages, worded as Lambda words an event's records."""
        return [record(message, queue_url) for message in self._take(queue_url, most)]

    def receive_message(self, **given: Any) -> dict[str, Any]:
        """ReceiveMessage (API reference) with all attributes; nobody waits for messages."""
        optional = ("MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds")
        names = ("MessageSystemAttributeNames", "AttributeNames", "MessageAttributeNames")
        check_names(given, ("QueueUrl",), (*optional, *names))
        queue = self._queue(given, "ReceiveMessage")
        taken = self._take(queue.url, given.get("MaxNumberOfMessages", 1))
        if "VisibilityTimeout" in given:
            for message in taken:
                queue.hide(message, self.clock() + given["VisibilityTimeout"], flying=True)
        return {"Messages": [worded(message) for message in taken]} if taken else {}

    def delete_message(self, **given: Any) -> dict[str, Any]:
        """DeleteMessage: an older receipt than the last is answered well, and deletes nothing."""
        check_names(given, ("QueueUrl", "ReceiptHandle"))

        def apply() -> dict[str, Any]:
            self._delete(self._queue(given, "DeleteMessage"), given["ReceiptHandle"])
            return _metadata()

        return self._call("delete_message", apply)

    def delete(self, queue_url: str, handles: list[str]) -> None:
        """Delete many messages, as an event source mapping does: it is AWS that fails here.

        A queue that is missing for a while has none to delete.
        """
        self.clock.sleep(LATENCY)
        if queue := self.queues.get(queue_url):
            for handle in handles:
                self._delete(queue, handle)

    def _delete(self, queue: Queue, handle: str) -> None:
        message = queue.messages.get(_id_in(handle, "DeleteMessage"))
        known = message is not None and message.handle == handle
        if message is not None and known and self.faults.at("sqs.undone") is None:
            queue.delete(message, self.clock())
            queue.deleted += 1

    def change_message_visibility(self, **given: Any) -> dict[str, Any]:
        """ChangeMessageVisibility (API reference); raise what boto3 raises."""
        check_names(given, ("QueueUrl", "ReceiptHandle", "VisibilityTimeout"))
        return self._call("change_message_visibility", lambda: self._change(given))

    def change_message_visibility_batch(self, **given: Any) -> dict[str, Any]:
        """ChangeMessageVisibilityBatch (API reference): each entry has an answer of its own."""
        check_names(given, ("QueueUrl", "Entries"))
        operation = "change_message_visibility_batch"
        return self._call(operation, lambda: self._change_all(given))

    def get_queue_attributes(self, **given: Any) -> dict[str, Any]:
        """GetQueueAttributes: the two counts of messages."""
        check_names(given, ("QueueUrl",), ("AttributeNames",))
        seen, flying = self._queue(given, "GetQueueAttributes").counts(self.clock())
        named = {"": seen, "NotVisible": flying}
        return {
            "Attributes": {
                f"ApproximateNumberOfMessages{name}": str(count) for name, count in named.items()
            }
        }

    def _call(self, operation: str, apply: Callable[[], T]) -> T:
        return Line("sqs", self.clock, self.faults).call(operation, apply)

    def _queue(self, given: Mapping[str, Any], operation: str) -> Queue:
        queue = self.queues.get(given["QueueUrl"])
        if queue is None:
            code = "AWS.SimpleQueueService.NonExistentQueue"
            raise refusal(operation, code, "The specified queue does not exist.")
        return queue

    def _put(self, queue: Queue, given: Mapping[str, Any]) -> dict[str, Any]:
        self._count += 1
        body, now = given["MessageBody"], self.clock()
        name = f"{self._count:08x}-0000-4000-8000-000000000000"
        attributes, group = given.get("MessageAttributes", {}), given.get("MessageGroupId", "")
        message = Message(name, body, attributes, now, group)
        queue.add(message, now + given.get("DelaySeconds", 0))
        digest = md5(body.encode(), usedforsecurity=False).hexdigest()
        return {"MessageId": name, "MD5OfMessageBody": digest}

    def _put_all(self, given: Mapping[str, Any]) -> dict[str, Any]:
        queue = self._queue(given, "SendMessageBatch")
        check_batch(given["Entries"])
        answer: dict[str, Any] = {}
        for entry in given["Entries"]:
            error = _wrong(entry)
            if error is not None:
                why: Any = error.response["Error"]
                failed = {"Id": entry["Id"], "SenderFault": True, **why}
                answer.setdefault("Failed", []).append(failed)
            elif self.faults.at("sqs.entry") is not None:
                failed = {"Id": entry["Id"], "SenderFault": False, "Code": "InternalError"}
                answer.setdefault("Failed", []).append(failed)
            else:
                taken = {"Id": entry["Id"], **self._put(queue, entry)}
                answer.setdefault("Successful", []).append(taken)
        return answer | _metadata()

    def _take(self, queue_url: str, most: int) -> list[Message]:
        queue, now = self.queues[queue_url], self.clock()
        taken: list[Message] = []
        while len(taken) < most and (message := queue.take(now)) is not None:
            copy = self.faults.at("sqs.copy")
            if copy is not None:
                queue.hide(message, now + copy.seconds + 0.001, flying=True)
            taken.append(message)
        return taken

    def _change(self, given: Mapping[str, Any]) -> dict[str, Any]:
        operation, seconds = "ChangeMessageVisibility", given["VisibilityTimeout"]
        queue, now = self._queue(given, operation), self.clock()
        message = queue.messages.get(_id_in(given["ReceiptHandle"], operation))
        if not 0 <= seconds <= MAX_TIMEOUT:
            raise _invalid(operation, f"VisibilityTimeout is invalid: {seconds}")
        if message is None or message.handle != given["ReceiptHandle"]:
            raise _invalid(
                operation,
                "Message does not exist or is not available for visibility timeout change",
            )
        if not message.flying or message.visible_at <= now:
            raise refusal(operation, "AWS.SimpleQueueService.MessageNotInflight", "not in flight")
        if now + seconds - message.taken_at > MAX_TIMEOUT:
            raise _invalid(operation, "Total VisibilityTimeout is beyond the limit [43200 seconds]")
        queue.hide(message, now + seconds, flying=True)
        return _metadata()

    def _change_all(self, given: Mapping[str, Any]) -> dict[str, Any]:
        operation = "ChangeMessageVisibilityBatch"
        queue, entries = self._queue(given, operation), given["Entries"]
        for entry in entries:
            check_names(entry, ("Id", "ReceiptHandle"), ("VisibilityTimeout",))
        check_ids(operation, entries)
        answer: dict[str, Any] = {}
        for entry in entries:
            failed = self._failed_change(queue, entry)
            answer.setdefault("Failed" if failed else "Successful", []).append(
                {"Id": entry["Id"], **failed}
            )
        return answer | _metadata()

    def _failed_change(self, queue: Queue, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Change one entry's visibility; return what SQS answers where that fails."""
        if self.faults.at("sqs.unset") is not None:
            return {"SenderFault": False, "Code": "InternalError"}
        one = {name: each for name, each in entry.items() if name != "Id"}
        try:
            self._change({"QueueUrl": queue.url, "VisibilityTimeout": 0, **one})
        except ClientError as error:
            return {"SenderFault": True, "Code": error.response["Error"]["Code"]}
        return {}


def _invalid(operation: str, why: str) -> Exception:
    return refusal(operation, "InvalidParameterValue", why)


def _wrong(entry: Mapping[str, Any]) -> Any:
    attributes = entry.get("MessageAttributes", {})
    delay, group = entry.get("DelaySeconds", 0), entry.get("MessageGroupId")
    return wrong(entry["MessageBody"], attributes, delay, group)


def _id_in(handle: str, operation: str) -> str:
    name, mark, _ = handle.partition("/")
    if not mark:
        raise refusal(operation, "ReceiptHandleIsInvalid", "The receipt handle is invalid.", 404)
    return name


def _metadata() -> dict[str, Any]:
    return {"ResponseMetadata": {"HTTPStatusCode": 200}}
