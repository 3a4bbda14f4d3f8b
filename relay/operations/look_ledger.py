"""What the ledger says of the traffic: breakers, rates, pauses, brakes; one read of few items."""

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from relay.console.format import command, counted, moment, since, span, until
from relay.operations.brakes import Brake, brake_of, keys
from relay.operations.desk import Desk, Part
from relay.operations.scopes import KEY, told
from relay.stacks.ledger import Record, Table, living
from relay.stacks.selection import Operated

Found = Mapping[str, Record]


def ledger(desk: Desk, now: float) -> list[Part]:
    """Return the parts that the ledger has; raise botocore's errors."""
    workspaces, surges = sorted(desk.names.workspaces), keys(desk.names)
    wanted = [f"{kind}#{one}" for kind in ("breaker", "rate") for one in workspaces]
    table = Table(desk.clients["dynamodb"], desk.stack.outputs["LedgerTable"])
    found = table.get_many([KEY, *wanted, *surges])
    alive = {one: living(record, now) for one, record in found.items()}
    brakes = [brake_of(one, alive.get(one, {}), desk.names, now) for one in surges]
    return [
        _breakers(desk, {one: alive.get(f"breaker#{one}", {}) for one in workspaces}, now),
        _rates({one: alive.get(f"rate#{one}", {}) for one in workspaces}, now),
        _pauses(alive.get(KEY, {}).get("scopes", {}), now),
        _brakes(brakes, desk.names.unread, now),
    ]


def _breakers(desk: Desk, found: Found, now: float) -> Part:
    lines = [line for name, record in found.items() for line in _breaker(desk, name, record, now)]
    opened = [record for record in found.values() if "open_until" in record]
    document: JsonValue = {
        name: {"open": "open_until" in record, **_without(record, "pk", "expires")}
        for name, record in found.items()
    }
    return Part("Braze", tuple(lines), document, "bad" if opened else "good")


def _breaker(desk: Desk, name: str, record: Record, now: float) -> Iterator[str]:
    if "open_until" not in record:
        yield f"{name}: closed"
        return
    began = f" {since(record['opened_at'], now)}" if "opened_at" in record else ""
    yield f"{name}: open{began}: {_why(record)}; {_next(record, now)}"
    if record.get("reason") == "key_refused":
        yield f"  {_remedy(desk.stack, name)}"


def _remedy(stack: Operated, workspace: str) -> str:
    """Return what helps where Braze refuses the key: 401 and 403 are one reason."""
    if stack.endpoint is not None:
        return "the simulated Braze refuses it: see its /_sim/key and /_sim/faults"
    named = "" if workspace == "default" else f" {workspace}"
    wanted = "give the key its permissions in Braze, or set another"
    return f"{wanted}: {command(stack, f'secrets set --braze{named}')}"


def _why(record: Record) -> str:
    if record.get("reason") == "key_refused":
        return "Braze refuses the API key"
    if "failed" in record and "total" in record:
        return f"failures ({record['failed']:,} of {counted(record['total'], 'request')})"
    return str(record.get("reason", "no reason given"))


def _next(record: Record, now: float) -> str:
    if "probe" in record and record.get("probe_until", 0) > now:
        return f"a probe is on its way {until(record['probe_until'], now)}"
    if record["open_until"] > now:
        return f"nothing is sent {until(record['open_until'], now)}, then a probe"
    return "the next delivery is a probe"


def _rates(found: Found, now: float) -> Part:
    limited = any(record.get("until", 0) > now for record in found.values())
    lines = tuple(f"{name}: {_rate(record, now)}" for name, record in found.items())
    document: JsonValue = {
        name: _without(record, "pk", "expires") for name, record in found.items()
    }
    return Part("rate limit", lines, document, "warning" if limited else "good")


def _rate(record: Record, now: float) -> str:
    if not record:
        return "Braze has said nothing of it lately"
    words = []
    if record.get("until", 0) > now:
        words.append(f"limited: nothing is sent {until(record['until'], now)}")
    if "remaining" in record:
        most = f" of {record['limit']:,}" if "limit" in record else ""
        words.append(f"{record['remaining']:,}{most} left")
    if "reset" in record:
        reset = record["reset"]
        words.append(until(reset, now) if reset > now else f"renewed at {moment(reset, now)}")
    if "at" in record:
        words.append(f"seen {span(now - record['at'])} ago")
    return ", ".join(words) or "not limited"


def _pauses(scopes: Mapping[str, Record], now: float) -> Part:
    lines = tuple(told(scope, record, now) for scope, record in sorted(scopes.items()))
    document: JsonValue = {scope: dict(record) for scope, record in scopes.items()}
    return Part("pauses", lines or ("none",), document, "warning" if scopes else "good")


def _brakes(brakes: list[Brake], unread: tuple[str, ...], now: float) -> Part:
    stopped = [brake for brake in brakes if brake.stopped_at is not None]
    lines = [f"{brake.rule}: {'; '.join(brake.told(now))}" for brake in stopped]
    lines += [f"{file} cannot be read: its rules are not shown" for file in unread]
    document: JsonValue = {
        brake.rule: {"stopped": brake.stopped, "stopped_at": brake.stopped_at} for brake in stopped
    }
    quiet = ("nothing is stopped",)
    is_good = not stopped and not unread
    return Part("surges", tuple(lines) or quiet, document, "good" if is_good else "warning")


def _without(record: Record, *names: str) -> dict[str, JsonValue]:
    return {name: value for name, value in record.items() if name not in names}
