"""Text that a command printed, as one line of words."""


def unframed(text: str) -> str:
    """Return text without typer's frame and line breaks, which fall where a path is longer."""
    return " ".join(text.replace("│", " ").split())
