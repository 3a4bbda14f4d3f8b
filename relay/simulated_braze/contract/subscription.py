"""States of subscription groups: which requests of /v2/subscription/status/set Braze refuses. Pure.

After Braze's page "Update user's subscription group status (V2)". It documents no answer that
refuses a part of a request, so that one mistake refuses all of it.
"""

from collections.abc import Iterator
from typing import Any, Final

from relay.simulated_braze.contract.attributes import is_email, is_uuid
from relay.simulated_braze.contract.body import misfits
from relay.simulated_braze.contract.identifiers import MAX_EXTERNAL_ID, is_e164
from relay.simulated_braze.switches import Switches

Json = dict[str, Any]

GROUPS: Final = "subscription_groups"
KINDS: Final = ("external_ids", "emails", "phones")
MAX_USERS: Final = 50
STATES: Final = ("subscribed", "unsubscribed")
_TWICE: Final = "use_double_opt_in_logic"
KEYS: Final = {
    "subscription_group_id": str,
    "subscription_state": str,
    "external_ids": list,
    "emails": object,  # a text, or a list of them
    "phones": object,
    _TWICE: bool,
}


def kind_of(one: Json) -> str:
    """Return how an object names its users."""
    return next(name for name in KINDS if name in one)


def users_of(one: Json) -> list[Any]:
    """Return the users that an object names."""
    given = one[kind_of(one)]
    return given if isinstance(given, list) else [given]


def refusal(body: Json, switches: Switches) -> str | None:
    """Return why Braze refuses a request; None where it accepts it."""
    return next(_problems(body, switches), None)


# Each check may rely on the success of those before it: only the first problem is ever used.
def _problems(body: Json, switches: Switches) -> Iterator[str]:
    yield from misfits(body, {GROUPS: list}, switches)
    if not body.get(GROUPS):
        yield f"{GROUPS} must be an array of objects"
    for index, one in enumerate(body[GROUPS]):
        if not isinstance(one, dict):
            yield f"{GROUPS}[{index}]: must be an object"
        for problem in _object_problems(one, switches):
            yield f"{GROUPS}[{index}]: {problem}"
    kinds = {kind_of(one) for one in body[GROUPS]}
    if len(kinds) > 1 and switches.subscription_identifiers == "one_kind":
        yield f"one request takes one of {', '.join(KINDS)}"
    if len({user for one in body[GROUPS] for user in users_of(one)}) > MAX_USERS:
        yield f"a request names at most {MAX_USERS} users"


def _object_problems(one: Json, switches: Switches) -> Iterator[str]:
    given = {name: value for name, value in one.items() if KEYS.get(name) is not object}
    yield from misfits(given, KEYS, switches)
    for name in ("subscription_group_id", "subscription_state"):
        if name not in one:
            yield f"{name} is required"
    if not is_uuid(one["subscription_group_id"]):
        yield "subscription_group_id must be a valid subscription group UUID"
    if one["subscription_state"] not in STATES:
        yield "subscription_state must be subscribed or unsubscribed"
    if len(one.keys() & set(KINDS)) != 1:
        yield f"needs exactly one of {', '.join(KINDS)}"
    if kind_of(one) == "emails" and _TWICE in one and switches.email_double_opt_in == "refused":
        yield f"{_TWICE} is not applicable to email subscription groups"
    yield from _user_problems(kind_of(one), users_of(one))


def _user_problems(kind: str, users: list[Any]) -> Iterator[str]:
    if not 1 <= len(users) <= MAX_USERS:
        yield f"{kind} takes 1 to {MAX_USERS} of them"
    if not all(isinstance(user, str) and user.strip() for user in users):
        yield f"{kind} takes text that is not blank"
    if kind == "phones" and not all(map(is_e164, users)):
        yield "phones must be in E.164 format"
    if kind == "emails" and not all(map(is_email, users)):
        yield "emails must be valid addresses"
    if kind == "external_ids" and any(len(user.encode()) > MAX_EXTERNAL_ID for user in users):
        yield "EXTERNAL_USER_ID_TOO_LARGE"
