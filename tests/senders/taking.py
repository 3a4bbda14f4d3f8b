"""Ingest with one source, the shop, and what it left in its queues."""

import json
from typing import Any, cast

from handler.aws.secrets import SecretCache
from handler.core.rules.load import load
from handler.core.rules.source import Source
from handler.ingest import Ingest
from tests.handler.core.rules_files import RULES
from tests.handler.test_ingest import GIVEN, Aws
from tests.senders.posting import Post

EMPTY: dict[str, list[str]] = {"queue": [], "dead": []}


def shop(sender: str) -> Source:
    """Return a source whose file says this of its sender, and wants every event."""
    return load("shop", f"{sender}\n{RULES}", "shop.yaml", "dev")


def taking(source: Source, *secrets: Any) -> tuple[Ingest, Aws]:
    aws = Aws({"shop": secrets[0]} if secrets else {})
    cache = SecretCache(cast("Any", aws), GIVEN.signing_secrets_arn, lambda: aws.now)
    return Ingest(GIVEN, {"shop": source}, cache, cast("Any", aws)), aws


def answer(post: Post, source: Source, *secrets: Any) -> tuple[int, Any, Aws]:
    """Return status and body of the answer, and what AWS holds; without secrets there are none."""
    made, aws = taking(source, *secrets)
    answered = made.answer(post.event())
    return answered["statusCode"], answered["body"], aws


def enqueued(aws: Aws) -> list[dict[str, Any]]:
    return [json.loads(body) for body in aws.queues["queue"]]
