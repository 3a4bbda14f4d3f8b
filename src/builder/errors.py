"""Error of a build: the first line of its text says why, and what to do."""


class BuildFailed(Exception):
    """A package cannot be built."""
