"""Build step: compiles the rules of a package, for every stage that they name.

    PYTHONPATH=src .venv/bin/python -m handler.rules_build build/package/rules

The folder holds the rules files; the file of compiled rules is written beside them. The code that
compiles is the code that reads: the package holds a copy of it. The functions never run this.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from handler import workspaces
from handler.compiled_rules import FILE, code, rules_files
from handler.core.errors import Finding, RulesError
from handler.core.rules.encode_source import NotEncodable, Variant, write_compiled
from handler.core.rules.load import names, stages
from handler.core.rules.source import Source
from handler.rules_directory import files, read
from handler.workspaces import shown, text_of


def write(directory: Path) -> None:
    """Write the file of compiled rules into a folder of rules files.

    Raise RulesError with every mistake in them, and NotEncodable; there is no file then.
    """
    file = directory / FILE
    file.unlink(missing_ok=True)
    file.write_bytes(compiled(directory))


def compiled(directory: Path) -> bytes:
    """Return the content of that file; raise RulesError and NotEncodable."""
    return write_compiled(variants(directory), rules_files(directory), code())


def variants(directory: Path) -> list[Variant]:
    """Return what each source is, in each stage that its file has `vars` for.

    Raise RulesError with every mistake, in whichever stage; broadcasts are not one, for another
    deployment may allow them.
    """
    by_name = dict(_stages(directory))
    every = dict.fromkeys(stage for those in by_name.values() for stage in those) or {"": None}
    for stage in every:
        workspaces.read(directory, None, stage or None)
    loaded = {stage: _both(directory, stage) for stage in every}
    any_stage, *_ = loaded
    made = [
        Variant(name, stage, *(one[name] for one in loaded[any_stage if stage is None else stage]))
        for name in loaded[any_stage][0]
        for stage in by_name.get(name) or (None,)
    ]
    if wrong := list(_findings(made)):
        raise RulesError(wrong)
    return made


def _stages(directory: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the sources of files that can be read, with the stages that they have `vars` for."""
    for file in files(directory):
        with suppress(RulesError):
            text = text_of(file)
            for name in names(file.stem, text, shown(file)):
                yield name, stages(name, text, shown(file))


def _both(directory: Path, stage: str) -> list[Mapping[str, Source | RulesError]]:
    """Return the sources without broadcasts, and with them, which only lifts refusals."""
    without = read(directory, stage)
    if all(isinstance(one, Source) for one in without.values()):
        return [without, without]
    return [without, read(directory, stage, broadcasts=True)]


def _findings(made: Sequence[Variant]) -> Iterator[Finding]:
    """Yield the mistakes of sources, each once; those of only some stages name the stages."""
    found: dict[Finding, list[Variant]] = {}
    for one in made:
        wrong = one.broadcasting
        for finding in wrong.findings if isinstance(wrong, RulesError) else ():
            found.setdefault(finding, []).append(one)
    for finding, those in found.items():
        of_stages = dict.fromkeys(one.stage for one in those)
        sources = {one.name for one in those}
        is_of_all = {one.stage for one in made if one.name in sources} == of_stages.keys()
        of = "" if is_of_all else f" (stage {' and '.join(map(str, of_stages))})"
        yield replace(finding, message=f"{finding.message}{of}")


def main(arguments: list[str]) -> int:
    """Compile the rules of a folder.

    Return 1 where they have mistakes, which are printed with their places, 2 without a folder.
    """
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        sys.stderr.write("name the folder of rules files in the package\n")
        return 2
    try:
        write(Path(arguments[0]))
    except RulesError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except NotEncodable as error:  # the function loads the rules files, as without this step
        sys.stderr.write(f"the rules are not compiled, and each start is slower: {error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
