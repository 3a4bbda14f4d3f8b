"""What the control API sets of the simulated workspace beside its switches and its limits."""

from collections.abc import Callable
from typing import Final, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter

from relay.braze.profiles import Json

_OBJECT: Final = TypeAdapter(Json)
Model = TypeVar("Model", bound=BaseModel)


def json_object(body: bytes) -> Json:
    """Return the JSON object of a body."""
    return _OBJECT.validate_json(body)


def changed(model: Model, body: bytes) -> Model:
    """Return a model with the fields of a JSON object put, and the others as they were."""
    return type(model).model_validate({**model.model_dump(), **json_object(body)})


class Clock(BaseModel):
    """Stands at `now`, in seconds since the epoch, or is `ahead` of the real one by seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    now: float | None = None
    ahead: float = 0

    def read(self, real: Callable[[], float]) -> float:
        """Return the simulated time."""
        return real() + self.ahead if self.now is None else self.now


class Key(BaseModel):
    """What the API key may do (null: all), and whether it may be used from this address."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    permissions: list[str] | None = None
    address_allowed: bool = True
