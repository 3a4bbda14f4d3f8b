"""Asks Braze what `relay doctor` wants to know of it; nothing is sent to anybody."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import requests

from handler.core.rules.source import Source
from handler.core.workspace import Workspace
from relay import checks_braze
from relay.checks import Finding
from relay.checks_braze import Answer, Target
from relay.chosen import Chosen

_PATH: Final = "/campaigns/trigger/send"  # where no rule says which
_MOST: Final = 40  # targets that are looked up in one run
_SECONDS: Final = 10

Ask = Callable[..., Answer]


def braze_findings(
    workspace: Workspace, key: str, sources: Iterable[Source], stack: Chosen
) -> Iterator[Finding]:
    """Yield what keeps a workspace's key, or what the rules send to, from being of use."""
    targets = checks_braze.targets(sources, workspace.name)
    with requests.Session() as session:
        session.auth = _bearer(key)

        def ask(method: str, path: str, **options: Any) -> Answer:
            return _asked(session, method, workspace.endpoint + path, options)

        try:
            # A trigger of nothing for nobody: only whether the key is taken can come of it.
            paths = dict.fromkeys([target.trigger for target in targets] or [_PATH])
            answers = {path: ask("POST", path, json={}) for path in paths}
        except requests.RequestException as error:
            yield checks_braze.unreachable(workspace, type(error).__name__, stack)
            return
        bad = list(checks_braze.key_findings(workspace, answers, stack))
        yield from bad or _targets(ask, targets, workspace.key, stack)


def _targets(ask: Ask, targets: list[Target], key: str, stack: Chosen) -> Iterator[Finding]:
    answers = [(it, ask("GET", it.path, params={it.key: it.id})) for it in targets[:_MOST]]
    yield from checks_braze.target_findings(answers, key, stack)
    if len(targets) > _MOST:
        problem = f"only {_MOST} of {len(targets)} campaigns and Canvases were looked up"
        yield Finding("note", problem, "look at the others in Braze's dashboard")


def _bearer(key: str) -> Callable[[requests.PreparedRequest], requests.PreparedRequest]:
    """Return what puts the key into a request; a plain header would give way to a .netrc."""

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {key}"
        return request

    return authorize


def _asked(session: requests.Session, method: str, url: str, options: dict[str, Any]) -> Answer:
    answer = session.request(method, url, **options, timeout=_SECONDS, allow_redirects=False)
    try:
        return Answer(answer.status_code, answer.json())
    except requests.JSONDecodeError:
        return Answer(answer.status_code, None)
