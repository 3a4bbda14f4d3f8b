"""Paths of the project's files and folders; the relay command runs from a checkout."""

from pathlib import Path
from typing import Final

PROJECT: Final = Path(__file__).resolve().parent.parent
SOURCE: Final = PROJECT / "src"
RULES: Final = SOURCE / "rules"
EVENTS: Final = PROJECT / "events"
TEMPLATE: Final = PROJECT / "template.yaml"
BUILD: Final = PROJECT / "build" / "local"
BUILT: Final = PROJECT / ".aws-sam" / "build"  # by `sam build`, a folder for each function
ENVIRONMENTS: Final = PROJECT / ".venvs"
