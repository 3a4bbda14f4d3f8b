"""Settings of each function: its environment variables, checked before anything else."""

from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from handler.core.errors import Unavailable
from handler.core.workspace import is_braze, is_loopback, is_other_host

LOCAL: Final = "local"

_Text = Annotated[str, Field(min_length=1)]


class _Settings(BaseModel):
    # No error shows a value: it may be a secret in the wrong variable.
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    queue_url: Annotated[_Text, Field(alias="QUEUE_URL")]
    dead_letter_queue_url: Annotated[_Text, Field(alias="DEAD_LETTER_QUEUE_URL")]

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Return the settings; raise Unavailable naming each variable that is missing or wrong."""
        try:
            return cls.model_validate(dict(environ))
        except ValidationError as error:
            found = "; ".join(_words(item["loc"], item["msg"]) for item in error.errors())
            raise Unavailable(f"environment: {found}") from None


def _words(place: tuple[int | str, ...], message: str) -> str:
    return f"{place[0]}: {message}" if place else message


class IngestSettings(_Settings):
    """The environment of the ingest function; `rules_stage` selects the `vars` of the rules.

    An event older than `ledger_days` - 1 days is not sent.
    """

    rules_stage: Annotated[_Text, Field(alias="RULES_STAGE")]
    signing_secrets_arn: Annotated[_Text, Field(alias="SIGNING_SECRETS_ARN")]
    max_body_bytes: Annotated[int, Field(alias="MAX_BODY_BYTES", gt=0)]
    ledger_days: Annotated[int, Field(alias="LEDGER_DAYS", gt=1)] = 400
    # False where it is absent, as in the environment of an earlier release during an update.
    allow_broadcast: Annotated[bool, Field(alias="ALLOW_BROADCAST")] = False


class DeliverSettings(_Settings):
    """The environment of the deliver function; `ledger_days` is how long final marks are kept."""

    stage: Annotated[_Text, Field(alias="STAGE")]
    ledger_table: Annotated[_Text, Field(alias="LEDGER_TABLE")]
    ledger_days: Annotated[int, Field(alias="LEDGER_DAYS", gt=0)]
    braze_keys_arn: Annotated[_Text, Field(alias="BRAZE_KEYS_ARN")]
    braze_endpoint: Annotated[str, Field(alias="BRAZE_ENDPOINT")]
    allow_other_braze_host: Annotated[bool, Field(alias="ALLOW_OTHER_BRAZE_HOST")]

    @model_validator(mode="after")
    def _only_braze(self) -> Self:
        # The API key is sent to this host.
        local = self.stage == LOCAL and is_loopback(self.braze_endpoint)
        is_allowed = is_other_host if self.allow_other_braze_host else is_braze
        if not local and not is_allowed(self.braze_endpoint):
            raise ValueError(
                "BRAZE_ENDPOINT: not one of Braze's REST endpoints, such as "
                "https://rest.iad-01.braze.com"
            )
        return self
