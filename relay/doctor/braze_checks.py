"""Findings about Braze for `relay doctor`: the API keys, and the targets of the rules."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import requests

from handler.braze_client.session import open_session
from handler.core.braze.endpoints import endpoint_of
from handler.core.rules.source import Source
from handler.core.workspace import DEFAULT, Workspace
from handler.workspaces import FILE
from relay.doctor.stack_checks import StackProblem
from relay.rules.permissions import DETAILS, permissions, rules_by_path
from relay.stacks.selection import ChosenStack

_REFUSED: Final = (401, 403)
_DONE: Final = (200, 201)
_UNKNOWN: Final = (400, 404)  # Braze accepts the key, and finds nothing by the id
_WRONG_URL: Final = "Invalid URL"  # Braze's text for a path that it does not serve
# A key of the details, the value at which the target does not send, in words, and the remedy.
_STATES: Final = (
    ("archived", True, "is archived", "unarchive"),
    ("draft", True, "is a draft", "launch"),
    ("enabled", False, "is paused", "resume"),
)
_CAMPAIGNS: Final = "/campaigns/details"  # which the worker looks up too
# By the key that names the target in a request: Braze's name for it, and the path of its details.
_KINDS: Final = {
    "campaign_id": ("campaign", _CAMPAIGNS),
    "canvas_id": ("Canvas", "/canvas/details"),
}
_PATH: Final = "/campaigns/trigger/send"  # where no rule has a target
_MOST: Final = 40  # targets that one run looks up
_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class TargetUse:
    """A campaign or Canvas, with the key that names it in a request, and the rules that send to it.

    Each rule is written "NAME of SOURCE".
    """

    key: str
    id: str
    rules: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path of Braze's details of it."""
        return _KINDS[self.key][1]

    def __str__(self) -> str:
        kind, _ = _KINDS[self.key]
        return f"{kind} {self.id} (rule {', rule '.join(self.rules)})"


@dataclass(frozen=True, slots=True)
class BrazeAnswer:
    """Braze's answer; the body is None where it is not JSON."""

    status: int
    body: object

    def says(self, key: str) -> object:
        """Return a value of the body; None where there is none."""
        return self.body.get(key) if isinstance(self.body, Mapping) else None

    @property
    def finds_nothing(self) -> bool:
        """Whether Braze accepts the key and complains, in words, of the id."""
        words = self.says("message") or self.says("error")
        return self.status in _UNKNOWN and isinstance(words, str) and words != _WRONG_URL

    def takes_key(self, path: str) -> bool:
        """Whether Braze has accepted the key for an empty request to a path.

        To one that names its users in lists, an empty request may be a success without any effect.
        """
        at = endpoint_of(path)
        is_done = self.status in _DONE and self.says("message") == "success"
        return self.finds_nothing or (is_done and at is not None and bool(at.arrays))


def targets(sources: Iterable[Source], workspace: str) -> list[TargetUse]:
    """Return each campaign and Canvas of a workspace that rules send to, once."""
    found: dict[tuple[str, str], list[str]] = {}
    for source in sources:
        for rule in source.rules:
            keys = _KINDS.keys() & rule.send.keys() if rule.workspace == workspace else ()
            for key in keys:
                named = (key, str(rule.send[key]))
                found.setdefault(named, []).append(f"{rule.name} of {source.name}")
    return [TargetUse(*named, tuple(rules)) for named, rules in found.items()]


def permission(path: str) -> str:
    """Return the permission that an API key needs for a path of Braze's API."""
    return path.strip("/").replace("/", ".")


def key_findings(
    workspace: Workspace,
    answers: Mapping[str, BrazeAnswer],
    rules: Mapping[str, Sequence[str]],
    stack: ChosenStack,
) -> Iterator[StackProblem]:
    """Judge the answers to empty requests, by path; `rules` are those that post to each path.

    Where Braze takes the key at one path, it refuses others for want of their permission.
    """
    refused = [path for path, answer in answers.items() if answer.status in _REFUSED]
    is_taken = any(answer.takes_key(path) for path, answer in answers.items())
    if is_taken:
        for path in refused:
            yield _lacking(path, answers, rules.get(path, ()), workspace, stack)
    elif refused:
        status = answers[refused[0]].status
        problem = f"Braze refuses the API key at {workspace.endpoint} ({status})"
        remedy = _check_key(answers, workspace) + stack.set_key(workspace.key)
        yield StackProblem("error", problem, remedy)
    for path, answer in answers.items():
        if answer.status not in _REFUSED and not answer.takes_key(path):
            words = f"answers {answer.status}, which neither accepts nor refuses the API key"
            again = f"run {stack.examine} again in a minute"
            remedy = again if is_taken else _check_endpoint(workspace, stack, again)
            yield StackProblem("error", f"{workspace.endpoint}{path} {words}", remedy)
            return  # one finding for an endpoint is enough


def _lacking(
    path: str,
    answers: Mapping[str, BrazeAnswer],
    rules: Sequence[str],
    workspace: Workspace,
    stack: ChosenStack,
) -> StackProblem:
    """Return the finding about a permission that a key lacks, which has others."""
    (lacks,) = permissions([path])
    needed = f"which rule {' and rule '.join(rules)} needs"
    problem = (
        f"the API key of {workspace.endpoint} lacks {lacks} ({answers[path].status}), {needed}"
    )
    remedy = (
        "no key can be changed: make a new one in Braze with "
        f"{' and '.join(permissions(answers))}, best with {' and '.join(DETAILS)} too: "
    )
    return StackProblem("error", problem, remedy + stack.set_key(workspace.key))


def _setting(workspace: Workspace) -> str:
    """Return where the endpoint of a workspace is set."""
    if workspace.name == DEFAULT:
        return "BrazeEndpoint in samconfig.toml"
    return f"the endpoint of {workspace.name} in {FILE}"


def _check_endpoint(workspace: Workspace, stack: ChosenStack, again: str) -> str:
    return (
        f"if it is your workspace's REST endpoint, {again}; "
        f"else mend {_setting(workspace)}, then {stack.deploy}"
    )


def _check_key(paths: Iterable[str], workspace: Workspace) -> str:
    return (
        f"check that {_setting(workspace)} is your workspace's REST endpoint, and that "
        f"the key is this workspace's, may use {' and '.join(permissions(paths))} and "
        "allows this machine's IP address; for another key: "
    )


def target_findings(
    answers: Sequence[tuple[TargetUse, BrazeAnswer]], key: str, stack: ChosenStack
) -> Iterator[StackProblem]:
    """Judge Braze's details of each target; `key` is the name of the key that sends to them."""
    hidden = sorted({target.path for target, answer in answers if answer.status in _REFUSED})
    if hidden:
        may = " and ".join(map(permission, hidden))
        problem = f"whether all that the rules send to is active was not seen: the key lacks {may}"
        if _CAMPAIGNS in hidden:
            problem += "; what goes to a paused campaign does not wait, and reaches nobody"
        remedy = f"make a key in Braze with {may} too (no key can be changed): "
        yield StackProblem("note", problem, remedy + stack.set_key(key))
    judged = (finding for target, answer in answers for finding in _judged(target, answer, stack))
    yield from dict.fromkeys(judged)  # one finding for a failing path is enough


def _judged(target: TargetUse, answer: BrazeAnswer, stack: ChosenStack) -> Iterator[StackProblem]:
    if answer.finds_nothing:
        named = f"name one of this key's workspace in the rules, then {stack.deploy}"
        yield StackProblem("error", f"Braze knows no {target}", named)
    elif answer.says("message") == "success":
        problem, mend = next(
            ((words, mend) for key, value, words, mend in _STATES if answer.says(key) is value),
            ("", ""),
        )
        if problem:
            remedy = (
                f"{mend} it in Braze's dashboard, or name another in the rules, then {stack.deploy}"
            )
            yield StackProblem("error", f"{target} {problem}: Braze sends nothing", remedy)
    elif answer.status not in _REFUSED:
        problem = f"{target.path} answers {answer.status}: not all that rules send to was seen"
        yield StackProblem("error", problem, f"run {stack.examine} again in a minute")


def unreachable(workspace: Workspace, why: str, stack: ChosenStack) -> StackProblem:
    """Return the finding about an endpoint that gave no answer at all."""
    return StackProblem(
        "error",
        f"the Braze endpoint {workspace.endpoint} cannot be reached from here ({why})",
        f"check this machine's way to it, and {_setting(workspace)}; after a change: "
        f"{stack.deploy}",
    )


Ask = Callable[..., BrazeAnswer]


def braze_findings(
    workspace: Workspace, key: str, sources: Iterable[Source], stack: ChosenStack
) -> Iterator[StackProblem]:
    """Yield what is wrong with a workspace's key, or with the targets of its rules."""
    given = list(sources)
    known, rules = targets(given, workspace.name), rules_by_path(given, [workspace.name])
    with open_session() as session:  # the worker's, which reads no interim answer for a final one
        session.trust_env = True  # the proxy and the certificates of the operator's machine
        session.auth = _bearer(key)

        def ask(method: str, path: str, **options: Any) -> BrazeAnswer:
            return _asked(session, method, workspace.endpoint + path, options)

        try:
            # A request that names nobody: it can only show whether the key is accepted.
            answers = {path: ask("POST", path, json={}) for path in rules or [_PATH]}
        except requests.RequestException as error:
            yield unreachable(workspace, type(error).__name__, stack)
            return
        bad = list(key_findings(workspace, answers, rules, stack))
        yield from bad or _targets(ask, known, workspace.key, stack)


def _targets(
    ask: Ask, targets: list[TargetUse], key: str, stack: ChosenStack
) -> Iterator[StackProblem]:
    answers = [(one, ask("GET", one.path, params={one.key: one.id})) for one in targets[:_MOST]]
    yield from target_findings(answers, key, stack)
    if len(targets) > _MOST:
        problem = f"only {_MOST} of {len(targets)} campaigns and Canvases were looked up"
        yield StackProblem("note", problem, "look at the others in Braze's dashboard")


def _bearer(key: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Return what puts the key into a request; a plain header would be replaced by a .netrc."""

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {key}"
        return request

    return authorize


def _asked(
    session: requests.Session, method: str, url: str, options: dict[str, Any]
) -> BrazeAnswer:
    answer = session.request(method, url, **options, timeout=_SECONDS, allow_redirects=False)
    try:
        return BrazeAnswer(answer.status_code, answer.json())
    except requests.JSONDecodeError:
        return BrazeAnswer(answer.status_code, None)
