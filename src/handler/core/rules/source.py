"""A source and its rules, compiled: what `load` makes of a rules file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import translate
from functools import cached_property
from typing import Final, Literal, NamedTuple, get_args

from handler.core.braze.contract.subscription import USERS
from handler.core.braze.contract.track import needed_paths
from handler.core.braze.endpoints import PROPERTIES, SUBSCRIBE, TRACK, reaches_audience
from handler.core.braze.identifiers import REACHING_ATTRIBUTES
from handler.core.expressions.defines import Outcomes, Roots
from handler.core.expressions.expression import Expression
from handler.core.expressions.form import Form
from handler.core.expressions.template import Template
from handler.core.json_types import JsonValue
from handler.core.models import Event, OnUnknown, Priority
from handler.core.rules.defines import Define
from handler.core.rules.users import (
    IDENTIFYING,
    Path,
    changes_consent,
    identifiers,
    is_counted,
    reaching,
    users,
)
from handler.core.verification.handshake import Handshake
from handler.core.verification.schemes import Scheme

# Attributes whose failing expression stops the request: those that decide who is reached (except
# push_tokens: a device more or less), and whether the profile's objects are merged.
_DECISIVE: Final = frozenset(
    {*REACHING_ATTRIBUTES, *IDENTIFYING["track"], "_merge_objects", "_update_existing_only"}
) - {"push_tokens"}
_ALWAYS: Final = {
    TRACK.key: ("events.time", "events.name"),
    SUBSCRIBE.key: ("subscription_groups.subscription_state",),
}
ITEM: Final = "item"  # the root under which expressions see an element of `for_each`

Kind = Literal["send", "track", "subscribe"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

_WILD: Final = frozenset("*?[")  # a type without any of these is no glob
ByType = tuple[tuple[str, Expression], ...]
ReplyBody = Literal["json", "empty"]


@dataclass(frozen=True, slots=True)
class EventReader:
    """The expressions that give an event's type, id and time.

    Of those by glob of the type, the first that fits decides; of `binds`, each that fits must be
    true. `events` gives the list of events of a webhook that holds many. `versions` order the
    events of one thing. `repeats_for` is how many seconds the sender repeats a webhook.
    `references` give what people call an event's object by.
    """

    type: Expression
    type_signed: bool
    ids: ByType = ()
    times: ByType = ()
    events: Expression | None = None
    binds: ByType = ()
    versions: ByType = ()
    repeats_for: int = 3 * 86_400
    references: ByType = ()


class RecipientForm(NamedTuple):
    """The form of a recipient, and that of what in it decides who is reached: see `reaching`."""

    template: Mapping[str, Template]
    whole: Form
    who: Form


@dataclass(frozen=True)
class Rule:
    """A rule: the events that it matches, and the template of the request to make of each.

    A rule of kind `track` or `subscribe` has one template among `recipients`: the body of the
    request, which is about one user; its `send` and `varying` are empty.

    `send` is the request without recipients. `varying` holds its top-level properties that vary
    with the event: they are copied into every recipient, or back to the top of a broadcast, which
    has none. `expires_after` is in seconds, `surge` is (deliveries, seconds). `for_each` gives a
    list, of which each element makes deliveries of its own; they are told apart by `once` where
    `once_per_item`, else by the element's index. `required` are paths in the recipient without
    which nothing is sent, `keep_empty` those that may be empty. A `shadow` rule is rendered, logged
    and counted, and never sent. `delay` is how many seconds its messages wait in the queue before
    the first attempt. Under `guard` the versions of what it writes to one user are ordered; None
    stands for the rule's name.
    """

    name: str
    kind: Kind
    types: tuple[str, ...]
    when: Expression | None
    once: Template
    path: str
    send: Mapping[str, Template]
    varying: Mapping[str, Template]
    recipients: tuple[Mapping[str, Template], ...]
    required: tuple[str, ...]
    keep_empty: frozenset[str]
    expires_after: int | None
    delay: int | None
    guard: str | None
    surge: tuple[int, int] | None
    priority: Priority
    on_unknown: OnUnknown
    for_each: Expression | None
    once_per_item: bool
    workspace: str
    enabled: bool
    shadow: bool

    @property
    def is_broadcast(self) -> bool:
        """Whether the request reaches an audience, and names nobody."""
        return not self.recipients and reaches_audience(self.send)

    @property
    def bodies(self) -> tuple[tuple[Path, Mapping[str, Template]], ...]:
        """The templates of what its deliveries hold, each with its path within the rule."""
        if self.kind == "send":
            places = enumerate(self.recipients)
            return tuple((("send", "recipients", at), one) for at, one in places)
        return tuple(((self.kind,), one) for one in self.recipients)

    @property
    def identifiers(self) -> Iterator[tuple[Path, Template]]:
        """The identifiers of its users, each with its path within the rule."""
        for body, template in self.bodies:
            for place, about in users(template, self.kind):
                for key, given in identifiers(about, self.kind).items():
                    path = (*body, *place, key)
                    if key in USERS and isinstance(given, list):
                        yield from (((*path, at), one) for at, one in enumerate(given))
                    else:
                        yield path, given

    @cached_property
    def is_counted(self) -> bool:
        """Whether Braze counts its request each time that it comes: see `users.is_counted`."""
        return any(is_counted(one, self.kind) for one in self.recipients)

    @cached_property
    def changes_consent(self) -> bool:
        """Whether its request changes what a user agrees to: see `users.changes_consent`."""
        return any(changes_consent(one, self.kind) for one in self.recipients)

    @cached_property
    def needed(self) -> frozenset[str]:
        """The paths without whose value nothing is sent: also what an event must have."""
        of_events = (needed_paths(one) for one in self.recipients if self.kind == TRACK.key)
        return frozenset(self.required).union(_ALWAYS.get(self.kind, ()), *of_events)

    def may_lose(self, path: str) -> bool:
        """Return whether a request may be sent without the value at a path: its expression failed.

        Attributes and properties may be lost, but not all of them at once, and neither what decides
        who is reached, nor what is required, nor what Braze drops an event without.
        """
        block, _, name = path.partition(".")
        first = name.partition(".")[0]
        if block == "attributes":
            may = bool(name) and first not in _DECISIVE
        elif self.kind == TRACK.key:
            may = path.startswith("events.properties.")
        else:
            may = block in PROPERTIES
        return may and not any(f"{one}.".startswith(f"{path}.") for one in self.needed)

    # The templates as forms, each made when the rule is first wanted: see `Form`.

    @cached_property
    def once_form(self) -> Form:
        """The form of `once`."""
        return Form(self.once, "once")

    @cached_property
    def send_form(self) -> Form:
        """The form of `send`."""
        return Form(dict(self.send), keep=self.keep_empty)

    @cached_property
    def varying_form(self) -> Form:
        """The form of `varying`."""
        return self._form(self.varying)

    @cached_property
    def recipient_forms(self) -> tuple[RecipientForm, ...]:
        """The forms of the recipients."""
        return tuple(map(self.recipient_form, self.recipients))

    def recipient_form(self, template: Mapping[str, Template]) -> RecipientForm:
        """Return the form of a recipient, or of the body of a request about one user."""
        who = self._form(reaching(template, self.kind))
        return RecipientForm(template, self._form(template), who)

    def _form(self, template: Mapping[str, Template]) -> Form:
        return Form(dict(template), keep=self.keep_empty, may_lose=self.may_lose)

    def takes(self, event_type: str) -> bool:
        """Return whether the rule is for events of this type."""
        return event_type in self.types or any(one.match(event_type) for one in self.globs)

    @cached_property
    def globs(self) -> tuple[re.Pattern[str], ...]:
        """Those of the types that are globs, as the regular expressions of `fnmatch`."""
        globs = (one for one in self.types if not _WILD.isdisjoint(one))
        return tuple(re.compile(translate(one)) for one in globs)


@dataclass(frozen=True, slots=True)
class Scope:
    """The document that expressions see, and of it the part that the sender has signed.

    Both know the values that names of `define` already have on the event.
    """

    document: Roots
    signed: Roots

    def of_item(self, item: JsonValue) -> "Scope":
        """Return the scope of an element of `for_each`, which is taken from signed data."""
        own: Outcomes = {}
        document, signed = (
            replace(one, values={**one.values, ITEM: item}, of_item=own)
            for one in (self.document, self.signed)
        )
        return Scope(document, signed)


@dataclass(frozen=True)
class Source:
    """A configured sender. `secret` is its key in the signing secrets, `version` its rules'.

    `vars` are those of the stage that it was loaded for; `tables` are for `lookup`. `headers` is
    the closed list, in lower case, of the headers that an event carries.
    """

    name: str
    scheme: Scheme
    secret: str
    event: EventReader
    headers: tuple[str, ...]
    content_types: tuple[str, ...]
    answer: ReplyBody
    handshakes: tuple[Handshake, ...]
    vars: Mapping[str, JsonValue]
    tables: Mapping[str, Mapping[str, JsonValue]]
    rules: tuple[Rule, ...]
    version: str
    defines: Mapping[str, Define] = field(default_factory=dict)

    def rules_of(self, event_type: str) -> tuple[Rule, ...]:
        """Return the rules for events of this type, in the file's order."""
        found = self._by_type.get(event_type, ())
        others = [at for at, rule in self._with_globs if rule.takes(event_type)]
        if others:
            found = sorted({*found, *others})
        return tuple(self.rules[at] for at in found)

    # To ask each of 500 rules for each event took 40 times as long as to ask each of 5. Most rules
    # name their types, so one look-up finds them; only those with globs are asked.

    @cached_property
    def _by_type(self) -> Mapping[str, Sequence[int]]:
        """The places of the rules that name a type, by the type."""
        places: dict[str, list[int]] = {}
        for at, rule in enumerate(self.rules):
            for name in dict.fromkeys(rule.types):
                places.setdefault(name, []).append(at)
        return places

    @cached_property
    def _with_globs(self) -> Sequence[tuple[int, Rule]]:
        return [(at, rule) for at, rule in enumerate(self.rules) if rule.globs]

    def scope(self, event: Event) -> Scope:
        """Return an event's document, with the part of it that is signed."""
        outcomes: Outcomes = {}
        return Scope(
            Roots(self.document(event), outcomes=outcomes),
            Roots(self.signed(event), is_signed=True, outcomes=outcomes),
        )

    def document(self, event: Event) -> dict[str, JsonValue]:
        """Return the document that expressions see of an event: one key for each root."""
        roots = self._roots(event)
        if event.occurred_at is None:
            del roots["occurred_at"]
        return roots

    def _roots(self, event: Event) -> dict[str, JsonValue]:
        return {
            "source": event.source,
            "type": event.type,
            "id": event.id,
            "headers": dict(event.headers),
            "body": event.body,
            "vars": dict(self.vars),
            "tables": {name: dict(table) for name, table in self.tables.items()},
            "occurred_at": event.occurred_at,
            "received_at": event.received_at,
        }

    def signed(self, event: Event) -> dict[str, JsonValue]:
        """Return the signed part of an event's document: all that `once` and identifiers see."""
        document = self._roots(event)
        del document["received_at"]
        if not self.event.type_signed:
            del document["type"]
        return document | {"headers": self.signed_headers(event.headers)}

    def signed_headers(self, headers: Mapping[str, str]) -> dict[str, JsonValue]:
        """Return the headers whose values the sender has signed."""
        return {name: value for name, value in headers.items() if self.scheme.proves(name)}
