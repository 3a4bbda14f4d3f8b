"""A cache of one secret of Secrets Manager, with its version.

No secret value is ever part of an exception, a `repr` or a log line.
"""

import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from botocore.exceptions import BotoCoreError, ClientError

from handler.aws.retry import Retry, one_attempt
from handler.core.errors import Unavailable
from handler.core.secret_values import Secret

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_secretsmanager.type_defs import GetSecretValueResponseTypeDef

MAX_AGE: Final = 300  # seconds; in a rotation both values must be valid for at least as long
REFRESH_AFTER: Final = 2  # seconds between two forced reads: at most 0.5 calls/s
FAILED_AFTER: Final = 30  # seconds until a failed read is repeated, where an older value is kept
RETRY_AFTER: Final = 5  # the same without one: until then nothing can be verified or sent
# 0.5 + 0.5 = 1 s a read: a stranger's request can cause one, and genuine webhooks wait for it.
BRIEF: Final = one_attempt(0.5, 0.5)
FIRST: Final = Retry(tries=2, each=1, seconds=2.2)  # two reads and the pause between them: 0.2 s


class SecretCache:
    """One secret, read with GetSecretValue (stage AWSCURRENT) and kept for five minutes.

    `clock` returns seconds since the epoch: a monotonic clock stops while Lambda is frozen.
    Where it has gone back the value's age is unknown, and the secret is read again.
    """

    def __init__(
        self,
        client: "SecretsManagerClient",
        arn: str,
        clock: Callable[[], float],
        retry: Retry = FIRST,
    ) -> None:
        self._client = client
        self._retry = retry
        self._arn = arn
        self._clock = clock
        self._kept: Secret | None = None
        self._failure = ""
        self._read_at = float("-inf")
        self._stale_at = float("-inf")

    @property
    def name(self) -> str:
        """The secret's name without account and region."""
        return self._arn.rsplit(":", 1)[-1]

    def current(self) -> Secret:
        """Return the secret, at most five minutes old; older only while reads fail.

        Raise Unavailable where it has never been read.
        """
        return self._read_after(self._stale_at)

    def refresh(self, after: float = REFRESH_AFTER) -> Secret:
        """Return the secret, read again unless it was read in the last `after` seconds.

        A failed read is not repeated before its own time, whatever `after` is.
        """
        return self._read_after(self._stale_at if self._failure else self._read_at + after)

    def known(self) -> list[str]:
        """Return the strings of the cached value, without a read: they are to be redacted."""
        values = self._kept.values.values() if self._kept else ()
        return [value.strip() for value in values if isinstance(value, str)]

    def _read_after(self, until: float) -> Secret:
        """Return the secret, read again from the time `until` on."""
        if not self._read_at <= self._clock() < until:
            self._read()
        if self._kept is None:
            raise Unavailable(f"secret {self.name}: {self._failure}")
        return self._kept

    def _read(self) -> None:
        try:
            answer = self._answer()
        except ClientError as error:
            self._fail(error.response["Error"]["Code"])
        except BotoCoreError as error:
            self._fail(type(error).__name__)
        else:
            self._keep(answer.get("SecretString"), answer["VersionId"])

    def _answer(self) -> "GetSecretValueResponseTypeDef":
        """Return Secrets Manager's answer; only where no value is cached the call is repeated."""
        ask = partial(self._client.get_secret_value, SecretId=self._arn)
        return ask() if self._kept else self._retry.call(ask)

    def _keep(self, text: str | None, version: str) -> None:
        try:
            values = json.loads(text or "")
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            self._fail("not a JSON object")
            return
        self._kept, self._failure = Secret(self.name, version, values), ""
        self._done(MAX_AGE)

    def _fail(self, word: str) -> None:
        self._failure = word
        self._done(FAILED_AFTER if self._kept else RETRY_AFTER)

    def _done(self, seconds: float) -> None:
        """Set the time of the next read, counted from now: a failed read takes time itself."""
        self._read_at = self._clock()
        self._stale_at = self._read_at + seconds
