"""Writes what is expected into a case file, and leaves the rest of its text as it is."""

from handler.core.configuration.yaml12 import Document, load
from handler.core.errors import RulesError
from relay.rules.cases import Case
from relay.rules.outcome import Outcome
from relay.rules.texts import written

_BY_HAND = "this case cannot be updated; write expect by hand, in lines of its own at the end"


def update(case: Case, outcome: Outcome) -> None:
    """Write an outcome into a case's file; raise RulesError where it would not read back as such.

    Comments within the old expectation go with it.
    """
    text = case.file.read_text(encoding="utf-8")
    block = outcome or {"deliveries": []}
    changed = replaced(text, case.document, written({"expect": block}))
    if not _is_read_back(changed, case.document, block):
        raise RulesError([case.document.finding(("expect",), _BY_HAND)])
    case.file.write_text(changed, encoding="utf-8", newline="\n")


def replaced(text: str, document: Document, block: str) -> str:
    """Return a file's text with a new `expect` block, at its end where there was none."""
    lines = text.splitlines(keepends=True)
    start = document.places.get(("expect",))
    if start is None:
        ending = "" if text.endswith("\n") else "\n"
        return f"{text}{ending}{block}"
    later = [it.line for path, it in document.places.items() if len(path) == 1]
    end = min((line for line in later if line > start.line), default=len(lines) + 1) - 1
    while end > start.line and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1  # what stands before the next key is about that key
    return "".join([*lines[: start.line - 1], block, *lines[end:]])


def _is_read_back(text: str, old: Document, block: Outcome) -> bool:
    try:
        value = load(text, old.file).value
    except RulesError:
        return False
    return isinstance(old.value, dict) and value == {**old.value, "expect": block}
