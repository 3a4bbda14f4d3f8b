"""Requests of every shape that Braze's pages show, as text with the layout of those pages."""

from typing import Final

CAMPAIGN: Final = "/campaigns/trigger/send"
CANVAS: Final = "/canvas/trigger/send"

AUDIENCE: Final = """{
    "AND": [
      {
        "custom_attribute": {
          "custom_attribute_name": "roast",
          "comparison": "equals",
          "value": "dark"
        }
      },
      {
        "custom_attribute": {
          "custom_attribute_name": "favorite_beans",
          "comparison": "includes_value",
          "value": "robusta"
        }
      },
      {
        "OR": [
          {
            "custom_attribute": {
              "custom_attribute_name": "last_order_time",
              "comparison": "less_than_x_days_ago",
              "value": 3
            }
          },
          {
            "push_subscription_status": {
              "comparison": "is",
              "value": "opted_in"
            }
          }
        ]
      },
      {
        "email_subscription_status": {
          "comparison": "is_not",
          "value": "unsubscribed"
        }
      },
      {
        "last_used_app": {
          "comparison": "after",
          "value": "2026-02-22T13:17:55+0000"
        }
      }
    ]
  }"""
# What such an audience asks for.
INSIDER: Final = {
    "roast": "dark",
    "favorite_beans": ["arabica", "robusta"],
    "push_subscribe": "opted_in",
    "email_subscribe": "opted_in",
    "date_of_last_session": "2026-06-01T08:00:00Z",
}
# The pages' campaign: it names two people at once, and leaves texts empty.
BROKEN_CAMPAIGN: Final = """{
  "campaign_id": "",
  "send_id": "",
  "trigger_properties": "",
  "broadcast": false,
  "audience": @audience,
  "recipients": [{
    "user_alias": {
      "alias_name" : "",
      "alias_label" : ""
    },
    "external_user_id": "",
    "trigger_properties": {},
    "send_to_existing_only": true,
    "attributes": {}
  }]
}
""".replace("@audience", AUDIENCE)
# The pages' Canvas: it names two people at once.
BROKEN_CANVAS: Final = """{
  "canvas_id": "made_up_canvas",
  "canvas_entry_properties": {"product_name" : "moka pot", "product_price" : 34.5},
  "broadcast": false,
  "audience": @audience,
  "recipients": [
    {
      "user_alias": {
        "alias_name" : "mug-7",
        "alias_label" : "shop"
      },
      "external_user_id": "customer-7",
      "send_to_existing_only": true,
      "attributes": {
          "first_name" : "Zoë"
      }
    }
  ]
}""".replace("@audience", AUDIENCE)
# What is accepted: the path, and the body.
GOOD: Final = {
    "a campaign with an audience": (
        CAMPAIGN,
        """{
  "campaign_id": "417220e4-5a2a-b634-7f7d-9ec891532368",
  "trigger_properties": {"order": {"total": 29.50, "items": ["moka pot", "Tasse"]}, "shop": "東京"},
  "broadcast": false,
  "audience": @audience,
  "recipients": [{
    "external_user_id": "customer-7",
    "trigger_properties": {"order": {"total": 3e1}},
    "send_to_existing_only": false,
    "attributes": {"first_name": "Zoë \\ud83d\\ude42", "roast": "dark", "vip": null,
      "favorite_beans": ["robusta"], "last_order_time": "2027-01-14T12:00:00Z",
      "date_of_last_session": "2026-06-01T08:00:00Z", "cups": 12345678901}
  }]
}""".replace("@audience", AUDIENCE),
    ),
    "a Canvas with an audience": (
        CANVAS,
        """{
  "canvas_id": "417220e4-5a2a-b634-7f7d-9ec891532368",
  "canvas_entry_properties": {"product_name" : "moka pot", "product_price" : 34.5},
  "audience": @audience,
  "recipients": [
    {
      "external_user_id": "customer-7",
      "canvas_entry_properties": {"product_name" : "mug"},
      "send_to_existing_only": true,
      "attributes": {"first_name" : "Zoë"}
    },
    {"external_user_id": "customer-8"}
  ]
}""".replace("@audience", AUDIENCE),
    ),
    "a Canvas with a context": (
        CANVAS,
        """{
  "canvas_id": "417220e4-5a2a-b634-7f7d-9ec891532368",
  "context": {"product_name" : "moka pot"},
  "recipients": [{"external_user_id": "customer-7", "context": {"size": [6, true, null]}}]
}""",
    ),
    "a broadcast": (
        CAMPAIGN,
        """{
  "campaign_id": "417220e4-5a2a-b634-7f7d-9ec891532368",
  "broadcast": true,
  "audience": @audience,
  "trigger_properties": {"sale": "spring"}
}""".replace("@audience", AUDIENCE),
    ),
    "recipients by address and by alias": (
        CAMPAIGN,
        """{
  "campaign_id": "417220e4-5a2a-b634-7f7d-9ec891532368",
  "recipients": [
    {"email": "zoe@example.org", "prioritization": ["unidentified", "most_recently_updated"]},
    {"user_alias": {"alias_name" : "mug-7", "alias_label" : "shop"}, "attributes": {"cups": 2}}
  ]
}""",
    ),
    "attachments": (
        CAMPAIGN,
        """{
  "campaign_id": "417220e4-5a2a-b634-7f7d-9ec891532368",
  "send_id": "made-up-send",
  "recipients": [{"external_user_id": "customer-7"}],
  "attachments": [
    {"file_name": "bill", "url": "https://files.example.org/bill.pdf"},
    {"file_name": "terms", "url": "https://files.example.org/terms.pdf",
     "basic_auth_credential": "files"}
  ]
}""",
    ),
}
