"""Causes and remedies of dead letters and held deliveries: by the buttons that the page has.

The causes are those of docs/operations.md, which has the commands that do the same.
"""

from collections.abc import Mapping
from typing import Final

from handler.core.reasons import Reason
from relay.page.way.docs_words import table

BUTTONS: Final[Mapping[str, str]] = {  # by what is done
    "redrive": "Redrive",
    "rendered": "Render anew",
    "release": "Release",
    "drop": "Drop",
}
_HEADINGS: Final = ("Reasons of dead letters", "Reasons of held deliveries")
_REMEDIES: Final[Mapping[str, str]] = {
    Reason.REJECTED: (
        "Mend the rule or the campaign, then “Redrive”; where the rule has changed,"
        " “Render anew”. Of a part that Braze refused: “Redrive”."
    ),
    Reason.EXPIRED: (
        "Usually nothing: “Drop”. If late is better than never, tick “also what has expired” and"
        " take “Redrive”; for what was too late on arrival, “Render anew”."
    ),
    Reason.HORIZON: "Mend what the detail names, then “Redrive”.",
    Reason.PAUSED: "Resume it under “Pause and resume”, then “Redrive”.",
    Reason.SURGE: "“Redrive” if it was meant to be sent, else “Drop”.",
    Reason.WORKER_LOST: "Look at the log of deliver first, then “Redrive”.",
    Reason.MALFORMED: "Mend the sender and let it send again; then “Drop”.",
    Reason.TOO_MANY: "“Render anew” sends them in pieces.",
    Reason.UNRENDERABLE: "Mend the rule and save it; once it is served, “Render anew”.",
    Reason.REFUSED_BY_SQS: "A report to the project is welcome; then “Drop”.",
    Reason.BY_SQS: "Look at the log of deliver first: is the worker well? Then “Redrive”.",
    Reason.UNKNOWN: "Ask Braze's log whether it was sent: if so, “Drop”; if not, “Release”.",
    Reason.NOTICE: "Read the notice, then “Release” or “Drop”.",
}


def remedy(reason: str) -> str:
    """Return what the user does about a letter with a reason; empty where that is not known."""
    return _REMEDIES.get(reason, "")


def cause(reason: str) -> str:
    """Return why a letter with a reason is there, as a sentence without its end; or empty."""
    rows = (table("operations.md", heading, "reason").get(reason) for heading in _HEADINGS)
    found = next((cells[0] for cells in rows if cells), "")
    return f"{found[:1].upper()}{found[1:]}"
