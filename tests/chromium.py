"""The browser that the page is tested in: the Chromium of this machine."""

import shutil
from typing import Final

# As Debian and Fedora name it, and as Google does. The first is the same browser without windows: a
# page takes half of the processor's time.
_NAMES: Final = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# Nothing of it may leave the machine. Root, as which containers run, has no sandbox.
ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage"),
)
MISSING: Final = f"the page is not tested in a browser: this machine has no {_NAMES[1]}"


def chromium() -> str | None:
    """Return the path of the browser, None where there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)
