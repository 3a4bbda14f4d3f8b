"""How the simulated Braze can be told to fail, and which request that strikes."""

import random
from collections.abc import Callable
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from relay.braze.endpoints import id_in

_RATE_LIMITED: Final = 429  # RFC 6585


class Fault(BaseModel):
    """One way to fail, as the control API takes it.

    `times` is how often it acts (null: until cleared), `probability` how likely it acts at a
    request, `after` whether Braze does what was asked before it fails, `seconds` how long `slow`
    waits, `drip` between two bytes, or `interim` after each status of `interim`. `body` (text, or
    JSON) is what `status` answers, the text of `notice` or the list of `errors`; `size` is the
    bytes of a `huge` one. `headers` of null are the usual ones. `limit` says how a 429 tells when
    to come back. `path` and `target` (the id of a campaign or Canvas) of null are all.
    """

    model_config = ConfigDict(extra="forbid")

    kind: Literal[
        "status", "hang", "reset", "cut", "slow", "drip", "huge", "notice", "errors",
        "interim", "stray", "headless",
    ]  # fmt: skip
    status: int = Field(default=503, ge=200, le=599)
    interim: list[Annotated[int, Field(ge=100, le=199)]] = Field(default=[103])
    path: str | None = None
    target: str | None = None
    body: JsonValue = None
    headers: dict[str, str] | None = None
    times: int | None = Field(default=None, ge=0)
    after: bool = False
    probability: float = Field(default=1.0, ge=0, le=1)
    seconds: float = Field(default=5.0, ge=0)
    size: int = Field(default=50_000_000, ge=0)
    limit: (
        Literal[
            "epoch", "seconds", "retry_after", "none", "past", "far", "negative", "huge", "words"
        ]
        | None
    ) = None

    def limit_style(self, usual: str) -> str | None:
        """Return how the answer tells of the rate limit; None where it stays as it is."""
        if self.kind != "status" or self.limit is not None:
            return self.limit
        return usual if self.status == _RATE_LIMITED and self.headers is None else None

    def strikes(self, path: str, body: object) -> bool:
        """Tell whether it is meant for such a request, and has times left."""
        ids = {body.get("campaign_id"), body.get("canvas_id")} if isinstance(body, dict) else set()
        return (
            self.path in (None, path)
            and (self.target is None or self.target in (*ids, id_in(path)))
            and self.times != 0
        )


_FAULTS: Final = TypeAdapter(list[Fault])


class Faults:
    """The faults in force; the first that has times left and good odds acts on a request."""

    def __init__(self, chance: Callable[[], float] = random.random) -> None:
        self.active: list[Fault] = []
        self._chance = chance

    def add(self, body: bytes) -> list[Fault]:
        """Put the faults of this JSON list behind those in force, and give all."""
        self.active += _FAULTS.validate_json(body)
        return self.active

    def clear(self) -> list[Fault]:
        """End all faults."""
        self.active = []
        return self.active

    def take(self, path: str, body: object) -> Fault | None:
        """Give the fault for a request, one of its times used up; None for none."""
        for fault in self.active:
            if fault.strikes(path, body) and self._chance() < fault.probability:
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
