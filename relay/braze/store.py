"""What the simulated Braze takes, and what it remembers. Pure: no sockets, no clock.

After Braze's pages "Send campaign messages via API-triggered delivery", "Send Canvas messages via
API-triggered delivery", "Recipient object" and "User attributes object". Texts are Braze's where it
documents one; the other refusals are documented rules whose text is ours.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, to_json

Json = dict[str, Any]  # a JSON object as it came, or as the control API shows it

_UUID: Final = r"^(?i:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$"
_MAX_RECIPIENTS: Final = 50
_MAX_PROPERTIES: Final = 50 * 1024  # bytes of compact UTF-8 JSON; Braze does not say how it counts
_MAX_EXTERNAL_ID: Final = 987  # bytes
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PROPERTIES: Final = ("trigger_properties", "context", "canvas_entry_properties")
_UNREACHED: Final = {
    "external_user_id": "the user is unknown and send_to_existing_only is true",
    "user_alias": "no user has this alias",
    "email": "prioritization leaves no user, or more than one",
}


def _small(properties: Json) -> Json:
    if len(to_json(properties)) > _MAX_PROPERTIES:
        raise ValueError("over 50 KB")
    return properties


def _storable(attributes: Json) -> Json:
    email = attributes.get("email")
    if email is not None and not (isinstance(email, str) and _EMAIL.fullmatch(email)):
        raise ValueError("The value provided for the 'email' field is not a valid email.")
    return attributes


def _short(external_id: str) -> str:
    if len(external_id.encode()) > _MAX_EXTERNAL_ID:
        raise ValueError("over 987 bytes")
    return external_id


_Object = dict[str, JsonValue]
_Properties = Annotated[_Object, AfterValidator(_small)]
_Text = Annotated[str, Field(pattern=r"\S")]
_Priority = Literal[
    "identified", "unidentified", "most_recently_updated", "least_recently_updated"
]


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Alias(_Exact):
    alias_name: _Text
    alias_label: _Text


class _Recipient(_Exact):
    external_user_id: Annotated[_Text, AfterValidator(_short)] = ""
    user_alias: _Alias | None = None
    email: _Text = ""
    prioritization: Annotated[list[_Priority], Field(min_length=1)] | None = None
    send_to_existing_only: bool = True
    attributes: Annotated[_Object, AfterValidator(_storable)] | None = None

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if len(_UNREACHED.keys() & self.model_fields_set) != 1:
            raise ValueError("needs exactly one of external_user_id, user_alias and email")
        if bool(self.email) != bool(self.prioritization):
            raise ValueError("email and prioritization need each other")
        if {"identified", "unidentified"} <= set(self.prioritization or ()):
            raise ValueError("identified and unidentified exclude each other")
        return self

    @model_validator(mode="after")
    def _created_knowingly(self) -> Self:
        if self.user_alias and "send_to_existing_only" in self.model_fields_set:
            raise ValueError("send_to_existing_only cannot be used with user_alias")
        if not self.send_to_existing_only and not self.attributes:
            raise ValueError("send_to_existing_only: false needs attributes")
        return self


class _CampaignRecipient(_Recipient):
    trigger_properties: _Properties | None = None


class _CanvasRecipient(_Recipient):
    context: _Properties | None = None
    canvas_entry_properties: _Properties | None = None
