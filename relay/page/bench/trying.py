"""Trial of a text: what a keystroke is answered with, and what the check says a moment later."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from handler.core.errors import RulesError
from handler.core.rules.load import names
from relay.local.reload import Version
from relay.page.bench import editors
from relay.page.bench.drafts import Draft, Setting, source_of
from relay.page.bench.form import PageForm
from relay.page.bench.outcomes import Asked, EventOutcome
from relay.page.bench.remarks import checked, folded, in_order
from relay.page.bench.results import differences_shown, event_results, summary
from relay.page.bench.workbench import Workbench
from relay.page.rendering import fragment
from relay.rules.check.report import Remark, RulesFile


@dataclass(frozen=True, slots=True)
class TrySetting:
    """The setting of a try: the file that the text is of, the stage, and the rules served."""

    place: Path
    stage: str
    served: Version
    bench: Workbench


def tried(desk: TrySetting, form: PageForm, asked: Asked | None, why_not: str) -> str:
    """Return as HTML what a text makes of an event; `why_not` says why there is no event."""
    wanted = asked.source if asked else desk.place.stem
    source = source_of(form.text, desk.place.stem, wanted)
    file = RulesFile.typed(desk.place, form.text, desk.stage)
    draft = desk.bench.drafts.draft(form.text, Setting(file.shown, source, desk.stage, file.reach))
    outcome = _outcome(desk, draft, asked, source) if asked else EventOutcome(why_not=why_not)
    remarks = folded(desk.bench.remarks.of(file, draft))
    values = {
        "outcome": outcome,
        "events": event_results(outcome.explanation) if outcome.explanation else [],
        "draft": draft,
        "said": summary(outcome, remarks),
        "differences": differences_shown(outcome),
        **_of_remarks(desk, form, remarks),
    }
    return fragment("bench/result.html", values)


def _outcome(desk: TrySetting, draft: Draft, asked: Asked, source: str) -> EventOutcome:
    if asked.source != source:
        return EventOutcome(
            why_not=f"the event is of {asked.source}, and these rules are of {source}"
        )
    return desk.bench.outcomes.of(asked, draft, desk.served.loaded.get(source))


def examined(desk: TrySetting, form: PageForm, is_stale: Callable[[], bool]) -> str | None:
    """Return as HTML all that the check says of a text; None once nobody waits for it."""
    if is_stale():
        return None
    file = RulesFile.typed(desk.place, form.text, desk.stage)
    found: list[Remark] = []
    for one in checked(file, desk.stage, _others(desk)):
        if is_stale():
            return None
        found.append(one)
    if is_stale():
        return None
    desk.bench.remarks.keep(file, found)
    return fragment("bench/remarks.html", _of_remarks(desk, form, folded(in_order(found))))


def _of_remarks(desk: TrySetting, form: PageForm, remarks: list[Remark]) -> Mapping[str, Any]:
    def opens(one: Remark) -> str:
        return editors.link(form.editor, desk.place, one.line, one.column)

    return {"remarks": remarks, "opens": opens, "name": desk.place.name}


def _others(desk: TrySetting) -> set[str]:
    """Return the sources of the other files, as they are served."""
    text = (desk.served.files.get(desk.place.name) or b"").decode("utf-8", "replace")
    return {*desk.served.sources} - {desk.place.stem, *_named(desk.place.stem, text)}


@lru_cache(maxsize=8)
def _named(stem: str, text: str) -> tuple[str, ...]:
    try:
        return names(stem, text, stem)
    except RulesError:
        return ()
