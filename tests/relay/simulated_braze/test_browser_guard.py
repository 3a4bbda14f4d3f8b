"""No web page of another site uses the control API; Braze's own endpoints take any Host."""

import socket
from urllib.parse import urlsplit

import pytest

from relay.simulated_braze.browser_guard import refusal
from tests.relay.simulated_braze.simulated import CAMPAIGN, Client

FAULT = b'[{"kind": "status", "status": 500}]'
FOREIGN = [
    ["Host: rebound.example:{port}"],
    ["Host: 127.0.0.1.rebound.example:{port}"],
    ["Host: localhost"],
    ["Host: 127.0.0.1:1"],
    ["Host: 127.0.0.1:{port}", "Origin: https://page.example"],
    ["Host: 127.0.0.1:{port}", "Origin: null"],
    ["Host: 127.0.0.1:{port}", "Origin: http://127.0.0.1:1"],
    ["Host: 127.0.0.1:{port}", "Sec-Fetch-Site: cross-site"],
    ["Host: 127.0.0.1:{port}", "Sec-Fetch-Site: same-site"],
]
OWN = [
    ["Host: 127.0.0.1:{port}"],
    ["Host: LOCALHOST:{port}"],
    ["Host: [::1]:{port}"],
    ["Host: localhost:{port}", "Origin: http://localhost:{port}", "Sec-Fetch-Site: same-origin"],
    ["Host: 127.0.0.1:{port}", "Sec-Fetch-Site: none"],
]


def answer(braze: Client, request: str, headers: list[str], body: bytes = b"") -> str:
    """Send a request as it is written, over a socket; return the answer."""
    port = urlsplit(braze.url).port
    fields = [one.format(port=port) for one in headers]
    head = [f"{request} HTTP/1.1", *fields, f"Content-Length: {len(body)}", "Connection: close"]
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
        with connection.makefile("rb") as read:
            return read.read().decode()


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_page_reads_no_profile_and_sets_no_fault(
    braze: Client, headers: list[str]
) -> None:
    braze.call("PUT", "/profiles/ann", {"first_name": "Ann"})
    for request, body in (("GET /_sim/profiles", b""), ("POST /_sim/faults", FAULT)):
        refused = answer(braze, request, headers, body)
        assert refused.startswith("HTTP/1.1 403 ")
        assert '{"error":"' in refused
        assert "Ann" not in refused
    assert braze.call("GET", "/faults") == []


@pytest.mark.parametrize("headers", OWN)
def test_a_program_of_this_machine_and_a_page_of_its_own_are_answered(
    braze: Client, headers: list[str]
) -> None:
    assert answer(braze, "GET /_sim/profiles", headers).startswith("HTTP/1.1 200 ")


def test_brazes_own_endpoints_take_any_host(braze: Client) -> None:
    foreign = ["Host: rest.braze.example", "Origin: https://page.example"]
    sent = [*foreign, "Content-Type: application/json"]
    assert answer(braze, f"POST {CAMPAIGN}", sent, b"{}").startswith("HTTP/1.1 401 ")


def test_the_default_port_is_not_written() -> None:
    own = {"Host": "localhost", "Origin": "http://localhost"}
    assert refusal(own, 80) is None
    assert refusal(own, 3001) == (
        "the Host of a request to the control API is one of "
        "127.0.0.1:3001, localhost:3001, [::1]:3001"
    )


def test_a_request_without_a_host_is_refused() -> None:
    assert refusal({}, 3001) is not None
