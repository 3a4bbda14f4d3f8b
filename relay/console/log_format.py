"""Log lines of both functions as sentences, as `relay run`, `relay trace` and others show them."""

import json
from collections.abc import Mapping
from typing import Any


def sentence(message: str) -> str | None:
    """Return a log line in words: a webhook, a delivery, or a failure of a function itself."""
    try:
        entry = json.loads(message)
    except ValueError:
        # A line of the Lambda runtime: only a failure is shown.
        return (
            message.strip() if message.startswith(("[ERROR]", "Traceback", "Task timed")) else None
        )
    if not isinstance(entry, dict):
        return None
    if entry.get("message") == "webhook":
        return f"webhook   {entry['source']}  {entry['status']}  {_webhook(entry)}"
    if entry.get("message") == "delivery":
        return f"delivery  {_delivery(entry)}"
    return None


def _webhook(entry: Mapping[str, Any]) -> str:
    if "reason" in entry:
        return str(entry["reason"])
    words = [f"-> {made['rule']}" for made in entry["deliveries"]]
    words += [
        f"parked: {one['rule'] or 'the webhook'}: {one['reason']}: {one['detail']}"
        for one in entry["parked"]
    ]
    words += [f"unmatched: {one['rule']}: {one['why']}" for one in entry["unmatched"]]
    words += [f"and {entry['more_unmatched']} more rules"] if "more_unmatched" in entry else []
    return "; ".join([*words, *entry["warnings"]])


def _delivery(entry: Mapping[str, Any]) -> str:
    outcome, reason = entry.get("outcome"), entry.get("reason")
    words = [f"{entry.get('source')}/{entry.get('rule')}  {outcome}"]
    if outcome == "unknown" == reason:  # an unknown outcome that is retried has its cause as reason
        words.append("held")
    elif reason not in {None, outcome}:
        words.append(f"({reason})")
    words += [f"{name} {entry[name]}" for name in ("status", "attempt") if entry.get(name)]
    if entry.get("wait"):
        words.append(f"wait {entry['wait']} s")
    return "  ".join(words)
