"""Stacks in AWS: what is said where boto3 finds no region, or no credentials, is what helps."""

from pathlib import Path

import boto3
import pytest
import typer
from botocore.exceptions import NoRegionError

from relay.stacks.cloudformation import outputs

NAMES = ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL")
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, *KEYS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


def said() -> str:
    with pytest.raises(typer.BadParameter) as raised:
        outputs("relay-dev")
    return str(raised.value)


@pytest.mark.parametrize("aws", [{}, {"AWS_REGION": "eu-central-1"}])
def test_without_a_region_what_boto3_reads_is_named(
    aws: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(NoRegionError):
        boto3.Session().client("cloudformation")
    assert said().startswith("no AWS region: set AWS_DEFAULT_REGION, or `region` in your AWS prof")
    assert ("boto3 does not read AWS_REGION" in said()) == bool(aws)


def test_each_thing_that_is_named_gives_the_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[default]\nregion = eu-west-1\n", encoding="utf-8")
    assert boto3.Session().client("cloudformation").meta.region_name == "eu-west-1"
    assert said().startswith("no AWS credentials")
    (tmp_path / "config").unlink()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-2")
    assert boto3.Session().client("cloudformation").meta.region_name == "eu-west-2"
    assert said().startswith("no AWS credentials")


def test_a_profile_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "shop")
    assert "shop" in said()
