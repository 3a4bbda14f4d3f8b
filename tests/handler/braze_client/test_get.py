"""One GET of Braze: what goes out, and what is read."""

import pytest
from requests import Session

from handler.core.braze.campaign import campaign_state
from handler.core.braze.outcome import HttpResponse
from tests.handler import sockets
from tests.handler.braze_faults import FAULTS
from tests.handler.sockets import (
    ACCEPTED,
    LATEST,
    PRELOAD,
    asked,
    braze,
    headed,
    interim,
    keep,
    say,
    sent,
)

PAUSED = headed(b'{"message":"success","enabled":false}', "200 OK")


def test_a_get_has_the_key_and_no_body(session: Session) -> None:
    with braze(say(PAUSED)) as peer:
        answer, _ = asked(session, peer.url)

    lines = peer.requests[0].decode().split("\r\n")
    assert campaign_state(answer, 0) == "paused"
    assert lines[0] == "GET /campaigns/details?campaign_id=c HTTP/1.1"
    assert sorted(line for line in lines[1:] if line) == [
        "Accept-Encoding: identity",
        "Accept: application/json",
        "Authorization: Bearer key",
        f"Host: {peer.url.removeprefix('http://')}",
        "User-Agent: braze-webhook-relay",
    ]


FEW = [*FAULTS][::9]  # the reading is that of a POST, which meets all of them


@pytest.mark.parametrize("name", FEW)
def test_whatever_braze_does_a_get_ends_in_time(session: Session, name: str) -> None:
    script, reached, _ = FAULTS[name]

    with braze(script) as peer:
        answer, took = asked(session, peer.url)

    assert answer.reached == reached
    assert took < LATEST
    assert campaign_state(answer, 0) in (None, "unknown")


def test_where_nothing_listens_and_without_time_a_get_fails(session: Session) -> None:
    with braze(say(PAUSED)) as peer:
        none, _ = asked(session, peer.url, 0)
    assert none == HttpResponse("not_connected", why="no_time")
    assert asked(session, peer.url)[0] == HttpResponse("interrupted", why="refused")


def test_many_gets_and_posts_share_a_connection_however_fast_their_answers_are(
    session: Session,
) -> None:
    with braze(say(PAUSED, then=keep)) as peer:
        for _ in range(20):
            peer.script = say(PAUSED, then=keep)
            assert campaign_state(asked(session, peer.url)[0], 0) == "paused"
            peer.script = say(headed(ACCEPTED), then=keep)
            assert sent(session, peer.url)[0].body == ACCEPTED

    assert peer.connections == 1


def test_a_get_after_a_connection_was_closed_makes_another_one(session: Session) -> None:
    last = PAUSED.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    with braze(say(last)) as peer:
        for _ in range(3):
            assert campaign_state(asked(session, peer.url)[0], 0) == "paused"

    assert peer.connections == 3


def test_a_post_after_a_get_takes_its_connection(session: Session) -> None:
    with braze(say(interim(103, PRELOAD) + PAUSED, then=keep)) as peer:
        state, _ = asked(session, peer.url)
        peer.script = say(headed(ACCEPTED), then=keep)
        answer, _ = sent(session, peer.url)

    assert (campaign_state(state, 0), answer.body) == ("paused", ACCEPTED)
    assert peer.connections == 1


@pytest.mark.parametrize(
    "script",
    [
        say(PAUSED + PAUSED, then=keep),
        say(PAUSED[:-5], then=sockets.silence),
        sockets.silence,
    ],
    ids=["two answers", "a cut one", "none"],
)
def test_an_answer_to_a_get_is_never_read_as_that_to_a_post(
    session: Session, script: sockets.Script
) -> None:
    with braze(script) as peer:
        asked(session, peer.url)
        peer.script = say(headed(ACCEPTED), then=keep)
        answer, _ = sent(session, peer.url, 5)

    assert answer.body == ACCEPTED
    assert peer.connections == 2
