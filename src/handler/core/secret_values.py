"""The values of a secret: Braze's REST API keys and the senders' signing secrets, by name.

No value is ever part of an exception or a `repr`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from handler.core.errors import Unavailable

# Braze does not document the form of its keys. A blank or a control character would make
# requests raise an error whose text holds the key.
_KEY: Final = re.compile(r"[!-~]{1,512}")


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret's JSON object and the version it was read from; `name` is fit for a log."""

    name: str
    version: str
    values: Mapping[str, object] = field(repr=False)


def api_key(secret: Secret, name: str) -> str:
    """Return the REST API key of a name; raise Unavailable where there is no usable one."""
    value = secret.values.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Unavailable(f"secret {secret.name}: no key for workspace {name!r}")
    key = value.strip()
    if not _KEY.fullmatch(key):
        raise Unavailable(f"secret {secret.name}: the key of {name!r} has a forbidden letter")
    return key


def signing_secrets(secret: Secret, name: str) -> tuple[str, ...]:
    """Return the signing secrets under `name`: one string, or a list while they are rotated.

    A line end that was pasted with a secret is cut off. Raise Unavailable where there is none: no
    webhook could be verified.
    """
    value = secret.values.get(name)
    values = value if isinstance(value, list) else [value]
    given = (text.strip("\r\n") for text in values if isinstance(text, str))
    texts = tuple(text for text in given if text)
    if not texts or len(texts) != len(values):
        raise Unavailable(f"secret {secret.name}: no usable signing secret {name!r}")
    return texts
