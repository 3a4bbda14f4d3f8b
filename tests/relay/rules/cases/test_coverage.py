"""Branches that no case goes through, as `relay rules test` names them."""

import pytest

from tests.relay.rules.desk import EXPECT, RULES, WEBHOOK, Desk

ALL = [
    "when is true",
    "when is false",
    "recipients[0].external_user_id takes body.customer.id (1 of 2)",
    "recipients[0].external_user_id takes body.token (2 of 2)",
    "recipients[0].attributes.first_name is sent",
    "recipients[0].attributes.first_name is left out",
    "recipients[0].trigger_properties.order is sent",
    "recipients[0].trigger_properties.order is left out",
]
A_GUEST = WEBHOOK.replace("customer: {id: 9}", "token: t1")


def uncovered(desk: Desk) -> list[str]:
    return [it["branch"] for it in desk.tested()["coverage"]["uncovered"]]


def field(template: str, text: str = RULES) -> str:
    return text.replace('"Order ${body.number}"', f'"{template}"')


def test_without_a_case_every_branch_is_uncovered(desk: Desk) -> None:
    assert uncovered(desk) == ALL


def test_a_case_covers_the_branches_that_it_goes_through(desk: Desk) -> None:
    desk.write_case(WEBHOOK)
    assert desk.tested()["coverage"] == {
        "branches": 8,
        "covered": 4,
        "uncovered": [
            {"source": "shop", "rule": "confirm", "branch": branch}
            for branch in ALL
            if branch.endswith(("false", "left out", "(2 of 2)"))
        ],
    }


def test_cases_cover_together(desk: Desk) -> None:
    desk.write_case(WEBHOOK)
    desk.write_case(A_GUEST, "shop/a-guest")
    desk.write_case(WEBHOOK.replace("id: 7", "id: 7, test: true"), "shop/a-test")
    desk.write_case(WEBHOOK.replace("name: Ada, number: 41", "name: ' '"), "shop/nameless")
    assert uncovered(desk) == []


def test_people_see_the_branches_by_rule_and_gaps_are_no_mistake(desk: Desk) -> None:
    desk.write_case(WEBHOOK + EXPECT)
    result = desk.test()
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:3] == [
        "4 of 8 branches of the rules are covered",
        "  shop/confirm: no case covers these branches:",
        "    when is false",
    ]


def test_an_alternative_that_is_not_reached_is_not_covered(desk: Desk) -> None:
    desk.write_rules(field("${body.a || coalesce(body.b, body.c)}"))
    desk.write_case(WEBHOOK.replace("id: 7", "id: 7, a: 1, b: 2"))
    order = "recipients[0].trigger_properties.order"
    assert [branch for branch in uncovered(desk) if branch.startswith(order)] == [
        f"{order} is left out",
        f"{order} takes coalesce(body.b, body.c) (2 of 2)",
        f"{order} takes body.b (1 of 2)",
        f"{order} takes body.c (2 of 2)",
    ]


@pytest.mark.parametrize(
    "template",
    [
        "${coalesce(body.plan, 'free')}",
        "${body.plan || 'free'}",
        "${body.plan == 'free'}",
        "${!(body.plan)}",
        "${type}",
        "${vars.mail}",
    ],
)
def test_what_cannot_be_missing_need_not_be_left_out(desk: Desk, template: str) -> None:
    desk.write_rules(field(template))
    assert not [branch for branch in uncovered(desk) if "order is left out" in branch]


def test_what_is_kept_empty_is_still_left_out_where_it_is_absent(desk: Desk) -> None:
    desk.write_rules(f"{RULES}    keep_empty: [trigger_properties.order]\n")
    desk.write_case(WEBHOOK)
    assert [branch for branch in uncovered(desk) if "order is" in branch] == [
        "recipients[0].trigger_properties.order is left out"
    ]
    desk.write_case(WEBHOOK.replace("number: 41", "number2: 41"), "shop/numberless")
    assert not [branch for branch in uncovered(desk) if "order is" in branch]


def test_a_field_whose_expression_fails_is_left_out_and_what_comes_after_it_counts(
    desk: Desk,
) -> None:
    desk.write_rules(field("${lower(body.number)}") + "          last: ${body.last}\n")
    desk.write_case(WEBHOOK)
    desk.write_case(WEBHOOK.replace("number: 41", "number: A, last: 1"), "shop/text")
    order = [branch for branch in uncovered(desk) if "trigger_properties" in branch]
    assert order == []


def test_a_rule_that_is_switched_off_has_no_branches(desk: Desk) -> None:
    desk.write_rules(f"{RULES}    enabled: false\n")
    assert uncovered(desk) == []


def test_a_rule_without_a_condition_is_covered_by_what_it_wants(desk: Desk) -> None:
    desk.write_rules(RULES.replace('    when: "!(body.test)"\n', ""))
    assert uncovered(desk)[0] == "it is wanted"
    desk.write_case(WEBHOOK)
    assert "it is wanted" not in uncovered(desk)


def test_each_item_covers_its_branches(desk: Desk) -> None:
    text = RULES.replace("    once: ${body.id}\n", "    for_each: body.lines\n")
    desk.write_rules(field("${item.title}", text))
    desk.write_case(WEBHOOK.replace("id: 7", "id: 7, lines: [{title: Tea}, {}]"))
    assert not [branch for branch in uncovered(desk) if "order is" in branch]


def test_a_condition_that_fails_covers_neither_way(desk: Desk) -> None:
    desk.write_rules(RULES.replace("!(body.test)", "body.number > `1`"))
    desk.write_case(WEBHOOK.replace("number: 41", "number: '41'"))
    assert uncovered(desk)[:2] == ["when is true", "when is false"]
