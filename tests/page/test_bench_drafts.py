"""A text that is loaded in pieces says what it says as a whole, edit by edit."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from handler.core.errors import Finding, RulesError
from handler.core.rules.load import load
from handler.core.rules.source import Source
from relay.page.bench.drafts import Draft, Drafts, Setting, source_of
from relay.page.bench.pieces import Pieces
from relay.paths import PROJECT

SHOPIFY = Setting("shopify.yaml", "shopify", "dev")
TEXT = (PROJECT / "tests" / "rules" / "shopify.yaml").read_text(encoding="utf-8")
BROKEN = sorted((PROJECT / "tests" / "broken").glob("*.yaml"))
# What one types over, and deletes: characters that YAML, a template or an expression is made of.
TYPED = ["", "a", " ", "\n", ":", "'", '"', "${", "}", "[", "#", "- ", "  - name: more\n", "|", "`"]


def whole(text: str, setting: Setting = SHOPIFY) -> Source | tuple[Finding, ...]:
    try:
        return load(setting.source, text, setting.file, setting.stage, setting.reach)
    except RulesError as error:
        return error.findings


def in_pieces(draft: Draft) -> Source | tuple[Finding, ...]:
    if draft.mistakes:
        return draft.mistakes
    assert draft.source is not None
    return draft.source


def same(found: Source | tuple[Finding, ...]) -> Source | set[Finding]:
    return replace(found, version="") if isinstance(found, Source) else set(found)


@pytest.mark.parametrize("file", BROKEN, ids=lambda one: one.stem)
def test_a_file_with_a_mistake_has_the_mistakes_of_the_loader(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    setting = Setting(file.name, file.stem, "dev")
    assert same(in_pieces(Drafts().draft(text, setting))) == same(whole(text, setting))


@pytest.mark.parametrize("seed", range(4))
def test_edits_one_after_the_other_load_as_each_whole_text_does(seed: int) -> None:
    chance, drafts, text = random.Random(seed), Drafts(), TEXT  # noqa: S311 - repeated
    for _ in range(40):
        at = chance.randrange(len(text))
        edited = text[:at] + chance.choice(TYPED) + text[at + chance.choice([0, 0, 1, 5]) :]
        expected = whole(edited)
        draft = drafts.draft(edited, SHOPIFY)
        if isinstance(expected, Source):
            assert same(in_pieces(draft)) == same(expected)
            text = edited  # the next edit goes on from here
        else:
            assert draft.mistakes


def test_a_mistake_in_one_rule_leaves_the_others_to_be_tried() -> None:
    draft = Drafts().draft(TEXT.replace("priority: low", "priorty: low"), SHOPIFY)
    (mistake,) = draft.mistakes
    assert "did you mean priority?" in mistake.message
    assert draft.source is not None
    assert [one.name for one in draft.source.rules] == ["order-confirmation", "order-counted"]
    assert draft.left_out == 1


def test_mistakes_move_with_their_rule() -> None:
    drafts, wrong = Drafts(), TEXT.replace("priority: low", "priorty: low")
    (before,) = drafts.draft(wrong, SHOPIFY).mistakes
    (after,) = drafts.draft(wrong.replace("vars:\n", "\n\nvars:\n"), SHOPIFY).mistakes
    assert after.line == before.line + 2


def test_a_mistake_above_the_rules_is_found_alone() -> None:
    text = TEXT.replace("preset: shopify", "preset: shopfy").replace("priority:", "priorty:")
    draft = Drafts().draft(text, SHOPIFY)
    assert draft.source is None
    assert "shopify" in draft.mistakes[0].message


def test_two_rules_of_one_name_are_a_mistake_as_they_are_for_the_loader() -> None:
    drafts = Drafts()
    drafts.draft(TEXT, SHOPIFY)
    twins = TEXT.replace("name: welcome", "name: order-confirmation")
    assert set(drafts.draft(twins, SHOPIFY).mistakes) == same(whole(twins))


def counted(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the rules of each load from now on."""
    loaded: list[list[str]] = []

    def counting(name: str, text: str, *rest: object) -> Source:
        source = load(name, text, *rest)  # type: ignore[arg-type] # as it was called
        loaded.append([one.name for one in source.rules])
        return source

    monkeypatch.setattr("relay.page.bench.drafts.load", counting)
    return loaded


def test_only_the_rule_that_has_changed_is_loaded_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = Drafts()
    drafts.draft(TEXT, SHOPIFY)
    loaded = counted(monkeypatch)
    drafts.draft(TEXT.replace("Order ${body.name}", "No. ${body.name}"), SHOPIFY)
    assert loaded == [["order-confirmation"]]


HEAD = [
    ("order_confirmation: 417220e4", "order_confirmation: 417220e5"),
    ("    welcome: 5a8d0f2e-93b1-4c62-8a7f-1d3b6e0c9f24\n", ""),
    ("vars:\n", "# a comment\nvars:\n"),
    ("  dev:\n", "  dev:\n    unused: null\n"),
    ("${vars.welcome}", "${vars.unused}"),
    ("    unused: null\n", ""),
    ("vars:\n", "vars: {}\n#"),
    ("vars.order_confirmation", 'vars."order_confirmation"'),
    ("secret: shopify ", "secret: other "),
    ("rules:\n", "define: {mail: '${vars.order_confirmation}'}\nrules:\n"),
    ("  prod:\n", "  live:\n"),
]


def test_edits_above_the_rules_load_as_each_whole_text_does() -> None:
    drafts, texts = Drafts(), [TEXT]
    for old, new in HEAD:
        texts += [texts[-1].replace(old, new), TEXT.replace(old, new)]
    for text in [*texts, *reversed(texts)]:
        expected, draft = whole(text), drafts.draft(text, SHOPIFY)
        if isinstance(expected, Source):
            assert same(in_pieces(draft)) == same(expected)
        else:
            assert set(draft.mistakes) <= set(expected)
            assert draft.mistakes


def test_a_variable_loads_the_rules_alone_that_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = Drafts()
    drafts.draft(TEXT, SHOPIFY)
    loaded = counted(monkeypatch)
    drafts.draft(TEXT.replace("welcome: 5a8d0f2e", "welcome: 6a8d0f2e"), SHOPIFY)
    assert loaded[-1] == ["welcome"]
    assert len(loaded) <= 2


@pytest.mark.parametrize(
    "text",
    ["", "rules: []", "rules: [{name: a}]", "rules:\n", "rules:\n  - a\nrules:\n  - b\n"],
)
def test_what_is_not_written_in_blocks_has_no_pieces(text: str) -> None:
    assert Pieces.of(text) is None
    assert Drafts().draft(text, SHOPIFY).mistakes == whole(text)


def test_an_event_goes_to_its_own_source_where_the_file_has_it() -> None:
    many = TEXT.replace("rules:\n", "sources:\n  eu: {}\n  us: {}\nrules:\n")
    assert source_of(TEXT, "shopify", "eu") == "shopify"
    assert source_of(many, "shopify", "us") == "us"
    assert source_of(many, "shopify", "other") == "eu"
