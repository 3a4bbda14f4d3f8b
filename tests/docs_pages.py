"""Pages of docs as text, and those on rules files together: each block is tested on any of them."""

import re
from typing import Final

from relay.paths import PROJECT


def page(name: str) -> str:
    return (PROJECT / "docs" / f"{name}.md").read_text(encoding="utf-8")


RULES_PAGES: Final = ("rules", "rules-reference", "functions", "recipes", "testing-rules")
RULES_TEXT: Final = "\n".join(page(name) for name in RULES_PAGES)
RULES_FILES: Final = re.findall(r"<!-- file -->\n```yaml\n(.*?)```", RULES_TEXT, re.DOTALL)
