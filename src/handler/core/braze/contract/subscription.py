"""Checks of a rule's `subscribe`: Braze's body of v2/subscription/status/set, about one user.

An e-mail address or a phone number reaches every profile that has it. Of one that no profile has,
Braze keeps the state for 30 days. Source:
braze.com/docs/api/endpoints/subscription_groups/post_update_user_subscription_group_status_v2.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from handler.core.braze.contract.attributes import UUID, is_address
from handler.core.braze.contract.breaches import Breach, Place, problems
from handler.core.braze.contract.locales import is_e164
from handler.core.braze.contract.predicates import is_open, is_text, is_truth
from handler.core.braze.contract.visible import visible
from handler.core.braze.endpoints import MAX_GROUPS, MAX_IDENTIFIER_BYTES, SUBSCRIBE
from handler.core.braze.identifiers import OTHER_IDS
from handler.core.braze.request import utf8
from handler.core.expressions.template import Problem, Template
from handler.core.suggestions import unknown_key

GROUPS: Final = "subscription_groups"
GROUP: Final = "subscription_group_id"
STATE: Final = "subscription_state"
TWICE: Final = "use_double_opt_in_logic"
STATES: Final = ("subscribed", "unsubscribed")
USERS: Final = ("external_ids", "emails", "phones")
KEYS: Final = (GROUP, STATE, *USERS, TWICE)
_LISTED: Final = "Braze takes a list here: external_ids, emails or phones, of one user each"
_IN_EACH: Final = "it stands in each object of subscription_groups"
_BY_ID: Final = "leave it out, or name the user by external_ids or phones"
_ONE_USER: Final = frozenset({"external_id", "external_user_id", "email", "phone"})
MISPLACED: Final = {
    **dict.fromkeys((*_ONE_USER, *OTHER_IDS), _LISTED),
    **dict.fromkeys(("user_alias", "braze_id"), "Braze finds nobody by it here"),
    "state": "it is called subscription_state",
    "_update_existing_only": "this endpoint makes no profiles",
    "api_key": "the relay adds the API key itself; it never stands in a rules file",
}


def check_subscribe(subscribe: Mapping[str, Template]) -> list[Problem]:
    """Return what Braze would refuse in the template of `subscribe`."""
    found = [_unknown(key) for key in subscribe if key not in SUBSCRIBE.arrays]
    listed = subscribe.get(GROUPS)
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_GROUPS:
        text = f"{GROUPS} takes a list of 1 to {MAX_GROUPS} objects that is written down"
        return [*found, ((GROUPS,) if GROUPS in subscribe else (), text)]
    for at, group in enumerate(listed):
        if isinstance(group, dict):
            found += problems(breaches(group), group, GROUPS, at)
        else:
            found.append(((GROUPS, at), f"{GROUPS} takes objects that are written down"))
    return list(dict.fromkeys([*found, *_check_together(listed)]))


def breaches(group: Mapping[str, Template]) -> Iterator[Breach]:
    """Yield what is wrong in the state of one group, written or rendered."""
    for key in group:
        if key not in KEYS:
            yield Breach((key,), unknown_key(key, KEYS, MISPLACED.get(key, "")))
    yield from _of_group(group.get(GROUP))
    if STATE not in group:
        yield Breach((STATE,), f"{STATE} is missing: it is one of {' and '.join(STATES)}")
    for one in visible(group[STATE]) if STATE in group else ():
        if not is_open(one) and one not in STATES:
            yield Breach((STATE,), f"{STATE} takes one of {' and '.join(STATES)}")
    twice = group.get(TWICE, False)
    if not (is_open(twice) or is_truth(twice)):
        yield Breach((TWICE,), f"{TWICE} takes true or false")
    elif TWICE in group and "emails" in group:
        yield Breach((TWICE,), f"{TWICE} is for SMS groups, and none is found by emails: {_BY_ID}")
    yield from _of_user(group)


def named_by(group: Mapping[str, object]) -> str | None:
    """Return the key by which a group names its user; None where it names none."""
    return next((key for key in USERS if key in group), None)


def _unknown(key: str) -> Problem:
    told = _IN_EACH if key in (*KEYS, *MISPLACED) else ""
    return (key,), unknown_key(key, SUBSCRIBE.arrays, told)


def _of_group(value: Template) -> Iterator[Breach]:
    if is_open(value):
        text = "is written down, or ${vars.x}: no webhook chooses a group"
        yield Breach((GROUP,), f"{GROUP} {text}")
    elif not isinstance(value, str) or not UUID.fullmatch(value):
        yield Breach((GROUP,), f"{GROUP} takes a group's id, a UUID, as Braze's dashboard shows it")


def _of_user(group: Mapping[str, Template]) -> Iterator[Breach]:
    given = [key for key in USERS if key in group]
    if len(given) != 1 and _ONE_USER.isdisjoint(group):  # those keys are told by themselves
        has = " and ".join(given) or "none"
        yield Breach((), f"a group needs exactly one of {', '.join(USERS)}, and has {has}")
    for key in given:
        listed = group[key]
        if not isinstance(listed, list) or len(listed) != 1:
            example = f"{key}: [{_EXAMPLES[key]}]"
            text = f"{key} takes a list of one, as in {example}: a delivery has one user"
            yield Breach((key,), text)
        elif wrong := _no_user(key, listed[0]):
            yield Breach((key, 0), f"{key}: {wrong}")


_EXAMPLES: Final = {
    "external_ids": "${body.customer.id}",
    "emails": "${body.email}",
    "phones": "${phone(body.phone, 'DE')}",
}


def _no_user(key: str, value: Template) -> str | None:
    if is_open(value):
        return None
    if key == "phones" and not (isinstance(value, str) and is_e164(value)):
        return "Braze takes numbers in E.164 only, such as +4915123456789: phone() writes them so"
    if key == "emails" and not (isinstance(value, str) and is_address(value)):
        return "it is no e-mail address"
    if key == "external_ids" and is_text(value) and len(utf8(str(value))) > MAX_IDENTIFIER_BYTES:
        return f"it is longer than {MAX_IDENTIFIER_BYTES} bytes"
    return None


def _check_together(listed: list[Template]) -> Iterator[Problem]:
    """Yield what is wrong between groups: two users, or one group twice."""
    groups = [(at, one) for at, one in enumerate(listed) if isinstance(one, dict)]
    named = [(at, key) for at, one in groups if (key := named_by(one))]
    for at, key in named[1:]:
        if key != named[0][1]:
            text = (
                f"one request is about one user: the first group has {named[0][1]}; take the same"
            )
            yield _place(at, key), text
    known: set[str] = set()
    for at, one in groups:
        group = one.get(GROUP)
        if isinstance(group, str):
            if group.lower() in known:
                yield _place(at, GROUP), "the same group twice: which state counts is not said"
            known.add(group.lower())


def _place(at: int, key: str) -> Place:
    return (GROUPS, at, key)
