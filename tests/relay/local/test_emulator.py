"""The emulator listens on this machine alone, and asks for the permissions that AWS asks for."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from handler.aws.dynamodb import Table, text
from relay.local.emulator import _environment, emulator
from relay.stacks.local import REGION, client
from tests.forked_stacks import own_starts

LISTENS = "0A"  # state of a socket (proc(5), /proc/net/tcp)
TABLES = f"arn:aws:dynamodb:{REGION}:000000000000:table"
LOOPBACK = "0100007F"  # 127.0.0.1, the last byte first


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with own_starts(), emulator() as found:
        yield found


def processes(port: str) -> Iterator[Path]:
    """Yield the processes of the emulator at a port: all inherit its environment."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"GATEWAY_PORT={port}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                yield folder


def listeners(process: Path) -> Iterator[str]:
    """Yield the address and port, in hex, of each socket on which a process listens."""
    with suppress(OSError):
        own = {one.readlink().name for one in (process / "fd").iterdir()}
        for name in ("tcp", "tcp6"):
            for line in (process / "net" / name).read_text().splitlines()[1:]:
                _, local, _, state, *_, inode = line.split()[:10]
                if state == LISTENS and f"socket:[{inode}]" in own:
                    yield local


def test_nothing_of_it_listens_beyond_the_loopback_interface(endpoint: str) -> None:
    port = endpoint.rpartition(":")[2]
    found = {one for process in processes(port) for one in listeners(process)}
    assert f"{LOOPBACK}:{int(port):04X}" in found
    assert {one.partition(":")[0] for one in found} == {LOOPBACK}


def test_listeners_that_keep_to_no_address_are_switched_off() -> None:
    given = _environment("http://127.0.0.1:4566", "/scratch")
    assert (given["BIND_HOST"], given["GATEWAY_PORT"]) == ("127.0.0.1", "4566")
    assert (given["IOT_MTLS_ENABLED"], given["SFTP_ENABLED"]) == ("0", "0")


@pytest.mark.parametrize(
    "headers",
    [{"Host": "rebound.example"}, {"Origin": "https://page.example"}, {"Sec-Fetch-Site": "none"}],
)
def test_no_web_page_reads_its_messages_or_resets_it(
    endpoint: str, headers: dict[str, str]
) -> None:
    for method, path in (("GET", "sqs/messages"), ("POST", "reset")):
        url = f"{endpoint}/_ministack/{path}"
        answer = requests.request(method, url, headers=headers, timeout=60)
        assert (answer.status_code, answer.text) == (403, "no web page may use the emulator")


def test_a_batch_of_statements_needs_what_each_of_them_does(endpoint: str) -> None:
    allowed = {"Effect": "Allow", "Action": "dynamodb:PartiQLInsert", "Resource": f"{TABLES}/mine"}
    for name in ("mine", "other"):
        client(endpoint, "dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    limited = limited_to(endpoint, {"Version": "2012-10-17", "Statement": [allowed]})
    mine, other = Table(limited, "mine"), Table(limited, "other")
    insert, change = mine.insert("a", {"owner": text("me")}), mine.set_owned("a", "me", {}, "b")

    assert [*mine.write_all([insert])] == [True]
    for denied in ([change], [mine.insert("b", {}), change], [other.insert("a", {})]):
        (found, *_) = mine.write_all(denied)
        assert "AccessDenied" in str(found)
    assert Table(client(endpoint, "dynamodb"), "mine").get("b") == {}


def limited_to(endpoint: str, policy: dict[str, Any]) -> Any:
    """Return the client of DynamoDB of somebody who may do what a policy says."""
    iam, name = client(endpoint, "iam"), "somebody"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)
    return session.client("dynamodb", endpoint_url=endpoint)
