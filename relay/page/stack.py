"""The stack of the page and the names of its rules, as the commands of operators take them."""

from urllib.parse import urlsplit

from relay.page.context import PageContext
from relay.rules.names import Names, read_names
from relay.stacks.selection import LOCAL, Operated


def operated(context: PageContext) -> Operated:
    """Return the local stack that the page shows."""
    local = context.local
    return Operated(
        name=LOCAL,
        outputs=local.stack.outputs,
        endpoint=local.stack.endpoint,
        url=local.url,
        braze_url=local.braze_url if context.is_simulated else None,
        resources=local.stack.resources,
        port=urlsplit(local.url).port,
    )


def known_names(context: PageContext) -> Names:
    """Return the names of the rules; the files are read where other rules are served by now."""
    side, served = context.side, context.live.served
    if side.served is not served:
        side.names = read_names(context.folders.rules)
        side.served = served
    return side.names
