"""Bodies about one user that Braze takes: of users/track, and of the states of groups."""

from typing import Any

from hypothesis import strategies as st

from tests.contract.bodies import (
    ALIAS,
    ATTRIBUTES,
    EMAIL,
    NESTED,
    NO,
    SCALAR,
    UUID,
    WORD,
    YES,
    Body,
)
from tests.relay.simulated_braze.recommended import EVENTS

PHONE = "+4915123456789"
TIME = "2026-11-20T21:00:00Z"
IDENTIFIERS: list[st.SearchStrategy[Body]] = [
    st.fixed_dictionaries({"external_id": WORD}),
    st.fixed_dictionaries({"user_alias": ALIAS}),
    st.fixed_dictionaries({"braze_id": WORD}),
    st.fixed_dictionaries({"email": EMAIL}),
    st.just({"phone": PHONE}),
]
WHO = st.one_of(*IDENTIFIERS).flatmap(
    lambda who: (YES | NO).map(lambda update: {**who, "_update_existing_only": update})
)
NAME = WORD.filter(lambda word: word not in ("time", "event_name"))
PROPERTIES = st.dictionaries(NAME, SCALAR | st.lists(WORD, max_size=3) | NESTED, max_size=3)
TIMES = st.datetimes().map(lambda at: at.replace(microsecond=0).isoformat() + "+00:00")
CUSTOM = st.fixed_dictionaries(
    {"name": WORD, "time": TIMES}, optional={"properties": PROPERTIES, "app_id": WORD}
)


def without(given: Body, *names: str) -> Body:
    return {key: one for key, one in given.items() if key not in names}


def recommended(name: str) -> st.SearchStrategy[Body]:
    """Give an event of this name, with any of what it may have."""
    needed, others = EVENTS[name]
    chosen = st.sets(st.sampled_from(sorted(others)))
    return chosen.map(
        lambda names: {
            "name": f"ecommerce.{name}",
            "time": TIME,
            "properties": {**needed, **{key: others[key] for key in names}},
        }
    )


EVENT = CUSTOM | st.sampled_from(sorted(EVENTS)).flatmap(recommended)


def of_one(who: Body, attributes: list[Body], events: list[Body]) -> Body:
    """Return a body of users/track in which each object is this user's."""
    hidden = ("email",) if "phone" in who else ()  # an address would name the user before it
    arrays = {"attributes": attributes, "events": events}
    return {
        name: [{**without(given, *hidden), "vip": True, **who} for given in listed]
        if name == "attributes"
        else [{**given, **who} for given in listed]
        for name, listed in arrays.items()
        if listed
    }


TRACKED = st.builds(
    of_one, WHO, st.lists(ATTRIBUTES, max_size=2), st.lists(EVENT, min_size=1, max_size=3)
)
USERS: list[st.SearchStrategy[Body]] = [
    st.fixed_dictionaries({"external_ids": st.lists(WORD, min_size=1, max_size=1)}),
    st.fixed_dictionaries({"emails": st.lists(EMAIL, min_size=1, max_size=1)}),
    st.just({"phones": [PHONE]}),
]
STATES = st.fixed_dictionaries(
    {"subscription_state": st.sampled_from(["subscribed", "unsubscribed"])},
    optional={"use_double_opt_in_logic": st.booleans()},
)


def of_groups(user: Body, groups: dict[str, Any]) -> Body:
    """Return a body in which each group's state is set for this user."""
    hidden = ("use_double_opt_in_logic",) if "emails" in user else ()  # of SMS groups only
    listed = [
        {"subscription_group_id": key, **without(one, *hidden), **user}
        for key, one in groups.items()
    ]
    return {"subscription_groups": listed}


SUBSCRIBED = st.builds(
    of_groups, st.one_of(*USERS), st.dictionaries(UUID, STATES, min_size=1, max_size=3)
)
