"""docs/simulated-braze.md says what is so: its examples are sent, its tables compared."""

import http.client
import json
import re
import shlex
import time
from collections.abc import Iterator
from typing import Any, get_args

from relay.paths import PROJECT
from relay.simulated_braze.catalogue import Target
from relay.simulated_braze.control_api import routes
from relay.simulated_braze.faults import Fault
from relay.simulated_braze.rate_limits import STYLES, Limits
from relay.simulated_braze.switches import Switches
from relay.simulated_braze.workspace import Workspace
from tests.relay.simulated_braze.simulated import Client

PAGE = (PROJECT / "docs" / "simulated-braze.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"^```sh\n(.+?)^```\n```json\n(.+?)^```", re.MULTILINE | re.DOTALL)


def rows(title: str) -> Iterator[list[str]]:
    """Yield the rows of the table whose first column is titled so."""
    table = PAGE.split(f"| {title} |", 1)[1].split("\n\n", 1)[0]
    for line in table.splitlines()[2:]:
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


def coded(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def curl(command: str, port: int) -> Any:
    """Do what curl would, with the standard library's client alone."""
    words = iter(shlex.split(command.replace("\\\n", " "))[1:])
    method, url, headers, data = None, "", {}, None
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            name, value = next(words).split(": ")
            headers[name] = value
        elif word == "-d":
            data = next(words)
        elif word != "-s":
            url = word
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    path = url.removeprefix("http://127.0.0.1:3001")
    connection.request(method or ("GET" if data is None else "POST"), path, data, headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer


def shown(answer: Any, example: Any) -> Any:
    """Return of an answer what the example shows of it."""
    if isinstance(example, dict) and isinstance(answer, dict):
        return {key: shown(answer.get(key), value) for key, value in example.items()}
    if isinstance(example, list) and isinstance(answer, list) and len(answer) == len(example):
        return [shown(*pair) for pair in zip(answer, example, strict=True)]
    return "..." if example == "..." and answer else answer


def test_the_examples_answer_what_they_show(braze: Client) -> None:
    port = int(braze.url.rpartition(":")[2])
    examples = EXAMPLE.findall(PAGE)
    assert len(examples) == PAGE.count("```sh\n")
    for command, told in examples:
        example = json.loads(told)
        assert shown(curl(command, port), example) == example, command


def test_every_switch_stands_there_with_its_values_the_default_first() -> None:
    said = {coded(name)[0]: coded(values) for name, values, _ in rows("switch")}
    assert said == {
        name: [str(it) for it in sorted(get_args(field.annotation), key=field.default.__ne__)]
        for name, field in Switches.model_fields.items()
    }


def test_every_target_key_stands_there_with_its_default() -> None:
    said = {
        name: default.strip("`")
        for names, defaults, _ in rows("key")
        for name, default in zip(coded(names), defaults.split(", "), strict=True)
    }
    assert said == {
        name: str(json.dumps(field.default)).strip('"')
        for name, field in Target.model_fields.items()
    }


def test_every_fault_and_limit_stands_there() -> None:
    kinds = {coded(kind)[0] for kind, _ in rows("kind")}
    assert kinds == set(get_args(Fault.model_fields["kind"].annotation))
    assert set(Fault.model_fields) - {"kind"} <= set(re.findall(r"[a-z]+", PAGE))
    for style in STYLES:
        assert f"`{style}`" in PAGE
    for name, field in Limits.model_fields.items():
        assert re.search(rf"`{name}` \({field.default:,}\b", PAGE)


def test_every_route_of_the_control_api_stands_there() -> None:
    said = {one.replace("NAME", "ID") for cell, _ in rows("request") for one in coded(cell)}
    there = routes(Workspace("k", time.time, 1))
    assert said == {f"{it.method} {re.sub('{.+}', 'ID', it.path)}" for it in there}
