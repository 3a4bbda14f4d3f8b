"""Two of everything: the services in memory, and the same in the emulator."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

TABLE: Final = "conformance"
Given = dict[str, Any]


@dataclass(frozen=True)
class Both:
    """A client in memory, boto3's own, and what the table or queue is called in both."""

    memory: Any
    emulator: Any
    name: str

    def each(self) -> Iterator[Any]:
        yield self.memory
        yield self.emulator


def result(call: Callable[..., Any], given: Given) -> str:
    """Return what came of a call as text, in which sets and objects have one order only."""
    try:
        answer = call(**given)
    except ClientError as error:
        kept: Any = error.response
        return shown({"error": _code(kept["Error"]["Code"]), "item": kept.get("Item")})
    except BotoCoreError as error:
        return shown({"error": type(error).__name__, "item": None})
    # Where there is nothing to show, AWS leaves the key out and the emulator does not.
    kept = {name: each for name, each in answer.items() if each}
    return shown({name: each for name, each in kept.items() if name != "ResponseMetadata"})


def shown(value: Any) -> str:
    """Return JSON whose keys and sets are sorted."""
    return json.dumps(_sorted(value), sort_keys=True)


def _sorted(value: Any) -> Any:
    if isinstance(value, list):
        return [*map(_sorted, value)]
    if isinstance(value, dict):
        return {
            name: sorted(each) if name in ("SS", "NS") else _sorted(each)
            for name, each in value.items()
        }
    return value


def _code(code: str) -> str:
    # The receipt of a deleted message: AWS's word for it, and the emulator's.
    same = {"ReceiptHandleIsInvalid": "InvalidParameterValue"}
    word = code.removeprefix("AWS.SimpleQueueService.")
    return same.get(word, word)
