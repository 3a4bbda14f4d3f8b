"""Options that select a stack and its letters, shared by all commands of this package."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Annotated, Any, Final

import typer

from handler.core.models import Delivery
from relay.console.format import period
from relay.dead_letters.letter import NAMES, REASONS, Kind, Letter
from relay.paths import RULES
from relay.rules.names import Names, read_names, suggestion
from relay.stacks.ledger import DeliveryRecord, Ledger
from relay.stacks.selection import ConfigEnv, LocalOption, LocalPort, Operated, StackName, operated

_INTERRUPTED: Final = 130
_LEAST: Final = 4  # characters of an id
Command = Callable[..., int]


@dataclass(frozen=True, slots=True)
class LetterCriteria:
    """A selection of letters: those that match all criteria. Times are in epoch seconds."""

    kind: Kind
    reasons: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    since: int | None = None
    until: int | None = None
    ids: tuple[str, ...] = ()
    limit: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether there is no criterion."""
        return self == LetterCriteria(self.kind)

    def takes(self, letter: Letter) -> bool:
        """Return whether a letter matches; the limit is applied elsewhere."""
        return (
            letter.kind == self.kind
            and self._names(letter)
            and (self.since is None or letter.accepted_at >= self.since)
            and (self.until is None or letter.accepted_at < self.until)
        )

    def _names(self, letter: Letter) -> bool:
        rule = {letter.rule, f"{letter.source}/{letter.rule}"}
        return (
            (not self.reasons or letter.reason in self.reasons)
            and (not self.sources or letter.source in self.sources)
            and (not self.rules or not self.rules.isdisjoint(rule))
            and (not self.ids or letter.id.startswith(self.ids))
        )


@dataclass(frozen=True, slots=True)
class SelectedLetters:
    """The stack and the letters that a command's options select.

    `options` name the stack, for commands that are printed; `was_interrupted` is not empty once
    the operator has interrupted the command.
    """

    stack: Operated
    choice: LetterCriteria
    options: str
    was_interrupted: list[bool] = field(default_factory=list)

    @property
    def ledger(self) -> Ledger:
        """The ledger of the stack."""
        return Ledger(self.stack.client("dynamodb"), self.stack.outputs["LedgerTable"])

    def records(self, letters: Iterable[Letter]) -> dict[str, DeliveryRecord]:
        """Return the ledger's records of the letters' deliveries, by message id."""
        ids = {
            each.message_id: self.ledger.under(each.content).id
            for each in letters
            if isinstance(each.content, Delivery)
        }
        found = self.ledger.deliveries(ids.values())
        return {message_id: found[one] for message_id, one in ids.items() if one in found}


def with_ids(chosen: SelectedLetters, ids: list[str] | None) -> SelectedLetters:
    """Return the selection, of which the letters whose ids begin so; all of it without any.

    What `--id` gives is added to it.
    """
    if not ids:
        return chosen
    both = (*chosen.choice.ids, *_prefixes(ids))
    return replace(chosen, choice=replace(chosen.choice, ids=both))


def _prefixes(ids: list[str]) -> tuple[str, ...]:
    """Return beginnings of ids; an empty one, from an unset variable, would match all."""
    for one in ids:
        if len(one) < _LEAST:
            raise typer.BadParameter(f"'{one}': give at least {_LEAST} letters of an id")
    return tuple(one.lower() for one in ids)


def _reasons(given: list[str], kind: Kind) -> frozenset[str]:
    """Return the reasons; one that no letter can have would match none, as if all were well."""
    known = sorted(map(str, REASONS[kind]))
    for one in given:
        if one not in known:
            meant = suggestion(one, known) or f": {', '.join(known)}"
            raise typer.BadParameter(
                f"no {NAMES[kind]} has the reason {one}{meant}", param_hint="--reason"
            )
    return frozenset(given)


def _options(  # noqa: PLR0913 - the options of a command
    *,
    kind: Kind,
    reason: Annotated[list[str] | None, typer.Option(help="Only this reason; repeatable.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source; repeatable.")] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help="Only this rule, RULE or SOURCE/RULE; repeatable.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Webhook accepted since: 2h, 3d, or an ISO 8601 time.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Webhook accepted before: likewise.")] = None,
    delivery: Annotated[
        list[str] | None, typer.Option("--id", help="Only ids that begin so; repeatable.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many.")] = None,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    local: LocalOption = False,
    port: LocalPort = None,
) -> SelectedLetters:
    """Return the selection; raise typer.BadParameter for no such stack, or text that is no time."""
    choice = LetterCriteria(
        kind,
        _reasons(reason or [], kind),
        frozenset(source or ()),
        frozenset(rule or ()),
        *period(since, until),
        _prefixes(delivery or []),
        limit,
    )
    stack = operated(stack_name, config_env, local=local, port=port)
    named = {"--stack-name": stack_name, "--config-env": config_env, "--port": port}
    return SelectedLetters(stack, choice, _written(named, local=local))


def _written(named: Mapping[str, str | int | None], *, local: bool) -> str:
    """Return the options that name the stack, as given."""
    options = "".join(f" {name} {value}" for name, value in named.items() if value)
    return f"{options} --local" if local else options


def choosing(kind: Kind) -> Callable[[Command], Callable[..., None]]:
    """Give a command the selection options; its first parameter is the selection.

    The command returns its exit code; an interrupted command exits with 130.
    """
    shared = list(inspect.signature(_options).parameters.values())[1:]

    def wrapped(command: Command) -> Callable[..., None]:
        own = list(inspect.signature(command).parameters.values())[1:]

        @wraps(command)
        def run(*_: object, **given: Any) -> None:
            chosen = _options(kind=kind, **{one.name: given.pop(one.name) for one in shared})
            code = command(chosen, **given)
            raise typer.Exit(_INTERRUPTED if chosen.was_interrupted else code)

        keyword = inspect.Parameter.KEYWORD_ONLY
        parameters = [one.replace(kind=keyword) for one in (*own, *shared)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined] # as inspect reads it
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        return run

    return wrapped


def say_strangers(choice: LetterCriteria) -> None:
    """Report selected sources and rules that the project's rules do not have.

    It is called where no letter was found. It may be no mistake: letters outlive their rules.
    """
    for words in unknown_names(choice, read_names(RULES)):
        typer.echo(words, err=True)


def unknown_names(choice: LetterCriteria, names: Names) -> Iterator[str]:
    """Yield what may be wrong with a selection; nothing where some rules cannot be read."""
    if names.unread:
        return
    rules = sorted({one for source, rule in names.rules for one in (rule, f"{source}/{rule}")})
    for kind, given, known in (
        ("source", choice.sources, names.sources),
        ("rule", choice.rules, rules),
    ):
        for one in sorted(given.difference(known)):
            yield f"{RULES.name} knows no {kind} {one}{suggestion(one, known)}"
