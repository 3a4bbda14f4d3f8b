"""`relay init`: writes a first rules file of a source, with a sample and a case for each rule."""

import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from handler.core.suggestions import closest
from handler.core.verification.presets.catalogue import PRESETS
from handler.rules_directory import RESERVED
from relay.console.options import RulesOption
from relay.paths import EVENTS, RULES
from relay.rules.case_file import CASES
from relay.rules.check.target_ids import is_id
from relay.rules.names import read_names
from relay.scaffold.sender_side import instructions
from relay.scaffold.starter import STAGES, Scaffold, StarterFolders, StarterTarget, scaffold
from relay.stacks.selection import RELAY
from relay.webhooks.samples import shown_folder

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
NAMES: Final = "takes small letters, digits and dashes: it is a part of the sender's URL"
_WIDTH: Final = 80
_LABEL: Final = 9  # columns of the words before an instruction


def init(
    source: Annotated[
        str, typer.Argument(help="Name of the new source, as in its URL.", metavar="SOURCE")
    ],
    preset: Annotated[
        str | None,
        typer.Option(help="Preset of its sender (`relay sources`); by default SOURCE."),
    ] = None,
    *,
    campaign: Annotated[
        list[str] | None,
        typer.Option(help="Campaign to trigger: its API identifier, or STAGE=ID; repeatable."),
    ] = None,
    canvas: Annotated[list[str] | None, typer.Option(help="Canvas to trigger, likewise.")] = None,
    rules: RulesOption = RULES,
) -> None:
    """Write a first rules file, sample and case of a source, from its sender's preset.

    Asks for the campaign or Canvas of each stage. Without a terminal, and where
    nothing is entered, sample ids are written, which no deployment takes. No file
    is ever overwritten.

    Example: relay init billing --preset stripe

    Exit codes: 0 written, 1 one of the files or the source is there already,
    2 usage
    """
    chosen = _preset(source, preset)
    if not is_name(source):
        raise typer.BadParameter(NAMES, param_hint="SOURCE")
    target = given(campaign or [], canvas or [])
    if target is None:
        target = asked(_prompted) if sys.stdin.isatty() else StarterTarget()
    if source in read_names(rules).sources:
        _refuse([f"{shown_folder(rules)} has a source {source}"])
    made = scaffold(source, chosen, target, StarterFolders(rules, EVENTS, CASES))
    _refuse([f"{_shown(file)} exists" for file in made.files if file.exists()])
    try:
        write(made.files)
    except OSError as error:
        _refuse([f"{error.filename}: {error.strerror}"])
    for file in reversed(list(made.files)):
        typer.echo(f"written: {_shown(file)}")
    typer.echo("\n".join(["", *at_the_sender(source, chosen, made), "", *_next(made, target)]))


def is_name(source: str) -> bool:
    """Return whether a new source may have this name."""
    return _NAME.fullmatch(source) is not None and source not in RESERVED


def _preset(source: str, preset: str | None) -> str:
    """Return the preset of the options; end the command where there is none of that name."""
    name = preset or source.replace("-", "_")
    if name in PRESETS:
        return name
    near = closest(name, PRESETS)
    meant = f"; did you mean {near}?" if near else f" (there are: {', '.join(PRESETS)})"
    by_hand = "a sender without one is written by hand: docs/sources.md, Written by hand"
    raise typer.BadParameter(f"there is no preset {name}{meant}; {by_hand}", param_hint="--preset")


def given(campaigns: Iterable[str], canvases: Iterable[str]) -> StarterTarget | None:
    """Return the target that the options give, None where they give none."""
    both = {"--campaign": list(campaigns), "--canvas": list(canvases)}
    if all(both.values()):
        raise typer.BadParameter("--campaign and --canvas exclude each other")
    for option, texts in both.items():
        if texts:
            return StarterTarget(_by_stage(texts, option), is_canvas=option == "--canvas")
    return None


def _by_stage(texts: Iterable[str], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        stage, equals, identifier = text.rpartition("=")
        if (equals and stage not in STAGES) or not is_id(identifier):
            form = "417220e4-5a2a-b634-7f7d-9ec891532368, say, or dev=... and prod=..."
            raise typer.BadParameter(f"takes an API identifier: {form}", param_hint=option)
        found |= dict.fromkeys([stage] if equals else STAGES, identifier)
    return found


def asked(ask: Callable[[str, str], str]) -> StarterTarget:
    """Return the target that a person enters: `ask` gets a question and its default answer."""
    question = "Does it trigger a campaign or a canvas?"
    while (kind := ask(question, "campaign").strip().lower()) not in ("campaign", "canvas"):
        typer.echo("answer campaign or canvas; its API identifier is asked for next")
    ids = {stage: _asked_id(ask, kind, stage) for stage in STAGES}
    return StarterTarget(ids, is_canvas=kind == "canvas")


def _asked_id(ask: Callable[[str, str], str], kind: str, stage: str) -> str:
    question = f"API identifier of the {kind} in {stage} (Enter: later)"
    while (answer := ask(question, "").strip()) and not is_id(answer):
        looks = "an API identifier looks like 417220e4-5a2a-b634-7f7d-9ec891532368"
        typer.echo(f"{looks}: Braze's dashboard shows it with the campaign or Canvas")
    return answer


def _prompted(question: str, default: str) -> str:
    return str(typer.prompt(question, default=default, show_default=bool(default)))


def _refuse(reasons: list[str]) -> None:
    if reasons:
        there = "; ".join(reasons)
        typer.echo(f"nothing is written, and nothing overwritten: {there}", err=True)
        raise typer.Exit(1)


def write(files: Mapping[Path, str]) -> None:
    """Write new files, all or none; raise OSError, FileExistsError where one is there."""
    made: list[Path] = []
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                made.append(path)
                file.write(text)
    except OSError:
        for path in made:
            path.unlink()
        raise


def at_the_sender(source: str, preset: str, made: Scaffold) -> Iterator[str]:
    """Yield what to enter on the sender's side, in lines of 80 columns."""
    row = instructions(preset)
    yield f"At the sender ({PRESETS[preset]['document']}):"
    yield from _line("where", row["at the sender"])
    yield from _line("URL", f"https://.../webhooks/{source}")
    yield from _line("", f"`{RELAY} urls` prints it whole, once it is deployed")
    yield from _line("", "before that, a tunnel to this machine: docs/first-source.md")
    types = dict.fromkeys(one for rule in made.rules for one in rule.types)
    yield from _line("events", ", ".join(types))
    yield from _line("secret", row["the secret"])
    yield from _line("", f"{RELAY} secrets set --source {source}")
    yield from _line("to know", row["to know"])


def _line(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"  {label:<{_LABEL}}",
        subsequent_indent=" " * (_LABEL + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _next(made: Scaffold, target: StarterTarget) -> Iterator[str]:
    sample, *_, rules = made.files
    if target.undecided:
        ids = "Sample ids stand" if len(target.undecided) > 1 else "A sample id stands"
        stages = " and ".join(target.undecided)
        kind = "Canvas" if target.is_canvas else "campaign"
        yield f"{ids} under vars of {stages} in {_shown(rules)}:"
        yield f"no deployment takes them. Write the API identifiers of your {kind} there,"
        cases = "cases" if len(made.rules) > 1 else "case"
        yield f"then those into the {cases}: {RELAY} rules test --update"
        yield ""
    yield "Next:"
    yield f"  {RELAY} rules check"
    yield f"  {RELAY} rules explain {sample.stem}"
    yield f"  {RELAY} rules test"
    yield "  make run"
    yield f"  {RELAY} send {sample.stem} --new   (in another terminal)"
    yield "From a sender to a tested rule: docs/first-source.md"


def _shown(file: Path) -> Path:
    return shown_folder(file.parent) / file.name
