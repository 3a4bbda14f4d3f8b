"""Secrets Manager in memory, as boto3's client has it: versions and their rotation."""

from dataclasses import dataclass, field
from typing import Any

from tests.simulation.clock import Time
from tests.simulation.faults import Calm, Faults
from tests.simulation.line import Line, check_names, refusal

_CURRENT, _PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


@dataclass(slots=True)
class Secrets:
    """The client; `texts` holds each secret's versions by ARN, the last of them the current one."""

    clock: Time
    faults: Faults = field(default_factory=Calm)
    texts: dict[str, list[str]] = field(default_factory=dict)

    def put(self, arn: str, text: str) -> None:
        """Make a text the current version, as PutSecretValue does; the last becomes previous."""
        self.texts.setdefault(arn, []).append(text)

    def get_secret_value(self, **given: Any) -> dict[str, Any]:
        """GetSecretValue (API reference) by stage; raise what boto3 raises."""
        check_names(given, ("SecretId",), ("VersionStage",))
        line = Line("secretsmanager", self.clock, self.faults)
        return line.call("get_secret_value", lambda: self._get(given))

    def _get(self, given: dict[str, Any]) -> dict[str, Any]:
        arn, stage = given["SecretId"], given.get("VersionStage", _CURRENT)
        texts = self.texts.get(arn, [])
        number = {_CURRENT: len(texts), _PREVIOUS: len(texts) - 1}.get(stage, 0)
        if number < 1:
            code = "ResourceNotFoundException"
            message = f"Secrets Manager can't find the specified secret value for staging: {stage}"
            raise refusal("GetSecretValue", code, message)
        return {
            "ARN": arn,
            "Name": arn.rsplit(":", 1)[-1],
            "VersionId": f"{number:08x}-0000-4000-8000-000000000000",
            "SecretString": texts[number - 1],
            "VersionStages": [stage],
        }
