"""A stack of its own: its roles are broken, and its functions speak to AWS through proxies."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from relay.local.stack import local_stack
from relay.paths import PROJECT
from tests.e2e.harness import SHOPIFY_SECRET, WORKERS, Relay
from tests.permissions.guarded import FUNCTIONS, KMS_KEY, Guarded
from tests.permissions.recorder import recorder


@pytest.fixture(scope="session")
def stack() -> Iterator[Guarded]:
    rules, secrets = PROJECT / "tests" / "rules", {"shopify": SHOPIFY_SECRET}
    with ExitStack() as ending:
        local = ending.enter_context(
            local_stack(rules, secrets, None, RulesStage="dev", KmsKeyArn=KMS_KEY, **WORKERS)
        )
        made = Guarded(Relay(local))
        for role in FUNCTIONS:
            made.proxies[role] = ending.enter_context(recorder(made.note(role)))
        with made.without(()):
            pass  # from now on the calls of both pass their proxies
        yield made


@pytest.fixture
def guarded(stack: Guarded) -> Iterator[Guarded]:
    stack.clear()
    yield stack
    stack.clear()
