"""Words for rule authors on each key of a request to Braze, as editors show them."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from pydantic import JsonValue


class Word(NamedTuple):
    """The text on a key, and a value that it may have."""

    text: str
    example: JsonValue


_ID: Final = "417220e4-5a2a-b634-7f7d-9ec891532368"
REQUEST_BLOCKS: Final[Mapping[str, str]] = {
    "Send": "Braze's own request body: exactly one campaign or Canvas, and who is reached.",
    "Recipient": "Who is written to: exactly one of external_user_id, user_alias and email.",
    "Attributes": "Braze's own attributes by their names; every other name is a custom attribute.",
    "Attachment": "A file beside the e-mail, which Braze fetches when it sends.",
    "Alias": "An alias that exists in Braze: its name and its label.",
    "Track": "Braze's own request body: attributes and events of one user, the attributes first.",
    "Profile": "A user and what is written to the profile: Braze's own and custom attributes.",
    "UserEvent": "An event of a user. Braze counts it each time that it comes.",
    "Subscribe": "Braze's own request body: the subscriptions of one user.",
    "Subscription": "A subscription group, its new state, and one user by one identifier.",
}
_PROPERTIES: Final = {
    "trigger_properties": Word(
        "For the campaign's Liquid: {{api_trigger_properties.${key}}}.",
        {"order": "${body.name}", "total": "${body.total_price}"},
    ),
    "context": Word("For the Canvas's Liquid: {{context.${key}}}.", {"plan": "${body.plan}"}),
    "canvas_entry_properties": Word(
        "The older name of context; give one of the two.", {"plan": "${body.plan}"}
    ),
}
_SEND: Final = {
    "campaign_id": Word(
        "API identifier of an API-triggered campaign; or ${vars.name}.", "${vars.receipt}"
    ),
    "canvas_id": Word("API identifier of an API-triggered Canvas; or ${vars.name}.", _ID),
    "recipients": Word(
        "Who is written to, 1 to 50.", [{"external_user_id": "${body.customer.id}"}]
    ),
    "broadcast": Word(
        "In place of recipients, true: the whole audience; false: those in audience. Only with"
        " allow_broadcast.",
        example=True,
    ),
    "audience": Word(
        "Braze's connected audience, which narrows who is reached; no ${...} of the event.",
        {
            "custom_attribute": {
                "custom_attribute_name": "plan",
                "comparison": "is_any_of",
                "value": ["pro", "team"],
            }
        },
    ),
    **_PROPERTIES,
    "send_id": Word("For Braze's analytics; made beforehand in Braze.", "spring-sale"),
    "attachments": Word(
        "Files beside an e-mail, which Braze fetches.",
        [{"file_name": "invoice", "url": "https://files.example.com/${body.id}.pdf"}],
    ),
    "transactional_campaign_id": Word(
        "API identifier of a transactional campaign; or ${vars.name}.", _ID
    ),
    "recipient": Word(
        "Who a transactional campaign is for: external_user_id or user_alias.",
        {"external_user_id": "${body.customer.id}"},
    ),
}
_RECIPIENT: Final = {
    "external_user_id": Word(
        "The id of the profile in Braze. What is missing reaches nobody.", "${body.customer.id}"
    ),
    "user_alias": Word(
        "alias_name and alias_label; the alias must exist already.",
        {"alias_name": "${body.customer.id}", "alias_label": "shop"},
    ),
    "email": Word("Finds a profile that exists, by prioritization.", "${body.email}"),
    "prioritization": Word(
        "With email: which of several profiles, as Braze documents it.",
        ["identified", "most_recently_updated"],
    ),
    "send_to_existing_only": Word(
        "false lets Braze create the profile, with these attributes.", example=False
    ),
    "attributes": Word(
        "Written to the profile before the send; null deletes one.", {"email": "${body.email}"}
    ),
    **_PROPERTIES,
}
_ATTRIBUTES: Final = {
    "email": Word(
        "The address; a profile takes over the consent of an address that Braze knows.",
        "${body.email}",
    ),
    "email_subscribe": Word(
        "Consent of the address: Braze copies it to all profiles with it.",
        "${if(body.confirmed, 'opted_in', `null`)}",
    ),
    "push_subscribe": Word("Consent to push, of this profile alone.", "opted_in"),
    "gender": Word("As Braze writes it.", "O"),
    "phone": Word("E.164: +15043277269, as phone() gives it.", "${phone(body.phone, 'DE')}"),
    "first_name": Word(
        "What strangers type is best written ${plain(...)}.",
        "${plain(body.customer.first_name, `40`)}",
    ),
    "last_name": Word("As first_name.", "${plain(body.customer.last_name, `40`)}"),
    "country": Word("ISO 3166-1 alpha-2.", "${body.billing_address.country_code}"),
    "language": Word("Of Braze's list of languages; a region is cut.", "de"),
    "time_zone": Word("IANA name.", "Europe/Berlin"),
    "dob": Word("YYYY-MM-DD.", "${body.birthday}"),
    "home_city": Word("Name of the city.", "${body.billing_address.city}"),
    "subscription_groups": Word(
        "As Braze documents them; copied by address and by phone number.",
        [{"subscription_group_id": _ID, "subscription_state": "subscribed"}],
    ),
}
_ATTACHMENT: Final = {
    "file_name": Word("Name of the file, without its extension.", "invoice"),
    "url": Word(
        "Where Braze fetches the file, by https; 2 MB at most.",
        "https://files.example.com/${body.id}.pdf",
    ),
    "basic_auth_credential": Word(
        "Name of a credential that is stored in Braze; the host of url is then written down.",
        "files",
    ),
}
_ALIAS: Final = {
    "alias_name": Word("The name, of 236 bytes at most.", "${body.customer.id}"),
    "alias_label": Word("The label, of 236 bytes at most.", "shop"),
}
_USER: Final = {
    "external_id": Word("The id of the profile in Braze.", "${body.customer.id}"),
    "user_alias": Word(
        "alias_name and alias_label; Braze drops an alias that it does not know.",
        {"alias_name": "${body.customer.id}", "alias_label": "shop"},
    ),
    "braze_id": Word("Braze's own id of the profile.", "${body.braze_id}"),
    "_update_existing_only": Word(
        "true: nothing is written of a user whom Braze does not know. false: a profile is made.",
        example=False,
    ),
}
_ADDRESSES: Final = {
    "email": Word(
        "The address; alone, it is who the user is.",
        "${body.email}",
    ),
    "phone": Word("E.164; alone, it is who the user is.", "${phone(body.phone, 'DE')}"),
}
_TRACK: Final = {
    "attributes": Word(
        "What is written to the profile.",
        [{"external_id": "${body.id}", "_update_existing_only": False, "email": "${body.email}"}],
    ),
    "events": Word(
        "What the user has done; with once and on_unknown, for a repeat counts again.",
        [
            {
                "external_id": "${body.customer.id}",
                "_update_existing_only": False,
                "name": "tea bought",
                "time": "${body.created_at}",
            }
        ],
    ),
}
_USER_EVENT: Final = {
    **_USER,
    **_ADDRESSES,
    "name": Word(
        "The name in Braze; ecommerce.order_placed and its like have properties of their own.",
        "tea bought",
    ),
    "app_id": Word("The id of an app in Braze, for its own figures.", _ID),
    "time": Word("When it happened, in ISO 8601.", "${body.created_at}"),
    "properties": Word("What else is known of it.", {"order_id": "${body.id}"}),
}
_SUBSCRIBE: Final = {
    "subscription_groups": Word(
        "The groups, all for one user.",
        [
            {
                "subscription_group_id": _ID,
                "subscription_state": "unsubscribed",
                "external_ids": ["${body.customer.id}"],
            }
        ],
    ),
}
_SUBSCRIPTION: Final = {
    "subscription_group_id": Word("The group's id; or ${vars.name}.", _ID),
    "subscription_state": Word("subscribed or unsubscribed.", "unsubscribed"),
    "external_ids": Word("The id of the profile, a list of one.", ["${body.customer.id}"]),
    "emails": Word("The address, a list of one: every profile that has it.", ["${body.email}"]),
    "phones": Word(
        "The number in E.164, a list of one: every profile that has it.",
        ["${phone(body.phone, 'DE')}"],
    ),
    "use_double_opt_in_logic": Word("For text messages: Braze asks back first.", example=True),
}
REQUEST_WORDS: Final[Mapping[str, Mapping[str, Word]]] = {
    "Send": _SEND,
    "Recipient": _RECIPIENT,
    "Attributes": _ATTRIBUTES,
    "Attachment": _ATTACHMENT,
    "Alias": _ALIAS,
    "Track": _TRACK,
    "Profile": {**_ATTRIBUTES, **_USER},
    "UserEvent": _USER_EVENT,
    "Subscribe": _SUBSCRIBE,
    "Subscription": _SUBSCRIPTION,
}
