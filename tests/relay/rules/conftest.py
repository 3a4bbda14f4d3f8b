from pathlib import Path

import pytest

from tests.relay.rules.desk import RULES, Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.write_rules(RULES)
    made.cases.mkdir()
    return made
