"""What is said of AWS's errors."""

from botocore.exceptions import ClientError


def error_name(error: Exception) -> str:
    """Return an error's name, and AWS's code for it; its text may hold what was sent."""
    code = error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
    return f"{type(error).__name__} {code}".strip()
