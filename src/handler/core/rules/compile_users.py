"""Compiles the `track` or `subscribe` of a rule: what it writes about one user."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from handler.core.braze.contract.subscription import check_subscribe
from handler.core.braze.contract.track import check_track
from handler.core.braze.endpoints import SUBSCRIBE, TRACK
from handler.core.configuration.yaml12 import Path
from handler.core.expressions.template import Problem, Template
from handler.core.rules.compiler import Compiler
from handler.core.rules.schema import RuleBlock

_ENDPOINTS: Final = {one.key: one for one in (TRACK, SUBSCRIBE)}
_CHECKS: Final[Mapping[str, Callable[[Mapping[str, Template]], list[Problem]]]] = {
    TRACK.key: check_track,
    SUBSCRIBE.key: check_subscribe,
}
# The places, without those in lists, of values that no webhook may change.
_LITERAL: Final = frozenset(
    {
        ("events", "name"),
        *((array, "_update_existing_only") for array in TRACK.arrays),
        *((array, "user_alias", "alias_label") for array in TRACK.arrays),
        ("attributes", "subscription_groups", "subscription_group_id"),
        ("subscription_groups", "subscription_group_id"),
    }
)


class CompiledRequest(NamedTuple):
    """A compiled request: see `Rule`."""

    path: str
    recipients: tuple[dict[str, Template], ...]
    send: dict[str, Template]
    varying: dict[str, Template]


NOTHING: Final = CompiledRequest("", (), {}, {})


def compile_users(
    block: RuleBlock, path: Path, compiler: Compiler, roots: Sequence[str]
) -> CompiledRequest:
    """Return the compiled `track` or `subscribe` of the rule at a path.

    Its mistakes are noted in the compiler.
    """
    (kind,) = block.kinds
    place: Path = (*path, kind)
    template = compiler.template(dict(getattr(block, kind)), place, roots)
    literal = _with_literals(template, place, (), compiler)
    body = literal if isinstance(literal, dict) else {}
    compiler.note_else(place, _CHECKS[kind](body))
    return CompiledRequest(_ENDPOINTS[kind].path, (body,), {}, {})


def _with_literals(
    template: Template, path: Path, keys: tuple[str, ...], compiler: Compiler
) -> Template:
    """Return a template with the values of variables where no webhook may change the value."""
    if keys in _LITERAL:
        return compiler.literal(template, path, keys[-1:])
    if isinstance(template, dict):
        return {
            key: _with_literals(one, (*path, key), (*keys, key), compiler)
            for key, one in template.items()
        }
    if isinstance(template, list):
        return [_with_literals(one, (*path, at), keys, compiler) for at, one in enumerate(template)]
    return template
