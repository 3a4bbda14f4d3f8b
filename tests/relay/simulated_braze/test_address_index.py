"""The index of the simulated Braze's profiles finds what a look at all of them finds."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from relay.simulated_braze.profiles import Profiles

ALIASES = [{"alias_name": name, "alias_label": "l"} for name in "ab"]
PROFILE = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["a@x.io", "A@x.io", "b@x.io", 7]),
        "phone": st.sampled_from(["+49301", "+49302"]),
        "user_aliases": st.lists(st.sampled_from(ALIASES), max_size=2) | st.just("none"),
    },
)
CAUSE = {"dispatch_id": None, "time": 0.0, "cause": "a test"}


def has(profile: dict[str, Any], name: str, value: str) -> bool:
    own = profile.get(name)
    return isinstance(own, str) and own.casefold() == value.casefold()


@given(st.lists(st.tuples(st.sampled_from("uvwx"), PROFILE), max_size=20))
def test_every_profile_is_found_by_its_address_number_and_alias_in_the_order_of_updates(
    puts: list[tuple[str, dict[str, Any]]],
) -> None:
    profiles = Profiles()
    for user, profile in puts:
        profiles.put(user, profile, CAUSE)

    known = profiles.current.items()
    for name, value in [("email", "a@X.io"), ("email", "b@x.io"), ("phone", "+49301")]:
        assert profiles.having(name, value) == [u for u, one in known if has(one, name, value)]
    for alias in ALIASES:
        found = [user for user, one in known if alias in list(one.get("user_aliases", []))]
        assert profiles.by_alias(alias) == next(iter(found), None)
