"""Settings for all tests."""

from hypothesis import settings

# A case is judged by what comes of it, and not by how long a busy machine takes for it.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
