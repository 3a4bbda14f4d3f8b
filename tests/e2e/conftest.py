"""The whole template, up once for all tests of this folder, beside a simulated Braze."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relay.local.stack import Local, local_stack
from relay.paths import PROJECT
from tests.docs_pages import page
from tests.e2e.harness import SECRETS, WORKERS, Relay, of_its_own, sample
from tests.forked import Forked, forked


@pytest.fixture(scope="session")
def served_rules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of rules that the stack serves."""
    rules = tmp_path_factory.mktemp("stack") / "rules"
    shutil.copytree(PROJECT / "tests" / "rules", rules)
    (rules / "broken.yaml").write_text("verify: {preset: shopify}\nrulez: []\n")
    shopify = (rules / "shopify.yaml").read_text(encoding="utf-8")
    (rules / "unkept.yaml").write_text(shopify.replace("secret: shopify", "secret: unkept"))
    ((smoke),) = re.findall(r"```yaml\n# src/rules/smoke.yaml\n(.*?)```", page("deploy"), re.DOTALL)
    (rules / "smoke.yaml").write_text(smoke, encoding="utf-8")
    return rules


@pytest.fixture(scope="session")
def local(served_rules: Path) -> Iterator[Local]:
    watched = "shopify/order-confirmation"
    with local_stack(
        served_rules, SECRETS, None, RulesStage="dev", WatchedRule1=watched, **WORKERS
    ) as stack:
        yield stack


@pytest.fixture(scope="session")
def command() -> Iterator[Forked]:
    with forked(PROJECT, {"PATH": os.environ["PATH"]}) as made:
        yield made


@pytest.fixture
def relay(local: Local) -> Iterator[Relay]:
    yield from of_its_own(local)


@pytest.fixture
def order() -> dict[str, Any]:
    """Return the sample order, new to the relay."""
    return sample("shopify-order")
