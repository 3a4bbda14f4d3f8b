"""Settings of each function: its environment variables, checked before anything else."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, Final, Self

from handler.core.errors import Unavailable
from handler.core.workspace import is_braze, is_loopback, is_other_host

LOCAL: Final = "local"


def _text(value: str) -> str | None:
    return value or None


def _whole(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and int(value) else None


def _switch(value: str) -> bool | None:
    return {"true": True, "false": False}.get(value.lower())


# By the type of a setting: its reader, which returns None for a mistake, and the words for one.
_READERS: Final[Mapping[Any, tuple[Callable[[str], object], str]]] = {
    str: (_text, "empty"),
    str | None: (_text, "empty"),
    int: (_whole, "not a whole number over 0"),
    bool: (_switch, "neither true nor false"),
}


@dataclass(frozen=True, slots=True)
class _Settings:
    """Settings of both functions; the variable of each is its name in upper case."""

    queue_url: str
    dead_letter_queue_url: str
    # None where it is absent, as in the environment of an earlier release during an update.
    low_priority_queue_url: str | None = field(default=None, kw_only=True)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Return the settings; raise Unavailable naming each variable that is missing or wrong.

        No error shows a value: it may be a secret in the wrong variable.
        """
        found: dict[str, Any] = {}
        wrong: list[str] = []
        for one in fields(cls):
            name = one.name.upper()
            read, mistake = _READERS[one.type]
            if name in environ:
                found[one.name] = read(environ[name])
                wrong += [f"{name}: {mistake}"] if found[one.name] is None else []
            elif one.default is MISSING:
                wrong.append(f"{name}: missing")
        if wrong or (wrong := (settings := cls(**found)).mistakes()):
            raise Unavailable(f"environment: {'; '.join(wrong)}")
        return settings

    def mistakes(self) -> list[str]:
        """Return what is wrong with settings that can be read."""
        return []


@dataclass(frozen=True, slots=True)
class IngestSettings(_Settings):
    """The environment of the ingest function; `rules_stage` selects the `vars` of the rules.

    An event older than `ledger_days` - 1 days is not sent. `allow_broadcast` is absent in the
    environment of an earlier release, during an update.
    """

    rules_stage: str
    signing_secrets_arn: str
    max_body_bytes: int
    ledger_days: int = 400
    allow_broadcast: bool = False

    def mistakes(self) -> list[str]:
        """Return what is wrong: with one day alone no event would be sent."""
        return [] if self.ledger_days > 1 else ["LEDGER_DAYS: not over 1"]


@dataclass(frozen=True, slots=True)
class DeliverSettings(_Settings):
    """The environment of the deliver function; `ledger_days` is how long final marks are kept.

    `deliver_concurrency` and `low_priority_concurrency` are how many workers there are at most for
    each queue. `rules_stage` selects whom a workspace may reach (`only`).
    """

    stage: str
    ledger_table: str
    ledger_days: int
    braze_keys_arn: str
    braze_endpoint: str
    allow_other_braze_host: bool
    # Absent in the environment of an earlier release: that of `stage`.
    rules_stage: str | None = None
    # Absent in the environment of an earlier release, whose template said 10.
    deliver_concurrency: int = 10
    low_priority_concurrency: int = 5

    def queue_of(self, arn: str) -> str:
        """Return the URL of the queue that a message came from, by the ARN in its record."""
        low, name = self.low_priority_queue_url, arn.rpartition(":")[2]
        return low if low is not None and low.rpartition("/")[2] == name else self.queue_url

    def workers_of(self, url: str) -> int:
        """Return how many workers a queue has at most, by its URL."""
        is_low = url == self.low_priority_queue_url
        return self.low_priority_concurrency if is_low else self.deliver_concurrency

    def mistakes(self) -> list[str]:
        """Return what is wrong: the API key is sent to the endpoint, so it is Braze's."""
        local = self.stage == LOCAL and is_loopback(self.braze_endpoint)
        is_allowed = is_other_host if self.allow_other_braze_host else is_braze
        if local or is_allowed(self.braze_endpoint):
            return []
        return [
            "BRAZE_ENDPOINT: not one of Braze's REST endpoints, such as https://rest.iad-01.braze.com"
        ]
