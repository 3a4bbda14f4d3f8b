"""The emulator, beside which the services in memory are held."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from relay.stack.emulator import REGION, emulator


@pytest.fixture(scope="session")
def client() -> Iterator[Callable[[str], Any]]:
    session = boto3.Session("test", "test", region_name=REGION)
    make: Any = session.client
    once = Config(retries={"mode": "standard", "total_max_attempts": 1})
    with emulator() as endpoint:
        yield lambda service: make(service, endpoint_url=endpoint, config=once)
