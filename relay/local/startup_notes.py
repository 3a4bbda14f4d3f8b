"""Mistakes in a rules folder and its secrets, printed before the first webhook comes."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from handler.core.configuration.secret_forms import is_secret
from handler.core.errors import RulesError
from handler.core.rules.source import Source
from handler.core.suggestions import closest


def remarks(
    rules: Path, sources: Mapping[str, Source | RulesError], secrets: Mapping[str, object]
) -> Iterator[str]:
    """Yield a line for each mistake; the other sources are served all the same."""
    for file in sorted(rules.glob("*.yml")):
        yield f"{file}: not served; name it {file.stem}.yaml"
    for name, source in sources.items():
        if isinstance(source, RulesError):
            yield f"{source}\n{name} answers 503 until this is mended"
    keys = {one.secret: name for name, one in sources.items() if isinstance(one, Source)}
    yield from missing_secrets(sources, secrets)
    for key in secrets.keys() - keys.keys() - sources.keys():
        if is_secret(key):
            yield "a name among the secrets looks like a secret itself: names stand first"
            continue
        near = closest(key, keys)
        yield f"no source has the signing secret {key}" + (
            f"; did you mean {near}?" if near else ""
        )


def missing_secrets(
    sources: Mapping[str, Source | RulesError], secrets: Mapping[str, object]
) -> Iterator[str]:
    """Yield a line for each source whose signing secret is not among those given."""
    for source in sources.values():
        if isinstance(source, Source) and source.secret not in secrets:
            yield f"{source.name} answers 503: there is no signing secret {source.secret}"
