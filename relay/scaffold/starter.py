"""A preset's starter: the rules file, the samples and the cases that a new source begins with."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from handler.core.rules.load import load
from handler.core.rules.source import Rule, Source
from relay.paths import PROJECT
from relay.rules.cases.result import asked, outcome
from relay.rules.webhooks import Given, planned
from relay.rules.yaml_text import written
from relay.webhooks.samples import Sample

STAGES: Final = ("dev", "prod")
_CASES_STAGE: Final = "dev"  # whose `vars` cases expect
_TEXTS: Final = Path(__file__).parent / "starters"
# Sample ids of this project, which no deployment takes (relay/rules/check/target_ids.py).
_CAMPAIGNS: Final = {
    "dev": "417220e4-5a2a-b634-7f7d-9ec891532368",
    "prod": "8a1f6e6b-3f5c-4c0e-9d11-0c6f4f2b7a55",
}
_CANVASES: Final = {
    "dev": "2f9c7b16-6d40-4e8b-a3f5-90c1e7d2b864",
    "prod": "e41d08a7-b35c-49f2-8c6e-5a7f13b9d020",
}
# By preset and further rule of its starter: the headers in which its sample is another than the
# first rule's.
_FURTHER: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("shopify", "order-counted"): {
        "x-shopify-topic": "orders/paid",
        "x-shopify-webhook-id": "5b2c74d3-9e30-4d2d-8c21-814b21814c23",
    },
}
# Where a campaign has its properties, a Canvas has its context.
_OF_CANVASES: Final = {"campaign_id:": "canvas_id:", "trigger_properties": "context"}


@dataclass(frozen=True, slots=True)
class StarterTarget:
    """The campaign or Canvas that a rule triggers: its identifier in each stage.

    A stage without one gets a sample id, which `relay deploy` refuses with its line.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    is_canvas: bool = False

    def id(self, stage: str) -> str:
        """Return the identifier of a stage."""
        return self.ids.get(stage) or (_CANVASES if self.is_canvas else _CAMPAIGNS)[stage]

    @property
    def undecided(self) -> list[str]:
        """The stages that have a sample id."""
        return [stage for stage in STAGES if not self.ids.get(stage)]


@dataclass(frozen=True, slots=True)
class StarterFolders:
    """The folders of rules files, samples and cases."""

    rules: Path
    events: Path
    cases: Path


@dataclass(frozen=True, slots=True)
class Scaffold:
    """The files of a new source, by path, and the rules that they hold.

    The first one is the sample of the first rule. The rules file is the last one: a stack that
    reloads it finds its samples there already.
    """

    files: Mapping[Path, str]
    rules: Sequence[Rule]


def scaffold(source: str, preset: str, target: StarterTarget, folders: StarterFolders) -> Scaffold:
    """Return the files of a new source: a sample and a case for each rule."""
    rules = _rules(source, preset, target, folders.rules)
    loaded = load(source, rules, f"{source}.yaml", _CASES_STAGE)
    first = json.loads((_TEXTS / f"{preset}.json").read_text(encoding="utf-8"))
    files: dict[Path, str] = {}
    for rule in loaded.rules:
        headers = {**first["headers"], **_FURTHER.get((preset, rule.name), {})}
        sample = Sample(f"{source}-{rule.name}", source, headers, first["body"])
        given = {**first, "source": source, "headers": headers}
        text = json.dumps(given, indent=2, ensure_ascii=False)
        files[folders.events / f"{sample.name}.json"] = f"{text}\n"
        name = f"{'sends' if rule.kind == 'send' else 'tracks'}-{rule.name}.yaml"
        files[folders.cases / source / name] = _case(sample, loaded)
    return Scaffold({**files, folders.rules / f"{source}.yaml": rules}, loaded.rules)


def _case(sample: Sample, loaded: Source) -> str:
    expect = asked(outcome(planned(Given(sample), loaded)), None)
    return written({"webhook": {"event": f"events/{sample.name}.json"}, "expect": expect})


def _rules(source: str, preset: str, target: StarterTarget, folder: Path) -> str:
    text = (_TEXTS / f"{preset}.yaml").read_text(encoding="utf-8")
    ids = {f"{stage.upper()}_ID": target.id(stage) for stage in STAGES}
    words = ids | {"SOURCE": source} | (_OF_CANVASES if target.is_canvas else {})
    for word, meant in words.items():
        text = text.replace(word, meant)
    schema = os.path.relpath(PROJECT / "docs" / "rules.schema.json", folder)
    return f"# yaml-language-server: $schema={schema}\n{text}"
