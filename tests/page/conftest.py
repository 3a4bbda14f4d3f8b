"""A local stack with its page, up once for this folder, and a real Chromium that looks at it."""

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from handler.rules_directory import read
from relay.local.live_rules import LiveRules
from relay.local.reload import Version
from relay.local.rules_folder import Folder
from relay.local.stack import Local, local_stack
from relay.page.context import PageContext, PageFolders
from relay.page.server import served_page
from relay.paths import PROJECT
from tests.chromium import ARGUMENTS, MISSING, chromium
from tests.e2e.harness import SECRETS, WORKERS, Relay, of_its_own

_PATIENCE_MS = 60_000


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> PageFolders:
    """Return copies of the folders that the page writes to, in a project of their own."""
    project = tmp_path_factory.mktemp("page")
    made = PageFolders(
        project / "src" / "rules", project / "events", project / "tests" / "cases", project
    )
    shutil.copytree(PROJECT / "tests" / "rules", made.rules)
    shutil.copytree(PROJECT / "events", made.events)
    shutil.copytree(PROJECT / "tests" / "cases", made.cases)
    return made


@pytest.fixture(scope="session")
def local(folders: PageFolders) -> Iterator[Local]:
    with local_stack(folders.rules, SECRETS, None, RulesStage="dev", **WORKERS) as stack:
        yield stack


@pytest.fixture(scope="session")
def context(local: Local, folders: PageFolders) -> Iterator[PageContext]:
    """Serve what is saved, as `relay run` does, for as long as the tests run."""
    folder = Folder(folders.rules)
    served = Version(folder.look(), read(folders.rules, "dev", broadcasts=True))
    live = LiveRules(local, folder, "dev", SECRETS, lambda _: None, served)
    live.begin()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.2):
            live.look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield PageContext(live, folders)
    finally:
        ended.set()
        thread.join()


@pytest.fixture(scope="session")
def url(context: PageContext) -> Iterator[str]:
    """Return the URL of the page as the command prints it: with the token of this start."""
    with served_page(context) as made:
        yield made


@pytest.fixture(scope="session")
def base(url: str) -> str:
    """Return the URL of the page without a path."""
    return url.partition("/?")[0]


@pytest.fixture(scope="session")
def own(url: str) -> Iterator[requests.Session]:
    """Return a browser's session, as the page's own scripts use it."""
    with own_session(url) as session:
        yield session


@contextmanager
def own_session(url: str) -> Iterator[requests.Session]:
    """Open a page as its own browser does."""
    with requests.Session() as session:
        session.get(url, timeout=60)
        session.headers["Sec-Fetch-Site"] = "same-origin"
        yield session


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = chromium()
    if found is None:
        pytest.skip(MISSING)
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright, ExitStack() as ending:
        started = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        ending.callback(started.close)
        yield started


@pytest.fixture(scope="session")
def window(browser: Browser, url: str) -> Iterator[BrowserContext]:
    """Return a window in which the page was opened by its URL: it has the cookie of this start."""
    with browser.new_context() as made:
        made.set_default_timeout(_PATIENCE_MS)
        with made.new_page() as page:
            page.goto(url)
        yield made


@pytest.fixture
def opened(browser: Browser, window: BrowserContext, base: str) -> Iterator[Callable[..., Page]]:
    """Return what opens the page in a tab: in a window of its own with the options given."""
    ending = ExitStack()

    def open_page(path: str = "/", **options: object) -> Page:
        own = window
        if options:  # a window costs half a second of the processor
            state = window.storage_state()
            made = browser.new_context(storage_state=state, **options)  # type: ignore[arg-type] # of Playwright's own
            own = ending.enter_context(made)
            own.set_default_timeout(_PATIENCE_MS)
        page = ending.enter_context(own.new_page())
        page.goto(base + path)
        return page

    with ending:
        yield open_page


@pytest.fixture
def relay(local: Local) -> Iterator[Relay]:
    yield from of_its_own(local)


@pytest.fixture
def rules_file(folders: PageFolders) -> Iterator[Callable[[str], Path]]:
    """Return what names a rules file of the stack; at the end it is as it was."""
    before = {one: one.read_bytes() for one in folders.rules.glob("*.yaml")}
    yield lambda name: folders.rules / f"{name}.yaml"
    for one in folders.rules.glob("*.yaml"):
        if one not in before:
            one.unlink()
    for one, content in before.items():
        if not one.exists() or one.read_bytes() != content:
            one.write_bytes(content)
