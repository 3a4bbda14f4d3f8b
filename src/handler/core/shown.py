"""Schemes without a signature: the sender shows a secret, and whoever knows it may say anything.

Nothing proves the body but the connection it came by (TLS); a sender that can sign should.
"""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from handler.core.verification.schemes import CREDENTIALS, HashScheme, HmacScheme, Text

_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def credential(self) -> str:
        """The header, in lower case, that proves the sender: it is never carried on."""
        return "authorization"

    def proves(self, header: str) -> bool:
        """Return True but for credentials: whoever shows the secret vouches for every header."""
        return header not in CREDENTIALS | {self.credential}


class TokenScheme(_Shown):
    """A secret that comes with every webhook, compared whole.

    header: the value of the header `name`. bearer: `Authorization: Bearer <secret>`.
    query: the value of the parameter `name` of the query string.
    """

    scheme: Literal["token"] = "token"
    where: Literal["header", "bearer", "query"]
    name: Text | None = None

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        if (self.where == "bearer") != (self.name is None):
            needs = "has no name" if self.where == "bearer" else "needs the name"
            raise ValueError(f"where: {self.where} {needs}")
        if self.where == "header" and not _HEADER.fullmatch(self.name or ""):
            raise ValueError("name is no name of a header")
        return self

    @property
    def credential(self) -> str:
        """The header, in lower case, that proves the sender: it is never carried on."""
        return (self.name or "").lower() if self.where == "header" else "authorization"


class BasicScheme(_Shown):
    """User and password (RFC 7617); the secret is `user:password`."""

    scheme: Literal["basic"] = "basic"


class StandardWebhooksBlock(BaseModel):
    """Standard Webhooks 1.0.0, written short: it stands for the HMAC that the specification says.

    `headers` is how the three headers begin; `secret_encoding` is utf8 where a sender takes the
    bytes of the secret as they are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    scheme: Literal["standard_webhooks"] = "standard_webhooks"
    headers: Literal["webhook", "svix"] = "webhook"
    tolerance: Annotated[int, Field(strict=True, ge=1)] | None = 300
    secret_encoding: Literal["base64", "utf8"] = Field(default="base64")

    def expand(self) -> HmacScheme:
        """Return the scheme that this stands for."""
        is_base64 = self.secret_encoding == "base64"  # noqa: S105 - the name of an encoding
        return HmacScheme.model_validate(
            {
                "encoding": "base64",
                "signature": {
                    "header": f"{self.headers}-signature",
                    "format": "list",
                    "prefix": "v1,",
                },
                "signed": "{id}.{timestamp}.{body}",
                "id_header": f"{self.headers}-id",
                "timestamp": {"header": f"{self.headers}-timestamp", "tolerance": self.tolerance},
                "secret_encoding": self.secret_encoding,
                "secret_prefixes": ("v1,whsec_", "whsec_") if is_base64 else (),
            }
        )


Scheme = HmacScheme | HashScheme | TokenScheme | BasicScheme
