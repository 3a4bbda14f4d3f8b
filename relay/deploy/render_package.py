"""Plans of webhooks by the package of ingest: by its own code, libraries and compiled rules alone.

    python -I -S render_package.py FOLDER <jobs.json >plans.json

It is run by another Python, and imports nothing but the package. A job is a webhook and a stage;
its plan are the queue messages that it makes. Exit codes: 3 its rules are not compiled.
"""

import json
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

NOT_COMPILED = 3
_RULES = "compiled_rules.jsonl"


def main(folder: Path) -> None:
    """Read jobs from standard input, and write the plan of each to standard output."""
    sys.path.insert(0, str(folder))
    from handler.core.rules import compiled_file  # noqa: PLC0415 - that of the package

    try:
        compiled = compiled_file.read_compiled((folder / "rules" / _RULES).read_bytes())
        compiled.check(_contents(folder / "rules", "[!.]*.yaml"), _code(folder / "handler"))
        plans = [_plan(job, compiled) for job in json.load(sys.stdin)]
    except (OSError, compiled_file.NotUsable) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(NOT_COMPILED)
    json.dump(plans, sys.stdout)


def _contents(folder: Path, pattern: str) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob(pattern)}


def _code(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*.py")}


def _plan(job: dict[str, Any], compiled: Any) -> dict[str, Any] | None:
    """Return what becomes of a webhook; None where the package does not serve its source."""
    from handler.core.message import encode  # noqa: PLC0415 - those of the package
    from handler.core.models import Verified, Webhook  # noqa: PLC0415
    from handler.core.planning.plan import plan  # noqa: PLC0415

    source = compiled.sources(job["stage"], broadcasts=job["broadcasts"]).get(job["source"])
    if source is None or isinstance(source, Exception):
        return None
    body = b64decode(job["body"])
    webhook = Webhook(job["source"], "POST", job["headers"], "", body, job["received_at"])
    made = plan(Verified(webhook), source)
    messages = {name: [encode(one) for one in getattr(made, name)] for name in _LETTERS}
    return {**messages, "unmatched": [[one.rule, one.why] for one in made.unmatched]}


_LETTERS = ("deliveries", "shadow", "parked")

if __name__ == "__main__":
    main(Path(sys.argv[1]))
