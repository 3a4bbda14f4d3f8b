"""Words for rule authors on each key of a rules file, as editors show them, with an example."""

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from relay.rules.check.request_words import REQUEST_BLOCKS, REQUEST_WORDS, Word

_ID: Final = "417220e4-5a2a-b634-7f7d-9ec891532368"
_STAGES: Final[JsonValue] = {"dev": {"receipt": _ID}, "prod": {"receipt": _ID}}

BLOCKS: Final[Mapping[str, str]] = {
    "FileBlock": "The rules of one sender, POST /webhooks/NAME: its proof, and the Braze requests.",
    "RuleBlock": "One rule: the events that it wants, and the Braze request that it makes of each.",
    "SourceBlock": "One of several senders of this file: what is its own.",
    "EventBlock": "Where type, id and time of an event stand. A preset has all of it.",
    "Verify": "How the sender proves itself: a preset, or a scheme that is written out.",
    "SignatureBlock": "The header that holds the signatures, and how they stand in it.",
    "TimestampBlock": "When the sender signed: a header, or a key of the signature's pairs.",
    **REQUEST_BLOCKS,
}
_RULE: Final = {
    "name": Word(
        "Small letters, digits, - and _. A renamed rule sends again what it has sent before.",
        "order-confirmation",
    ),
    "description": Word("For people.", "One confirmation per order."),
    "type": Word(
        "The event's type, a list of types, or a quoted glob such as 'orders/*'.", "orders/create"
    ),
    "when": Word(
        "A condition in JMESPath; a rule without one wants every event of its type.",
        "body.financial_status == 'paid'",
    ),
    "once": Word("What happens only once; the event's id if left out.", "${body.id}"),
    "for_each": Word(
        "JMESPath that gives a list: each element makes deliveries, and is `item`.",
        "body.line_items",
    ),
    "send": Word(
        "Braze's own request body; ${...} holds JMESPath over the event.",
        {"campaign_id": _ID, "recipients": [{"external_user_id": "${body.customer.id}"}]},
    ),
    "track": Word(
        "In place of send, the body of Braze's /users/track: attributes and events of one user.",
        {
            "events": [
                {
                    "external_id": "${body.customer.id}",
                    "name": "tea bought",
                    "time": "${body.created_at}",
                    "_update_existing_only": False,
                }
            ]
        },
    ),
    "subscribe": Word(
        "In place of send, the body of Braze's /v2/subscription/status/set, for one user.",
        {
            "subscription_groups": [
                {
                    "subscription_group_id": _ID,
                    "subscription_state": "unsubscribed",
                    "external_ids": ["${body.customer.id}"],
                }
            ]
        },
    ),
    "required": Word(
        "Paths within the recipient, or within track or subscribe, without which nothing is sent:"
        " a dead letter.",
        ["attributes.email"],
    ),
    "keep_empty": Word(
        "Paths at which empty text, or a null, of the event is sent all the same.",
        ["attributes.phone"],
    ),
    "expires_after": Word(
        "What comes later is not sent: a number and s, m, h or d, counted from when it happened.",
        "6h",
    ),
    "delay": Word(
        "How much later the first attempt is: a number and s or m, of 15 minutes at most.", "5m"
    ),
    "guard": Word(
        "A name under which rules that write the same are ordered by event.version; else the"
        " rule's own.",
        "customer",
    ),
    "on_unknown": Word(
        "retry: rather twice than never. hold: never twice, and an operator decides.", "retry"
    ),
    "workspace": Word("The Braze workspace, of those in workspaces.yaml.", "usa"),
    "enabled": Word("false switches the rule off.", example=False),
    "surge": Word(
        "A surge limit, deliveries in a time: what exceeds it waits until an operator releases it.",
        "200/10m",
    ),
    "priority": Word(
        "low: for imports and welcomes, which wait in a queue of their own, in no order's way.",
        "low",
    ),
    "shadow": Word("true renders, logs and counts, and sends nothing.", example=True),
    "allow_broadcast": Word(
        "true lets send reach an audience, not recipients; the deployment must allow it, too.",
        example=True,
    ),
}
_FILE: Final = {
    "counted_by": Word(
        "relay: nothing else sends Braze these orders, as its Shopify integration would.", "relay"
    ),
    "verify": Word(
        "How the sender proves itself; it cannot be left out.",
        {"preset": "shopify", "secret": "shopify"},
    ),
    "event": Word(
        "Where type, id and time of an event are; a preset has this.",
        {"type": "body.type", "type_signed": True, "id": "body.id"},
    ),
    "headers": Word("Headers, besides the preset's, that expressions may read.", ["X-Region"]),
    "content_types": Word("Content types that are taken besides JSON's.", ["text/plain"]),
    "answer": Word("The body of the answer 200: json counts, empty is empty.", "empty"),
    "handshakes": Word("What the sender asks before its first webhook.", ["challenge"]),
    "vars": Word("By stage: values for ${vars.name}, fixed when the file is loaded.", _STAGES),
    "tables": Word(
        "Named tables of values for lookup(tables.name, key).", {"sizes": {"s": "small"}}
    ),
    "define": Word(
        "Names for expressions that rules share, as ${define.user}.",
        {"user": "${coalesce(text(body.customer.id), body.email)}"},
    ),
    "sources": Word(
        "Several senders of one kind, served by the same rules, each at its own URL.",
        {"shop-de": {"secret": "shop-de"}, "shop-fr": {}},
    ),
    "rules": Word(
        "The rules; each that fits an event makes its own request.",
        [
            {
                "name": "welcome",
                "type": "customers/create",
                "send": {
                    "campaign_id": _ID,
                    "recipients": [{"external_user_id": "${body.id}"}],
                },
            }
        ],
    ),
}
_SOURCE: Final = {
    "secret": Word(
        "Name of this source's secret among the signing secrets; the source's name if left out.",
        "shop-de",
    ),
    "vars": Word("By stage: values that override the file's.", _STAGES),
    "workspace": Word("The Braze workspace of this source's rules.", "usa"),
}
_EVENT: Final = {
    "type": Word("JMESPath over headers and body that gives the event's type.", "body.type"),
    "type_signed": Word("Whether the sender signs what the type is read from.", example=True),
    "events": Word("JMESPath that gives the list of events, where a webhook holds many.", "body"),
    "id": Word(
        "JMESPath (also over digest), or JMESPath by glob of the type; else the body's digest.",
        {"*/create": "text(body.id)"},
    ),
    "occurred_at": Word(
        "JMESPath, or JMESPath by glob of the type: ISO 8601, or the epoch's s or ms.",
        "body.created_at",
    ),
    "bind": Word(
        "By glob of the type: what must be true of a genuine event of such a type.",
        {"orders/*": "body.line_items"},
    ),
    "version": Word(
        "JMESPath, or JMESPath by glob of the type: a number or a time that only grows.",
        "body.updated_at",
    ),
    "repeats_for": Word(
        "How long the sender repeats a webhook whose id is only the digest of its body.", "1d"
    ),
    "reference": Word(
        "JMESPath, or JMESPath by glob of the type: what people call it by, for logs; no person.",
        {"orders/*": "body.name"},
    ),
}
_VERIFY: Final = {
    "preset": Word("A known sender, by name; keys beside it override the preset's.", "stripe"),
    "secret": Word(
        "Name of the secret among the signing secrets, never the secret itself; the file's name if"
        " left out. `relay secrets set --source NAME` takes the secret.",
        "stripe",
    ),
    "scheme": Word("hmac, hash, standard_webhooks, token or basic.", "hmac"),
    "algorithm": Word("The hash that is used.", "sha256"),
    "encoding": Word("How the signature is written.", "hex"),
    "signature": Word("The header that holds the signatures, and how.", {"header": "X-Signature"}),
    "signed": Word(
        "What is signed: {body}, {timestamp}, {id}, {method}, {url}, {header:Name}.",
        "{timestamp}.{body}",
    ),
    "id_header": Word("The header that {id} stands for.", "webhook-id"),
    "timestamp": Word("When the sender signed.", {"header": "X-Timestamp", "unit": "s"}),
    "public_url": Word(
        "The URL that the sender knows, where {url} is signed.", "https://hooks.example.com/in/shop"
    ),
    "decode_url": Word(
        "true tries the URL also as HubSpot signs it, with some escapes decoded.", example=True
    ),
    "secret_encoding": Word("How the secret is written.", "utf8"),
    "secret_prefixes": Word("What is cut off the secret before it is decoded.", ["whsec_"]),
    "headers": Word("How the three headers of Standard Webhooks begin.", "svix"),
    "tolerance": Word("Seconds that a signature may be old or ahead; null accepts any age.", 300),
    "where": Word(
        "Where the secret is: a header, Authorization: Bearer, or the query string.", "header"
    ),
    "name": Word("Name of the header, or of the parameter of the query string.", "X-Token"),
}
_SIGNATURE: Final = {
    "header": Word("Name of the header.", "X-Signature"),
    "format": Word(
        "plain: all of it. prefix: after prefix. pairs: key=value. list: several.", "pairs"
    ),
    "prefix": Word("Text before a signature.", "sha256="),
    "separator": Word("Text between items: a comma in pairs, a blank in lists.", ","),
    "key": Word("The key whose values are signatures.", "v1"),
}
_TIMESTAMP: Final = {
    "header": Word("Name of the header.", "X-Timestamp"),
    "key": Word("The key of the pairs that holds the time.", "t"),
    "unit": Word("Seconds or milliseconds.", "s"),
    "tolerance": Word("Seconds, past and future; null accepts any age.", 300),
}
WORDS: Final[Mapping[str, Mapping[str, Word]]] = {
    "FileBlock": _FILE,
    "RuleBlock": _RULE,
    "SourceBlock": _SOURCE,
    "EventBlock": _EVENT,
    "Verify": _VERIFY,
    "SignatureBlock": _SIGNATURE,
    "TimestampBlock": _TIMESTAMP,
    **REQUEST_WORDS,
}
