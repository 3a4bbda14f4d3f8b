"""The state of one simulated Braze workspace."""

from collections.abc import Callable
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from relay.simulated_braze.catalogue import Catalogue, Target
from relay.simulated_braze.faults import Faults
from relay.simulated_braze.profiles import UNIDENTIFIED, Json
from relay.simulated_braze.rate_limits import Limiter, Limits
from relay.simulated_braze.store import Store
from relay.simulated_braze.switches import Switches

_OBJECT: Final = TypeAdapter(Json)
Model = TypeVar("Model", bound=BaseModel)


def json_object(body: bytes) -> Json:
    """Return the JSON object of a body."""
    return _OBJECT.validate_json(body)


def changed(model: Model, body: bytes) -> Model:
    """Return a model with the fields of a JSON object replaced."""
    return type(model).model_validate({**model.model_dump(), **json_object(body)})


class ClockSetting(BaseModel):
    """A clock that stands at `now`, in epoch seconds, or is `ahead` of the real one by seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    now: float | None = None
    ahead: float = 0

    def read(self, real: Callable[[], float]) -> float:
        """Return the simulated time."""
        return real() + self.ahead if self.now is None else self.now


class Key(BaseModel):
    """The permissions of the API key (null: all), and whether this address may use it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    permissions: list[str] | None = None
    address_allowed: bool = True


class Workspace:
    """State of a workspace: its key, clock, settings, memory and faults."""

    def __init__(self, key: str, clock: Callable[[], float], limit: int) -> None:
        self.secret = key
        self._clock = clock
        self._limit = limit
        self.reset()

    def reset(self) -> Json:
        """Forget all that was sent, and all that was set."""
        self.store = Store()
        self.catalogue = Catalogue()
        self.faults = Faults()
        self.switches = Switches()
        self.clock = ClockSetting()
        self.key = Key()
        self.limiter = Limiter(Limits(hour=self._limit))
        self.window = self.limiter.of("hour", self.now())  # the window of the present request
        self.answered: dict[str, tuple[float, Json]] = {}  # by external_send_id
        return {}

    def now(self) -> float:
        """Return the simulated time, in seconds since the epoch."""
        return self.clock.read(self._clock)

    def counts(self) -> dict[str, int]:
        """Return how many there are of what the control API shows: what changes, and no more."""
        return {
            "requests": len(self.store.requests),
            "sends": len(self.store.sends),
            "updates": len(self.store.updates),
            "profiles": len(self.store.profiles.current),
            "faults": len(self.faults.active),
        }

    def put_profile(self, name: str, body: bytes) -> Json:
        """Put a profile with these attributes in place of any that is there."""
        cause = {"dispatch_id": None, "time": self.now(), "cause": "PUT /_sim"}
        return self.store.profiles.put(name, json_object(body), cause)

    def put_unidentified(self, name: str, body: bytes) -> Json:
        """Put a profile without an external id."""
        return self.put_profile(UNIDENTIFIED + name, body)

    def put_target(self, api_id: str, body: bytes) -> Target:
        """Set what an id names from now on."""
        return self.catalogue.put(api_id, body)

    def put_switches(self, body: bytes) -> Switches:
        """Change the switches that are named."""
        self.switches = changed(self.switches, body)
        return self.switches

    def put_limits(self, body: bytes) -> Limits:
        """Change the limits that are named; what was counted stays counted."""
        self.limiter.limits = changed(self.limiter.limits, body)
        return self.limiter.limits

    def put_key(self, body: bytes) -> Key:
        """Change what the key may do."""
        self.key = changed(self.key, body)
        return self.key

    def put_clock(self, body: bytes) -> Json:
        """Set the clock; return its time."""
        self.clock = ClockSetting.model_validate_json(body)
        return {"now": self.now()}
