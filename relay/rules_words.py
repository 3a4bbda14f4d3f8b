"""What editors tell of each key of a rules file, by block."""

from collections.abc import Mapping
from typing import Final

_RULE: Final = {
    "name": "Small letters, digits, - and _. A renamed rule sends again what it has sent before.",
    "description": "For people.",
    "type": "The event's type, a list of types, or a quoted glob such as 'orders/*'.",
    "when": "A condition in JMESPath; a rule without one wants every event of its type.",
    "once": "What happens only once, such as ${body.id}; the event's id if left out.",
    "for_each": "JMESPath that gives a list: each element makes deliveries, and is `item`.",
    "send": "Braze's own request body; ${...} holds JMESPath over the event.",
    "required": "Paths within the recipient without which nothing is sent: a dead letter.",
    "keep_empty": "Paths at which empty text, or a null, of the event is sent all the same.",
    "expires_after": "A number and s, m, h or d, such as 6h, counted from when it happened.",
    "on_unknown": "retry: rather twice than never. hold: never twice, and a person decides.",
    "workspace": "The Braze workspace, of those in workspaces.yaml.",
    "enabled": "false switches the rule off.",
    "surge": "A brake, such as 200/10m: what exceeds it waits until a person releases it.",
    "shadow": "true renders, logs and counts, and sends nothing.",
    "allow_broadcast": "true lets send say broadcast: true; the deployment must allow it, too.",
}
_FILE: Final = {
    "verify": "How the sender proves itself; it cannot be left out.",
    "event": "Where type, id and time of an event stand; a preset knows.",
    "headers": "Headers, besides the preset's, that expressions may read.",
    "content_types": "Content types that are taken besides JSON's.",
    "answer": "The body of the answer 200: json counts, empty is empty.",
    "handshakes": "What the sender asks before its first webhook.",
    "vars": "By stage: values for ${vars.name}, fixed when the file is loaded.",
    "tables": "Named tables of values for lookup(tables.name, key).",
    "sources": "Several senders of one kind, served by the same rules, each at its own URL.",
    "rules": "The rules; each that fits an event makes its own request.",
}
_SOURCE: Final = {
    "secret": "Key of this source among the signing secrets; its name if left out.",
    "vars": "By stage: values that take the place of the file's.",
    "workspace": "The Braze workspace of this source's rules.",
}
_EVENT: Final = {
    "type": "JMESPath over headers and body that gives the event's type.",
    "type_signed": "Whether the sender signs what the type is read from.",
    "events": "JMESPath that gives the list of events, where a webhook holds many.",
    "id": "JMESPath (also over digest), or JMESPath by glob of the type; else the body's digest.",
    "occurred_at": "JMESPath, or JMESPath by glob of the type: ISO 8601, or the epoch's s or ms.",
    "bind": "By glob of the type: what must be true of a genuine event of such a type.",
    "version": "JMESPath, or JMESPath by glob of the type: a number or a time that only grows.",
    "repeats_for": "How long the sender repeats a webhook whose id is only the digest of its body.",
}
_VERIFY: Final = {
    "preset": "A sender that is known by name; what stands beside it takes its place.",
    "secret": "Key of this source among the signing secrets; the file's name if left out.",
    "scheme": "hmac, hash, standard_webhooks, token or basic.",
    "algorithm": "The hash that is used.",
    "encoding": "How the signature is written.",
    "signature": "The header that holds the signatures, and how.",
    "signed": "What is signed: {body}, {timestamp}, {id}, {method}, {url}, {header:Name}.",
    "id_header": "The header that {id} stands for.",
    "timestamp": "When the sender signed.",
    "public_url": "The URL that the sender knows, where {url} is signed.",
    "secret_encoding": "How the secret is written.",
    "secret_prefixes": "What is cut off the secret before it is decoded.",
    "headers": "How the three headers of Standard Webhooks begin.",
    "tolerance": "Seconds that a signature may be old or ahead; null accepts any age.",
    "where": "Where the secret stands: a header, Authorization: Bearer, or the query string.",
    "name": "Name of the header, or of the parameter of the query string.",
}
_SIGNATURE: Final = {
    "header": "Name of the header.",
    "format": "plain: all of it. prefix: after prefix. pairs: key=value. list: several.",
    "prefix": "What stands before a signature.",
    "separator": "What stands between items: a comma in pairs, a blank in lists.",
    "key": "The key whose values are signatures.",
}
_TIMESTAMP: Final = {
    "header": "Name of the header.",
    "key": "The key of the pairs that holds the time.",
    "unit": "Seconds or milliseconds.",
    "tolerance": "Seconds, past and future; null accepts any age.",
}
_SEND: Final = {
    "campaign_id": "API identifier of an API-triggered campaign; or ${vars.name}.",
    "canvas_id": "API identifier of an API-triggered Canvas; or ${vars.name}.",
    "recipients": "Who is written to, 1 to 50.",
    "broadcast": "true: in place of recipients, the whole audience; with allow_broadcast only.",
    "audience": "Braze's connected audience, which narrows who is reached; no ${...} of the event.",
    "trigger_properties": "For the campaign's Liquid: {{api_trigger_properties.${key}}}.",
    "context": "For the Canvas's Liquid: {{context.${key}}}.",
    "canvas_entry_properties": "The older name of context; give one of the two.",
    "send_id": "For Braze's analytics; made beforehand in Braze.",
    "attachments": "Files beside an e-mail, as Braze documents them.",
    "transactional_campaign_id": "API identifier of a transactional campaign; or ${vars.name}.",
    "recipient": "Who a transactional campaign is for: external_user_id or user_alias.",
}
_RECIPIENT: Final = {
    "external_user_id": "The id of the profile in Braze. What is missing reaches nobody.",
    "user_alias": "alias_name and alias_label; the alias must exist already.",
    "email": "Finds a profile that exists, by prioritization.",
    "prioritization": "With email: which of several profiles, as Braze documents it.",
    "send_to_existing_only": "false lets Braze create the profile, with these attributes.",
    "attributes": "Written to the profile before the send; null deletes one.",
}
_ATTRIBUTES: Final = {
    "email": "The address; a profile takes over the consent of an address that Braze knows.",
    "email_subscribe": "Consent of the address: Braze copies it to all profiles with it.",
    "push_subscribe": "Consent to push, of this profile alone.",
    "gender": "As Braze writes it.",
    "phone": "E.164: +15043277269, as phone() gives it.",
    "first_name": "What strangers type is best written ${plain(body.first_name, `40`)}.",
    "last_name": "As first_name.",
    "country": "ISO 3166-1 alpha-2.",
    "language": "ISO 639-1.",
    "time_zone": "IANA name, such as Europe/Berlin.",
    "dob": "YYYY-MM-DD.",
    "home_city": "Name of the city.",
    "subscription_groups": "As Braze documents them; copied by address and by phone number.",
}
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "FileBlock": _FILE,
    "RuleBlock": _RULE,
    "SourceBlock": _SOURCE,
    "EventSpec": _EVENT,
    "Verify": _VERIFY,
    "Signature": _SIGNATURE,
    "Timestamp": _TIMESTAMP,
    "Send": _SEND,
    "Recipient": _RECIPIENT | {key: _SEND[key] for key in list(_SEND)[5:8]},
    "Attributes": _ATTRIBUTES,
}
