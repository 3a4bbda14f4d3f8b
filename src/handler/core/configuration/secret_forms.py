"""Forms of secrets: finds secrets where their names belong, and masks them in what is shown.

A rules file is read by many and kept for ever. Names are a few words; secrets are random
characters, often with a prefix that the vendor documents.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from handler.core.configuration.schema_errors import NAME
from handler.core.configuration.yaml12 import Document, Path
from handler.core.errors import Finding
from handler.core.json_types import JsonValue

# Standard Webhooks and Svix, Stripe and Clerk, Shopify, Slack, GitHub, GitLab, AWS, SendGrid,
# Mailgun, Paddle, Polar, Supabase, Linear, npm; then JSON Web Tokens and PEM.
_TOKEN: Final = re.compile(
    r"(?:(?:v1,)?whsec_|(?:sk|rk)_(?:live|test|prod)_|shp(?:ss|at|ca|pa|ua)_|xox[a-z]-|xapp-"
    r"|github_pat_|glpat-|SG\.|pdl_(?:ntfset|live|sdbx)_|polar_(?:whs|oat|pat)_|sb_secret_"
    r"|lin_(?:wh|api)_|eyJ)[0-9A-Za-z+/_.=-]{12,}"
    r"|(?:gh[pousr]_|sbp_|npm_)[0-9A-Za-z]{24,}|A[KS]IA[0-9A-Z]{16}|key-[0-9a-f]{32}"
    r"|-----BEGIN [A-Z ]*KEY-----.*",
    re.ASCII | re.DOTALL,
)
_BEGINNINGS: Final = ("whsec_", "v1,whsec_", "sk_live_", "sk_test_", "pk_live_", "pk_test_")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# No word has as many letters of a to f in a row.
_HEX: Final = re.compile(r"[0-9a-f]{20,}", re.ASCII | re.IGNORECASE)
_RUN: Final = re.compile(r"[0-9A-Za-z]{16,}", re.ASCII)
_CHANGES: Final = 5  # between letters and digits: `orders2024eu1` has three
_CHANGE: Final = re.compile(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])", re.ASCII)

# A value after one of these keys is shown only if it is a name; after one of the others, unless it
# has the form of a secret.
_SECRET_KEY: Final = r"[\w-]*(?:secret|passwo?r?d|api[_-]?key)s?|username"  # noqa: S105 - of keys
_OTHER_KEY: Final = r"[\w-]*(?:key|token)s?"
_SECRETS_KEY: Final = re.compile(rf"{_SECRET_KEY}|(?:[\w-]*[_-])?tokens?", re.IGNORECASE)
_GIVEN: Final = re.compile(
    rf"(?P<before>(?<![\w.-])(?:(?P<is_secret>{_SECRET_KEY})|{_OTHER_KEY})[\"']?\s*:\s*)"
    r"(?P<value>\[[^\]]*\]?|\"[^\"]*\"?|'[^']*'?|[^\s,}#]+)",
    re.IGNORECASE,
)
_NAME: Final = re.compile(NAME, re.ASCII)
_USER: Final = re.compile(r"(?<=://)[^\s/?#@]+@")

_NO_PLACE: Final = (
    "this looks like a secret itself, and a file is read by many: take it out, make a new one, and"
    " give that to `relay secrets set`"
)
_NO_NAME: Final = (
    "takes the name of a secret, and this looks like the secret itself, which a file shows to"
    " many: make a new one, give it to `relay secrets set`, and write its name here, such as"
)


def is_secret(name: str) -> bool:
    """Return whether a text in the place of a name has the form of a secret."""
    return bool(
        _TOKEN.fullmatch(name)
        or name.startswith(_BEGINNINGS)
        or _UUID.search(name)
        or _HEX.search(name)
        or any(len(_CHANGE.findall(run)) >= _CHANGES for run in _RUN.findall(name))
    )


def is_secret_key(key: str) -> bool:
    """Return whether a key says that its value is a secret: `braze_api_key`, `token`."""
    return bool(_SECRETS_KEY.fullmatch(key))


def find_secrets(
    document: Document,
    names: Callable[[Path], bool],
    such_as: str,
    is_mistyped: Callable[[Path], bool] = lambda _: False,
) -> list[Finding]:
    """Return a finding for each secret in a file.

    `names` tells of a path whether the name of a secret belongs there, and `is_mistyped` whether
    its key may have been meant for that; `such_as` is such a name.
    """
    return [
        document.finding(path, f"{path[-1]} {_NO_NAME} {such_as}" if names(path) else _NO_PLACE)
        for path, text in _texts(document.value)
        if _TOKEN.fullmatch(text.strip())
        or ((names(path) or is_mistyped(path)) and is_secret(text.strip()))
    ]


def masked(line: str) -> str:
    """Return a line of a file with everything masked that could be a secret."""
    line = _GIVEN.sub(_without_value, line)
    return _TOKEN.sub("...", _USER.sub("...@", line))


def _without_value(found: re.Match[str]) -> str:
    value = found["value"].strip("\"'")
    is_shown = bool(_NAME.fullmatch(value)) or found["is_secret"] is None
    return found[0] if is_shown and not is_secret(value) else f"{found['before']}..."


def _texts(value: JsonValue, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, (*path, key))
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield from _texts(part, (*path, at))
    elif isinstance(value, str):
        yield path, value
