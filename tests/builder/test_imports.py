"""The import graph: whatever way and wherever in its text a module imports another, it is found."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.errors import BuildFailed
from builder.imports import Modules


def modules(folder: Path, *left_out: str, **texts: str) -> Modules:
    """Return modules of these names, in which __ is a dot; all before the last one are packages."""
    for name, text in texts.items():
        file = folder.joinpath(*name.split("__")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        for above in file.relative_to(folder).parents:
            (folder / above / "__init__.py").touch()
        file.write_text(text, encoding="utf-8")
    (folder / "__init__.py").unlink(missing_ok=True)
    return Modules([folder], "ours", left_out)


def needed(found: Modules, entry: str = "ours.entry") -> set[str]:
    paths = {".".join(it.with_suffix("").parts) for it in found.needed(entry).all}
    return {name for name in paths if not name.endswith("__init__")} - {entry}


@pytest.mark.parametrize(
    "text",
    [
        "import lib.it",
        "import lib.it as other, sys",
        "from lib import it",
        "from lib.it import name",
        "from lib.it import *",
        "def later():\n    from lib import it",
        "class A:\n    async def later(self):\n        import lib.it",
        "try:\n    import lib.it\nexcept ImportError:\n    pass",
        "if TYPE_CHECKING:\n    pass\nelse:\n    import lib.it",
        "from importlib import import_module\nimport_module('lib.it')",
        "__import__('lib.it')",
        "from importlib.resources import files\nfiles('lib')",
    ],
)
def test_every_way_of_importing_is_seen(tmp_path: Path, text: str) -> None:
    assert needed(modules(tmp_path, ours__entry=text, lib__it="")) == {"lib.it"}


@pytest.mark.parametrize("test", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_what_is_imported_for_type_checkers_alone_is_not_needed(tmp_path: Path, test: str) -> None:
    text = f"if {test}:\n    import lib.it\n    import nowhere"
    assert needed(modules(tmp_path, ours__entry=text, lib__it="")) == set()


@pytest.mark.parametrize(
    "text", ["from . import it", "from .it import x", "from ..ours import it", "import ours.it"]
)
def test_relative_imports_are_resolved(tmp_path: Path, text: str) -> None:
    assert needed(modules(tmp_path, ours__entry=text, ours__it="", ours__no="")) == {"ours.it"}


@pytest.mark.parametrize(
    "text",
    [
        "__import__('region_%s' % code, globals(), locals(), fromlist=['A'], level=1)",
        "from importlib import import_module\nimport_module(f'.{name}', package=here)",
        "import importlib\nimportlib.import_module(f'{__name__}.{name}')",
    ],
)
def test_of_names_that_are_computed_beside_a_module_all_are_needed(
    tmp_path: Path, text: str
) -> None:
    found = modules(
        tmp_path,
        ours__entry="import lib.tables.load",
        lib__tables__load=text,
        lib__tables__a="",
        lib__tables__b="",
        lib__other="",
    )
    assert needed(found) == {"lib.tables.load", "lib.tables.a", "lib.tables.b"}
    often = {it.stem for it in found.needed("ours.entry").often}
    assert often == {"entry", "load", "__init__"}


def test_what_only_a_rarely_loaded_module_needs_is_needed_and_not_often(tmp_path: Path) -> None:
    rare = "import lib.both, lib.rare"
    text = "import lib.both\ndef later():\n    import ours.rare"
    found = modules(tmp_path, ours__entry=text, ours__rare=rare, lib__both="", lib__rare="")
    assert needed(found) == {"ours.rare", "lib.both", "lib.rare"}
    often = {str(it) for it in found.needed("ours.entry", ["ours.rare"]).often}
    assert often == {"ours/__init__.py", "ours/entry.py", "lib/__init__.py", "lib/both.py"}


LAZY = """
from importlib import import_module
TABLE = {"Model": (__spec__.parent, ".main"), "Old": (__spec__.parent, ".legacy")}
def __getattr__(name):
    return getattr(import_module(TABLE[name][1], package=TABLE[name][0]), name)
"""


def test_of_a_package_that_loads_names_when_they_are_asked_for_only_those_are_needed(
    tmp_path: Path,
) -> None:
    found = modules(
        tmp_path, ours__entry="from lib import Model", lib__main="", lib__legacy="", lib__x=""
    )
    (tmp_path / "lib" / "__init__.py").write_text(LAZY, encoding="utf-8")
    assert needed(found) == {"lib.main"}


def test_what_is_left_out_is_so_with_all_below_it(tmp_path: Path) -> None:
    texts = {"lib__big__one": "import lib.rest", "lib__rest": "", "lib__bigger": ""}
    text = "def later():\n    import lib.big.one, lib.bigger"
    assert needed(modules(tmp_path, "lib.big", ours__entry=text, **texts)) == {"lib.bigger"}
    assert needed(modules(tmp_path, "lib.big*", ours__entry=text, **texts)) == set()


def test_an_import_of_ours_that_is_nowhere_is_refused_and_one_of_a_library_may_be(
    tmp_path: Path,
) -> None:
    modules(tmp_path, ours__entry="import lib.it, boto3, json", lib__it="import nowhere")
    assert needed(Modules([tmp_path], "ours")) == {"lib.it"}
    (tmp_path / "ours" / "entry.py").write_text("def later():\n    import nowhere")
    with pytest.raises(BuildFailed, match=r"^ours.entry imports nowhere, which neither src/req"):
        Modules([tmp_path], "ours").needed("ours.entry")


NAMES = ("entry", "a", "b", "c", "d")
FORMS = (
    "import ours.{0}",
    "from ours import {0}",
    "from ours.{0} import name",
    "from . import {0}",
    "from .{0} import name",
    "def later():\n    import ours.{0}",
    "class It:\n    def later(self):\n        from .{0} import name",
    "with open(here):\n    import ours.{0} as it",
    "import_module('ours.{0}')",
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(NAMES),
        st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(FORMS)), max_size=4),
    )
)
def test_what_is_needed_is_what_can_be_reached(
    tmp_path: Path, edges: dict[str, list[tuple[str, str]]]
) -> None:
    found = modules(
        tmp_path,
        **{
            f"ours__{name}": "\n".join(form.format(to) for to, form in edges.get(name, []))
            for name in NAMES
        },
    )
    reached, waiting = set(), ["entry"]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [to for to, _ in edges.get(name, [])]
    assert needed(found) == {f"ours.{name}" for name in reached - {"entry"}}
