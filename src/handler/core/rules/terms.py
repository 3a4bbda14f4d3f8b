"""The terms of each kind of request: what a rule must say for it, and what it cannot say.

An event counts each time that Braze gets it, so its rule says what it counts once, and what becomes
of an unknown outcome. A state of a profile, or of a subscription, is written again without harm,
and is true however late it comes; only a newer one must not be undone.
"""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Final

from handler.core.braze.contract.ecommerce import PREFIX
from handler.core.braze.endpoints import SUBSCRIBE, TRACK
from handler.core.configuration.schema_errors import seconds
from handler.core.configuration.yaml12 import Path
from handler.core.expressions.template import Problem, Template, expressions
from handler.core.rules.compile_users import CompiledRequest
from handler.core.rules.compiler import Compiler, root_names
from handler.core.rules.creation import is_creation
from handler.core.rules.schema import RuleBlock
from handler.core.rules.source import EventReader, Rule
from handler.core.rules.users import has_states, is_counted

MAX_DELAY: Final = 900  # seconds: SQS, "Amazon SQS delay queues"
_ARRAYS: Final = (*TRACK.arrays, *SUBSCRIBE.arrays)
_ONCE: Final = (
    "once is missing: Braze counts this each time that it comes, so say what it counts once, as in"
    " once: ${body.id}"
)
_ON_UNKNOWN: Final = (
    "on_unknown is missing: where no answer comes back, retry may count it twice, with its revenue,"
    " and hold keeps it for a person"
)
_HOLD: Final = (
    "on_unknown: hold is for what must not come twice, and this may: leave it out, and it is"
    " sent again"
)
_EXPIRES: Final = (
    "expires_after: {} is true however late it comes, and event.version keeps it from undoing a"
    " newer one: leave this out"
)
_EVENTS_ALONE: Final = ", or give the events a rule of their own"
_DELAY: Final = (
    "delay takes 1s to 15m, as long as SQS holds a message back; a Canvas waits for longer"
)
_TOO_LATE: Final = "delay: what begins so late has expired before (expires_after: {})"
_BROADCAST: Final = "allow_broadcast is for send: each object of {} names its user"
_DIGEST: Final = (
    "once reads id, and an event {} has none but a digest of its body: one that comes again with"
    " other bytes would count twice; write what it counts once by a value of the body"
)
_PLACE: Final = (
    "once reads no item: each element would be told by its place in the list, and count again at"
    " another one; write what of it counts once, as in once: ${item.id}"
)
ORDER: Final = (
    "an older {} that comes late would undo a newer choice: say at the top of the file what orders"
    " them, as in event: {{version: body.updated_at}}"
)


def find_terms(block: RuleBlock, body: CompiledRequest, path: Path, compiler: Compiler) -> None:
    """Note what a rule cannot say for its kind of request, and what it must say."""
    compiler.note(path, list(_delayed(block)))
    for kind in block.kinds if body.path else ():
        if kind != "send":
            (about,) = body.recipients
            compiler.note(path, [*_terms(block, about, kind), *_kept(block, about, kind)])


def find_orders(rules: Iterable[Rule], reader: EventReader, compiler: Compiler) -> None:
    """Note rules that have nothing lasting to count by, or nothing that orders their events."""
    for at, rule in enumerate(rules):
        if rule.is_counted and rule.for_each and rule.once is not None and not rule.once_per_item:
            compiler.find(("rules", at, "once"), _PLACE)
        if rule.is_counted and any("id" in root_names(one) for one in expressions(rule.once)):
            for kind in (one for one in rule.types if _is_digest(one, reader)):
                compiler.find(("rules", at, "once"), _DIGEST.format(kind))
        if rule.kind == SUBSCRIBE.key:
            for kind in (one for one in rule.types if not is_ordered(one, reader)):
                compiler.find(("rules", at, "type"), ORDER.format(kind))


def _delayed(block: RuleBlock) -> Iterator[Problem]:
    if block.delay is None:
        return
    if seconds(block.delay) > MAX_DELAY:
        yield ("delay",), _DELAY
    if block.expires_after is not None and seconds(block.expires_after) <= seconds(block.delay):
        yield ("delay",), _TOO_LATE.format(block.expires_after)


def _terms(block: RuleBlock, body: Mapping[str, Template], kind: str) -> Iterator[Problem]:
    if is_counted(body, kind):
        yield from [] if block.once is not None else [((kind,), _ONCE)]
        yield from [] if block.says("on_unknown") else [((kind,), _ON_UNKNOWN)]
    elif block.on_unknown == "hold" and any(body.get(one) for one in _ARRAYS):
        yield ("on_unknown",), _HOLD
    if block.expires_after is not None and has_states(body, kind):
        what = "a subscription" if kind == SUBSCRIBE.key else "an attribute"
        mend = _EVENTS_ALONE if body.get("events") else ""
        yield ("expires_after",), f"{_EXPIRES.format(what)}{mend}"
    if block.allow_broadcast:
        yield ("allow_broadcast",), _BROADCAST.format(kind)


def _kept(block: RuleBlock, body: Mapping[str, Template], kind: str) -> Iterator[Problem]:
    """Yield the paths of `keep_empty` at which nothing can be empty."""
    events = body.get("events")
    for at, path in enumerate(block.keep_empty):
        array, _, name = path.partition(".")
        if kind == SUBSCRIBE.key:
            yield ("keep_empty", at), "keep_empty: no part of a subscription is ever empty"
        elif array == "events" and not name.startswith("properties."):
            yield ("keep_empty", at), "keep_empty: of an event only its properties may be empty"
        elif array == "events" and isinstance(events, list) and any(map(_is_ecommerce, events)):
            text = f"Braze drops an event {PREFIX}* with an empty value"
            yield ("keep_empty", at), f"keep_empty: {text}; give custom events a rule of their own"


def _is_ecommerce(event: Template) -> bool:
    name = event.get("name") if isinstance(event, dict) else None
    return isinstance(name, str) and name.startswith(PREFIX)


def _is_digest(kind: str, reader: EventReader) -> bool:
    """Return whether an event of a type, or glob, may have no other id than a digest."""
    for glob, expression in reader.ids:
        is_whole = fnmatchcase(kind, glob)  # the first glob that fits decides
        if (is_whole or fnmatchcase(glob, kind)) and "digest" in root_names(expression):
            return True
        if is_whole:
            return False
    return True


def is_ordered(kind: str, reader: EventReader) -> bool:
    """Return whether events of a type, or glob, have a version, or need none."""
    return is_creation(kind) or any(fnmatchcase(kind, glob) for glob, _ in reader.versions)
