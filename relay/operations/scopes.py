"""The item `pause#`: what is paused, since when and by whom. Workers read it every 5 seconds."""

from collections.abc import Mapping
from typing import Any, Final

from relay.console.format import since
from relay.operations.naming import Names, suggestion
from relay.stacks.ledger import Record, Table

KEY: Final = "pause#"
# Two operators who pause and resume at the same time can take the map from under each other; each
# round ends it for one of them.
_ROUNDS: Final = 5

Scopes = Mapping[str, Record]  # by scope: {since, by}


def unknown(scope: str, names: Names) -> str:
    """Return what is wrong with a scope, in words for the operator; empty where it is known."""
    if scope in names.scopes:
        return ""
    kind, _, name = scope.partition("/")
    if kind not in {"source", "rule", "workspace"} or not name:
        form = "a scope is all, source/SOURCE, rule/SOURCE/RULE or workspace/WORKSPACE"
        return f"{form}{suggestion(scope, names.scopes)}"
    unread = f" ({', '.join(names.unread)} cannot be read)" if names.unread else ""
    hint = suggestion(scope, [one for one in names.scopes if one.startswith(kind)])
    return f"the rules know no {scope}{unread}{hint}; --force takes any"


def scopes_in(table: Table) -> Scopes:
    """Return what is paused now."""
    return dict(table.get(KEY).get("scopes", {}))


def stop(table: Table, scope: str, at: int, by: str) -> tuple[bool, Record]:
    """Pause a scope; return whether it was not paused before, and its record as it is now."""
    name = {"#scope": scope}
    value = {"M": {"since": {"N": str(at)}, "by": {"S": by}}}
    for _ in range(_ROUNDS):
        done, item = table.change(
            KEY,
            "SET scopes.#scope = :value",
            "attribute_exists(scopes) AND attribute_not_exists(scopes.#scope)",
            ExpressionAttributeNames=name,
            ExpressionAttributeValues={":value": value},
        )
        if not done and "scopes" not in item:  # the first pause of this stack
            done, item = table.change(
                KEY,
                "SET scopes = :scopes",
                "attribute_not_exists(scopes)",
                ExpressionAttributeValues={":scopes": {"M": {scope: value}}},
            )
        if record := item.get("scopes", {}).get(scope):
            return done, record
    raise RuntimeError("somebody else resumes at the same time: try again")


def go_on(table: Table, scope: str) -> tuple[bool, Scopes]:
    """Resume a scope; return whether it was paused, and what still is."""
    done, item = table.change(
        KEY,
        "REMOVE scopes.#scope",
        "attribute_exists(scopes.#scope)",
        ExpressionAttributeNames={"#scope": scope},
    )
    return done, item.get("scopes", {})


def told(scope: str, record: Mapping[str, Any], now: float) -> str:
    """Return one pause in words."""
    return f"{scope}  {since(record['since'], now)} by {record['by']}"
