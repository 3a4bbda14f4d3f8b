"""A package is tried on samples and cases: by itself, beside this checkout and what is deployed."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jmespath
import pytest
from pydantic import JsonValue

from handler import rules_build
from handler.core.models import Plan
from handler.core.rules.load import load
from handler.core.rules.source import Source
from relay.deploy import package_plans
from relay.deploy.package_plans import NotRenderedError, plans, python
from relay.deploy.rendering import NamedSample, differing, losses, unlike
from relay.paths import SOURCE
from relay.rules.webhooks import Given, planned
from relay.webhooks.samples import Sample

RULES = """
verify: {preset: shopify, secret: shop}
rules:
  - name: thanks
    type: orders/create
    when: body.paid == `true`
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532369
      recipients: [{external_user_id: "${body.id}"}]
  - name: tried
    type: orders/create
    shadow: true
    send:
      campaign_id: 417220e4-5a2a-b634-7f7d-9ec891532369
      recipients: [{external_user_id: "${body.id}"}]
"""
HEADERS = {"x-shopify-topic": "orders/create", "x-shopify-webhook-id": "1"}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a package of ingest as a build does, with what rendering takes."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(SOURCE / "handler", folder / "handler")
    shutil.copytree(Path(jmespath.__file__).parent, folder / "jmespath")
    (folder / "rules").mkdir()
    (folder / "rules" / "shop.yaml").write_text(RULES, encoding="utf-8")
    rules_build.write(folder / "rules")
    return folder


def source(text: str = RULES) -> Source:
    return load("shop", text, "shop.yaml", "dev")


def shown(
    name: str = "events/order.json", *, is_case: bool = False, text: str = RULES
) -> NamedSample:
    body: JsonValue = {"id": 7, "paid": True, "created_at": "2026-01-01T12:00:00Z"}
    return NamedSample(
        name, Given(Sample("order", "shop", HEADERS, body)), source(text), "dev", is_case
    )


def made(package: Path, webhooks: Sequence[NamedSample]) -> list[Plan]:
    return plans(package, python()[0], [one.job("dev", broadcasts=False) for one in webhooks])


def test_a_package_renders_by_itself_what_this_checkout_renders(package: Path) -> None:
    given = [shown()]
    (plan,) = made(package, given)
    assert [one.rule for one in plan.deliveries] == ["thanks"]
    assert [one.rule for one in plan.shadow] == ["tried"]
    assert list(unlike(given, [plan])) == []


def test_a_package_of_other_rules_is_told_from_this_checkout(package: Path) -> None:
    given = [shown(text=RULES.replace("body.id", "body.nr"))]
    first, *_ = unlike(given, made(package, [shown()]))
    assert first.startswith("events/order.json: shop/")
    no_shadow = [replace(planned(shown().given, source()), shadow=())]
    assert list(unlike([shown()], no_shadow)) == [
        "events/order.json: shop/tried: disappears in the package"
    ]


def test_a_package_that_lacks_a_library_is_no_package(package: Path, tmp_path: Path) -> None:
    shutil.copytree(package, tmp_path / "p", ignore=shutil.ignore_patterns("jmespath"))
    with pytest.raises(NotRenderedError, match="No module named 'jmespath'") as raised:
        made(tmp_path / "p", [shown()])
    assert not raised.value.is_uncompiled


def test_a_package_whose_rules_are_not_compiled_is_not_tried(package: Path, tmp_path: Path) -> None:
    shutil.copytree(package, tmp_path / "p")
    (tmp_path / "p" / "rules" / "shop.yaml").write_text(RULES + "# more\n", encoding="utf-8")
    with pytest.raises(NotRenderedError, match=r"other rules: shop\.yaml") as raised:
        made(tmp_path / "p", [shown()])
    assert raised.value.is_uncompiled


def lost(text: str, *more: NamedSample) -> list[str]:
    """Return what is lost by a change of the rules, of the sample and of what else is given."""
    now = [shown(text=text), *more]
    before = [planned(one.given, source()) for one in now]
    changes = differing([(one, planned(one.given, one.source)) for one in now], before)
    return list(losses(changes, now))


NARROW = RULES.replace("`true`", "`false`")
FAILS = RULES.replace(
    'recipients: [{external_user_id: "${body.id}"}]',
    'recipients: [{external_user_id: "${body.gone}"}]',
    1,
)


def test_a_rule_that_fails_or_makes_nothing_where_it_did_is_lost_with_its_reason() -> None:
    (said,) = lost(NARROW)
    assert said.startswith("events/order.json: shop/thanks makes no request any more")
    assert "relay rules explain" in said
    (said,) = lost(NARROW.replace("shadow: true", "enabled: false"))
    assert "body.paid" in said
    assert any("shop/thanks fails now: unrenderable" in one for one in lost(FAILS))
    in_shadow = FAILS.replace("    when: body", "    shadow: true\n    when: body")
    assert any("shop/thanks fails now: unrenderable" in one for one in lost(in_shadow))


def test_what_a_case_expects_and_what_a_rules_file_says_is_meant() -> None:
    assert lost(NARROW, shown("case shop/unpaid", is_case=True, text=NARROW)) == []
    off = "    enabled: false\n"
    for key in (off, off.replace("enabled: false", "shadow: true")):
        assert lost(RULES.replace("    when: body", f"{key}    when: body")) == []
    assert lost(RULES.replace("name: thanks", "name: other")) == []


def test_a_package_that_does_not_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_plans, "_SECONDS", 0.2)
    by = tmp_path / "python"
    by.write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    by.chmod(0o755)
    with pytest.raises(NotRenderedError, match=r"it has not ended in 0\.2 s"):
        plans(tmp_path, by, [])
