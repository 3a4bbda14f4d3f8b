"""Warnings on event ids: events with none of their own, or one for each change, and as persons.

Such a rule works as written. A digest of the body tells webhooks apart, not what happened.
"""

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from handler.core.expressions.syntax_tree import unparse
from handler.core.expressions.template import Problem, expressions
from handler.core.models import Event
from handler.core.rules.compiler import root_names
from handler.core.rules.source import Rule, Source
from handler.core.verification.presets.catalogue import PRESETS

if TYPE_CHECKING:
    from jmespath.visitor import _TreeNode as Node

# Topics, by glob, whose body has no id, or no time of the change beside it: the preset has only the
# digest of their webhooks (Shopify, "Webhooks" reference, the payload of each topic; WooCommerce,
# WC_Webhook: a deletion is {id}, an action {action, arg}). A sample finds a topic that is missing
# here.
_SHOPIFY: Final = (
    *("*/delete", "*/redact", "customers/data_request", "customers/merge", "orders/edited"),
    *("customers_email_marketing_consent/update", "customers_marketing_consent/update"),
    "customers/purchasing_summary",
    *("returns/*", "fulfillment_orders/*", "inventory_levels/*", "disputes/update", "customer.*"),
    *("product_listings/*", "collection_listings/*", "compan*", "bulk_operations/*"),
    *("subscription_contracts/update", "subscription_billing_attempts/*"),
    *("app_subscriptions/*", "app_purchases_one_time/*"),
)
_NO_ID: Final = {"shopify": _SHOPIFY, "woocommerce": ("*.deleted", "action.*")}
_NONE: Final = ("", None)
# The last name of an id that is certainly not a person's.
_EVENT: Final = re.compile(r"event|message|delivery|notification|webhook|request", re.IGNORECASE)
_PERSON: Final = re.compile(
    r"customer|user|contact|profile|member|subscriber|account|person|lead|sign-?_?up|regist",
    re.IGNORECASE,
)
_CHANGE: Final = re.compile(r"(?:^|[/._])(?:updated?|edit(?:ed)?|changed?|modified)$")


def by_type(rule: Rule, source: Source, preset: str) -> Iterator[Problem]:
    """Yield warnings on the ids of a rule's deliveries, as its types alone show them."""
    if not _reads_id(rule):
        return
    digests = [kind for kind in rule.types if _has_no_id(kind, source, preset)]
    if digests:
        yield ("type",), _only_digest(" and ".join(digests), source)
    changes = [kind for kind in rule.types if kind not in digests and _CHANGE.search(kind)]
    if changes and rule.once is None:
        text = f"{' and '.join(changes)} sends again at each change; say what happens only once"
        yield ("type",), f"{text} (once: ${{body.id}}), or that each change does (once: ${{id}})"


def by_samples(source: Source, preset: str, seen: Iterable[Event]) -> Iterator[Problem]:
    """Yield warnings on sample events without an id whose type alone does not show it."""
    kinds = dict.fromkeys(one.type for one in seen if one.again_after is not None)
    unknown = [kind for kind in kinds if not _has_no_id(kind, source, preset)]
    for at, rule in enumerate(source.rules):
        found = [kind for kind in unknown if rule.takes(kind)]
        if found and _reads_id(rule):
            yield ("rules", at, "type"), _only_digest(" and ".join(found), source)


def events_as_persons(rule: Rule, source: Source, preset: str) -> Iterator[Problem]:
    """Yield the identifiers that are the id of the event: each event would be a person."""
    ids = {text for kind in rule.types for text in _ids(kind, source, preset)}
    for place, given in rule.identifiers:
        read = {_bare(one.tree) for one in expressions(given)}
        if read and read <= ids:
            text = (
                f"{' and '.join(sorted(read))} is the id of the event, and each would be a person"
            )
            yield place, f"{text}; write what of it says who it is, as in ${{body.customer.id}}"


def _ids(kind: str, source: Source, preset: str) -> Iterator[str]:
    """Yield the expressions of the id of events of a type, or glob; none that may be a person's.

    An id that is given for some types alone is that of the object that they tell of.
    """
    glob, expression = next((one for one in source.event.ids if fnmatchcase(kind, one[0])), _NONE)
    if glob != "*" or expression is None:
        return
    text = _bare(expression.tree)
    is_of_preset = PRESETS.get(preset, {}).get("event", {}).get("id") == expression.text
    is_event = is_of_preset or _EVENT.search(text.rpartition(".")[2])
    if is_event or not _PERSON.search(f"{kind} {text}"):
        yield from ("id", text)


def _bare(tree: "Node") -> str:
    """Return the text of an expression, of text(x) that of x."""
    is_text = tree["type"] == "function_expression" and tree["value"] in ("text", "to_string")
    return unparse(tree["children"][0] if is_text else tree)


def _reads_id(rule: Rule) -> bool:
    """Return whether it matters how often an event has one id.

    A state is written again without harm, and what is counted must say `once` by more than a digest
    (`terms.find_orders`).
    """
    if rule.kind != "send":
        return False
    return rule.once is None or any("id" in root_names(one) for one in expressions(rule.once))


def _has_no_id(kind: str, source: Source, preset: str) -> bool:
    known = _NO_ID.get(preset, ())
    is_given = any(fnmatchcase(kind, one) or fnmatchcase(one, kind) for one, _ in source.event.ids)
    return not is_given or any(fnmatchcase(kind, one) for one in known)


def _only_digest(kinds: str, source: Source) -> str:
    hours = source.event.repeats_for // 3600
    return (
        f"an event {kinds} has no id but the digest of its body: the same bytes are taken for a"
        f" repeat for {hours} h, and for something new after that; say what happens only once"
        " (once), by a value of the body"
    )
