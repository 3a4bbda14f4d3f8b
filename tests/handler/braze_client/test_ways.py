"""The twenty-six ways in which a connection to Braze goes wrong are all proven."""

from tests.handler.braze_client import test_connect, test_tls
from tests.handler.braze_faults import FAULTS

# Each with where it is proven: a row of FAULTS, or a test.
TABLE: dict[str, object] = {
    "refuse": test_connect.test_a_refused_connection_is_not_connected,
    "DNS failure": test_connect.test_a_name_that_does_not_resolve_is_not_connected,
    "connect timeout": test_connect.test_a_full_backlog_is_a_connect_timeout,
    "TLS failure": test_tls.test_a_certificate_that_nobody_vouches_for_gets_no_request,
    "RST before request": test_tls.test_a_reset_before_the_request_is_not_sent,
    "RST after request": "reset after the request",
    "EOF without answer": "EOF",
    "silence": "silence",
    "drip of headers": "headers that drip",
    "drip of body": "201 and a drip",
    "headers then silence": "201 and silence",
    "garbage status line": "garbage",
    "> 100 headers": "too many headers",
    "cut body with 2xx": "201 and a cut body",
    "RST in body with 2xx": "201 and a reset",
    "bad gzip with 2xx": "201 and bad gzip",
    "HTML 502": "HTML 502",
    "HTML 2xx": "201 and HTML",
    "100 MB body": "201 and 100 MB",
    "wrong Content-Length": "201 and too short a length",
    "redirect": "redirect",
    "interim answers": "several interim answers",
    "interim answer alone": "103 and nothing",
    "two Content-Lengths with 201": "two lengths",
    "HTML 200": "200 and HTML",
    "slow TLS": test_tls.test_tls_that_is_slow_keeps_the_deadline_and_nothing_is_sent,
}


def test_the_twenty_six_ways_are_all_proven() -> None:
    assert len(TABLE) == 26
    assert {where for where in TABLE.values() if not callable(where)} <= FAULTS.keys()
