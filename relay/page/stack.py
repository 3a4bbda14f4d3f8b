"""The stack of the page, as the commands of operators take one."""

from urllib.parse import urlsplit

from relay.page.context import Context
from relay.stacks.selection import LOCAL, Operated


def operated(context: Context) -> Operated:
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
