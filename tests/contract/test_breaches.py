"""Each of Braze's rules, broken alone, is refused in words that name it; what keeps them passes."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handler.core.errors import RulesError, Unrenderable
from handler.core.rules.load import load
from tests.contract.bodies import CAMPAIGN, CANVAS, Body, of_event, sent, written
from tests.contract.breaches import RENDERED, REQUEST, Breach
from tests.contract.breaches_of_values import VALUES, WRITTEN
from tests.examples import examples

few = settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
FINDINGS = {**REQUEST, **RENDERED, **VALUES, **WRITTEN}


def broken(body: Body, breach: Breach) -> Body:
    changed = deepcopy(body)
    breach.change(changed)
    return changed


def findings(body: Body) -> str:
    with pytest.raises(RulesError) as raised:
        load("shop", written(body), "shop.yaml", "dev")
    return str(raised.value)


@settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.one_of(CAMPAIGN, CANVAS))
def test_what_braze_takes_passes_unchanged(body: Body) -> None:
    warnings: list[str] = []
    assert sent(written(body), {"id": 1}, warnings) == body
    assert warnings == []


@settings(max_examples=examples(30), deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.one_of(CAMPAIGN, CANVAS))
def test_what_braze_takes_passes_unchanged_when_an_event_brings_it(body: Body) -> None:
    send, event = of_event(body)
    warnings: list[str] = []
    assert sent(written(send), event, warnings) == body
    assert warnings == []


@pytest.mark.parametrize("rule", FINDINGS)
@few
@given(data=st.data())
def test_a_rule_that_is_broken_in_the_file_is_named(rule: str, data: st.DataObject) -> None:
    body = data.draw(CAMPAIGN)
    assert FINDINGS[rule].words in findings(broken(body, FINDINGS[rule]))


@pytest.mark.parametrize("rule", RENDERED)
@few
@given(data=st.data())
def test_a_rule_that_an_event_breaks_makes_it_unrenderable(rule: str, data: st.DataObject) -> None:
    send, event = of_event(broken(data.draw(CAMPAIGN), RENDERED[rule]))
    with pytest.raises(Unrenderable) as raised:
        sent(written(send), event, [])
    assert RENDERED[rule].words in str(raised.value)


@pytest.mark.parametrize("name", VALUES)
def test_a_value_that_an_event_gets_wrong_is_left_out_and_told(name: str) -> None:
    send, event = of_event(broken({"campaign_id": "c"}, VALUES[name]))
    warnings: list[str] = []
    body = sent(written(send), event, warnings)
    assert body["recipients"] == [{"external_user_id": "u", "attributes": {"vip": True}}]
    (warning,) = warnings
    assert warning.startswith(f"send: attributes.{name} is left out: ")
    assert VALUES[name].words in warning


@pytest.mark.parametrize("name", VALUES)
def test_a_required_value_that_an_event_gets_wrong_is_unrenderable(name: str) -> None:
    send, event = of_event(broken({"campaign_id": "c"}, VALUES[name]))
    with pytest.raises(Unrenderable) as raised:
        sent(written(send, required=[f"attributes.{name}"]), event, [])
    assert raised.value.path == f"attributes.{name}"
    assert VALUES[name].words in str(raised.value)


@pytest.mark.parametrize("name", VALUES)
def test_null_removes_any_field(name: str) -> None:
    body: Any = {"campaign_id": "c", "recipients": [{"external_user_id": "u"}]}
    body["recipients"][0]["attributes"] = {name: None}
    assert sent(written(body), {}, []) == body


def test_a_message_shows_no_value_and_no_name_that_a_webhook_chose() -> None:
    names: Body = {"ann@example.org": {"a.b": "Bell"}, "x" * 70: {"a.b": 1}, "dob": "Ann Bell"}
    send, event = of_event(broken({"campaign_id": "c"}, VALUES["dob"]))
    warnings: list[str] = []
    sent(written(send), {**event, "attributes": names}, warnings)
    told = "\n".join(warnings)
    assert told.count("attributes.*") == 2
    assert not any(value in told for value in ("ann", "Ann", "Bell", "xx"))
