"""Renders the change of subscriptions that a rule makes for one user."""

from handler.core.planning.recipient import Recipient
from handler.core.planning.track import fill_track
from handler.core.rules.source import Rule, Scope


def fill_subscribe(rule: Rule, scope: Scope, warnings: list[str]) -> Recipient:
    """Return the rendered body; raise Unrenderable."""
    return fill_track(rule, Scope(scope.signed, scope.signed), warnings)
