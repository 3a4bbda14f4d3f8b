"""Findings about the stack for `relay doctor`. Pure: values in, findings out.

No finding shows a secret, not even a part of one or its length.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from handler.core.errors import RulesError
from handler.core.rules.compiled_file import NotUsable, read_compiled
from handler.core.rules.source import Source
from handler.core.secret_values import Secret
from relay.deploy.secrets import unusable
from relay.stacks.package import PackageContents, without_bytecode
from relay.stacks.selection import ChosenStack

_POLLING: Final = ("Enabled", "Enabling", "Creating", "Updating")


@dataclass(frozen=True, slots=True)
class StackProblem:
    """A problem of a deployed stack, and its remedy; only the level `error` is a fault."""

    level: Literal["error", "note"]
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.level}: {self.problem}\n  -> {self.remedy}"


def source_findings(
    sources: Mapping[str, Source | RulesError], secret: Secret, stack: ChosenStack
) -> Iterator[StackProblem]:
    """Yield each source that cannot verify its webhooks."""
    for name, source in sources.items():
        if isinstance(source, RulesError):
            yield StackProblem(
                "error", f"{name} does not load: {source}", f"mend it, then {stack.deploy}"
            )
        elif why := unusable(source, secret):
            problem = f"{name} answers 503: {why}"
            yield StackProblem("error", problem, stack.set_secret(source.secret))


def mapping_findings(
    mappings: Sequence[Mapping[str, Any]], queues: Sequence[str], stack: ChosenStack
) -> Iterator[StackProblem]:
    """Yield what keeps the worker from receiving the messages of the queues (their URLs)."""
    mapped = {str(one["EventSourceArn"]).rpartition(":")[2] for one in mappings}
    for name in (url.rpartition("/")[2] for url in queues):
        if name not in mapped:
            nobody = f"nothing takes deliveries out of {name}: the deliver function has no mapping"
            yield StackProblem("error", nobody, stack.deploy)
    for mapping in mappings:
        if mapping["State"] not in _POLLING:
            yield StackProblem(
                "error",
                f"deliveries wait in the queue: the event source mapping is {mapping['State']}",
                f"aws lambda update-event-source-mapping --uuid {mapping['UUID']} --enabled",
            )


def rules_findings(
    here: Mapping[str, bytes], there: Mapping[str, bytes], stack: ChosenStack
) -> Iterator[StackProblem]:
    """Yield how the rules files of the folder and of the deployed package differ."""
    differ = [name for name in here.keys() & there.keys() if here[name] != there[name]]
    for names, words, remedy in (
        (differ, "deployed rules differ from those here", stack.deploy),
        (here.keys() - there.keys(), "rules not deployed", stack.deploy),
        (
            there.keys() - here.keys(),
            "rules that are deployed and not here",
            f"bring back what is wanted, then {stack.deploy}",
        ),
    ):
        if names:
            yield StackProblem("error", f"{words}: {', '.join(sorted(names))}", remedy)


def compiled_findings(
    package: PackageContents, stage: str, stack: ChosenStack
) -> Iterator[StackProblem]:
    """Yield why the function loads its rules files, and does not read its compiled rules."""
    try:
        compiled = read_compiled(package.compiled)
        compiled.check(package.rules, package.code)
        compiled.sources(stage, broadcasts=True)
    except NotUsable as error:
        why = str(error) if package.compiled else "there are none"
        problem = f"each start of ingest is slower: its compiled rules are not used, for {why}"
        yield StackProblem("note", problem, stack.deploy)


def architecture_findings(
    packages: Mapping[str, PackageContents], architectures: Mapping[str, str], stack: ChosenStack
) -> Iterator[StackProblem]:
    """Yield the functions whose package does not fit their processor."""
    wrong: dict[tuple[str, str], list[str]] = {}
    for name, architecture in architectures.items():
        for machine in packages[name].machines - {architecture}:
            wrong.setdefault((machine, architecture), []).append(name)
    for (machine, architecture), names in wrong.items():
        yield StackProblem(
            "error",
            f"the package is built for {machine} and the functions run on {architecture}: "
            f"{', '.join(names)}",
            f"set Architecture in samconfig.toml once, under global, then {stack.deploy}",
        )


def bytecode_findings(
    packages: Mapping[str, PackageContents], runtimes: Mapping[str, str], stack: ChosenStack
) -> Iterator[StackProblem]:
    """Yield the functions that have no bytecode of their runtime, where that is one of Lambda's."""
    lacking: dict[str, list[str]] = {}
    for name, runtime in runtimes.items():
        if runtime.startswith("python") and runtime not in packages[name].runtimes:
            lacking.setdefault(runtime, []).append(name)
    for runtime, names in lacking.items():
        problem, remedy = without_bytecode(names, runtime)
        yield StackProblem("note", problem, f"{remedy}, then {stack.deploy}")


def alarm_findings(
    topics: Mapping[str, Sequence[str]], stack: ChosenStack, *, is_local: bool
) -> Iterator[StackProblem]:
    """Judge the alarm topics by their subscriptions' ARNs; a local stack needs none."""
    if not topics:
        yield StackProblem(
            "note",
            "no alarm reaches anybody: the stack has no SNS topic",
            "put an alarm of your own on the dead-letter queue: aws cloudwatch put-metric-alarm",
        )
    for topic, subscriptions in topics.items():
        # An unconfirmed subscription has a word in place of its ARN.
        if not any(subscription.startswith("arn:") for subscription in subscriptions):
            yield StackProblem(
                "note" if is_local else "error",
                f"no alarm reaches anybody: {topic} has no confirmed subscription",
                "none: this is the local stack" if is_local else _subscribe(topic, stack),
            )


def _subscribe(topic: str, stack: ChosenStack) -> str:
    return (
        f"set AlarmEmail in samconfig.toml, then {stack.deploy}; or aws sns subscribe "
        f"--topic-arn {topic} --protocol email --notification-endpoint YOU@EXAMPLE.COM; "
        "either way follow the link in the mail"
    )


def dead_letter_findings(count: int, url: str) -> Iterator[StackProblem]:
    """Yield a note on the number of dead letters."""
    if count:
        yield StackProblem(
            "note",
            f"about {count} dead letter{'s' if count > 1 else ''} waiting",
            "read the reasons (attribute `reason`): aws sqs receive-message "
            f"--queue-url {url} --message-attribute-names All --visibility-timeout 1",
        )
