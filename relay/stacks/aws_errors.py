"""Errors of AWS and of its configuration in words, with what to set or to run. Pure."""

import os
import re
from collections.abc import Mapping
from typing import Final

from botocore import exceptions as aws

NO_REGION: Final = (
    "no AWS region: set AWS_DEFAULT_REGION, or `region` in your AWS profile or in samconfig.toml"
)
_NOT_READ: Final = "; boto3 does not read AWS_REGION"
_NO_CREDENTIALS: Final = (
    "no AWS credentials: set AWS_PROFILE to one of `aws configure list-profiles` (`aws configure"
    " sso` makes one), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; `aws sts"
    " get-caller-identity` must work"
)
_SIGN_IN: Final = "aws sso login --profile {profile}"
_ENDED: Final = f"the sign-in of the AWS profile {{profile}} has ended: {_SIGN_IN}"
_WORDS: Final[Mapping[type[Exception], str]] = {
    aws.NoCredentialsError: _NO_CREDENTIALS,
    aws.ProfileNotFound: (
        "{error}: set AWS_PROFILE, or `profile` in samconfig.toml, to one of"
        " `aws configure list-profiles`"
    ),
    aws.SSOError: _ENDED,
    aws.TokenRetrievalError: _ENDED,
    aws.LoginError: "{error} (aws login --profile {profile})",
    aws.EndpointConnectionError: "AWS cannot be reached, or has no such region: {error}",
    aws.ConnectTimeoutError: "AWS cannot be reached: {error}",
}
_EXPIRED: Final = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_UNKNOWN: Final = (
    *("InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId"),
    *("SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure"),
)
_ACTION: Final = re.compile(r"not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?")
ALLOWED: Final = 'docs/deploy.md, "What you may have to be allowed"'


def in_words(error: Exception, profile: str, environment: Mapping[str, str] = os.environ) -> str:
    """Return what is wrong, and what to do; AWS's own words for what is not known here."""
    if isinstance(error, aws.ClientError):
        return _answered(error, profile)
    if isinstance(error, aws.NoRegionError):
        return NO_REGION + (_NOT_READ if "AWS_REGION" in environment else "")
    for kind, words in _WORDS.items():
        if isinstance(error, kind):
            return words.format(error=error, profile=profile)
    return str(error)


def _answered(error: aws.ClientError, profile: str) -> str:
    """Return what AWS refused in its answer."""
    code = error.response["Error"].get("Code", "")
    if code in _EXPIRED:
        return (
            f"the AWS credentials have expired: {_SIGN_IN.format(profile=profile)}, or set new ones"
        )
    if code in _UNKNOWN:
        return (
            f"AWS does not know these credentials ({code}): AWS_ACCESS_KEY_ID of the environment"
            " goes before AWS_PROFILE; `aws sts get-caller-identity` must work"
        )
    return denied(str(error)) or str(error)


def denied(text: str) -> str:
    """Return the action that AWS refuses for want of a permission; empty where it says none."""
    found = _ACTION.search(text)
    if found is None:
        return ""
    on = f" on {found[2]}" if found[2] else ""
    return f"AccessDenied: your AWS credentials may not do {found[1]}{on}: {ALLOWED}"
