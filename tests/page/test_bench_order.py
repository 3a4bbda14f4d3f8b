"""Texts that come out of their order: the result of an older one is never shown over a newer."""

import requests

from relay.page.bench.workbench import Workbench

FORM = {"page": "order", "rules": "shopify.yaml", "event": "sample:shopify-order"}
TEXT = "verify: {preset: shopify}\nrules: []\n"
NOTHING_NEW = 204


def test_the_newest_text_is_the_one_that_was_typed_last_in_whatever_order_they_come() -> None:
    bench = Workbench()
    assert [bench.take("a", number) for number in (2, 1, 3)] == [2, 1, 3]
    assert [bench.is_stale("a", number) for number in (1, 2, 3)] == [True, True, False]
    assert bench.take("a", 0) == 4  # of a page that gives no numbers
    assert bench.take("b", 0) == 1


def test_an_older_text_that_comes_later_is_answered_with_nothing_new(
    own: requests.Session, base: str
) -> None:
    def tried(path: str, number: int) -> int:
        form = {**FORM, "text": TEXT, "number": str(number)}
        return own.post(f"{base}/bench/{path}", form, timeout=60).status_code

    assert tried("result", 2) == 200
    assert tried("result", 1) == NOTHING_NEW
    assert tried("check", 1) == NOTHING_NEW
    assert tried("check", 2) == 200
    assert tried("result", 2) == 200  # the same text again: a rules file was saved
