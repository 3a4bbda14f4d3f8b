"""Warnings on stages in `vars` that no deployment has: `production` beside a stage prod.

Such a file is good until the stage that was meant is deployed, and then its source answers 503.
"""

from collections.abc import Collection, Iterator

from handler.core.configuration.yaml12 import Document, Path
from handler.core.expressions.template import Problem
from handler.core.suggestions import closest


def unknown_stages(document: Document, deployed: Collection[str]) -> Iterator[Problem]:
    """Yield the stages that are probably meant to be one of those that are deployed."""
    whole = document.value if isinstance(document.value, dict) else {}
    own = whole.get("sources")
    yield from _of_block(whole, (), deployed)
    for name, block in own.items() if isinstance(own, dict) else ():
        yield from _of_block(block, ("sources", name), deployed)


def _of_block(block: object, path: Path, deployed: Collection[str]) -> Iterator[Problem]:
    variables = block.get("vars") if isinstance(block, dict) else None
    given = list(variables) if isinstance(variables, dict) else []
    free = [one for one in deployed if one not in given]
    for stage in given:
        if stage not in deployed and (meant := _meant(stage, free)):
            text = f"no deployment of samconfig.toml has the stage {stage}; did you mean {meant}?"
            yield (*path, "vars", stage), text


def _meant(stage: str, free: Collection[str]) -> str | None:
    """Return the stage that is meant: one that begins alike, else the one most alike."""
    name = stage.lower()
    begun = (one for one in free if name.startswith(one) or one.startswith(name))
    return next(begun, None) or closest(name, free)
