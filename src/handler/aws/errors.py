"""AWS errors as the log names them."""

from botocore.exceptions import ClientError


def error_name(error: Exception) -> str:
    """Return an error's type and AWS's code; never its text, which may hold what was sent."""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    return f"{type(error).__name__} {code}".strip()
