"""The hint of `relay run`: what can be done while it serves."""

from pathlib import Path

from relay.paths import RULES
from relay.run.session import save_hint


def test_the_command_that_sends_a_sample_again_names_a_folder_of_ones_own(tmp_path: Path) -> None:
    assert f"relay send SAMPLE --new --rules {tmp_path}` in another" in save_hint(tmp_path)
    assert "relay send SAMPLE --new` in another" in save_hint(RULES)
