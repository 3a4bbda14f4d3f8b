"""One simulated Braze for all tests of this folder, reset before each."""

import queue
import threading
from collections.abc import Iterator

import pytest
import requests

from tests.relay.simulated_braze.simulated import NOON, Client, Started, serve_braze


@pytest.fixture(scope="session")
def shared() -> Iterator[Client]:
    started: Started = queue.Queue()
    with requests.Session() as session:
        session.trust_env = False
        client = Client(session)
        thread = threading.Thread(target=serve_braze, args=(client, started))
        thread.start()
        loop, stop = started.get(timeout=60)
        yield client
    loop.call_soon_threadsafe(stop.set)
    thread.join(timeout=60)
    assert not thread.is_alive()


@pytest.fixture
def braze(shared: Client) -> Client:
    shared.now = NOON
    shared.call("DELETE", "")
    return shared
