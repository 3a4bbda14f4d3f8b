"""Time from a keystroke in the bench of the page to its result, over HTTP.

    .venv/bin/python -m bench.keystroke [--strokes 100]

The page is the real one, without a stack behind it: the bench asks none for a result. The rules
file has 50 rules, of which 10 want the event. Beside it `relay rules explain` is started for the
same file and event, which is what one would run without the bench. Half way the whole file is
checked, as it is where one pauses.
"""

import argparse
import http.client
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from bench.paths import PROJECT
from handler.rules_directory import read
from relay.local.live_rules import LiveRules
from relay.local.reload import Version
from relay.local.rules_folder import Folder
from relay.local.stack import Local, Secrets
from relay.page.context import PageContext, PageFolders
from relay.page.server import served_page
from relay.stacks.local import Stack

RULES, WANTING, STARTS = 50, 10, 5
NAME, EVENT = "shopify.yaml", "shopify-order"
GOAL_MS: Final = 150  # of the 95th percentile
_NOBODY: Final = "http://127.0.0.1:9"
NO_STACK: Final = Local(_NOBODY, _NOBODY, Stack(_NOBODY, {}, {}))
_ITEM: Final = re.compile(r"^(?=  - name: )", re.MULTILINE)
Stroke = Callable[[str, int], str]  # a text and a number to the text with the next character


def rules_text() -> str:
    """Return a rules file of 50 rules: those of the samples, again and again under other names."""
    text = (PROJECT / "tests" / "rules" / NAME).read_text(encoding="utf-8")
    head, order, _, welcome = _ITEM.split(text)
    rules = [order if number < WANTING else welcome for number in range(RULES)]
    named = [
        re.sub(r"- name: (\S+)", rf"- name: \1-{number}", rule, count=1)
        for number, rule in enumerate(rules)
    ]
    return head + "\n".join(one.rstrip("\n") + "\n" for one in named)


def in_a_value(text: str, number: int) -> str:
    """Return the text with some characters more in a value of a rule that wants the event."""
    return text.replace("order: Order", f"order: Order{'abcdefghij'[: number % 10]} ", 1)


def in_a_mistake(text: str, number: int) -> str:
    """Return the text with a key that is being misspelt."""
    return text.replace("on_unknown: retry", f"on_unkn{'abcdefghij'[: number % 10]}: retry", 1)


def above_the_rules(text: str, number: int) -> str:
    """Return the text with another campaign, on which all rules depend."""
    return text.replace("order_confirmation: 417220e4", f"order_confirmation: {number:08x}", 1)


STROKES: Final[dict[str, Stroke]] = {
    "in a value of a rule": in_a_value,
    "in a rule with a mistake": in_a_mistake,
    "above the rules": above_the_rules,
}


class Typist:
    """One who types into the bench, over a connection that stays open."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.netloc)
        self._connection.request("GET", f"/?{parts.query}")
        answer = self._connection.getresponse()
        answer.read()
        cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
        self._headers = {
            "Cookie": cookie,
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def post(self, path: str, text: str) -> str:
        """Return what the bench answers to a text."""
        form = {"page": "bench", "rules": NAME, "event": f"sample:{EVENT}", "text": text}
        return self._asked("POST", path, urlencode(form))

    def get(self, path: str) -> str:
        """Return what the page answers to a path."""
        return self._asked("GET", path, None)

    def _asked(self, method: str, path: str, body: str | None) -> str:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        said = answer.read().decode()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path}: {answer.status} {said}")
        return said


@contextmanager
def page(folder: Path) -> Iterator[Typist]:
    """Serve the page over a rules folder; give one who types into it."""
    with served_page(context_of(NO_STACK, folder)) as url, closing(Typist(url)) as typist:
        yield typist


def context_of(stack: Local, folder: Path, secrets: Secrets | None = None) -> PageContext:
    """Return the context of a page that shows a stack with the rules of a folder."""
    looking = Folder(folder)
    served = Version(looking.look(), read(folder, "dev", broadcasts=True))
    return PageContext(
        LiveRules(stack, looking, "dev", secrets, lambda _: None, served), PageFolders(folder)
    )


class Taken(NamedTuple):
    """Milliseconds from a keystroke to its result, and those of CPU among them."""

    wall: float
    cpu: float


def taken_by(do: Callable[[], object]) -> Taken:
    """Return how long something takes."""
    began, spent = time.perf_counter(), time.process_time()
    do()
    return Taken((time.perf_counter() - began) * 1000, (time.process_time() - spent) * 1000)


def strokes(typist: Typist, text: str, stroke: Stroke, count: int) -> list[Taken]:
    """Return what each keystroke takes, from the second one on."""
    typist.post("/bench/result", text)
    taken: list[Taken] = []
    for number in range(1, count + 1):
        typed = stroke(text, number)
        taken.append(taken_by(partial(typist.post, "/bench/result", typed)))
        if number == count // 2:
            typist.post("/bench/check", typed)
    return taken


def command(folder: Path) -> float:
    """Return the milliseconds of `relay rules explain`, started anew; the median of some."""
    given = (PROJECT / ".venv/bin/relay", "rules", "explain", EVENT, "--rules", folder, "--json")
    started = [
        taken_by(partial(subprocess.run, given, cwd=PROJECT, capture_output=True, check=True)).wall
        for _ in range(STARTS)
    ]
    return median(started)


def main() -> None:
    """Print the percentiles of each kind of keystroke, and their ratio to the command."""
    parser = argparse.ArgumentParser(prog="python -m bench.keystroke", description=__doc__)
    parser.add_argument("--strokes", type=int, default=100, metavar="COUNT")
    count = parser.parse_args().strokes
    with tempfile.TemporaryDirectory(prefix="relay-bench-") as made:
        folder, text = Path(made), rules_text()
        (folder / NAME).write_text(text, encoding="utf-8")
        explained = command(folder)
        sys.stdout.write(f"relay rules explain, started as a command: {explained:.0f} ms\n")
        with page(folder) as typist:
            for name, stroke in STROKES.items():
                sys.stdout.write(line(name, strokes(typist, text, stroke, count), explained))


def line(name: str, taken: list[Taken], explained: float) -> str:
    """Return the percentiles of a kind of keystroke as a line."""
    ratio = f"{median(one.wall for one in taken) / explained:.3f} of the command"
    return f"{name:26} {percentiles(taken)}  {ratio}  {verdict(taken, GOAL_MS)}\n"


def percentiles(taken: list[Taken]) -> str:
    """Return the percentiles of what something took; a busy machine adds no CPU."""
    hundredths = quantiles([one.wall for one in taken], n=100, method="inclusive")
    shown = "  ".join(f"p{one} {hundredths[one - 1]:6.1f} ms" for one in (50, 95, 99))
    cpu = quantiles([one.cpu for one in taken], n=100, method="inclusive")[94]
    return f"{shown}  (CPU p95 {cpu:5.1f} ms)"


def verdict(taken: list[Taken], goal_ms: int) -> str:
    """Return whether the 95th percentile is within a goal."""
    p95 = quantiles([one.wall for one in taken], n=100, method="inclusive")[94]
    return f"(p95 at most {goal_ms} ms: {'met' if p95 <= goal_ms else 'not met'})"


if __name__ == "__main__":
    main()
