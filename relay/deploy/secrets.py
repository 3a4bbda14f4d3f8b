"""`relay secrets`: sets signing secrets and Braze keys, without echo or shell history."""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import typer

from handler.aws.secrets import REFRESH_AFTER
from handler.core.configuration.schema_errors import NAME
from handler.core.configuration.secret_forms import is_secret
from handler.core.errors import RulesError, Unavailable, Unverified
from handler.core.models import Webhook
from handler.core.rules.source import Source
from handler.core.secret_values import Secret, signing_secrets
from handler.core.suggestions import closest
from handler.core.verification.verify import verify
from relay.console.options import RulesOption
from relay.paths import RULES
from relay.rules.permissions import DETAILS, permissions_of_key
from relay.stacks.cloudformation import client, outputs, stage_of
from relay.stacks.selection import ConfigEnv, StackName, chosen
from relay.webhooks.samples import sources_in


def unusable(source: Source, secret: Secret) -> str:
    """Return the verifier's objection to a source's secrets; empty where they are usable."""
    unsigned = Webhook(source.name, "POST", {}, "", b"", 0)
    try:
        verify(unsigned, source.scheme, signing_secrets(secret, source.secret))
    except Unverified:  # the secrets are usable; this webhook is rightly refused
        return ""
    except Unavailable as error:
        return str(error)
    return ""


MIN_BYTES: Final = 8  # of a signing secret; the verifier refuses shorter ones
READY: Final = REFRESH_AFTER + 1  # seconds until each function uses it: a read takes 1 s at most
Values = Mapping[str, str | list[str]]
Change = Literal["set", "rotate", "retire"]

app = typer.Typer(
    add_completion=False, help="Set signing secrets and Braze API keys of a deployed stack."
)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a stack's signing secrets with the sources that it verifies, or a Braze key."""

    stack_name: str
    arn: str
    name: str
    sources: tuple[Source, ...] = ()

    def __str__(self) -> str:
        what = "Signing secret" if self.sources else "Braze REST API key"
        return f"{what} of {self.name} in {self.stack_name}"


@app.callback()
def _group() -> None:
    pass  # keeps `set` a command of its own, though it is the only one


@app.command("set")
def set_secret(  # noqa: PLR0913 - the options of a command
    workspace: Annotated[
        str, typer.Argument(help="With --braze: the workspace.", metavar="WORKSPACE")
    ] = "default",
    *,
    braze: Annotated[bool, typer.Option("--braze", help="Set a Braze REST API key.")] = False,
    source: Annotated[str | None, typer.Option(help="Set this source's signing secret.")] = None,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Keep the old secrets beside the new one.")
    ] = False,
    retire: Annotated[bool, typer.Option("--retire", help="Keep only the newest secret.")] = False,
    stack_name: StackName = None,
    config_env: ConfigEnv = None,
    rules: RulesOption = RULES,
) -> None:
    """Set a Braze API key (--braze [WORKSPACE]) or a source's signing secret (--source NAME).

    The secret is typed without echo, or read from standard input.

    Example: relay secrets set --source shopify --rotate

    Exit codes: 0 set, 1 a rules file or AWS fails, 2 usage, no such stack, or a
    secret that cannot be used
    """
    if braze == (source is not None):
        raise typer.BadParameter("give either --braze [WORKSPACE] or --source NAME")
    if (rotate and retire) or (braze and (rotate or retire)):
        raise typer.BadParameter("--rotate and --retire exclude each other, and --braze")
    _find_secret_in_words(workspace, source)
    change: Change = "rotate" if rotate else "retire" if retire else "set"
    name = chosen(stack_name, config_env).stack_name
    arns = outputs(name, "BrazeKeysArn", "SigningSecretsArn")
    if source is None:
        entry = _Entry(name, arns["BrazeKeysArn"], workspace)
        typer.echo(_needed(permissions_of_key(workspace, rules, stage_of(name))), err=True)
    else:
        users = verified_by(source, sources_in(rules, stage_of(name)))
        entry = _Entry(name, arns["SigningSecretsArn"], source, users)
    _write(entry, change)


def _needed(permissions: Sequence[str]) -> str:
    """Return what a Braze key needs: it is asked for where it can still be made anew."""
    details = " and ".join(DETAILS)
    if not permissions:
        return f"no rule of --rules uses this key; give it {details} with what its rules will need"
    needed = ", ".join(permissions)
    return f"its rules need a key with {needed}, best with {details} too: no key can be changed"


def _find_secret_in_words(*names: str | None) -> None:
    """Refuse a secret among the words of the command: the shell records them."""
    for name in names:
        if name and (is_secret(name) or not re.fullmatch(NAME, name)):
            text = (
                "that is no name: give the secret itself only when it is asked for, or by standard"
                " input. If it was the secret, the shell has written it down: make a new one"
            )
            raise typer.BadParameter(text, param_hint="NAME")


def verified_by(secret: str, found: Mapping[str, Source | RulesError]) -> tuple[Source, ...]:
    """Return the sources that a signing secret verifies; end the command without one."""
    sources = [source for source in found.values() if isinstance(source, Source)]
    if users := tuple(source for source in sources if source.secret == secret):
        return users
    for source in found.values():
        if isinstance(source, RulesError):  # it may be the source that is meant
            raise source
    names = sorted({source.secret for source in sources})
    near = closest(secret, names)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(names)}"
    raise typer.BadParameter(f"no source has the signing secret {secret}; {hint}")


def changed(values: Values, name: str, change: Change, secret: str) -> dict[str, str | list[str]]:
    """Return the secret's JSON object after a change; `secret` counts for set and rotate only.

    Raise ValueError, with text for the operator, where there is nothing to rotate or retire.
    """
    old = values.get(name, [])
    kept = [old] if isinstance(old, str) else list(old)
    if change == "set":
        return {**values, name: secret}
    if not kept:
        raise ValueError(f"{name} has no secret yet; set one first")
    if change == "retire":
        return {**values, name: kept[0]}
    return {**values, name: list(dict.fromkeys([secret, *kept]))}


def _write(entry: _Entry, change: Change) -> None:
    manager, name = client("secretsmanager"), entry.name
    values = json.loads(manager.get_secret_value(SecretId=entry.arn)["SecretString"])
    secret = "" if change == "retire" else _asked(entry)
    try:
        new = changed(values, name, change, secret)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    manager.put_secret_value(SecretId=entry.arn, SecretString=json.dumps(new))
    seen = seen_by(change) if entry.sources else SEEN_BY_WORKERS
    typer.echo(f"{entry.stack_name}: {name}: {_count(new[name])}; {seen}")


SEEN_BY_WORKERS: Final = (
    "workers use it within five minutes, and at once where Braze refuses the old one"
)


def seen_by(change: Change) -> str:
    """Return when a changed signing secret takes effect, in every function's environment."""
    if change == "rotate":
        return f"change the sender in {READY} seconds or later, then drop the old ones by --retire"
    if change == "retire":
        return "the old ones are refused within five minutes"
    return f"it is taken in {READY} seconds, and an old one is refused within five minutes"


def _asked(entry: _Entry) -> str:
    """Return a secret from standard input: typed without echo at a terminal, or piped."""
    if sys.stdin.isatty():
        secret = str(typer.prompt(str(entry), hide_input=True))
    else:
        secret = sys.stdin.readline()
    secret = secret.strip()
    if len(secret.encode()) < MIN_BYTES:
        raise typer.BadParameter(f"a secret has at least {MIN_BYTES} bytes")
    for source in entry.sources:
        if why := unusable(source, Secret(entry.stack_name, "", {entry.name: secret})):
            raise typer.BadParameter(why)
    return secret


def _count(value: str | list[str]) -> str:
    number = len(value) if isinstance(value, list) else 1
    return f"{number} secret{'s' if number > 1 else ''}"
