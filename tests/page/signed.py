"""Webhooks as their senders sign them, read as the page reads them; no stack is needed."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handler.core.models import Verified
from handler.core.rules.source import Source
from handler.core.secret_values import Secret
from relay.local.reload import Version
from relay.local.rules_folder import Folder
from relay.local.webhook_feed import Answered
from relay.page.journal import Journal
from relay.page.reading import Reading, read
from relay.paths import EVENTS, PROJECT
from relay.rules.explain.explanation import JsonObject, explained_plan
from relay.webhooks.samples import Address, read_sample, sample_secrets, sources_in

RULES = PROJECT / "tests" / "rules"
SIGNING = "a-secret-that-nobody-may-see"
TAKEN = '{"events": 1, "deliveries": 1}'


def secret(**values: object) -> Secret:
    return Secret("signing", "1", values or {"shopify": SIGNING})


def version(rules: Path = RULES) -> Version:
    return Version(Folder(rules).look(), sources_in(rules, "dev"))


def posted(  # noqa: PLR0913 - the parts of a webhook
    source: str = "shopify",
    body: bytes = b"{}",
    headers: Mapping[str, str] | None = None,
    *,
    rules: Path = RULES,
    status: int = 200,
    query: str = "",
) -> Reading:
    """Return the reading of a webhook as it is given."""
    given = {"host": "127.0.0.1:3000", "x-forwarded-proto": "http", **(headers or {})}
    answer = TAKEN if status == 200 else '{"error": "unverified"}'
    answered = Answered("POST", f"/webhooks/{source}", given, body, status, answer, query)
    served = version(rules)
    return read(Journal().add(answered.line(), served), sample_secrets(served.sources))


def signed(
    name: str = "shopify-order", change: Mapping[str, Any] | None = None, **options: Any
) -> Reading:
    """Return the reading of a sample that is signed with `SIGNING`; `age` is in seconds."""
    sample, age = read_sample(EVENTS / f"{name}.json"), options.pop("age", 0)
    rules, key = options.get("rules", RULES), options.pop("key", SIGNING)
    now = int(time.time()) - age
    source = sources_in(rules, "dev")[sample.source]
    assert isinstance(source, Source)
    body = json.dumps({**json.loads(sample.content(now)), **(change or {})}).encode()
    made = Address("http://127.0.0.1:3000", source, key).signed(sample.headers, body, now)
    headers = {one.lower(): value for one, value in made.headers.items()}
    return posted(sample.source, made.body, headers, **options)


def explanation(reading: Reading) -> JsonObject:
    assert isinstance(reading.rules, Source)
    assert reading.plan is not None
    return explained_plan(Verified(reading.webhook), reading.rules, reading.plan)
