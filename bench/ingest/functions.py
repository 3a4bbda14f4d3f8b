"""`python -m bench.ingest.functions FOLDER MODULE`: the ingest of one package, in one process.

It carries out tasks (see `bench.tasks`). FOLDER has what the function imports, MODULE its
`lambda_handler`. What is measured of a package's inside is of this checkout alone.
"""

import json
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

from bench.deliver.functions import Aws, Context
from bench.deliver.webhooks import SIGNING_SECRET, SOURCE, TOPICS, gateway_event, rules_file
from bench.ingest.bodies import FEW, ITEMS, SMALL
from bench.tasks import microseconds, printed, serve

if TYPE_CHECKING:
    from handler.core.models import Webhook
    from handler.core.rules.source import Source

_WANTED: Final = TOPICS["plain"]
_TAKEN: Final = ({"events": 1, "deliveries": 1}, {"deliveries": 1})  # ours, the typical
_ORDERS: Final = 20  # different ones, in turn
_OLDEST: Final = 399 * 86_400  # seconds: an older event is parked


class Functions:
    """A package's ingest, and webhooks for it."""

    def __init__(self, folder: str, module: str) -> None:
        self._aws = Aws()
        sys.path.insert(0, folder)
        self._answer: Callable[[Any, Any], Any] = import_module(module).lambda_handler

    def _take(self, webhook: Mapping[str, Any]) -> None:
        taken = self._answer(webhook, Context)
        if json.loads(taken["body"]) not in _TAKEN:
            raise ValueError(taken)

    def messages(self, count: int) -> list[str]:
        """Take webhooks; return the messages that the relay has enqueued."""
        self._aws.enqueued.clear()
        for number in range(count):
            self._take(gateway_event(number, _WANTED))
        return [*self._aws.enqueued]

    def webhook(self, size: str, seconds: float) -> float:
        """Take webhooks for so many seconds of CPU; return the microseconds of one."""
        webhooks = cycle([gateway_event(number, _WANTED, ITEMS[size]) for number in range(_ORDERS)])

        def one() -> int:
            self._aws.enqueued.clear()
            self._take(next(webhooks))
            return 1

        return microseconds(one, seconds)

    def logged(self, topic: str) -> list[int]:
        """Answer a webhook of a topic for the second time; return the bytes of each line logged."""
        webhook = gateway_event(1, topic)
        self._answer(webhook, Context)
        lines = printed(lambda: self._answer(webhook, Context)).splitlines()
        return [*map(len, lines)]

    def mapping(self, seconds: float) -> float:
        """Map an order's 15 fields, for so many seconds of CPU; return the microseconds of one.

        It is the call that planning makes for the order, again and again.
        """
        render = import_module("handler.core.planning.render")
        fill = render.fill_recipient
        with patch.object(render, "fill_recipient", wraps=fill) as called:
            _message(*_planned(FEW, SMALL))
        given = called.call_args

        def one() -> int:
            fill(*given.args, **given.kwargs)
            return 1

        return microseconds(one, seconds)

    def message(self, size: str, seconds: float, rules: int = FEW) -> float:
        """Make the message of a webhook, for so many seconds of CPU; return the microseconds."""
        planned = _planned(rules, size)

        def one() -> int:
            _message(*planned)
            return 1

        return microseconds(one, seconds)


def _planned(rules: int, size: str) -> tuple["Source", "Webhook"]:
    """Return a source of so many rules, and a webhook of it."""
    from handler.aws.api_gateway import webhook_of  # noqa: PLC0415 - of the package

    return _source(rules), webhook_of(gateway_event(1, _WANTED, ITEMS[size]), 0)


def _message(source: "Source", webhook: "Webhook") -> str:
    from handler.core.planning.plan import plan  # noqa: PLC0415 - of the package
    from handler.core.verification.verify import verify  # noqa: PLC0415 - of the package

    (body,) = plan(verify(webhook, source.scheme, (SIGNING_SECRET,)), source, _OLDEST).bodies
    return body


@cache
def _source(rules: int) -> "Source":
    """Return the source of a rules file of so many rules."""
    from handler.core.rules.load import load  # noqa: PLC0415 - of the package

    return load(SOURCE, rules_file(rules - len(TOPICS)), "shop.yaml", "dev")


def main() -> None:
    """Carry out the tasks of standard input, until it ends."""
    serve(lambda: Functions(*sys.argv[1:]))


if __name__ == "__main__":
    main()
