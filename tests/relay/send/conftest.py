"""A relay on a real socket, beside the command."""

import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.relay.send.peer import SCHEMES, Peer, handler_of


@pytest.fixture
def peer(tmp_path: Path) -> Iterator[Peer]:
    made = Peer(tmp_path / "rules")
    made.rules.mkdir()
    for name, text in SCHEMES.items():
        (made.rules / f"{name}.yaml").write_text(text)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(made)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        made.url = f"http://127.0.0.1:{server.server_port}"
        yield made
        server.shutdown()
        thread.join()
