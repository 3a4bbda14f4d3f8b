"""What a deployment is refused without: ids of the user's own, and the endpoint of the instance."""

import re
from pathlib import Path

import pytest

from relay.deploy.unset_values import undecided
from relay.paths import PROJECT
from relay.rules.check.target_ids import SAMPLES

CONFIG = (PROJECT / "samconfig.toml").read_text(encoding="utf-8")
GUIDED = "\n[default.deploy.parameters]\nparameter_overrides = "


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """Return the project's rules, with ids of somebody's own."""
    for number, file in enumerate((PROJECT / "tests" / "rules").glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        for sample in SAMPLES:
            text = text.replace(sample, f"{sample[:-2]}f{number}")
        (tmp_path / file.name).write_text(text, encoding="utf-8")
    return tmp_path


def configured(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("relay.stacks.samconfig._text", lambda: text)


@pytest.mark.parametrize("env", ["default", "dev", "prod"])
def test_the_project_as_it_is_has_no_endpoint_of_anybody(
    monkeypatch: pytest.MonkeyPatch, rules: Path, env: str
) -> None:
    configured(monkeypatch, CONFIG)
    (said,) = undecided(rules, env)
    (number,) = re.findall(r"^samconfig.toml:(\d+):1: parameter_overrides has no Braze", said)
    section, _, line = CONFIG.splitlines()[int(number) - 3 : int(number)]
    assert section == f"[{env}.global.parameters]"
    assert line.startswith("parameter_overrides")


@pytest.mark.parametrize(
    "endpoint",
    ["https://rest.iad-01.braze.com", "https://rest.fra-02.braze.eu", "https://proxy.example.org"],
)
@pytest.mark.parametrize("written", ['"{}"', '["Stage=dev", "{}"]', "{{BrazeEndpoint = '{}'}}"])
def test_every_endpoint_that_somebody_has_set_is_taken(
    monkeypatch: pytest.MonkeyPatch, rules: Path, endpoint: str, written: str
) -> None:
    given = written.format(f"BrazeEndpoint={endpoint}").replace("'BrazeEndpoint=", "'")
    text = CONFIG.replace('"Stage=dev Architecture=arm64"', given)
    configured(monkeypatch, text)
    assert list(undecided(rules, "default")) == []


def test_what_guided_saved_without_an_endpoint_is_the_line_that_counts(
    monkeypatch: pytest.MonkeyPatch, rules: Path
) -> None:
    text = CONFIG.replace("\n[default.deploy.parameters]", f'{GUIDED}"Architecture=arm64"')
    configured(monkeypatch, text)
    (said,) = undecided(rules, "default")
    number = text.splitlines().index('parameter_overrides = "Architecture=arm64"') + 1
    assert said.startswith(f"samconfig.toml:{number}:1: ")


def test_an_endpoint_among_the_arguments_for_sam_is_one(
    monkeypatch: pytest.MonkeyPatch, rules: Path
) -> None:
    configured(monkeypatch, CONFIG)
    given = ["--parameter-overrides", "Stage=dev BrazeEndpoint=https://rest.fra-02.braze.eu"]
    assert list(undecided(rules, "default", given)) == []


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_each_sample_id_is_refused_with_its_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sample: str
) -> None:
    endpoint = "Architecture=arm64 BrazeEndpoint=https://rest.iad-01.braze.com"
    configured(monkeypatch, CONFIG.replace("Architecture=arm64", endpoint))
    (tmp_path / "shop.yaml").write_text(
        "verify: {preset: shopify}\n"
        "rules:\n"
        "  - name: a\n"
        "    type: orders/create\n"
        "    send:\n"
        f"      campaign_id: {sample}\n"
        "      recipients: [{external_user_id: '${body.id}'}]\n",
        encoding="utf-8",
    )
    (said,) = undecided(tmp_path, "default")
    assert f"{tmp_path / 'shop.yaml'}:6:7: campaign_id is a sample of this project" in said
