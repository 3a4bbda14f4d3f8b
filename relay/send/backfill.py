"""`relay send --each`: signs and posts a webhook for each line of a file, several at a time."""

import threading
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import time
from typing import Final

import requests
import typer
from requests.adapters import HTTPAdapter
from rich.console import Console
from rich.progress import Progress
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import ProtocolError
from urllib3.util import Retry

from handler.core.errors import NotJson
from handler.core.models import Plan, Verified, Webhook
from handler.core.planning.plan import plan
from handler.core.rules.compiler import header_names
from handler.core.rules.source import Source
from relay.console.format import counted
from relay.webhooks.post import send
from relay.webhooks.samples import Address

_THREADS: Final = 8
_AHEAD: Final = 64  # lines that are posted ahead of the first one without an answer
_RETRIES: Final = 4
_LONGEST: Final = 30  # seconds that an answer can make us wait: a signature must not become too old
_RETRIED: Final = (429, 503)
_INTERRUPTED: Final = 130
_SHOWN: Final = 200  # characters of an answer
_OK: Final = 200

Line = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class InputLines:
    """The lines of a file after the first `skip`, numbered from 1, without blank ones."""

    file: Path
    skip: int

    def __iter__(self) -> Iterator[Line]:
        with self.file.open("rb") as opened:
            for number, line in enumerate(opened, start=1):
                if number > self.skip and line.strip():
                    yield number, line.strip()


@dataclass(frozen=True, slots=True)
class LineResult:
    """The result of one line: a status, a text, and in `made` its deliveries and parked events.

    `made` is None where the source's answer does not report them.
    """

    status: str
    words: str = ""
    made: tuple[int, int] | None = None


@dataclass(slots=True)
class BackfillCounts:
    """Counts of the answers so far: all lines up to `line`."""

    line: int
    statuses: Counter[str] = field(default_factory=Counter)
    deliveries: int = 0
    parked: int = 0
    unwanted: int = 0

    def add(self, number: int, answer: LineResult) -> None:
        """Count one line's answer; lines come in order."""
        self.line = number
        self.statuses[answer.status] += 1
        deliveries, parked = answer.made or (0, 0)
        self.deliveries += deliveries
        self.parked += parked
        self.unwanted += answer.made == (0, 0)

    @property
    def is_good(self) -> bool:
        """Whether every line was accepted, and none made a dead letter."""
        return set(self.statuses) <= {str(_OK)} and not self.parked

    def __str__(self) -> str:
        counts = ", ".join(f"{count} x {status}" for status, count in sorted(self.statuses.items()))
        parked = f", {self.parked} parked" if self.parked else ""
        unwanted = f", {self.unwanted} not wanted" if self.unwanted else ""
        look = "; see the dead letters" if self.parked else ""
        made = counted(self.deliveries, "delivery")
        return f"{counts or 'nothing posted'}: {made}{parked}{unwanted}{look}"


def checked(source: Source, headers: Mapping[str, str], lines: InputLines, *, digests: bool) -> int:
    """Return the number of lines; end the command at the first that should not be posted.

    An event that cannot be read would be a dead letter. `digests` permits lines that only a digest
    of their bytes can tell apart: an export seldom has the sender's own bytes, and a digest counts
    only as long as the sender repeats.
    """
    total, named = 0, {name.lower(): value for name, value in headers.items()}
    for number, body in lines:
        total += 1
        webhook = Webhook(source.name, "POST", named, "", body, int(time()))
        try:
            made = plan(Verified(webhook), source)
        except NotJson:
            raise _refused(lines, number, " is not JSON") from None
        for why in (*_malformed(made, source, named), *(() if digests else _digests(made))):
            raise _refused(lines, number, f": {why}")
    if not total:
        behind = f" behind the first {lines.skip}" if lines.skip else ""
        option = "--skip" if lines.skip else "--each"
        raise typer.BadParameter(f"{lines.file} has no line{behind}", param_hint=option)
    return total


def _malformed(made: Plan, source: Source, headers: Mapping[str, str]) -> Iterator[str]:
    """Yield why an event cannot be read, with the headers that name its type."""
    read = [one for one in header_names(source.event.type) if one]
    for parked in made.parked:
        if parked.reason == "malformed":
            about_type = read if "the event's type" in parked.detail else []
            yield f"{parked.detail}{_mend(source.name, about_type, headers)}"


def _mend(source: str, read: Sequence[str], headers: Mapping[str, str]) -> str:
    if not read:
        return ""
    where = f"the type of {source} stands in the header {' and '.join(read)}"
    absent = [one for one in read if one not in headers]
    options = " ".join(f"--header {one.title()}=..." for one in absent)
    return f"; {where}: add {options}" if absent else f"; {where}: is it right for this line?"


def _digests(made: Plan) -> Iterator[str]:
    """Yield the rules that tell repeats only by a line's bytes."""
    for rule in sorted({one.rule for one in made.deliveries if one.again_after is not None}):
        yield (
            f"{rule} has only the digest of the line to tell what was sent before; say what"
            " happens only once (once) in the rule, or --again here"
        )


def backfill(address: Address, headers: Mapping[str, str], lines: InputLines, total: int) -> int:
    """Post each of the `total` lines; return the exit code.

    A line that was posted before makes the same deliveries, with the same ids: a repeat does not
    send twice.
    """
    tally = BackfillCounts(lines.skip)
    screen = Console(stderr=True, markup=False, highlight=False)
    try:
        with (
            Progress(console=screen) as bar,
            closing(_answers(address, headers, lines)) as answers,
        ):
            task = bar.add_task(address.source.name, total=total)
            for number, answer in answers:
                tally.add(number, answer)
                if answer.status != str(_OK):
                    screen.print(f"line {number}: {answer.status} {answer.words}".rstrip())
                bar.advance(task)
    except KeyboardInterrupt:
        typer.echo(tally)
        typer.echo(f"ended; go on with --skip {tally.line}", err=True)
        return _INTERRUPTED
    typer.echo(tally)
    typer.echo("what was sent before is not sent again", err=True)
    return 0 if tally.is_good else 1


def _refused(lines: InputLines, number: int, why: str) -> typer.BadParameter:
    problem = f"{lines.file}: line {number}{why}; nothing was posted"
    return typer.BadParameter(problem, param_hint="--each")


def _answers(
    address: Address, headers: Mapping[str, str], lines: Iterable[Line]
) -> Generator[tuple[int, LineResult]]:
    """Yield each line's number and answer, in the order of the lines."""
    ended = threading.Event()
    pool = ThreadPoolExecutor(_THREADS)
    waiting: deque[tuple[int, Future[LineResult]]] = deque()
    with _session(ended) as session:
        try:
            for number, body in lines:
                waiting.append((number, pool.submit(_post, address, headers, body, session)))
                if len(waiting) == _AHEAD:
                    yield _first(waiting)
            while waiting:
                yield _first(waiting)
        finally:  # also on an interrupt: posts under way are finished, no other is begun
            ended.set()
            pool.shutdown(cancel_futures=True)


def _first(waiting: deque[tuple[int, Future[LineResult]]]) -> tuple[int, LineResult]:
    number, future = waiting.popleft()
    return number, future.result()


def _post(
    address: Address, headers: Mapping[str, str], body: bytes, session: requests.Session
) -> LineResult:
    try:
        answer = send(address.signed(headers, body, int(time())), session)
    except (requests.RequestException, ValueError) as error:  # their text holds URL and headers
        return LineResult("no answer", type(error).__name__)
    return LineResult(str(answer.status_code), answer.text[:_SHOWN], _made(answer))


def _made(answer: requests.Response) -> tuple[int, int] | None:
    try:
        counts = answer.json()
        return int(counts["deliveries"]), int(counts.get("parked", 0))
    except (ValueError, LookupError, TypeError):
        return None


def _session(ended: threading.Event) -> requests.Session:
    """Return a session that retries after 429, 503 and lost connections, until `ended`."""

    class Patience(Retry):
        def sleep(self, response: BaseHTTPResponse | None = None) -> None:
            asked = self.get_retry_after(response) if response else None
            if ended.wait(min(asked or self.get_backoff_time(), _LONGEST)):
                raise ProtocolError("ended")  # else the remaining retries would still be made

    # A POST may be repeated, for the delivery ids stay the same.
    patience = Patience(
        _RETRIES,
        allowed_methods=None,
        status_forcelist=_RETRIED,
        backoff_factor=0.5,
        raise_on_status=False,
    )
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_maxsize=_THREADS, max_retries=patience))
    return session
