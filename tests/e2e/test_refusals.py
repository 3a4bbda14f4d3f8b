"""Bad input gets its 4xx and changes nothing; our own failure gets 503 and loses nothing."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests

from tests.e2e.harness import SHOPIFY_SECRET, Relay, until

TOO_LARGE = 512 * 1024 + 1


@pytest.fixture
def untouched(relay: Relay) -> Iterator[Relay]:
    """Give the relay, and see that nothing was enqueued, sent or buried at the end."""
    yield relay
    assert relay.is_idle()
    assert relay.braze("GET", "/requests") == []


def test_one_byte_changed_is_401(untouched: Relay, order: dict[str, Any]) -> None:
    raw = json.dumps(order).encode()
    good = untouched.shopify("orders/fulfilled", raw)  # signed well, wanted by no rule
    assert good.status_code == 200
    signature = good.request.headers["X-Shopify-Hmac-Sha256"]
    changed = raw.replace(b"a", b"e", 1)
    assert changed != raw
    answer = untouched.shopify("orders/create", changed, X_Shopify_Hmac_Sha256=signature)
    assert (answer.status_code, answer.json()) == (401, {"error": "unverified"})


@pytest.mark.parametrize(
    "signature",
    ["", "AAAA", "not base64!", "é", "x" * 5000, "QUJD, QUJD"],
    ids=["empty", "short", "no base64", "non-ASCII", "huge", "twice"],
)
def test_a_signature_that_proves_nothing_is_401(
    untouched: Relay, order: dict[str, Any], signature: str
) -> None:
    headers = {"X_Shopify_Hmac_Sha256": signature.encode("latin-1").decode("latin-1")}
    answer = untouched.shopify("orders/create", order, **headers)
    assert (answer.status_code, answer.json()) == (401, {"error": "unverified"})


def test_an_unsigned_webhook_is_401(untouched: Relay, order: dict[str, Any]) -> None:
    headers = {"Content-Type": "application/json", "X-Shopify-Topic": "orders/create"}
    answer = untouched.post("shopify", json.dumps(order).encode(), headers)
    assert (answer.status_code, answer.json()) == (401, {"error": "unverified"})


def test_the_secret_of_another_source_is_401(untouched: Relay, order: dict[str, Any]) -> None:
    assert untouched.shopify("orders/create", order, secret="another-secret").status_code == 401


@pytest.mark.parametrize("source", ["elsewhere", "workspaces", "..%2Frules", "jane@example.com"])
def test_an_unknown_source_is_404_and_stays_out_of_the_log(untouched: Relay, source: str) -> None:
    answer = untouched.post(source, b"{}", {"Content-Type": "application/json"})
    assert answer.status_code == 404
    assert not [line for line in untouched.logs() if source in line]


def test_a_slash_at_the_end_of_the_path_is_taken(relay: Relay, order: dict[str, Any]) -> None:
    raw = json.dumps(order).encode()
    signed = relay.shopify("orders/fulfilled", raw).request.headers
    headers = {name: value for name, value in signed.items() if name.startswith("X-Shopify")}
    headers |= {"Content-Type": "application/json", "X-Shopify-Topic": "orders/create"}
    answer = relay.post("shopify/", raw, headers)
    assert (answer.status_code, answer.json()) == (200, {"events": 1, "deliveries": 1})
    assert len(relay.sends(1)) == 1


@pytest.mark.parametrize(
    "path",
    ["/webhooks/shopify//", "/webhooks/shopify/canary", "/webhooks/", "/webhooks", "/", "/canary"],
)
@pytest.mark.parametrize("method, told", [("POST", "unknown source"), ("GET", "not found")])
def test_any_other_path_is_our_404_with_a_line_in_the_log(
    untouched: Relay, path: str, method: str, told: str
) -> None:
    before = Counter(untouched.logs())
    url = f"{untouched.local.url}{path}"
    answer = requests.request(method, url, data=b"{}" if method == "POST" else None, timeout=60)
    assert (answer.status_code, answer.json()) == (404, {"error": told})
    new = [json.loads(line) for line in Counter(untouched.logs()) - before if line[0] == "{"]
    (line,) = [one for one in new if one.get("message") == "webhook"]
    assert (line["status"], line["source"]) == (404, "unknown")
    assert "canary" not in json.dumps(new)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_any_method_but_post_is_405(untouched: Relay, method: str) -> None:
    headers = {"Content-Type": "application/json"}
    assert untouched.post("shopify", b"{}", headers, method).status_code == 405


def test_a_body_over_512_kib_is_413(untouched: Relay) -> None:
    assert untouched.shopify("orders/create", b" " * TOO_LARGE).status_code == 413


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_content_type_that_is_not_json_is_415(untouched: Relay, content_type: str) -> None:
    answer = untouched.shopify("orders/create", b"{}", Content_Type=content_type)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "body", [b"", b"{", b"NaN", b"{'a': 1}", b"\xff\xfe{\x00}\x00", b'{"a": "\xff"}']
)
def test_what_is_signed_but_not_json_is_400(untouched: Relay, body: bytes) -> None:
    # +json: the gateway hands such a body over byte by byte.
    answer = untouched.shopify("orders/create", body, Content_Type="application/vnd.shop+json")
    assert (answer.status_code, answer.json()) == (400, {"error": "body is not JSON"})


@pytest.mark.parametrize("source", ["broken", "unkept"], ids=["rules", "secret"])
def test_a_source_whose_rules_or_secret_are_wrong_is_503_alone(
    untouched: Relay, order: dict[str, Any], source: str
) -> None:
    answer = untouched.post(source, b"{}", {"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (503, {"error": "unavailable"})
    assert answer.headers["retry-after"] == "30"
    assert untouched.shopify("orders/fulfilled", order).status_code == 200


def test_rules_that_do_not_load_are_named_by_file_and_line_in_the_log(untouched: Relay) -> None:
    untouched.post("broken", b"{}", {"Content-Type": "application/json"})
    assert "broken.yaml:2:" in untouched.last_webhook_log()["reason"]


@contextmanager
def forbidden(relay: Relay, role: str, action: str) -> Iterator[None]:
    """Take a permission away from a function: to it, the service is away."""
    iam, name = relay.local.stack.client("iam"), relay.local.stack.resources[role]
    statement = {"Effect": "Deny", "Action": [action, f"{action}Batch"], "Resource": "*"}
    iam.put_role_policy(
        RoleName=name,
        PolicyName="away",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="away")


def restart(relay: Relay, function: str) -> None:
    """Have the next invocation start in a new environment, with empty caches."""
    functions = relay.local.stack.client("lambda")
    name = relay.local.stack.resources[function]
    configuration = functions.get_function_configuration(FunctionName=name)
    functions.update_function_configuration(
        FunctionName=name,
        Environment={"Variables": configuration["Environment"]["Variables"]},
    )


def test_a_queue_that_is_away_is_503_and_the_order_passes_when_it_comes_again(
    relay: Relay, order: dict[str, Any]
) -> None:
    with forbidden(relay, "IngestRole", "sqs:SendMessage"):
        answer = relay.shopify("orders/create", order)
        assert (answer.status_code, answer.json()) == (503, {"error": "unavailable"})
        assert answer.headers["retry-after"] == "30"
    assert relay.shopify("orders/create", order).status_code == 200
    assert len(relay.sends(1)) == 1


def test_secrets_that_are_away_are_503_and_the_last_good_ones_serve(
    relay: Relay, order: dict[str, Any]
) -> None:
    assert relay.shopify("orders/fulfilled", order).status_code == 200
    with forbidden(relay, "IngestRole", "secretsmanager:GetSecretValue"):
        assert relay.shopify("orders/fulfilled", order).status_code == 200  # kept
        restart(relay, "IngestFunction")
        assert relay.shopify("orders/create", order).status_code == 503
    until(
        lambda: relay.shopify("orders/create", order).status_code,
        lambda status: status == 200,
        "answer 200 once the secrets are back",
    )
    assert len(relay.sends(1)) == 1


def test_no_log_line_holds_a_secret_a_body_a_header_or_an_address(relay: Relay) -> None:
    canaries = ["canary", "@example", SHOPIFY_SECRET, "local-braze-key", "jane", "doe"]
    lines = relay.logs()
    assert lines
    for line in lines:
        for canary in canaries:
            assert canary.lower() not in line.lower(), line
