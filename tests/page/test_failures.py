"""Failures that nobody has foreseen are a line each: the page goes on, and no value is told."""

import asyncio
import logging
import socket
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, web

from relay.local.emulator import HOST, listening
from relay.page.failures import in_a_line, kept_up

T = TypeVar("T")
SECRET = "a-secret-that-nobody-may-see"


def run(made: Coroutine[None, None, T]) -> T:
    """Run it in a thread: this one may have the loop of the browser's driver."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, made).result()


async def _fails(_: web.Request) -> web.Response:
    raise ValueError(SECRET)


async def _is_not_there(_: web.Request) -> web.Response:
    raise web.HTTPNotFound(text="not there")


async def _answers() -> list[tuple[int, str]]:
    app = web.Application(middlewares=[in_a_line])
    app.add_routes([web.get("/fails", _fails), web.get("/gone", _is_not_there)])
    runner = web.AppRunner(app)
    await runner.setup()
    found = []
    with listening(0) as door:
        await web.SockSite(runner, door).start()
        async with ClientSession(f"http://{HOST}:{door.getsockname()[1]}") as session:
            for path in ("/fails", "/gone"):
                async with session.get(path) as answer:
                    found.append((answer.status, await answer.text()))
        await runner.cleanup()
    return found


def test_a_failure_is_a_sentence_without_the_value_that_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (failed, said), gone = run(_answers())
    written = capsys.readouterr().err
    assert gone == (404, "not there")
    assert failed == 500
    assert "The page has failed: ValueError" in said
    assert written.startswith("page: '/fails': ValueError")
    for text in (said, written):
        assert SECRET not in text
        assert "Traceback" not in text


def test_what_follows_the_stack_begins_again_after_a_failure_which_is_said_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("relay.page.failures._PAUSE_SECONDS", 0)
    begun = 0

    async def follow() -> None:
        nonlocal begun
        begun += 1
        if begun < 4:
            raise KeyError(SECRET)
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run(kept_up(follow))
    assert begun == 4
    assert capsys.readouterr().err.count("KeyError") == 1


@pytest.mark.parametrize(
    "lines",
    [
        b"FOO BAR\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nHost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nCookie: relay-page-%d=\xff\r\n\r\n",
    ],
)
def test_what_is_no_request_of_a_browser_is_refused_without_a_traceback(
    url: str, lines: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    port = urlsplit(url).port or 0
    with caplog.at_level(logging.DEBUG), socket.create_connection((HOST, port), 30) as sent:
        sent.sendall(lines.replace(b"%d", str(port).encode()))
        answer = sent.recv(4096)
    assert answer.split()[1] in (b"400", b"403")
    assert not [one for one in caplog.records if one.exc_info]
