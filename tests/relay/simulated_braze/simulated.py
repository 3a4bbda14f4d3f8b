"""A client of a simulated Braze, and the bodies that tests send it."""

import asyncio
import queue
from typing import Any

import requests

from relay.simulated_braze.__main__ import listen
from relay.simulated_braze.app import create_app

CAMPAIGN, CANVAS = "/campaigns/trigger/send", "/canvas/trigger/send"
TRACK, SUBSCRIBE = "/users/track", "/v2/subscription/status/set"
CAMPAIGN_DETAILS, CANVAS_DETAILS = "/campaigns/details", "/canvas/details"
ID = "417220e4-5a2a-b634-7f7d-9ec891532368"
NOON = 1_800_000_000.0  # the start of a clock hour
ALIAS = {"alias_name": "a", "alias_label": "b"}
NEW = {"external_user_id": "u", "send_to_existing_only": False, "attributes": {"city": "Oslo"}}
KNOWN = {"external_user_id": "u"}
BY_EMAIL = {"email": "a@x.io", "prioritization": ["identified"]}
LARGE = {"text": "x" * 51_200}
Started = queue.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]]
NO_ID: dict[str, Any] = {"recipients": [KNOWN]}


class Client:
    """Speaks to one simulated Braze; `now` is its clock."""

    def __init__(self, session: requests.Session) -> None:
        self.session = session
        self.url = ""
        self.now = NOON

    def call(self, method: str, path: str, body: object = None) -> Any:
        answer = self.session.request(method, f"{self.url}/_sim{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, body: object, **options: Any) -> requests.Response:
        headers = {"Authorization": "Bearer local-braze-key"}
        return self.session.post(
            self.url + path, **{"json": body, "headers": headers, "timeout": 60, **options}
        )

    def details(self, path: str, **params: str) -> requests.Response:
        headers = {"Authorization": "Bearer local-braze-key"}
        return self.session.get(self.url + path, params=params, headers=headers, timeout=60)

    def trigger(self, *recipients: object, **more: object) -> requests.Response:
        return self.post(CAMPAIGN, {"campaign_id": ID, "recipients": recipients, **more})

    def sends(self) -> list[dict[str, Any]]:
        sends: list[dict[str, Any]] = self.call("GET", "/sends")
        return sends


def serve_braze(client: Client, started: Started) -> None:
    async def serve() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        runner, port = await listen(create_app(clock=lambda: client.now, limit=100), 0)
        client.url = f"http://127.0.0.1:{port}"
        started.put((loop, stop))
        await stop.wait()
        await runner.cleanup()

    asyncio.run(serve())
